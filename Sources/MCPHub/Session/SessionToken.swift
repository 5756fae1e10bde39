import Crypto
import HubCore
import NIOCore

/// What an `Mcp-Session-Id` says: everything a process needs to serve the session, so that it outlives a restart and any
/// process with the same key accepts it.
struct SessionToken: Sendable, Hashable {
    /// Names the session; 128 random bits.
    var id: UInt128
    /// Who opened it, and nobody else may use it.
    var owner: SessionOwner
    /// The server it was opened at.
    var entry: String
    /// What was negotiated.
    var revision: ProtocolRevision
    /// What the client said it can be asked for.
    var capabilities: ClientCapabilities = []
    /// Seconds since 1970.
    var expiry: Int64
}

/// The consumer and the credential that a session was opened with, as a digest.
struct SessionOwner: Sendable, Hashable {
    let digest: UInt128

    /// Whether it is a caller without a credential.
    var isAnonymous: Bool { digest == 0 }

    /// The owner that a token names.
    init(digest: UInt128) { self.digest = digest }

    /// The owner that a caller is.
    init(_ principal: Principal) {
        guard let credential = principal.credential else {
            digest = 0
            return
        }
        let hash = SHA256.hash(data: Array("\(credential)\0\(principal.consumer)".utf8))
        digest = hash.prefix(16).reduce(0) { $0 << 8 | UInt128($1) }
    }
}

/// Seals session tokens: AES-256-GCM under a key derived from the master key, as URL-safe text.
struct SessionSealer: Sendable {
    private static let purpose = Array("hubd mcp session v3".utf8)
    private let key: SymmetricKey

    init(masterKey: SymmetricKey) {
        key = HKDF<SHA256>.deriveKey(inputKeyMaterial: masterKey, info: Self.purpose, outputByteCount: 32)
    }

    func seal(_ token: SessionToken) -> String? {
        var plain = ByteBuffer()
        plain.writeInteger(token.id)
        plain.writeInteger(token.owner.digest)
        plain.writeInteger(token.expiry)
        plain.writeInteger(UInt8(ProtocolRevision.allCases.firstIndex(of: token.revision) ?? 0))
        plain.writeInteger(token.capabilities.rawValue)
        plain.writeString(token.entry)
        guard let box = try? AES.GCM.seal(Array(plain.readableBytesView), using: key, authenticating: Self.purpose).combined else {
            return nil  // only for nonces of a wrong size, which the default is not
        }
        return Base64.encodeURLSafe(Array(box))
    }

    /// The token in a text that this hub sealed; nil for any other text.
    func open(_ text: String) -> SessionToken? {
        guard text.utf8.count <= 512 else { return nil }
        guard let bytes = Base64.decodeURLSafe(text), let box = try? AES.GCM.SealedBox(combined: bytes),
            let plain = try? AES.GCM.open(box, using: key, authenticating: Self.purpose)  // forged or from another key: no session
        else { return nil }
        var buffer = ByteBuffer(bytes: plain)
        guard let id = buffer.readInteger(as: UInt128.self), let owner = buffer.readInteger(as: UInt128.self),
            let expiry = buffer.readInteger(as: Int64.self),
            let index = buffer.readInteger(as: UInt8.self), ProtocolRevision.allCases.indices.contains(Int(index)),
            let capabilities = buffer.readInteger(as: UInt8.self), let entry = buffer.readString(length: buffer.readableBytes)
        else { return nil }
        return SessionToken(
            id: id, owner: SessionOwner(digest: owner), entry: entry, revision: ProtocolRevision.allCases[Int(index)],
            capabilities: ClientCapabilities(rawValue: capabilities), expiry: expiry)
    }
}
