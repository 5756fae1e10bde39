import HubCore
import NIOConcurrencyHelpers
import NIOCore
import Testing

@testable import HubPolicy

@Suite struct TokenVerifierTests {
    private func verifier(_ algorithms: Set<TokenAlgorithm> = Set(TokenAlgorithm.allCases)) throws -> TokenVerifier {
        TokenVerifier(issuers: [.test(FixedKeys(try TestSigner.allKeys()), algorithms: algorithms)])
    }

    /// The kind of problem, or nil where the token is good.
    private func problem(
        _ verifier: TokenVerifier, _ token: String, for audiences: Set<String>? = nil, now: Int64 = TestToken.now
    ) -> TokenProblem.Kind? {
        do throws(TokenProblem) {
            _ = try verifier.verify(token, for: audiences, now: now)
            return nil
        } catch {
            return error.kind
        }
    }

    @Test("a good token says who calls, in which groups and for what")
    func good() throws {
        let verifier = try verifier()
        let token = try TestToken().text()
        for _ in 0..<2 {  // the second time from memory
            let verified = try verifier.verify(token, now: TestToken.now)
            #expect(verified.issuer == "https://issuer.test")
            #expect(verified.subject == "alice")
            #expect(verified.consumer == "support-bot")
            #expect(verified.groups == ["admins", "staff"])
            #expect(verified.scopes == ["orders:read", "orders:write"])
            #expect(verified.expiry == 1_795_997_400)
            #expect(verified.credential() == CredentialID(kind: .jwt, name: "https://issuer.test alice"))
            #expect(verified.strings(try #require(ClaimPath("azp"))) == ["support-bot"])
            #expect(verified.strings(try #require(ClaimPath("iat"))) == nil)
        }
    }

