import Crypto
import HubCore
import NIOCore

/// What the id of a task says that a client is given (extension `io.modelcontextprotocol/tasks`): whose it is and where it is followed, so
/// that ids of several servers cannot be mixed up, and any process with the same key accepts them.
struct TaskToken: Sendable, Hashable {
    /// Whose call became the task, and nobody else may follow it.
    var owner: SessionOwner
    /// The server that was called.
    var entry: String
    /// The tool that was called, by the name that it has there.
    var tool: String
    /// The server that the tool is from.
    var origin: String
    /// The id that it gave.
    var inner: String
    /// Seconds since 1970.
    var expiry: Int64

    /// The longest a task is followed, in seconds.
    static let longestLifetime: Int64 = 30 * 24 * 3600
    /// How long it is followed after its own end at least: its server may prolong it, while the id stays the same.
    static let grace: Int64 = 24 * 3600
    /// The longest of its texts, in bytes: all of them travel in a header.
    static let maximumText = 1 << 10

    /// For how many seconds a task is followed whose server keeps it for `ttl` milliseconds; nil is without an end.
    static func lifetime(ttl: JSONValue?) -> Int64 {
        guard let milliseconds = ttl?.double, milliseconds.isFinite, milliseconds < Double(longestLifetime) * 1_000 else {
            return longestLifetime
        }
        return min(longestLifetime, Int64(max(0, milliseconds) / 1_000) + grace)
    }
}

/// Seals ids of tasks: AES-256-GCM under a key derived from the master key, as URL-safe text.
struct TaskSealer: Sendable {
    private static let purpose = Array("hubd mcp task v1".utf8)
    private static let maximumSealed = 8 << 10
    private let key: SymmetricKey

    init(masterKey: SymmetricKey) {
        key = HKDF<SHA256>.deriveKey(inputKeyMaterial: masterKey, info: Self.purpose, outputByteCount: 32)
    }

    /// The id for the client; nil where one of the texts is too long.
    func seal(_ token: TaskToken) -> String? {
        var plain = ByteBuffer()
        plain.writeInteger(token.expiry)
        plain.writeInteger(token.owner.digest)
        for text in [token.entry, token.tool, token.origin, token.inner] {
            guard text.utf8.count <= TaskToken.maximumText else { return nil }
            plain.writeInteger(UInt16(text.utf8.count))
            plain.writeString(text)
        }
        let sealed = try? AES.GCM.seal(Array(plain.readableBytesView), using: key, authenticating: Self.purpose)
        return sealed?.combined.map { Base64.encodeURLSafe(Array($0)) }  // nil only for nonces of a wrong size, which the default is not
    }

    /// What an id says that this hub sealed; nil for any other text.
    func open(_ text: String) -> TaskToken? {
        guard text.utf8.count <= Self.maximumSealed, let bytes = Base64.decodeURLSafe(text),
            let box = try? AES.GCM.SealedBox(combined: bytes),
            let plain = try? AES.GCM.open(box, using: key, authenticating: Self.purpose)  // forged or from another key: no task
        else { return nil }
        var buffer = ByteBuffer(bytes: plain)
        guard let expiry = buffer.readInteger(as: Int64.self), let owner = buffer.readInteger(as: UInt128.self),
            let entry = Self.readText(&buffer), let tool = Self.readText(&buffer), let origin = Self.readText(&buffer),
            let inner = Self.readText(&buffer)
        else { return nil }
        return TaskToken(owner: SessionOwner(digest: owner), entry: entry, tool: tool, origin: origin, inner: inner, expiry: expiry)
    }

    private static func readText(_ buffer: inout ByteBuffer) -> String? {
        buffer.readInteger(as: UInt16.self).flatMap { buffer.readString(length: Int($0)) }
    }
}
