import HTTPTypes
import HubCore
import NIOConcurrencyHelpers
import NIOCore
import Testing

@testable import HubUpstream

/// Sign-ins in memory; a hold is a lock that others are refused while it lives.
private final class TestSignIns: SignInStore {
    private struct State {
        var kept: SignIn?
        var isBroken = false
        var writes = 0
        weak var holder: Hold?
    }

    private final class Hold: Sendable {}

    private let state: NIOLockedValueBox<State>

    init(_ signIn: SignIn?) { state = NIOLockedValueBox(State(kept: signIn)) }

    var kept: SignIn? {
        get { state.withLockedValue { $0.kept } }
        set { state.withLockedValue { $0.kept = newValue } }
    }
    var writes: Int { state.withLockedValue { $0.writes } }
    func breakDown(_ isBroken: Bool) { state.withLockedValue { $0.isBroken = isBroken } }

    func read(_ server: String) async throws(SecretError) -> SignIn? { kept }

    func write(_ signIn: SignIn, of server: String) async throws(SecretError) {
        let isWritten = state.withLockedValue { state in
            guard !state.isBroken, state.holder != nil else { return false }
            state.kept = signIn
            state.writes += 1
            return true
        }
        guard isWritten else { throw SecretError(.unavailable, "the disk is full") }
    }

    func hold(_ server: String) async throws(SecretError) -> any AnyObject & Sendable {
        while true {
            let hold = state.withLockedValue { state -> Hold? in
                guard state.holder == nil else { return nil }
                let hold = Hold()
                state.holder = hold
                return hold
            }
            if let hold { return hold }
            await Task.yield()
        }
    }
}

@Suite("the access token of a sign-in", .timeLimit(.minutes(1)))
struct SignInCredentialTests {
    /// A double of a token endpoint: gives `access-1` and `refresh-1` and so on, to whoever brings the last refresh token; any other is
    /// `invalid_grant`.
    private static func authority(refusing code: String? = nil) async throws -> RawUpstream {
        let last = NIOLockedValueBox("refresh-0")
        return try await RawUpstream.start { request, count in
            let isGood = last.withLockedValue { last in
                guard code == nil, request.contains("refresh_token=\(last)") else { return false }
                last = "refresh-\(count)"
                return true
            }
            let json =
                isGood
                ? #"{"access_token":"access-\#(count)","token_type":"Bearer","expires_in":3600,"refresh_token":"refresh-\#(count)"}"#
                : #"{"error":"\#(code ?? "invalid_grant")","error_description":"swordfish"}"#
            return [.write("HTTP/1.1 \(isGood ? "200 OK" : "400 Bad")\r\ncontent-length: \(json.utf8.count)\r\n\r\n\(json)")]
        }
    }

    /// Lets in whoever shows one of these tokens.
    private static func server(accepting good: Set<String>, refusal: String = "401 No\r\n") async throws -> RawUpstream {
        try await RawUpstream.start { request, _ in
            guard good.contains(where: { request.contains("Bearer \($0)\r\n") }) else {
                return [.write("HTTP/1.1 \(refusal)content-length: 0\r\n\r\n")]
            }
            return [.write(TestUpstreams.ok)]
        }
    }

    private static func shown(_ upstream: RawUpstream) -> [String] {
        upstream.log.requests.compactMap { request in
            request.text.split(separator: "\r\n").first { $0.lowercased().hasPrefix("authorization: ") }.map { String($0.dropFirst(22)) }
        }
    }

    private static func signIn(at server: RawUpstream, _ authority: RawUpstream, end: Int64 = 1000, refreshToken: String? = "refresh-0")
        -> SignIn
    {
        .test(
            server: "http://127.0.0.1:\(server.port)/mcp", tokenEndpoint: "http://127.0.0.1:\(authority.port)/token?t=1",
            refreshToken: refreshToken, end: end)
    }

