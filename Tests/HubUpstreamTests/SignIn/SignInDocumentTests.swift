import HTTPTypes
import HubCore
import NIOCore
import Testing

@testable import HubUpstream

@Suite("documents that say where to sign in")
struct SignInDocumentTests {
    private func json(_ text: String) throws -> JSONValue { try JSONDocument(parsing: text, limits: .message).root }
    private func url(_ text: String) throws -> ServiceURL { try #require(ServiceURL(text)) }

    @Test("a URL keeps its slash and its query, and what is none is refused")
    func urls() throws {
        #expect(try url("https://a.test/mcp/?x=1").suffix == "/?x=1")
        #expect(try url("https://a.test/").suffix == "")
        #expect(try url("https://a.test/mcp").suffix == "")
        for text in [
            "ftp://a", "https://u@a", "https://a/#f", "https://a/ b", "https://a/\n", "a",
            "https://a/" + String(repeating: "b", count: 2048),
        ] {
            #expect(ServiceURL(text) == nil)
        }
    }

    @Test("metadata of a resource is looked for by the server's word, with its path, and without")
    func resourcePlaces() throws {
        let challenge = BearerChallenge([#"Bearer resource_metadata="https://b.test/meta""#])
        #expect(
            ResourceMetadata.urls(of: try url("https://a.test/x/mcp"), challenge: challenge).map(\.text) == [
                "https://b.test/meta", "https://a.test/.well-known/oauth-protected-resource/x/mcp",
                "https://a.test/.well-known/oauth-protected-resource",
            ])
        #expect(
            ResourceMetadata.urls(of: try url("https://a.test"), challenge: nil).map(\.text)
                == ["https://a.test/.well-known/oauth-protected-resource"])
    }

    @Test(
        "metadata counts for the resource that it names and what is below",
        arguments: [
            ("https://a.test/mcp", true), ("https://a.test/mcp/", true), ("https://a.test", true), ("https://a.test/", true),
            ("https://a.test/mc", false), ("https://a.test/mcp/x", false), ("https://b.test/mcp", false), ("http://a.test/mcp", false),
            ("https://a.test:8443/mcp", false), ("https://a.test/mcp?x=1", false),
        ])
    func resources(resource: String, isTaken: Bool) throws {
        let document = try json(#"{"resource":"\#(resource)","authorization_servers":["https://as.test"],"scopes_supported":["a","b c"]}"#)
        let place = try url("https://a.test/.well-known/oauth-protected-resource")
        let metadata = try? ResourceMetadata(document, of: try url("https://a.test/mcp"), at: place)
        #expect((metadata != nil) == isTaken)
        #expect(
            metadata.map { $0.resource == resource && $0.authorizationServers == ["https://as.test"] && $0.scopes == ["a"] } ?? !isTaken)
    }

    @Test("metadata of an issuer is looked for in the order of MCP's specification")
    func issuerPlaces() throws {
        #expect(
            AuthorizationServerMetadata.urls(of: try url("https://as.test/t/")).map(\.text) == [
                "https://as.test/.well-known/oauth-authorization-server/t", "https://as.test/.well-known/openid-configuration/t",
                "https://as.test/t/.well-known/openid-configuration",
            ])
        #expect(AuthorizationServerMetadata.urls(of: try url("https://as.test/")).count == 2)
    }

    private static let good = [
        "issuer": #""https://as.test""#, "authorization_endpoint": #""https://as.test/authorize""#,
        "token_endpoint": #""https://as.test/token?x=1""#, "code_challenge_methods_supported": #"["plain","S256"]"#,
    ]

    private func metadata(
        _ changes: [String: String?] = [:], of issuer: String = "https://as.test", named: Set<String> = []
    ) throws -> AuthorizationServerMetadata {
        let members = Self.good.merging(changes.mapValues { $0 ?? "null" }) { $1 }
        let text = members.map { "\"\($0.key)\":\($0.value)" }.joined(separator: ",")
        return try AuthorizationServerMetadata(try json("{\(text)}"), of: issuer, namedOrigins: named)
    }

