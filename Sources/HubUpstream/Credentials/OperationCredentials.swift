/// What the requests of one operation show beside the credential of the upstream itself. Made when a snapshot is built.
public struct OperationCredentials: Sendable {
    let shown: ShownCredentials
    let redaction: Redaction

    /// Credentials of an operation.
    ///
    /// - Parameters:
    ///   - shown: those that its requests carry.
    ///   - known: those that any operation of the same API carries: none of them may come back in an answer.
    public init(shown: [UpstreamCredential], known: [UpstreamCredential]) {
        self.shown = ShownCredentials(shown)
        redaction = Redaction(shown + known)
    }
}
