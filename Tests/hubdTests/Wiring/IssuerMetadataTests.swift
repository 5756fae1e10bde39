import NIOCore
import Testing

@testable import hubd

@Suite("Metadata of authorization servers") struct IssuerMetadataTests {
    private static let oauth = ".well-known/oauth-authorization-server"
    private static let openID = ".well-known/openid-configuration"

    @Test(
        "it is looked for where RFC 8414 and OpenID Connect have it",
        arguments: [
            ("https://idp.test", ["https://idp.test/\(oauth)", "https://idp.test/\(openID)"]),
            ("https://idp.test/", ["https://idp.test/\(oauth)", "https://idp.test/\(openID)"]),
            (
                "https://idp.test/realms/x",
                ["https://idp.test/\(oauth)/realms/x", "https://idp.test/\(openID)/realms/x", "https://idp.test/realms/x/\(openID)"]
            ),
        ])
    func urls(issuer: String, expected: [String]) throws {
        #expect(try IssuerMetadata.urls(of: issuer) == expected)
    }

    @Test("it is taken where it is the issuer's own and names a key set, and not otherwise")
    func documents() throws {
        func read(_ text: String) throws -> String {
            try IssuerMetadata(ByteBuffer(string: text), of: "https://idp.test").keySetURL
        }
        #expect(try read(#"{"issuer":"https://idp.test","jwks_uri":"https://idp.test/keys"}"#) == "https://idp.test/keys")
        #expect(try read(#"{"issuer":"https://idp.test","jwks_uri":"http://127.0.0.1:1/keys"}"#) == "http://127.0.0.1:1/keys")
        for text in [
            #"{"issuer":"https://idp.test","jwks_uri":"http://idp.test/keys"}"#,
            #"{"issuer":"https://idp.test/","jwks_uri":"https://idp.test/keys"}"#, #"{"jwks_uri":"https://idp.test/keys"}"#,
            #"{"issuer":"https://idp.test"}"#, #"{"issuer":"https://idp.test","jwks_uri":"keys.json"}"#,
            #"{"issuer":"https://idp.test","jwks_uri":"file:///etc/passwd"}"#, #"{"issuer":"https://idp.test","jwks_uri":7}"#, "[]", "no",
            #"{"issuer":"https://evil.test","issuer":"https://idp.test","jwks_uri":"https://idp.test/keys"}"#,
        ] {
            #expect(throws: CommandFailure.self, "\(text)") { try read(text) }
        }
    }
}
