import HubCore

/// Why a server is away, as the operator and as a caller are told.
struct UpstreamAccount {
    /// With all that is known.
    let forOperator: String
    /// Without addresses and causes.
    let forCallers: String

    private static let longest = 400

    init(_ what: String, because error: (any Error)?) {
        switch error {
        case let error as HubError:
            let cause = error.cause.map { " (\($0))" } ?? ""
            (forOperator, forCallers) = (
                "\(what): \(error.message)\(cause)".short(Self.longest), "\(what): \(error.message)".short(Self.longest)
            )
        case let error as JSONRPCError:
            let text = "\(what): it answered with the error \(error.code.rawValue)"
            (forOperator, forCallers) = ("\(text), \(error.message)".short(Self.longest), text)
        case .some(let error):
            (forOperator, forCallers) = ("\(what): \(error)".short(Self.longest), what)
        case nil:
            (forOperator, forCallers) = (what, what)
        }
    }
}

extension String {
    fileprivate func short(_ limit: Int) -> String { count <= limit ? self : prefix(limit) + "…" }
}
