import HTTPTypes
import HubCore
import NIOCore
import Testing

@testable import MCPHub

@Suite("Lifetime of sessions with servers", .timeLimit(.minutes(1)))
struct SessionLifetimeTests {
    /// Opens a session with somebody who listens, performs a request, closes it, and tells when nobody holds it any more.
    private func live(_ opener: any SessionOpener, timers: TimerTable) async throws {
        weak var session: (any UpstreamSession)?
        weak var observer: StubObserver?
        try await open(opener) {
            session = $0
            observer = $1
        }
        #expect(observer == nil)
        while session != nil { await Task.yield() }
        while timers.count > 0 {
            timers.fire(now: .now + .seconds(120))
            await Task.yield()
        }
    }

    private func open(_ opener: any SessionOpener, seen: (any UpstreamSession, StubObserver) -> Void) async throws {
        let observer = StubObserver()
        let session = try await opener.open(
            capabilities: [.roots], observer: observer, principal: .anonymous, deadline: .now() + .seconds(60))
        seen(session, observer)
        await session.watch(["a://1"])
        _ = try await session.request(.call { $0.deadline = .now() + .seconds(60) }, handler: StubHandler())
        session.close()
    }

    private static let capabilities = #"{"tools":{"listChanged":true},"resources":{"subscribe":true}}"#

    @Test("a session that was closed is held by nobody, and no limit of it is left", arguments: [true, false])
    func http(isModern: Bool) async throws {
        let server = StubServer { request in
            switch (request.rpcMethod, isModern) {
            case ("server/discover", true): .discovered(request.id, capabilities: Self.capabilities)
            case ("server/discover", false): .plain(404)
            case ("initialize", _): .initialized(request.id, capabilities: Self.capabilities)
            case ("subscriptions/listen", _), ("", _): .events(StubBody())
            default: .result(request.id, "{}")
            }
        }
        let timers = TimerTable()
        try await live(server.opener(timers), timers: timers)
    }

    @Test("the same goes for a process", arguments: [true, false])
    func process(isModern: Bool) async throws {
        let source = StubSource { _ in
            StubProcess { message in
                switch (message.rpcMethod, isModern) {
                case ("server/discover", true): message.discovered(Self.capabilities)
                case ("server/discover", false): message.error(-32601)
                case ("initialize", _): message.initialized("2025-11-25", Self.capabilities)
                case ("subscriptions/listen", _), ("notifications/initialized", _), ("notifications/cancelled", _): nil
                default: message.result("{}")
                }
            }
        }
        let timers = TimerTable()
        try await live(source.opener(timers), timers: timers)
    }

    @Test("the same goes for HTTP+SSE, and an opener that is let go of takes nothing with it")
    func sse() async throws {
        let stream = StubBody("event: endpoint\ndata: /messages\n\n")
        let server = StubServer { request in
            if request.method == .get { return .events(stream) }
            guard request.path == "/messages" else { return .plain(405) }
            if request.rpcMethod == "initialize" {
                let result = #"{"protocolVersion":"2024-11-05","capabilities":\#(Self.capabilities)}"#
                stream.event(#"{"jsonrpc":"2.0","id":\#(request.id),"result":\#(result)}"#)
            } else if request.id > 0 {
                stream.event(#"{"jsonrpc":"2.0","id":\#(request.id),"result":{}}"#)
            }
            return .accepted
        }
        let timers = TimerTable()
        try await live(server.opener(timers), timers: timers)
        try await stream.waitForEnd()
    }
}
