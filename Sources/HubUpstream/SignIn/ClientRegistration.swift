public import HubCore
public import NIOCore

/// What the hub is to an authorization server.
public struct ClientRegistration: Sendable, Hashable {
    /// The client identifier.
    public var id: String
    /// The client secret.
    public var secret: Secret?
    /// How the hub proves to be that client.
    public var authentication: TokenService.ClientAuthentication

    /// A client.
    public init(id: String, secret: Secret?, authentication: TokenService.ClientAuthentication) {
        self.id = id
        self.secret = secret
        self.authentication = authentication
    }

    /// What the hub says of itself when it registers, and in the document that its address leads to.
    ///
    /// - Parameters:
    ///   - id: the address of the document, for the document alone.
    ///   - redirectURIs: where answers may go to.
    ///   - authentication: how the hub proves who it is.
    ///   - scopes: what will be asked for; empty says nothing of it.
    public static func document(
        id: String? = nil, redirectURIs: [String], authentication: TokenService.ClientAuthentication, scopes: [String] = []
    ) -> ByteBuffer {
        var json = JSONWriter()
        json.beginObject()
        if let id { json.member("client_id", id) }
        json.member("client_name", "hubd")
        json.member("redirect_uris", redirectURIs)
        json.member("grant_types", ["authorization_code", "refresh_token"])
        json.member("response_types", ["code"])
        json.member("token_endpoint_auth_method", authentication.registeredName)
        json.member("application_type", "native")
        if !scopes.isEmpty { json.member("scope", scopes.joined(separator: " ")) }
        json.endObject()
        return json.buffer
    }

    static func request(redirectURI: String, authentication: TokenService.ClientAuthentication, scopes: [String]) -> ByteBuffer {
        document(redirectURIs: [redirectURI], authentication: authentication, scopes: scopes)
    }

    /// Reads the answer to a registration (RFC 7591 §3.2).
    init(_ answer: SignInHTTP.Answer, of issuer: String) throws(SignInError) {
        guard answer.status == 200 || answer.status == 201 else {
            let code = answer.document?["error"]?.string.flatMap { $0.utf8.count <= 64 && ASCIISet.word.covers($0) ? ", \($0)" : nil } ?? ""
            throw SignInError(
                "\(issuer) does not register the hub (status \(answer.status)\(code)); register a client there by hand, and name it: "
                    + "credential: { oauthUser: { clientId: ID } }")
        }
        guard let id = answer.document?["client_id"]?.string, Self.isIdentifier(id) else {
            throw SignInError("\(issuer) registered the hub without a client_id that can be used")
        }
        let secret = answer.document?["client_secret"]?.string
        guard secret.map({ TokenGrant.isSendable($0) }) ?? true else {
            throw SignInError("\(issuer) registered the hub with a client_secret that cannot be used")
        }
        // RFC 7591 §2: what is not said is client_secret_basic; a client without a secret has nothing to prove it with.
        let name = answer.document?["token_endpoint_auth_method"]?.string ?? (secret == nil ? "none" : "client_secret_basic")
        guard let authentication = TokenService.ClientAuthentication(registeredName: name), (authentication == .none) || secret != nil
        else {
            throw SignInError("\(issuer) registered the hub with a way to prove who it is that it does not have")
        }
        self.init(id: id, secret: authentication == .none ? nil : secret.map { Secret($0) }, authentication: authentication)
    }

    /// Whether a text may be a client identifier (RFC 6749 appendix A.1).
    static func isIdentifier(_ text: String) -> Bool {
        (1...ServiceURL.maximumBytes).contains(text.utf8.count) && text.utf8.allSatisfy { 0x20...0x7E ~= $0 }
    }
}

extension TokenService.ClientAuthentication {
    /// The name in IANA's registry of token endpoint authentication methods.
    var registeredName: String {
        switch self {
        case .basic: "client_secret_basic"
        case .post: "client_secret_post"
        case .none: "none"
        }
    }

    init?(registeredName: String) {
        switch registeredName {
        case "client_secret_basic": self = .basic
        case "client_secret_post": self = .post
        case "none": self = .none
        default: return nil
        }
    }
}
