import Testing

@testable import HubUpstream

@Suite("what a server says of the token that it wants")
struct BearerChallengeTests {
    @Test(
        "a challenge is read wherever it stands among others",
        arguments: [
            [#"Bearer resource_metadata="https://a.test/m", scope="a b", error="invalid_token""#],
            [#"bearer realm="x", Resource_Metadata = "https://a.test/m" , scope="a b",error=invalid_token"#],
            [#"Basic realm="Bearer, scope=\"no\"", Bearer error=invalid_token, scope="a b", resource_metadata="https://a.test/m""#],
            ["Basic dXNlcjpwYXNz==", #"Bearer scope="a b", resource_metadata="https:\/\/a.test/m", error="invalid_token""#],
            [#"Bearer scope="a b", resource_metadata="https://a.test/m", error=invalid_token, DPoP scope="c", error="other""#],
            [#", ,Bearer scope="a  b a",, ?, resource_metadata="https://a.test/m", error="invalid_token""#],
        ])
    func read(values: [String]) throws {
        let challenge = try #require(BearerChallenge(values))
        #expect(challenge.error == "invalid_token")
        #expect(challenge.scopes == ["a", "b"])
        #expect(challenge.resourceMetadata == "https://a.test/m")
    }

    @Test(
        "without a challenge of the scheme there is none",
        arguments: [[], [""], ["Basic realm=Bearer"], [#"Digest nonce="Bearer""#], [","]])
    func none(values: [String]) {
        #expect(BearerChallenge(values) == nil)
    }

    @Test("what is malformed, cut off or too long is passed over, whatever it is")
    func malformed() {
        #expect(BearerChallenge(["Bearer"]) != nil)
        #expect(BearerChallenge([#"Bearer scope="a"#])?.scopes == [])
        #expect(BearerChallenge([#"Bearer scope="a\"#])?.scopes == [])
        #expect(BearerChallenge(["Bearer " + String(repeating: "a", count: BearerChallenge.maximumBytes)]) == nil)
        #expect(BearerChallenge([#"Bearer scope="\u{1}é a""#])?.scopes == ["a"])
        let whole = Array(#"Basic a==, Bearer scope="a \" b", x=, =y, error="e""#.utf8)
        for length in 0...whole.count { _ = BearerChallenge([String(decoding: whole[..<length], as: UTF8.self)]) }
    }

    @Test("scopes are bounded in number and length")
    func scopes() {
        let many = (0..<100).map { "s\($0)" }.joined(separator: " ")
        #expect(ScopeList.read(many).count == ScopeList.maximum)
        #expect(ScopeList.read(String(repeating: "a", count: 257) + " b") == ["b"])
        #expect(ScopeList.united([["a", "b"], ["b", "c"]]) == ["a", "b", "c"])
    }
}
