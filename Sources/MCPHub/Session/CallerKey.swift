import HubCore

/// Who does one thing after another: what is known of a caller from one request to the next.
///
/// 1. A client with a session is its session. 2. One without is its credential. 3. One without either is its address.
enum CallerKey: Sendable, Hashable {
    case session(UInt128)
    case owner(SessionOwner)
    case address(String)

    /// Who a call is from.
    init(_ context: CallContext) {
        let owner = SessionOwner(context.principal)
        if let session = context.session {
            self = .session(session)
        } else if owner.isAnonymous {
            self = .address(context.callerAddress ?? "")
        } else {
            self = .owner(owner)
        }
    }
}
