import SpecIngest

/// How the service of a WSDL is spoken to, as written.
struct SOAPSettings: Sendable, Hashable {
    /// A user name and password in each message.
    struct Security: Sendable, Hashable {
        /// The user name.
        var username: String
        /// The password, still a reference.
        var password: SecretReference
        /// Whether a digest stands for it.
        var isDigest: Bool
    }

    /// The version, where the WSDL offers both.
    var version: SOAPVersion?
    /// What lets the hub in.
    var security: Security?
}
