import HTTPTypes
import HubCore
import NIOConcurrencyHelpers
import NIOCore

/// The certificates of one listener, at least one. Immutable; a renewal makes another.
public struct TLSIdentitySet: Sendable {
    private let first: TLSIdentity
    private let identities: [TLSIdentity]
    private let names: ServerNameTable

    /// A set; nil where there is nothing to put in.
    public init?(_ identities: [TLSIdentity]) {
        guard let first = identities.first else { return nil }
        self.first = first
        self.identities = identities
        names = ServerNameTable(identities.map(\.names))
    }

    /// The certificate for a host name, or for a caller that names none.
    func identity(for name: String?) -> TLSIdentity {
        let index = names.index(for: name)
        return identities.indices.contains(index) ? identities[index] : first
    }
}

/// Holds the certificates in force. Handshakes read them; a renewal replaces them, and connections that stand stay.
public final class CertificateStore: Sendable {
    private let stored: NIOLockedValueBox<TLSIdentitySet>

    /// A store with its first certificates.
    public init(_ identities: TLSIdentitySet) {
        stored = NIOLockedValueBox(identities)
    }

    /// Puts others in force.
    public func replace(with identities: TLSIdentitySet) {
        stored.withLockedValue { $0 = identities }
    }

    func identity(for name: String?) -> TLSIdentity {
        stored.withLockedValue { $0.identity(for: name) }
    }
}

/// What is known of the handshake of one connection.
struct TLSSession: Sendable {
    let store: CertificateStore
    /// What the caller's certificate was checked against.
    let clientAuthorities: ByteBuffer?

    /// Refuses a request for `host` that may not come over this connection. The name in the handshake is not the one in the request: without this
    /// check a caller could shake hands for a name that asks for no certificate, and then ask for one that does.
    func check(host: String) throws(HTTP1Error) {
        guard let needed = store.identity(for: host).clientAuthorities, needed != clientAuthorities else { return }
        throw HTTP1Error(.misdirectedRequest, "This name needs a connection of its own, with a client certificate")
    }
}
