import HubCore
import NIOCore

/// A signed token in its compact form (RFC 7515 §7.1), taken apart and not yet believed.
///
/// Keys come from the issuer's configuration alone (RFC 8725 §3.10): what `jku`, `x5c` and `x5u` point to is never looked at, and a token
/// that brings its key along (`jwk`) is no access token.
struct CompactToken: Sendable {
    /// The longest token in bytes.
    static let maximumLength = 8192
    /// The longest name of a key in bytes.
    static let maximumKeyIDLength = 512

    private static let headerLimits = JSONLimits(
        maximumBytes: maximumLength, maximumDepth: 8, maximumValues: 256, duplicateKeys: .refuse)

    /// What it says to be signed with.
    let algorithm: TokenAlgorithm
    /// The name of the key (`kid`).
    let keyID: String?
    /// The type (`typ`) in lower case, without `application/`.
    let type: String?
    /// What is signed: the first two parts and the dot between them.
    let signingInput: [UInt8]
    /// The decoded second part, whatever it is.
    let payload: [UInt8]
    /// The decoded third part.
    let signature: [UInt8]

    /// Takes a token apart.
    init(_ text: String) throws(TokenProblem) {
        guard text.utf8.count <= Self.maximumLength else { throw TokenProblem(.malformed, "longer than \(Self.maximumLength) bytes") }
        let parts = text.utf8.split(separator: UInt8(ascii: "."), maxSplits: 3, omittingEmptySubsequences: false)
        guard parts.count == 3 else { throw TokenProblem(.malformed, "not of three parts") }
        let header = try Self.header(try Self.decode(parts[0]))
        algorithm = header.algorithm
        keyID = header.keyID
        type = header.type
        payload = try Self.decode(parts[1])
        signature = try Self.decode(parts[2])
        signingInput = Array(text.utf8.prefix(parts[0].count + 1 + parts[1].count))
    }

    /// The bytes of a part in its one canonical spelling: no padding, no white space, no bits left over.
    private static func decode(_ part: Substring.UTF8View) throws(TokenProblem) -> [UInt8] {
        guard let bytes = Base64.decodeURLSafe(String(Substring(part))) else { throw TokenProblem(.malformed, "not base64url") }
        return bytes
    }

    private static func header(_ bytes: [UInt8]) throws(TokenProblem) -> (algorithm: TokenAlgorithm, keyID: String?, type: String?) {
        let root: JSONValue
        do {
            root = try JSONDocument(parsing: ByteBuffer(bytes: bytes), limits: headerLimits).root
        } catch {
            throw TokenProblem(.malformed, "the header: \(error)")
        }
        guard root.kind == .object else { throw TokenProblem(.malformed, "the header is no object") }
        guard let name = root["alg"]?.string else { throw TokenProblem(.malformed, "no algorithm") }
        guard let algorithm = TokenAlgorithm(rawValue: name) else { throw TokenProblem(.unsupported, "an algorithm that is not known") }
        // RFC 7515 §4.1.11: what is critical must be understood, and nothing is. RFC 7797 §6: `b64` is always critical.
        guard root["crit"] == nil, root["b64"] == nil else { throw TokenProblem(.unsupported, "a critical extension") }
        guard root["jwk"] == nil else { throw TokenProblem(.unsupported, "a key in the header") }
        let keyID = try text(root["kid"], "kid", maximum: maximumKeyIDLength)
        let type = try text(root["typ"], "typ", maximum: 64)?.lowercased()
        return (algorithm, keyID, type.map { $0.hasPrefix("application/") ? String($0.dropFirst("application/".count)) : $0 })
    }

    private static func text(_ value: JSONValue?, _ name: String, maximum: Int) throws(TokenProblem) -> String? {
        guard let value else { return nil }
        guard let text = value.string, text.utf8.count <= maximum else {
            throw TokenProblem(.malformed, "\(name) is no string, or too long")
        }
        return text
    }
}
