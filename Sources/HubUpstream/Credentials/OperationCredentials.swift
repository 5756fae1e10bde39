/// What the requests of one operation show beside the credential of the upstream itself. Made when a snapshot is built.
public struct OperationCredentials: Sendable {
    let shown: ShownCredentials
    let redaction: Redaction
    /// What is made for each request, in place of what the upstream's own credential would make.
    let dynamic: (any DynamicCredential)?

    /// Credentials of an operation that are the same in each request.
    ///
    /// - Parameters:
    ///   - shown: those that its requests carry.
    ///   - known: those that any operation of the same API carries: none of them may come back in an answer.
    public init(shown: [UpstreamCredential], known: [UpstreamCredential]) {
        self.init(shown: shown, known: known, dynamic: nil)
    }

    init(shown: [UpstreamCredential], known: [UpstreamCredential], dynamic: (any DynamicCredential)?) {
        self.shown = ShownCredentials(shown)
        self.dynamic = dynamic
        redaction = Redaction(shown + known)
    }
}
