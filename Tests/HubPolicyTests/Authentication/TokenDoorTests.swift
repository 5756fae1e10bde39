import HTTPTypes
import HubCore
import Logging
import NIOConcurrencyHelpers
import NIOCore
import Testing

@testable import HubPolicy

@Suite("Callers with tokens") struct TokenDoorTests {
    private static let here = "https://hub.test/mcp/orders"
    private static let resource = ProtectedResource(
        identifier: here, metadataURL: "https://hub.test/.well-known/oauth-protected-resource/mcp/orders", scopes: [])

    /// Keys that become others when they are asked for.
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

    private func keys(_ names: String...) throws -> KeySet {
        try KeySet(parsing: ByteBuffer(string: #"{"keys":[\#(try names.map(TestSigner.jwk).joined(separator: ","))]}"#))
    }

    /// The consumer `support-bot` has the tokens of the test's issuer that `azp` names; with `isOpen`, nothing is said of that issuer.
    private func door(
        _ keys: any KeySource, isResource: Bool = false, takesConsumers: Bool = true, isOpen: Bool = false, groups: Set<ExactText> = [],
        claims: [String: String] = ["azp": "support-bot"], others: [String] = []
    ) throws -> TokenDoor {
        var directory = ConsumerDirectory()
        let bot = ConsumerDirectory.Consumer(name: "support-bot", groups: groups)
        directory.add(bot)
        var rule: [ClaimPath: String] = [:]
        for (name, value) in claims { rule[try #require(ClaimPath(name))] = value }
        let isAdded = directory.add(tokensOf: "https://issuer.test", with: rule, of: bot)
        #expect(isAdded)
        let issuer = TokenIssuer(
            issuer: "https://issuer.test", algorithms: Set(TokenAlgorithm.allCases), audiences: ["hub"],
            groupsClaim: ClaimPath("realm_access.roles"), keys: keys)
        return TokenDoor(
            verifier: TokenVerifier(issuers: [issuer]), consumerIssuers: takesConsumers ? ["https://issuer.test"] : [],
            resources: (others.map { ProtectedResource(identifier: $0, metadataURL: "", scopes: []) } + (isResource ? [Self.resource] : []))
                .map {
                    TokenDoor.Resource(
                        resource: $0, issuers: ["https://issuer.test"], openIssuers: isOpen ? ["https://issuer.test"] : [])
                },
            directory: isOpen ? ConsumerDirectory() : directory
        ) { TestToken.now }
    }

    @Test("a token is its consumer's, with the groups of both, and ends with it")
    func consumer() async throws {
        let text = Secret(try TestToken().text())
        let caller = try await door(FixedKeys(try keys("e1")), groups: ["support"]).caller(text)
        #expect(caller.consumer == "support-bot" && caller.groups == ["support", "admins", "staff"])
        #expect(caller.credential == CredentialID(kind: .jwt, name: "https://issuer.test alice"))
        #expect(caller.scopes == nil && caller.expiry == 1_795_997_460 && caller.subjectToken == text)
    }

    @Test(
        "a claim is compared code point by code point: what only looks the same is another caller's (RFC 7519 §7.3)",
        arguments: [("Klaus", "\u{212A}laus"), ("Jos\u{E9}", "Jose\u{301}"), ("Jose\u{301}", "Jos\u{E9}")])
    func codePoints(written: String, claimed: String) async throws {
        let door = try door(FixedKeys(try keys("e1")), claims: ["azp": written])
        let other = try TestToken { $0.claim("azp", "\"\(claimed)\"") }.text()
        let refusal = await #expect(throws: TokenDoor.Refusal.self) { try await door.caller(Secret(other)) }
        #expect(refusal?.reason == .unknownConsumer)
        let own = try TestToken { $0.claim("azp", "\"\(written)\"") }.text()
        #expect(try await door.caller(Secret(own)).consumer == "support-bot")
    }

    @Test("a token of a key that is not known is looked at again once its issuer was asked for newer keys, once")
    func newestKeys() async throws {
        let changing = ChangingKeys(try keys("e1"), next: try keys("e1", "d1"))
        let door = try door(changing)
        let token = try TestToken { $0.sign(by: .ed, algorithm: "EdDSA", id: "d1") }.text()
        #expect(try await door.caller(Secret(token)).consumer == "support-bot")
        #expect(changing.refreshes == 1)
        let forged = try TestToken { $0.signer = .e1Other }.text()
        await #expect(throws: TokenDoor.Refusal.self) { try await door.caller(Secret(forged)) }
        #expect(changing.refreshes == 1, "a bad signature is no reason to ask")
    }

    @Test("tokens cannot be checked while their issuer has no keys at all, and are refused where it has others")
    func noKeys() async throws {
        let text = Secret(try TestToken().text())
        for (keys, reason) in [(KeySet([]), AuthenticationRefusal.Reason.unavailable), (try keys("d1"), .invalid)] {
            let door = try door(FixedKeys(keys))
            do throws(TokenDoor.Refusal) {
                _ = try await door.caller(text)
                Issue.record("the token was taken")
            } catch {
                #expect(error.reason == reason)
            }
        }
    }

    @Test("an entry that takes tokens alone is unavailable while no issuer of them has keys")
    func unavailable() throws {
        for (kinds, keys, isUnavailable) in [
            ([.jwt], KeySet([]), true), ([.jwt, .apiKey], KeySet([]), false), ([.jwt], try keys("e1"), false),
            ([.apiKey], KeySet([]), false),
        ] as [(Set<CredentialID.Kind>, KeySet, Bool)] {
            let entry = EntryAuthenticator(
                EntryAuthenticator.Rules(kinds: kinds), directory: ConsumerDirectory(), tokens: try door(FixedKeys(keys)),
                brake: FailureBrake(), timers: TimerTable()
            ) { 0 }
            #expect(entry.isUnavailable == isUnavailable)
        }
    }

    @Test("where several entries are told of, the access token of any of them is taken, and no other")
    func severalResources() async throws {
        let door = try door(
            FixedKeys(try keys("e1")), isResource: true, takesConsumers: false,
            others: ["https://hub.test/mcp/a", "https://hub.test/mcp/b"])
        for (name, isTaken) in [("a", true), ("b", true), ("orders", true), ("c", false)] {
            let token = Secret(try TestToken { $0.claim("aud", "\"https://hub.test/mcp/\(name)\"") }.text())
            let caller = try? await door.caller(token)
            #expect((caller?.credential?.kind == .oauth) == isTaken, "\(name)")
        }
        let forged = try TestToken { $0.signer = .e1Other }.text()
        await #expect(throws: TokenDoor.Refusal.self) { try await door.caller(Secret(forged)) }
    }

    @Test(
        "an access token is for its entry, written with a slash at the end or without; where the entry takes consumers' tokens too, those are as ever",
        arguments: [
            (#""https://hub.test/mcp/orders""#, true, CredentialID.Kind.oauth as CredentialID.Kind?),
            (#""https://hub.test/mcp/orders/""#, true, .oauth), (#"["x","https://hub.test/mcp/orders"]"#, true, .oauth),
            (#""https://hub.test/mcp/orders2""#, true, nil), (#""https://hub.test/mcp""#, true, nil), (#""https://hub.test""#, true, nil),
            (#""https://HUB.test/mcp/orders""#, true, nil), (#""hub""#, true, .jwt), (#""hub""#, false, nil),
        ])
    func audiences(audience: String, takesConsumers: Bool, kind: CredentialID.Kind?) async throws {
        let door = try door(FixedKeys(try keys("e1")), isResource: true, takesConsumers: takesConsumers)
        let caller = try? await door.caller(Secret(try TestToken { $0.claim("aud", audience) }.text()))
        #expect(caller?.credential?.kind == kind)
        #expect(caller?.scopes == (kind == .oauth ? ["orders:read", "orders:write"] : nil))
    }

    @Test("a client of a server that nothing else is said of is called by its id, and cannot take a consumer's name")
    func clients() async throws {
        let door = try door(FixedKeys(try keys("e1")), isResource: true, takesConsumers: false, isOpen: true)
        let names = try [("client_id", #""c1""#), ("client_id", nil), ("client_id", #""""#)].map { name, value in
            Secret(
                try TestToken {
                    $0.claim("aud", "\"\(Self.here)\"")
                    $0.claim(name, value)
                }.text())
        }
        for (text, name) in zip(names, ["oauth:c1", "oauth:support-bot", "oauth:support-bot"]) {
            #expect(try await door.caller(text).consumer == name)
        }
    }

    @Test("what a token opened ends where the rule, the groups or the key it came in by are others")
    func revocation() async throws {
        let fixed = FixedKeys(try keys("e1"))
        let caller = try await door(fixed).caller(Secret(try TestToken().text()))
        #expect(try door(fixed).stillAccepts(caller))
        #expect(try !door(fixed, claims: ["azp": "another"]).stillAccepts(caller))
        #expect(try !door(fixed, groups: ["support"]).stillAccepts(caller))
        #expect(try !door(FixedKeys(try keys("d1"))).stillAccepts(caller))
        #expect(try !door(fixed, takesConsumers: false).stillAccepts(caller))
        #expect(try !door(fixed).stillAccepts(Principal(consumer: "support-bot", credential: caller.credential)))
    }

    @Test("past the brake a token that was found good before is taken, and no other is looked at")
    func brake() async throws {
        let brake = FailureBrake()
        let entry = EntryAuthenticator(
            EntryAuthenticator.Rules(kinds: [.jwt]), directory: ConsumerDirectory(), tokens: try door(FixedKeys(try keys("e1"))),
            brake: brake, timers: TimerTable()
        ) { 0 }
        func outcome(_ token: String) async -> AuthenticationRefusal.Reason? {
            let head = HTTPRequest(
                method: .post, scheme: "http", authority: "localhost", path: "/mcp/a",
                headerFields: [.authorization: "Bearer \(token)"])
            let request = InboundRequest(
                head: head, host: "localhost", body: ByteBuffer(), id: "1", remoteAddress: "192.0.2.1",
                logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
            if case .refused(let refusal) = await entry.authenticate(request) { return refusal.reason } else { return nil }
        }
        let known = try TestToken().text()
        #expect(await outcome(known) == nil)
        for _ in 0..<5001 { _ = brake.failed("192.0.2.1", now: .now) }
        #expect(await outcome(known) == nil)
        let other = try TestToken { $0.claim("sub", #""bob""#) }.text()
        #expect(await outcome(other) == .tooMany)
    }
}
