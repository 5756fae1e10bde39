import HubCore
import NIOCore
import Testing

@testable import MCPHub

@Suite("What is used of what is bounded", .timeLimit(.minutes(1)))
struct UsageTests {
    private let refusals = BoundRefusals()
    private let timers = TimerTable()

    private var refused: [MCPBound: UInt64] { refusals.counts.filter { $0.value > 0 } }

    @Test("subscriptions past a bound are counted; an address that is too long is not one of them")
    func subscriptions() {
        let (subscriptions, origin) = (ResourceSubscriptions(refusals: refusals), StubOrigin())
        for number in 0..<ResourceSubscriptions.maximumPerSubscriber + 3 {
            _ = subscriptions.subscribe(.session(1), entry: "e", to: "x:\(number)", at: origin)
        }
        _ = subscriptions.subscribe(.session(2), entry: "e", to: "x:" + String(repeating: "y", count: 9_000), at: origin)
        #expect(subscriptions.count == ResourceSubscriptions.maximumPerSubscriber)
        #expect(refused == [.subscriptions: 3])
    }

    @Test("calls that may not wait for their client are counted; at the end of the hub none is")
    func parked() {
        let calls = ParkedCalls(timers: timers, refusals: refusals)
        func call() -> ParkedCall {
            ParkedCall(
                owner: ParkedOwner(SessionOwner(digest: 1), address: nil),
                client: ModernClient(capabilities: .roots, logLevel: nil, channel: .closed), calls: calls)
        }
        for _ in 0..<ParkedCalls.maximumPerOwner { #expect(calls.add(call())) }
        #expect(!calls.add(call()))
        #expect(calls.count == ParkedCalls.maximumPerOwner && refused == [.parkedCalls: 1])
        calls.drain()
        #expect(!calls.add(call()))
        #expect(refused == [.parkedCalls: 1])
    }

    @Test("questions past the bound of a session are counted")
    func questions() async throws {
        let questions = ClientQuestions(timers: timers, refusals: refusals)
        let request = ClientRequest(method: "roots/list", params: ByteBuffer(string: "{}"))
        await withTaskGroup(of: Void.self) { group in
            // Those that are taken are ended below; the others are refused at once.
            for _ in 0..<ClientQuestions.maximumPerSession + 2 {
                group.addTask { _ = try? await questions.ask(request, session: 1) { _ in true } }
            }
            for _ in 0..<2 { await group.next() }
            #expect(questions.count == ClientQuestions.maximumPerSession)
            #expect(refused == [.clientQuestions: 2])
            questions.end(session: 1)
        }
        #expect(questions.count == 0)
    }

    @Test("streams that cannot be kept, or not without their clients, are counted")
    func events() {
        let logs = EventLogs(timers: timers, refusals: refusals)
        let token = SessionToken(
            id: 1, owner: SessionOwner(digest: 0), entry: "e", revision: .v2025_11_25, capabilities: [], expiry: .max)
        let kept = (0..<EventLogs.maximumLeftPerSession).map { _ in EventLog.of(.reply, session: token, logs: logs) }
        #expect(kept.allSatisfy { $0.leave($0.attach()) })
        let more = EventLog.of(.reply, session: token, logs: logs)
        #expect(!more.leave(more.attach()))
        #expect(refused == [.streamsWithoutClients: 1])
        let large = EventLog.of(.reply, session: token, requestBytes: EventLogs.maximumBytesPerSession, logs: logs)
        #expect(!large.leave(large.attach()))
        #expect(refused == [.streamsWithoutClients: 1, .keptEvents: 1])
        let count = EventLogs.maximumBytesPerSession / EventLogs.overhead
        for _ in 0..<count { _ = EventLog.of(.reply, session: token, logs: logs) }
        #expect(refusals.counts[.keptEvents, default: 0] > 1)
        #expect(logs.usage.left == EventLogs.maximumLeftPerSession && logs.usage.bytes > 0)
    }
}
