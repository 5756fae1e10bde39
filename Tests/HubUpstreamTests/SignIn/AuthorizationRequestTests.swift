import Crypto
import HubCore
import Testing

@testable import HubUpstream

@Suite("one attempt to sign in")
struct AuthorizationRequestTests {
    private func server(_ more: String = "", endpoint: String = "https://as.test/authorize") throws -> AuthorizationServerMetadata {
        let text = """
            {"issuer":"https://as.test","authorization_endpoint":"\(endpoint)","token_endpoint":"https://as.test/token",
            "code_challenge_methods_supported":["S256"]\(more)}
            """
        return try AuthorizationServerMetadata(
            try JSONDocument(parsing: text, limits: .message).root, of: "https://as.test", namedOrigins: [])
    }

    private func request(_ server: AuthorizationServerMetadata, scopes: [String] = ["read", "a&b"]) -> AuthorizationRequest {
        AuthorizationRequest(
            at: server, client: "hub", redirectURI: "http://127.0.0.1:8082/callback", resource: "https://a.test/mcp", scopes: scopes,
            random: ([UInt8](repeating: 1, count: 32), [UInt8](repeating: 2, count: 32)))
    }

    private let state = Base64.encodeURLSafe([UInt8](repeating: 2, count: 32))

    @Test("the address asks with PKCE, state, resource and scopes, each encoded")
    func address() throws {
        let request = request(try server())
        let challenge = Base64.encodeURLSafe(Array(SHA256.hash(data: Array(Base64.encodeURLSafe([UInt8](repeating: 1, count: 32)).utf8))))
        #expect(
            request.url == "https://as.test/authorize?response_type=code&client_id=hub"
                + "&redirect_uri=http%3A%2F%2F127.0.0.1%3A8082%2Fcallback&state=\(state)&code_challenge=\(challenge)"
                + "&code_challenge_method=S256&resource=https%3A%2F%2Fa.test%2Fmcp&scope=read%20a%26b")
        #expect(
            self.request(try server(endpoint: "https://as.test/a?t=1"), scopes: []).url.hasPrefix("https://as.test/a?t=1&response_type="))
        #expect(!self.request(try server(), scopes: []).url.contains("scope="))
        #expect(self.request(try server(), scopes: ["offline_access"]).url.hasSuffix("&prompt=consent"))
    }

    private func read(_ query: String, _ more: String = "") throws -> String {
        switch request(try server(more)).read(query) {
        case .code(let code): "code \(code.revealed)"
        case .refused(let word): "refused \(word ?? "")"
        case .otherIssuer: "other"
        case .foreign: "foreign"
        }
    }

    private static let names = #","authorization_response_iss_parameter_supported":true"#

    @Test("an answer counts with the state that was sent, and is nobody's without")
    func answers() throws {
        #expect(try read("?code=a%2Bb+c&state=\(state)") == "code a+b c")
        #expect(try read("error=access_denied&state=\(state)") == "refused access_denied")
        #expect(try read("error=%3Cscript%3E&state=\(state)") == "refused ")
        #expect(try read("state=\(state)") == "refused ")
        for query in [
            "", "code=a", "code=a&state=", "code=a&state=\(state)x", "code=a&state=\(state)&state=\(state)", "code=a&code=b&state=\(state)",
            "code=%&state=\(state)", "code=%FF&state=\(state)", "error=access_denied",
            "code=a&state=\(state)&x=" + String(repeating: "a", count: AuthorizationRequest.maximumAnswerBytes),
        ] { #expect(try read(query) == "foreign", "\(query.prefix(80))") }
    }

    @Test("an answer of another issuer, or of none where the server names itself, is taken for a mix-up")
    func issuers() throws {
        #expect(try read("code=a&state=\(state)&iss=https%3A%2F%2Fas.test", Self.names) == "code a")
        #expect(try read("code=a&state=\(state)&iss=https%3A%2F%2Fas.test") == "code a")
        #expect(try read("code=a&state=\(state)", Self.names) == "other")
        #expect(try read("error=access_denied&state=\(state)", Self.names) == "other")
        for issuer in ["https%3A%2F%2Fevil.test", "https%3A%2F%2Fas.test%2F", "HTTPS%3A%2F%2Fas.test", ""] {
            #expect(try read("code=a&state=\(state)&iss=\(issuer)") == "other")
        }
    }

    @Test("signing in again asks for what there was and what was wanted since; the configuration's word comes first")
    func scopes() throws {
        func finding(_ scopes: [String], _ more: String = "") throws -> SignInDiscovery.Finding {
            SignInDiscovery.Finding(resource: "https://a.test/mcp", server: try server(more), scopes: scopes)
        }
        let offline = #","scopes_supported":["read","offline_access"]"#
        var earlier = SignIn.test()
        #expect(AuthorizationRequest.scopes(configured: nil, found: try finding(["read"]), earlier: nil) == ["read"])
        #expect(AuthorizationRequest.scopes(configured: nil, found: try finding([]), earlier: nil) == [])
        #expect(
            AuthorizationRequest.scopes(configured: nil, found: try finding(["read"], offline), earlier: nil) == ["read", "offline_access"])
        #expect(AuthorizationRequest.scopes(configured: ["a"], found: try finding(["read"], offline), earlier: nil) == ["a"])
        earlier.scopes = ["read", "more"]
        earlier.wantedScopes = ["write"]
        #expect(
            AuthorizationRequest.scopes(configured: ["a"], found: try finding(["read"]), earlier: earlier) == [
                "a", "read", "more", "write",
            ])
    }
}
