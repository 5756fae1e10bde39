/// What a connection must pass before it is served.
public struct ListenerDoor: Sendable {
    /// The certificates of a listener for `https`; nil is one for `http`.
    public var certificates: CertificateStore?
    /// Whether an address may connect at all. Who may not is closed without an answer.
    public var admits: @Sendable (_ address: String) -> Bool

    /// A door; by default it stands open.
    public init(certificates: CertificateStore? = nil, admits: @escaping @Sendable (_ address: String) -> Bool = { _ in true }) {
        self.certificates = certificates
        self.admits = admits
    }
}