    private static func service(
        _ server: RawUpstream, _ authority: RawUpstream, _ store: TestSignIns, url: String? = nil, isNamed: Bool = true
    ) throws -> UpstreamService {
        let url = try #require(ServiceURL(url ?? "http://127.0.0.1:\(server.port)/mcp"))
        let settings = SignInSettings(
            server: "docs", url: url, generation: "one", clientSecret: nil,
            namedOrigins: isNamed ? ["http://127.0.0.1:\(authority.port)"] : [], store: store)
        var upstream = UpstreamSettings(
            name: "docs", addresses: [UpstreamAddress(address: try #require(HTTPAddress("http://127.0.0.1:\(server.port)/mcp")))],
            credential: .signIn(settings), isOperatorDefined: true)
        upstream.timeouts = UpstreamTimeouts(connect: .seconds(10), firstByte: .seconds(10), idle: .seconds(10), total: .seconds(30))
        return UpstreamService(upstream, timers: TimerTable(), group: TestUpstreams.group, clock: .fixed(seconds: 0))
    }

    private static func error(_ service: UpstreamService) async -> String? {
        do {
            _ = try await service.text()
            return nil
        } catch {
            return (error as? HubError)?.message ?? "\(error)"
        }
    }

    @Test("the token that is kept is used while it lives, and nobody is asked")
    func kept() async throws {
        let authority = try await Self.authority()
        let server = try await Self.server(accepting: ["first"])
        let store = TestSignIns(Self.signIn(at: server, authority))
        let service = try Self.service(server, authority, store)
        for _ in 0..<3 { #expect(try await service.text() == "ok") }
        #expect(authority.log.requests.isEmpty && store.writes == 0)
    }

    @Test("a token that has ended is renewed once for all, for its resource, and what comes is kept before it is used")
    func renewed() async throws {
        let authority = try await Self.authority()
        let server = try await Self.server(accepting: ["access-1"])
        let store = TestSignIns(Self.signIn(at: server, authority, end: 0))
        let service = try Self.service(server, authority, store)
        await withTaskGroup(of: String?.self) { group in
            for _ in 0..<20 { group.addTask { await Self.error(service) } }
            for await error in group { #expect(error == nil) }
        }
        let asked = try #require(authority.log.requests.first?.text)
        #expect(authority.log.requests.count == 1 && asked.hasPrefix("POST /token?t=1 "))
        let form = "grant_type=refresh_token&refresh_token=refresh-0&resource=http%3A%2F%2F127.0.0.1%3A\(server.port)%2Fmcp&client_id=hub"
        #expect(asked.hasSuffix(form))
        #expect(store.kept?.refreshToken == Secret("refresh-1") && store.kept?.accessToken == Secret("access-1"))
        #expect(store.kept?.accessTokenEnd == 3600 && store.kept?.scopes == ["read"] && store.kept?.id == "one")
    }

    @Test("a token that the server refuses is renewed and the call made once more; another process's token is taken as it is")
    func refused() async throws {
        let authority = try await Self.authority()
        let server = try await Self.server(accepting: ["access-1"])
        let store = TestSignIns(Self.signIn(at: server, authority))
        let (one, two) = (try Self.service(server, authority, store), try Self.service(server, authority, store))
        #expect(try await one.text() == "ok")
        #expect(try await two.text() == "ok")
        #expect(authority.log.requests.count == 1, "the second process found the token of the first")
        #expect(Self.shown(server) == ["first", "access-1", "access-1"])
    }

    @Test("processes that renew at once do so one after the other, and no refresh token is sent twice")
    func sideBySide() async throws {
        let authority = try await Self.authority()
        let server = try await Self.server(accepting: ["access-1"])
        let store = TestSignIns(Self.signIn(at: server, authority, end: 0))
        let services = try (0..<8).map { _ in try Self.service(server, authority, store) }
        await withTaskGroup(of: String?.self) { group in
            for service in services { group.addTask { await Self.error(service) } }
            for await error in group { #expect(error == nil) }
        }
        #expect(authority.log.requests.count == 1 && store.kept?.isOver == false)
    }

    @Test(
        "where the grant is gone the sign-in is over: the operator is told, and nobody asks again",
        arguments: ["invalid_grant", "invalid_client"])
    func over(code: String) async throws {
        let authority = try await Self.authority(refusing: code)
        let server = try await Self.server(accepting: [])
        let store = TestSignIns(Self.signIn(at: server, authority, end: 0))
        let first = await Self.error(try Self.service(server, authority, store))
        #expect(first?.contains("hubd signin docs") == true && first?.contains("swordfish") == false)
        #expect(store.kept?.isOver == true)
        let second = await Self.error(try Self.service(server, authority, store))
        #expect(second == first && authority.log.requests.count == 1 && server.log.requests.isEmpty)
    }

    @Test("a failure of the authorization server ends nothing", arguments: ["server_error", "invalid_request"])
    func failing(code: String) async throws {
        let authority = try await Self.authority(refusing: code)
        let server = try await Self.server(accepting: [])
        let store = TestSignIns(Self.signIn(at: server, authority, end: 0))
        #expect(await Self.error(try Self.service(server, authority, store)) != nil)
        #expect(store.kept?.isOver == false && store.kept?.refreshToken == Secret("refresh-0"))
    }

    @Test("what could not be kept is not used before it is, and the refresh token behind it not sent again")
    func unwritten() async throws {
        let authority = try await Self.authority()
        let server = try await Self.server(accepting: ["access-1"])
        let store = TestSignIns(Self.signIn(at: server, authority, end: 0))
        let url = try #require(ServiceURL("http://127.0.0.1:\(server.port)/mcp"))
        let renewal = SignInRenewal(
            SignInSettings(
                server: "docs", url: url, generation: "one", clientSecret: nil, namedOrigins: ["http://127.0.0.1:\(authority.port)"],
                store: store), clock: .fixed(seconds: 0)
        ) { UpstreamService($0, timers: TimerTable(), group: TestUpstreams.group) }
        store.breakDown(true)
        await #expect(throws: CredentialFailure.self) { try await renewal.token(insteadOf: nil, logger: TestUpstreams.logger) }
        #expect(store.kept?.refreshToken == Secret("refresh-0") && authority.log.requests.count == 1)
        await #expect(throws: CredentialFailure.self) { try await renewal.token(insteadOf: nil, logger: TestUpstreams.logger) }
        store.breakDown(false)
        #expect(try await renewal.token(insteadOf: nil, logger: TestUpstreams.logger).token == Secret("access-1"))
        #expect(store.kept?.refreshToken == Secret("refresh-1") && authority.log.requests.count == 1)
    }

    @Test("a token that nothing renews is used until it ends, and then the sign-in is over")
    func unrenewable() async throws {
        let authority = try await Self.authority()
        let server = try await Self.server(accepting: ["first"])
        let store = TestSignIns(Self.signIn(at: server, authority, refreshToken: nil))
        #expect(try await Self.service(server, authority, store).text() == "ok")
        store.kept?.accessTokenEnd = 0
        #expect(await Self.error(try Self.service(server, authority, store))?.contains("hubd signin docs") == true)
        #expect(store.kept?.isOver == true && authority.log.requests.isEmpty)
    }

    @Test("a token of which no end is said is good until it is refused, where nothing renews it")
    func endless() throws {
        var signIn = SignIn.test(refreshToken: nil)
        let unsaid = try TokenGrant(status: 200, body: ByteBuffer(string: #"{"access_token":"t","token_type":"bearer","scope":"a b"}"#))
        signIn.accept(unsaid, now: 5)
        #expect(signIn.accessTokenEnd > 1 << 37 && signIn.scopes == ["a", "b"] && signIn.accessToken == Secret("t"))
        signIn.refreshToken = Secret("r")
        signIn.accept(unsaid, now: 5)
        #expect(signIn.accessTokenEnd == 305 && signIn.refreshToken == Secret("r"))
    }

    @Test("without a sign-in, or with one for another address, nothing is sent to anybody")
    func never() async throws {
        let authority = try await Self.authority()
        let server = try await Self.server(accepting: ["first"])
        var elsewhere = Self.signIn(at: server, authority)
        elsewhere.server = "https://elsewhere.test/mcp"
        for kept in [nil, elsewhere] {
            let error = await Self.error(try Self.service(server, authority, TestSignIns(kept)))
            #expect(error?.contains("hubd signin docs") == true)
        }
        let other = await Self.error(
            try Self.service(server, authority, TestSignIns(Self.signIn(at: server, authority)), url: "https://elsewhere.test/mcp"))
        #expect(other?.contains("hubd signin docs") == true)
        #expect(server.log.requests.isEmpty && authority.log.requests.isEmpty)
    }

    @Test("a token endpoint of this machine that the operator did not name is not asked")
    func unnamed() async throws {
        let authority = try await Self.authority()
        let server = try await Self.server(accepting: ["first"])
        let store = TestSignIns(Self.signIn(at: server, authority, end: 0))
        #expect(await Self.error(try Self.service(server, authority, store, isNamed: false)) != nil)
        #expect(authority.log.requests.isEmpty && server.log.requests.isEmpty)
    }

    @Test("scopes that the server wants are kept for the next sign-in, once, and the call fails with what to do")
    func stepUp() async throws {
        let authority = try await Self.authority()
        let refusal = "403 No\r\nwww-authenticate: Bearer error=\"insufficient_scope\", scope=\"read write\"\r\n"
        let server = try await Self.server(accepting: [], refusal: refusal)
        let store = TestSignIns(Self.signIn(at: server, authority))
        let service = try Self.service(server, authority, store)
        for _ in 0..<3 { #expect(await Self.error(service)?.contains("sign in again: hubd signin docs") == true) }
        #expect(store.kept?.wantedScopes == ["write"] && store.writes == 1)
        #expect(authority.log.requests.isEmpty && server.log.requests.count == 3)
    }

    @Test("any other 403 is the server's answer")
    func forbidden() async throws {
        let authority = try await Self.authority()
        let server = try await Self.server(accepting: [], refusal: "403 No\r\nwww-authenticate: Bearer error=\"nope\"\r\n")
        let store = TestSignIns(Self.signIn(at: server, authority))
        #expect(try await Self.service(server, authority, store).send(.get, "/").status == 403)
        #expect(store.writes == 0)
    }
}
