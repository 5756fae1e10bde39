import A2ABridge
import Crypto
import FoundationEssentials
import HubCore
import NIOCore

/// The key by which others know that something comes from this hub: of P-256, derived from the master key, so that every process with that has it
/// and nothing has to be kept.
struct HubKey: NotificationKey {
    private let key: P256.Signing.PrivateKey
    /// The thumbprint of the public key (RFC 7638).
    let id: String
    let algorithm = "ES256"

    /// Where its public half is.
    static let path = "/.well-known/jwks.json"

    /// The key of a master key; nil where none comes of it, which has a chance of one in 2³² for each attempt.
    init?(_ masterKey: SymmetricKey) {
        for attempt: UInt8 in 0..<4 {
            let bytes = HKDF<SHA256>.deriveKey(
                inputKeyMaterial: masterKey, info: Array("hubd signing key 1".utf8) + [attempt], outputByteCount: 32)
            let scalar = unsafe bytes.withUnsafeBytes { unsafe Array($0) }
            guard let key = try? P256.Signing.PrivateKey(rawRepresentation: scalar) else { continue }
            self.key = key
            id = Base64.encodeURLSafe(Array(SHA256.hash(data: Array(Self.publicKey(key).readableBytesView))))
            return
        }
        return nil
    }

    func sign(_ bytes: [UInt8]) throws -> [UInt8] { Array(try key.signature(for: bytes).rawRepresentation) }

    /// Signs the cards of agents.
    ///
    /// - Parameter publicURL: where callers find the hub; nil: they have to know the key.
    func cardSigner(_ publicURL: HTTPAddress?) -> CardSigner {
        CardSigner(keyID: id, keySetURL: publicURL.map { "\($0)\(Self.path)" }, key: key)
    }

    /// Its public half as a set of keys (RFC 7517 §5).
    var keySet: PublicDocument {
        var json = JSONWriter()
        json.beginObject()
        json.key("keys")
        json.beginArray()
        json.beginObject()
        Self.write(key, to: &json)
        json.member("use", "sig")
        json.member("alg", algorithm)
        json.member("kid", id)
        json.endObject()
        json.endArray()
        json.endObject()
        return PublicDocument(json: json.buffer)
    }

    /// What a thumbprint is of: the members that the key needs, in the order of their names (RFC 7638 §3).
    private static func publicKey(_ key: P256.Signing.PrivateKey) -> ByteBuffer {
        var json = JSONWriter()
        json.beginObject()
        write(key, to: &json)
        json.endObject()
        return json.buffer
    }

    private static func write(_ key: P256.Signing.PrivateKey, to json: inout JSONWriter) {
        let point = Array(key.publicKey.rawRepresentation)
        json.member("crv", "P-256")
        json.member("kty", "EC")
        json.member("x", Base64.encodeURLSafe(Array(point.prefix(32))))
        json.member("y", Base64.encodeURLSafe(Array(point.suffix(32))))
    }
}