    @Test("scopes are one string or a list, and null where nothing was asked for")
    func scopes() throws {
        let written: [(name: String, json: String?, scopes: Set<String>?)] = [
            ("scope", #""a  b""#, ["a", "b"]), ("scp", #"["a","b c"]"#, ["a", "b", "c"]), ("scope", #""""#, []), ("scope", "null", nil),
            ("scope", nil, nil), ("scope", #""a \u212Aeep é""#, ["a"]),
        ]
        for (name, json, scopes) in written {
            let token = try TestToken {
                $0.claim("scope", nil)
                $0.claim(name, json)
            }.text()
            #expect(try verifier().verify(token, now: TestToken.now).scopes == scopes)
        }
    }

    @Test(
        "tokens of every algorithm are checked with the key that is for it",
        arguments: [
            (TestSigner.r1, "RS256", "r1"), (.rs384, "RS384", "r1"), (.rs512, "RS512", "r1"), (.ps256, "PS256", "r1"),
            (.ps384, "PS384", "r1"), (.ps512, "PS512", "r1"), (.e1, "ES256", "e1"), (.p384, "ES384", "e384"), (.p521, "ES512", "e521"),
            (.ed, "EdDSA", "d1"), (.ed, "Ed25519", "d1"), (.hs256, "HS256", "h1"), (.hs384, "HS384", "h1"), (.hs512, "HS512", "h1"),
        ])
    func algorithms(signer: TestSigner, algorithm: String, id: String) throws {
        let token = TestToken { $0.sign(by: signer, algorithm: algorithm, id: id) }
        #expect(problem(try verifier(), try token.text()) == nil)
        // Not one of the issuer's: refused whatever the signature.
        let others = Set(TokenAlgorithm.allCases.filter { $0.rawValue != algorithm })
        #expect(problem(try verifier(others), try token.text()) == .unsupported)
        // A signature with one bit changed.
        let forged = TestToken {
            $0.sign(by: signer, algorithm: algorithm, id: id)
            $0.claim("sub", #""mallory""#)
        }
        let parts = try forged.text().split(separator: ".")
        let signature = try token.text().split(separator: ".").last ?? ""
        #expect(problem(try verifier(), "\(parts[0]).\(parts[1]).\(signature)") == .badSignature)
    }

    @Test("whoever wants another audience than the issuer's gets it checked at every call, also of a token that is remembered")
    func audiences() throws {
        let verifier = try verifier()
        let token = try TestToken { $0.claim("aud", #"["hub","https://hub.test/mcp/orders"]"#) }.text()
        #expect(problem(verifier, token) == nil)
        #expect(problem(verifier, token, for: ["https://hub.test/mcp/orders"]) == nil)
        #expect(problem(verifier, token, for: ["https://hub.test/mcp/files"]) == .wrongAudience)
        #expect(problem(verifier, token, for: []) == .wrongAudience)
        #expect(problem(verifier, token) == nil)
    }

    @Test("an issuer without audiences takes tokens for anybody, and without any")
    func anyAudience() throws {
        let verifier = TokenVerifier(issuers: [.test(FixedKeys(try TestSigner.allKeys()), audiences: [])])
        #expect(problem(verifier, try TestToken { $0.claim("aud", nil) }.text()) == nil)
        #expect(problem(verifier, try TestToken { $0.claim("aud", #""other""#) }.text()) == nil)
    }

    @Test(
        "a token ends at its end and begins at its beginning, give or take the skew",
        arguments: [
            (1_795_997_400 + 59, nil), (1_795_997_400 + 60, .expired), (1_795_996_700 - 60, nil), (1_795_996_700 - 61, .notYetValid),
            (0, .notYetValid), (Int64.max / 2, .expired),
        ] as [(Int64, TokenProblem.Kind?)])
    func times(now: Int64, expected: TokenProblem.Kind?) throws {
        let verifier = try verifier()
        let token = try TestToken().text()
        #expect(problem(verifier, token, now: now) == expected)
        #expect(problem(verifier, token) == nil)
        #expect(problem(verifier, token, now: now) == expected, "and from memory")
    }

    @Test("a caller hears the same whatever was wrong, and the words for the log have nothing of the token in them")
    func answers() throws {
        let token = try TestToken { $0.claim("exp", #""canary-7f3a""#) }.text()
        do {
            _ = try verifier().verify(token, now: TestToken.now)
            Issue.record("taken")
        } catch let problem as TokenProblem {
            #expect(!"\(problem)".contains("canary"))
            #expect(problem.issuer == nil)
        }
        #expect(!TokenProblem.answer.isEmpty)
    }

    /// An issuer that publishes other keys when it is asked.
    private final class ChangingKeys: KeySource {
        private let state: NIOLockedValueBox<(current: KeySet, next: KeySet, refreshes: Int)>
        init(_ current: KeySet, next: KeySet) { state = NIOLockedValueBox((current, next, 0)) }
        var current: KeySet { state.withLockedValue { $0.current } }
        var refreshes: Int { state.withLockedValue { $0.refreshes } }
        func refresh() async {
            state.withLockedValue { state in
                state.current = state.next
                state.refreshes += 1
            }
        }
    }

    private func set(_ names: String...) throws -> KeySet {
        try KeySet(parsing: ByteBuffer(string: #"{"keys":[\#(try names.map(TestSigner.jwk).joined(separator: ","))]}"#))
    }

    @Test("a token of a key that is gone is no longer good, though it was found good before; one of a key that stayed is")
    func rotation() async throws {
        let keys = ChangingKeys(try set("e1", "e384"), next: try set("e384", "d1"))
        let verifier = TokenVerifier(issuers: [.test(keys)])
        let gone = try TestToken().text()
        let stayed = try TestToken { $0.sign(by: .p384, algorithm: "ES384", id: "e384") }.text()
        #expect(problem(verifier, gone) == nil)
        #expect(problem(verifier, stayed) == nil)
        await keys.refresh()
        #expect(problem(verifier, gone) == .unknownKey)
        #expect(problem(verifier, stayed) == nil)
    }

    @Test("the issuer whose keys might be newer is told only where a key was missing, and an unknown one not at all")
    func missingKey() throws {
        let verifier = TokenVerifier(issuers: [.test(FixedKeys(try set("e1")))])
        let missing = try TestToken { $0.sign(by: .ed, algorithm: "EdDSA", id: "d1") }.text()
        #expect(throws: TokenProblem(.unknownKey, "no key fits", issuer: "https://issuer.test")) {
            try verifier.verify(missing, now: TestToken.now)
        }
        let foreign = try TestToken {
            $0.claim("iss", #""https://evil.test""#)
            $0.header("kid", #""unknown""#)
        }.text()
        #expect(throws: TokenProblem(.unknownIssuer, "an issuer that is not known")) { try verifier.verify(foreign, now: TestToken.now) }
    }

    @Test("what is remembered is bounded, and a token that was dropped is checked anew")
    func bounded() throws {
        let cache = TokenCache(capacity: 10)
        let keys = try TestSigner.allKeys()
        let verifier = TokenVerifier(issuers: [.test(FixedKeys(keys))], cacheCapacity: 10)
        let verified = try verifier.verify(try TestToken().text(), now: TestToken.now)
        for number in 0..<1000 { cache.insert(verified, for: KeyDigest(of: "\(number)")) }
        #expect(cache.count <= 10)
        #expect(cache.token(KeyDigest(of: "999")) != nil)
        #expect(cache.token(KeyDigest(of: "0")) == nil)
        let tokens = try (0..<30).map { number in try TestToken { $0.claim("jti", "\"\(number)\"") }.text() }
        for token in tokens + tokens { #expect(problem(verifier, token) == nil) }
    }

    @Test("a token that is asked for again and again outlives others in memory")
    func recent() throws {
        let cache = TokenCache(capacity: 10)
        let verified = try verifier().verify(try TestToken().text(), now: TestToken.now)
        cache.insert(verified, for: KeyDigest(of: "kept"))
        for number in 0..<100 {
            cache.insert(verified, for: KeyDigest(of: "\(number)"))
            #expect(cache.token(KeyDigest(of: "kept")) != nil)
        }
    }
}
