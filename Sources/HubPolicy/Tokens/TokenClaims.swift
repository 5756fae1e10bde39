import HubCore
import NIOCore

/// The claims of a token, read and not yet weighed (RFC 7519 §4.1, RFC 9068 §2.2).
struct TokenClaims: Sendable {
    private static let limits = JSONLimits(
        maximumBytes: CompactToken.maximumLength, maximumDepth: 32, maximumValues: 2048, duplicateKeys: .refuse)
    /// The last second of the year 9999: what is beyond is no date, and would not fit where dates are written.
    private static let latestDate: Double = 253_402_300_799

    /// All of them.
    let root: JSONValue
    /// Who issued it (`iss`).
    let issuer: String
    /// Whom it speaks of (`sub`).
    let subject: String
    /// Whom it was issued for (`aud`).
    let audiences: [String]
    /// What it was issued for (`scope`, or `scp` where there is no `scope`); nil where neither is there.
    let scopes: Set<String>?
    /// When it ends, when it begins and when it was issued, in seconds since 1970. A fraction counts against it.
    let (expiry, notBefore, issuedAt): (Int64, Int64?, Int64?)

    /// Reads the payload of a token.
    init(_ payload: [UInt8]) throws(TokenProblem) {
        do {
            root = try JSONDocument(parsing: ByteBuffer(bytes: payload), limits: Self.limits).root
        } catch {
            throw TokenProblem(.malformed, "the claims: \(error)")
        }
        guard root.kind == .object else { throw TokenProblem(.malformed, "the claims are no object") }
        guard let issuer = root["iss"]?.string else { throw TokenProblem(.malformed, "iss is not there, or no string") }
        self.issuer = issuer
        // RFC 9068 §2.2, and for any other token so that what it opened can be told to be somebody's.
        guard let subject = root["sub"]?.string else { throw TokenProblem(.malformed, "sub is not there, or no string") }
        self.subject = subject
        guard let audiences = root["aud"].map({ $0.stringList }) ?? [] else { throw TokenProblem(.malformed, "aud is no list of strings") }
        self.audiences = audiences
        scopes = try Self.scopes(root)
        guard let expiry = try Self.date(root["exp"], "exp", .down) else { throw TokenProblem(.malformed, "exp is not there") }
        self.expiry = expiry
        notBefore = try Self.date(root["nbf"], "nbf", .up)
        issuedAt = try Self.date(root["iat"], "iat", .up)
    }

    /// A NumericDate (RFC 7519 §2): it may have a fraction or an exponent, and must be a date.
    private static func date(_ value: JSONValue?, _ name: String, _ rule: FloatingPointRoundingRule) throws(TokenProblem) -> Int64? {
        guard let value else { return nil }
        guard let seconds = value.double, seconds >= 0, seconds <= latestDate else { throw TokenProblem(.malformed, "\(name) is no date") }
        return Int64(seconds.rounded(rule))
    }

    /// `scope` is one string with spaces (RFC 8693 §4.2); `scp` is the same or a list. Some servers write null where nothing was asked for.
    private static func scopes(_ root: JSONValue) throws(TokenProblem) -> Set<String>? {
        guard let value = root["scope"] ?? root["scp"], value.kind != .null else { return nil }
        guard let list = value.stringList else { throw TokenProblem(.malformed, "the scopes are no list of strings") }
        // RFC 6749 §3.3 has ASCII alone: another letter could be equal to one of these as a string of Swift.
        return Set(list.flatMap { $0.split(separator: " ").filter { $0.utf8.allSatisfy { $0 < 0x80 } }.map { String($0) } })
    }
}
