public import HubCore
public import NIOCore

/// What one certificate of a listener is made of, in PEM, as its files hold it.
public struct TLSMaterial: Sendable {
    /// The host names it is for; `*.` at the front stands for one label.
    public var names: [String]
    /// The certificate, then those that lead to its root.
    public var certificate: ByteBuffer
    /// The private key.
    public var key: Secret
    /// The authorities that callers' certificates must come from; nil asks for none.
    public var clientAuthorities: ByteBuffer?

    /// Material.
    public init(names: [String], certificate: ByteBuffer, key: Secret, clientAuthorities: ByteBuffer? = nil) {
        self.names = names
        self.certificate = certificate
        self.key = key
        self.clientAuthorities = clientAuthorities
    }
}

/// Why no listener can use some material. The message repeats nothing of a key.
public struct TLSMaterialError: Error, Hashable, Sendable {
    /// What is wrong with it.
    public enum Part: Sendable, Hashable {
        /// The certificate or its chain.
        case certificate
        /// The private key.
        case key
        /// The authorities of callers' certificates.
        case clientAuthorities
    }

    /// Which part.
    public var part: Part
    /// What is wrong, as part of a sentence.
    public var message: String
}
