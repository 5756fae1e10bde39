import HTTPTypes
import HubCore
import Logging
import NIOCore
import Testing

@testable import HubPolicy

@Suite struct EntryAuthenticatorTests {
    private let timers = TimerTable()

    private func authenticator(kinds: Set<CredentialID.Kind> = [.apiKey], keys: [String] = ["key-of-bot"]) -> EntryAuthenticator {
        var directory = ConsumerDirectory()
        let bot = ConsumerDirectory.Consumer(name: "bot", groups: ["support"])
        directory.add(bot)
        for key in keys { _ = directory.add(key: KeyDigest(of: key), of: bot) }
        return EntryAuthenticator(EntryAuthenticator.Rules(kinds: kinds), directory: directory, brake: FailureBrake(), timers: timers) { 0 }
    }

    private func request(_ fields: HTTPFields) -> InboundRequest {
        InboundRequest(
            head: HTTPRequest(method: .post, scheme: "http", authority: "localhost", path: "/mcp/a", headerFields: fields),
            host: "localhost", body: ByteBuffer(), id: "1", remoteAddress: "192.0.2.1",
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
    }

    private func reason(_ authentication: Authentication) -> AuthenticationRefusal.Reason? {
        if case .refused(let refusal) = authentication { refusal.reason } else { nil }
    }

    @Test("a key lets its consumer in, with their groups")
    func key() async {
        let bot = Principal(
            consumer: "bot", groups: ["support"], credential: CredentialID(kind: .apiKey, name: KeyDigest(of: "key-of-bot").name))
        #expect(await authenticator().authenticate(request([.authorization: "Bearer key-of-bot"])) == .caller(bot))
    }

    @Test("no credential, two, a wrong one, and one of a kind that is not taken are told apart as far as they should be")
    func refusals() async {
        let entry = authenticator()
        #expect(reason(await entry.authenticate(request([:]))) == .missing)
        #expect(reason(await entry.authenticate(request([.authorization: "Bearer key-of-bo"]))) == .invalid)
        #expect(reason(await entry.authenticate(request([.authorization: "Basic a2V5LW9mLWJvdA=="]))) == .invalid)
        var two: HTTPFields = [.authorization: "Bearer key-of-bot"]
        two.append(HTTPField(name: .authorization, value: "Bearer key-of-bot"))
        #expect(reason(await entry.authenticate(request(two))) == .ambiguous)
        #expect(reason(await authenticator(kinds: [.hmac]).authenticate(request([.authorization: "Bearer key-of-bot"]))) == .invalid)
    }

    @Test("a signed request is no other one where the name of its key is written with letters that only look the same")
    func signingKeyByCodePoints() async throws {
        var directory = ConsumerDirectory()
        let bot = ConsumerDirectory.Consumer(name: "bot")
        directory.add(bot)
        let isAdded = directory.add(signingKey: "Key", secret: TestRequest.secret, of: bot)
        #expect(isAdded)
        let entry = EntryAuthenticator(
            EntryAuthenticator.Rules(kinds: [.hmac]), directory: directory, signatures: .test(), brake: FailureBrake(), timers: timers
        ) { TestRequest.now }
        func answer(key: String) async -> Authentication {
            // The field with the name of the key is not among those that are signed.
            var signed = TestRequest(.caFields) { request in
                request.names = ["x-ca-timestamp", "x-ca-nonce"]
                request.sign()
            }
            signed.field("x-ca-key", key)
            let raw = InboundRequest(
                head: signed.head, host: "hub.test", body: ByteBuffer(string: signed.body), id: "1", remoteAddress: "192.0.2.1",
                logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
            return await entry.authenticate(raw)
        }
        #expect(reason(await answer(key: "Key")) == nil)
        #expect(reason(await answer(key: "Key")) == .invalid)
        #expect(reason(await answer(key: "\u{212A}ey")) == .invalid)
    }

    @Test("what a key opened ends when the key goes, or becomes another's")
    func revocation() async throws {
        guard case .caller(let bot) = await authenticator().authenticate(request([.authorization: "Bearer key-of-bot"])) else {
            Issue.record("the key was refused")
            return
        }
        #expect(authenticator().stillAccepts(bot, now: 0))
        #expect(!authenticator(keys: ["another"]).stillAccepts(bot, now: 0))
        #expect(!authenticator(kinds: [.hmac]).stillAccepts(bot, now: 0))
        var directory = ConsumerDirectory()
        let other = ConsumerDirectory.Consumer(name: "other")
        directory.add(other)
        let added = (0..<2).map { _ in directory.add(key: KeyDigest(of: "key-of-bot"), of: other) }
        #expect(added == [true, false])
        let moved = EntryAuthenticator(
            EntryAuthenticator.Rules(kinds: [.apiKey]), directory: directory, brake: FailureBrake(), timers: timers
        ) { 0 }
        #expect(!moved.stillAccepts(bot, now: 0))
        #expect(!authenticator().stillAccepts(.anonymous, now: 0))
    }
}