    @Test("metadata of an authorization server is read; the slash behind an origin is of no account")
    func issuers() throws {
        let plain = try metadata()
        #expect(plain.tokenEndpoint.suffix == "?x=1" && plain.registrationEndpoint == nil && !plain.namesItself)
        #expect(try metadata(of: "https://as.test/").issuer == "https://as.test")
        #expect(try metadata(["registration_endpoint": #""https://r.test""#]).registrationEndpoint?.text == "https://r.test")
        #expect(plain.authentication(hasSecret: nil) == .basic && plain.authentication(hasSecret: false) == .none)
        let methods = try metadata(["token_endpoint_auth_methods_supported": #"["client_secret_post","none"]"#])
        #expect(methods.authentication(hasSecret: nil) == .none && methods.authentication(hasSecret: true) == .post)
    }

    @Test(
        "metadata that another issuer may have written, without PKCE, or that leads where anybody can read along is refused",
        arguments: [
            ["issuer": #""https://other.test""#], ["issuer": nil], ["issuer": #""https://as.test/x""#], ["issuer": #""https://as.test//""#],
            ["code_challenge_methods_supported": nil], ["code_challenge_methods_supported": #"["plain"]"#],
            ["token_endpoint": nil], ["authorization_endpoint": nil], ["token_endpoint": #""http://as.test/token""#],
            ["token_endpoint": #""http://127.0.0.1:1/token""#], ["authorization_endpoint": #""javascript:alert(1)""#],
            ["registration_endpoint": #""http://10.0.0.1/r""#], ["authorization_endpoint": #""https://as.test/\u001b[0m""#],
        ] as [[String: String?]])
    func refused(changes: [String: String?]) {
        #expect(throws: SignInError.self) { try metadata(changes) }
    }

    @Test("plain HTTP is for this machine, where the operator named it")
    func loopback() throws {
        let local = #""http://127.0.0.1:9/token""#
        #expect(throws: SignInError.self) { try metadata(["token_endpoint": local], named: ["http://127.0.0.1:8"]) }
        #expect(try metadata(["token_endpoint": local], named: ["http://127.0.0.1:9"]).tokenEndpoint.address.port == 9)
    }

    @Test("the answer to a registration is a client that can prove who it is")
    func registrations() throws {
        func client(_ text: String, status: Int = 201) throws -> ClientRegistration {
            try ClientRegistration(SignInHTTP.Answer(status: status, fields: [:], document: try json(text)), of: "https://as.test")
        }
        #expect(try client(#"{"client_id":"c"}"#) == ClientRegistration(id: "c", secret: nil, authentication: .none))
        #expect(
            try client(#"{"client_id":"c","client_secret":"s"}"#)
                == ClientRegistration(id: "c", secret: Secret("s"), authentication: .basic))
        #expect(
            try client(#"{"client_id":"c","client_secret":"s","token_endpoint_auth_method":"client_secret_post"}"#)
                == ClientRegistration(id: "c", secret: Secret("s"), authentication: .post))
        for text in [
            "{}", #"{"client_id":""}"#, #"{"client_id":"c\n"}"#, #"{"client_id":"c","client_secret":"a b"}"#,
            #"{"client_id":"c","token_endpoint_auth_method":"client_secret_basic"}"#,
            #"{"client_id":"c","client_secret":"s","token_endpoint_auth_method":"private_key_jwt"}"#,
        ] { #expect(throws: SignInError.self) { try client(text) } }
        let error = #expect(throws: SignInError.self) {
            try client(#"{"error":"invalid_redirect_uri","error_description":"swordfish"}"#, status: 400)
        }
        #expect(error?.description.contains("invalid_redirect_uri") == true && error?.description.contains("swordfish") == false)
    }

    @Test("what is kept of a sign-in is read as it was written")
    func kept() throws {
        var signIn = SignIn.test(refreshToken: "r\"1")
        signIn.clientSecret = Secret("s")
        signIn.wantedScopes = ["w"]
        signIn.isOver = true
        #expect(SignIn(signIn.sealed) == signIn)
        #expect(SignIn(Secret("{}")) == nil && SignIn(Secret("x")) == nil)
        let newer = signIn.sealed.revealed.replacing("\"version\":1", with: "\"version\":2")
        #expect(SignIn(Secret(newer)) == nil)
        #expect(!"\(signIn)".contains("r\"1") && !"\(signIn)".contains("first"))
    }
}

extension SignIn {
    /// A sign-in at a server of a test, whose access token is called `first`.
    static func test(
        server: String = "https://a.test/mcp", tokenEndpoint: String = "https://as.test/token", refreshToken: String? = "refresh-0",
        end: Int64 = 1000
    ) -> SignIn {
        SignIn(
            id: "one", server: server, issuer: "https://as.test", tokenEndpoint: tokenEndpoint, clientID: "hub", clientSecret: nil,
            authentication: .none, isOperatorsClient: false, resource: server, scopes: ["read"], accessToken: Secret("first"),
            accessTokenEnd: end, refreshToken: refreshToken.map { Secret($0) })
    }
}
