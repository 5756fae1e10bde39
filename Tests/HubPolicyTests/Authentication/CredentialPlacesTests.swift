import HTTPTypes
import HubCore
import HubPolicy
import Testing

@Suite struct CredentialPlacesTests {
    private func shown(_ fields: [(String, String)], path: String = "/mcp/a", places: CredentialPlaces = CredentialPlaces()) throws
        -> ShownCredential
    {
        var head = HTTPRequest(method: .post, scheme: "http", authority: "localhost", path: path)
        for (name, value) in fields { head.headerFields.append(HTTPField(name: try #require(HTTPField.Name(name)), value: value)) }
        return places.credential(in: head)
    }

    @Test(
        "a key is found where the clients of each protocol put it",
        arguments: [
            ("x-api-key", "secret-key"), ("X-API-Key", "secret-key"), ("api-key", "secret-key"), ("x-goog-api-key", "secret-key"),
        ])
    func keys(name: String, value: String) throws {
        #expect(try shown([(name, value)]) == .key(Secret("secret-key")))
    }

    @Test(
        "what follows Bearer is a key or a token",
        arguments: ["Bearer abc", "bearer abc", "BEARER   abc"])
    func bearer(value: String) throws {
        #expect(try shown([("authorization", value)]) == .bearer(Secret("abc")))
    }

    @Test("a request without a credential shows none")
    func none() throws {
        #expect(try shown([("accept", "*/*"), ("cookie", "key=1")], path: "/mcp/a?key=secret&access_token=x") == .none)
    }

    @Test(
        "two credentials are several, equal ones too",
        arguments: [
            [("authorization", "Bearer a"), ("authorization", "Bearer a")], [("authorization", "Bearer a"), ("x-api-key", "a")],
            [("x-api-key", "a"), ("x-api-key", "a")], [("api-key", "a"), ("x-goog-api-key", "b")],
            [("x-ca-signature", "a"), ("authorization", "Bearer a")], [("authorization", "Basic YTpi"), ("api-key", "a")],
        ])
    func several(fields: [(String, String)]) throws {
        #expect(try shown(fields) == .several)
    }

    @Test(
        "what is no credential of ours is not taken for one",
        arguments: [
            ("authorization", "Basic YTpi"), ("authorization", "Bearer"), ("authorization", "Bearer "), ("authorization", ""),
            ("authorization", "Bearer a b"), ("authorization", "Digest a"), ("x-api-key", ""), ("x-api-key", "a b"), ("x-api-key", "ä"),
            ("x-api-key", String(repeating: "a", count: CredentialPlaces.maximumBytes + 1)),
        ])
    func unsupported(name: String, value: String) throws {
        #expect(try shown([(name, value)]) == .unsupported)
    }

    @Test("a header or parameter of the entry's own is looked at, and counts beside the others")
    func own() throws {
        let places = CredentialPlaces(headers: [try #require(HTTPField.Name("X-My-Key"))], parameters: ["key"])
        #expect(try shown([("x-my-key", "a")], places: places) == .key(Secret("a")))
        #expect(try shown([("x-my-key", "a")]) == .none)
        #expect(try shown([], path: "/mcp/a?x=1&key=a%2Bb", places: places) == .key(Secret("a+b")))
        #expect(try shown([], path: "/mcp/a?k%65y=a", places: places) == .key(Secret("a")))
        #expect(try shown([], path: "/mcp/a?key=a&key=a", places: places) == .several)
        #expect(try shown([("x-my-key", "a")], path: "/mcp/a?key=a", places: places) == .several)
        #expect(try shown([], path: "/mcp/a?key", places: places) == .unsupported)
        #expect(try shown([], path: "/mcp/a?monkey=a", places: places) == .none)
    }
}
