import HTTPTypes
import HubCore
import NIOCore
import Testing

@testable import HubUpstream

@Suite("the answer of a token endpoint")
struct TokenGrantTests {
    private func read(_ body: String, status: Int = 200) -> Result<TokenGrant, CredentialFailure> {
        Result { () throws(CredentialFailure) in try TokenGrant(status: status, body: ByteBuffer(string: body)) }
    }

    @Test(
        "token and life are read",
        arguments: [
            (#"{"access_token":"t","token_type":"Bearer","expires_in":60}"#, 60.0),
            (#"{"access_token":"t","token_type":"bearer","expires_in":"3599","x":[]}"#, 3599),
            (#"{"access_token":"t","token_type":"BEARER","expires_in":1.5}"#, 1.5), (#"{"access_token":"t","token_type":"Bearer"}"#, 300),
            (#"{"access_token":"t","token_type":"Bearer","expires_in":0}"#, 1),
            (#"{"access_token":"t","token_type":"Bearer","expires_in":-5}"#, 1),
            (#"{"access_token":"t","token_type":"Bearer","expires_in":1e300}"#, 86_400),
            (#"{"access_token":"t","token_type":"Bearer","expires_in":null}"#, 300),
        ])
    func good(body: String, life: Double) throws {
        let grant = try read(body).get()
        #expect(grant.token.revealed == "t" && grant.life == .seconds(life))
    }

    @Test(
        "what cannot be used is no token",
        arguments: [
            "", "{}", "[]", #"{"access_token":"","token_type":"Bearer"}"#, #"{"access_token":7,"token_type":"Bearer"}"#,
            #"{"access_token":"a b","token_type":"Bearer"}"#, #"{"access_token":"a\r\nx: y","token_type":"Bearer"}"#,
            #"{"access_token":"é","token_type":"Bearer"}"#, #"{"access_token":"t"}"#, #"{"access_token":"t","token_type":"mac"}"#,
            #"{"access_token":"t","token_type":"N_A"}"#, #"{"access_token":"t","access_token":"u","token_type":"Bearer"}"#,
            #"{"access_token":"t","token_type":"Bearer","expires_in":"soon"}"#, #"{"access_token":"t","token_type":"Bearer""#,
            #"{"access_token":"\#(String(repeating: "a", count: TokenGrant.maximumBytes + 1))","token_type":"Bearer"}"#,
        ])
    func bad(body: String) {
        guard case .failure(.malformed) = read(body) else {
            Issue.record("taken")
            return
        }
    }

    @Test("a refusal is told from a failure, and only its code is kept")
    func refusals() {
        let body = #"{"error":"invalid_client","error_description":"swordfish"}"#
        guard case .failure(.refused(status: 401, code: "invalid_client")) = read(body, status: 401) else {
            Issue.record("not a refusal")
            return
        }
        for (status, body) in [(400, "<html>"), (403, #"{"error":"swordfish or so"}"#), (404, #"{"error":7}"#)] {
            guard case .failure(.refused(_, code: nil)) = read(body, status: status) else {
                Issue.record("not a refusal without a code")
                return
            }
        }
        guard case .failure(.refused(status: 200, code: "bad_refresh_token")) = read(#"{"error":"bad_refresh_token"}"#) else {
            Issue.record("GitHub's refusal is not one")
            return
        }
        for status in [302, 408, 429, 500, 503] {
            guard case .failure(.odd(let found)) = read(body, status: status) else {
                Issue.record("not a failure")
                return
            }
            #expect(found == status)
        }
    }
}

@Suite("the request for a token")
struct TokenRequestTests {
    private static func service(_ authentication: TokenService.ClientAuthentication) throws -> TokenService {
        TokenService(
            address: try #require(HTTPAddress("https://idp.test/token")), clientID: "hub:é", clientSecret: Secret("s 3%"),
            authentication: authentication, scopes: ["a", "b:c"], audience: "api", resource: "https://api.test/")
    }

    @Test("client credentials stand in Authorization, each encoded as in a form")
    func basic() throws {
        let request = TokenEndpoint.request(.clientCredentials, try Self.service(.basic))
        #expect(request.headers[.authorization] == "Basic " + Base64.encode(Array("hub%3A%C3%A9:s+3%25".utf8)))
        #expect(
            request.body.map { String(buffer: $0) }
                == "grant_type=client_credentials&scope=a+b%3Ac&audience=api&resource=https%3A%2F%2Fapi.test%2F")
    }

    @Test("or in the form, and then nowhere else")
    func post() throws {
        let request = TokenEndpoint.request(.clientCredentials, try Self.service(.post))
        #expect(request.headers[.authorization] == nil && request.method == .post && request.path.isEmpty)
        #expect(request.body.map { String(buffer: $0) }?.hasSuffix("&client_id=hub%3A%C3%A9&client_secret=s+3%25") == true)
    }

    @Test("an exchange sends the caller's token and what it is")
    func exchange() throws {
        let request = TokenEndpoint.request(.exchange(Secret("a.b.c"), .jwt), try Self.service(.basic))
        let prefix =
            "grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Atoken-exchange&subject_token=a.b.c"
            + "&subject_token_type=urn%3Aietf%3Aparams%3Aoauth%3Atoken-type%3Ajwt"
            + "&requested_token_type=urn%3Aietf%3Aparams%3Aoauth%3Atoken-type%3Aaccess_token&"
        #expect(request.body.map { String(buffer: $0) }?.hasPrefix(prefix) == true)
    }
}
