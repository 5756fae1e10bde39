import HubCore
import NIOCore

/// What a token service gave: a token, and for how long it lives.
struct TokenGrant: Sendable, Equatable {
    /// The token.
    var token: Secret
    /// From the moment it was asked for.
    var life: Duration
    /// What gets the next one, where the service gave that too.
    var refreshToken: Secret?
    /// What was granted; nil where the service does not say that it is something else than what was asked for.
    var scopes: [String]?
    /// Whether the service said how long the token lives.
    var isLifeSaid = true

    /// The life of a token whose service does not say it (RFC 6749 §5.1 only recommends to).
    static let unsaidLife = Duration.seconds(300)
    /// Whatever a service says, a token is renewed this often.
    static let longestLife = Duration.seconds(86_400)
    /// The longest token.
    static let maximumBytes = 16 << 10
    /// The largest answer of a token service.
    static let maximumAnswerBytes = 64 << 10

    private static let limits = JSONLimits(maximumBytes: maximumAnswerBytes, maximumDepth: 16, maximumValues: 1024, duplicateKeys: .refuse)

    /// Reads the answer of a token endpoint (RFC 6749 §5.1 and §5.2, RFC 8693 §2.2).
    ///
    /// - Throws: `.refused`, `.odd` or `.malformed`; no text of the service but its error code, where that is one word.
    init(status: Int, body: ByteBuffer) throws(CredentialFailure) {
        guard status == 200 else {
            guard (400..<500).contains(status), status != 408, status != 429 else { throw .odd(status: status) }
            throw .refused(status: status, code: Self.errorCode(body))
        }
        let document: JSONDocument
        do throws(JSONParseError) {
            document = try JSONDocument(parsing: body, limits: Self.limits)
        } catch {
            throw .malformed("not JSON: \(error.reason.rawValue)")
        }
        let answer = document.root
        guard let token = answer["access_token"]?.string, Self.isSendable(token) else {
            // GitHub refuses with 200.
            if let code = Self.errorCode(body) { throw .refused(status: status, code: code) }
            throw .malformed("no access_token")
        }
        // RFC 6749 §7.1: a token of a type that is not understood is not used.
        guard answer["token_type"]?.string?.lowercased() == "bearer" else { throw .malformed("token_type is not Bearer") }
        self.init(token: Secret(token), life: try Self.life(answer["expires_in"]))
        refreshToken = answer["refresh_token"]?.string.flatMap { Self.isSendable($0) ? Secret($0) : nil }
        isLifeSaid = answer["expires_in"].map { !$0.isNull } ?? false
        scopes = answer["scope"]?.string.map { ScopeList.read($0) }
    }

    /// A token that lives for `life`, at least a second and at most `longestLife`.
    init(token: Secret, life: Duration) {
        self.token = token
        self.life = min(max(.seconds(1), life), Self.longestLife)
    }

    /// A number of seconds, which some services write as text.
    private static func life(_ value: JSONValue?) throws(CredentialFailure) -> Duration {
        guard let value, !value.isNull else { return unsaidLife }
        guard let seconds = value.double ?? value.string.flatMap({ Double($0) }), seconds.isFinite else {
            throw .malformed("expires_in is no number")
        }
        return .seconds(min(max(0, seconds), 1e9))
    }

    /// What may stand behind `Bearer` (RFC 6750 §2.1), and what services give that do not keep to it.
    static func isSendable(_ token: String) -> Bool {
        (1...maximumBytes).contains(token.utf8.count) && token.utf8.allSatisfy { 0x21...0x7E ~= $0 }
    }

    /// The `error` of a refusal; nil for anything that is not one short word.
    private static func errorCode(_ body: ByteBuffer) -> String? {
        // Without one the status alone says no.
        guard let document = try? JSONDocument(parsing: body, limits: limits), let code = document.root["error"]?.string,
            (1...64).contains(code.utf8.count), ASCIISet.word.covers(code)
        else { return nil }
        return code
    }
}
