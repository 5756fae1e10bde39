import Crypto
public import HubCore

/// One attempt to sign in: the address that a person opens, and what its answer must be (RFC 6749 §4.1, RFC 7636, RFC 9207).
public struct AuthorizationRequest: Sendable {
    /// What came of reading an answer.
    public enum Answer: Sendable {
        /// The code that tokens are exchanged for.
        case code(Secret)
        /// The authorization server says no, in one word where it gave one.
        case refused(String?)
        /// The answer is another authorization server's: somebody mixes two of them up. The code goes to neither.
        case otherIssuer
        /// It is no answer to this request.
        case foreign
    }

    /// The bytes that `state` and the verifier are made of.
    public static let randomBytes = 32
    /// The longest answer, in bytes.
    public static let maximumAnswerBytes = 16 << 10

    /// What a person opens.
    public let url: String
    /// Where the answer goes to.
    public let redirectURI: String
    /// What is asked for.
    public let scopes: [String]
    /// What proves that who began is who exchanges the code (RFC 7636 §4.1).
    let verifier: Secret
    private let state: String
    private let issuer: String
    private let namesIssuer: Bool

    /// - Parameters:
    ///   - server: the authorization server.
    ///   - client: the hub's name there.
    ///   - redirectURI: where the answer goes to.
    ///   - resource: the MCP server (RFC 8707).
    ///   - random: 32 random bytes for the verifier, and 32 for `state`.
    ///   - scopes: what is asked for; empty leaves it to the authorization server.
    public init(
        at server: AuthorizationServerMetadata, client: String, redirectURI: String, resource: String, scopes: [String],
        random: (verifier: [UInt8], state: [UInt8])
    ) {
        let verifier = Base64.encodeURLSafe(random.verifier)
        let state = Base64.encodeURLSafe(random.state)
        var parameters = [
            ("response_type", "code"), ("client_id", client), ("redirect_uri", redirectURI), ("state", state),
            ("code_challenge", Base64.encodeURLSafe(Array(SHA256.hash(data: Array(verifier.utf8))))), ("code_challenge_method", "S256"),
            ("resource", resource),
        ]
        if !scopes.isEmpty { parameters.append(("scope", scopes.joined(separator: " "))) }
        // OpenID Connect Core 1.0 §11: without it no refresh token is given.
        if scopes.contains("offline_access") { parameters.append(("prompt", "consent")) }
        let query = parameters.map { "\($0.0)=\(PercentEncoding.encode($0.1))" }.joined(separator: "&")
        let endpoint = server.authorizationEndpoint.text
        let joint = !endpoint.contains("?") ? "?" : endpoint.hasSuffix("?") || endpoint.hasSuffix("&") ? "" : "&"
        url = endpoint + joint + query
        self.redirectURI = redirectURI
        self.scopes = scopes
        self.verifier = Secret(verifier)
        self.state = state
        issuer = server.issuer
        namesIssuer = server.namesItself
    }

    /// What to ask for:
    /// 1. What the configuration names, or else what the server asks for.
    /// 2. What was granted before and what the server has asked for since, so that signing in again takes nothing away.
    /// 3. `offline_access` where there is such a scope, because a hub is there when nobody is; not where the configuration names scopes.
    public static func scopes(
        configured: [String]?, found: SignInDiscovery.Finding, earlier: SignIn?
    ) -> [String] {
        let again = earlier.map { $0.isOver && $0.wantedScopes.isEmpty ? [] : $0.scopes + $0.wantedScopes } ?? []
        let offline = configured == nil && found.server.scopes.contains("offline_access") ? ["offline_access"] : []
        let wanted = ScopeList.united([configured ?? found.scopes, again])
        return wanted.isEmpty ? [] : ScopeList.united([wanted, offline])
    }

    /// Reads an answer: the query of the address that the browser was sent to, with the question mark or without.
    public func read(_ query: some StringProtocol) -> Answer {
        guard query.utf8.count <= Self.maximumAnswerBytes else { return .foreign }
        var fields: [String: String] = [:]
        for pair in query.drop(while: { $0 == "?" }).split(separator: "&") {
            let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard let first = parts.first, let name = Self.decoded(first), let value = Self.decoded(parts.count > 1 ? parts[1] : "") else {
                return .foreign
            }
            // Of two values one would be looked at, and the other one used.
            guard fields.updateValue(value, forKey: name) == nil else { return .foreign }
        }
        guard let answered = fields["state"], Self.isSame(answered, state) else { return .foreign }
        if let named = fields["iss"] {
            guard named.utf8.elementsEqual(issuer.utf8) else { return .otherIssuer }
        } else if namesIssuer {
            return .otherIssuer
        }
        if let error = fields["error"] { return .refused(error.utf8.count <= 64 && ASCIISet.word.covers(error) ? error : nil) }
        guard let code = fields["code"], !code.isEmpty else { return .refused(nil) }
        return .code(Secret(code))
    }

    private static func decoded(_ text: some StringProtocol) -> String? {
        PercentEncoding.decode(String(text).replacing("+", with: " "))
    }

    /// Of digests, so that the time says nothing about the value.
    private static func isSame(_ a: String, _ b: String) -> Bool {
        SHA256.hash(data: Array(a.utf8)) == SHA256.hash(data: Array(b.utf8))
    }
}
