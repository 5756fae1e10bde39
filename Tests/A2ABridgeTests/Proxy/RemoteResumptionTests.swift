import HTTPTypes
import HubCore
import NIOConcurrencyHelpers
import NIOCore
import Testing

@testable import A2ABridge

/// An agent whose streams break off anywhere, while its work goes on.
private final class BreakingElsewhere: Sendable {
    /// What it does when a stream is asked for again.
    enum Resumption: CaseIterable {
        case afterLastID, taskFirst, fromNow, fromBeginning, refused
    }

    private struct State {
        var random: SplitMix
        var produced = 0
    }

    private let resumption: Resumption
    private let isCoalescing: Bool
    let count: Int
    private let state: NIOLockedValueBox<State>

    init(_ resumption: Resumption, isCoalescing: Bool, seed: UInt64) {
        var random = SplitMix(state: seed)
        count = 1 + Int(random.next() % 12)
        (self.resumption, self.isCoalescing) = (resumption, isCoalescing)
        state = NIOLockedValueBox(State(random: random))
    }

    /// The events of its work: chunks of one artifact, a word after every third, and the end.
    private func event(_ index: Int) -> String {
        if index == count { return ScriptedElsewhere.update("COMPLETED", message: "end") }
        return index % 3 == 2
            ? ScriptedElsewhere.update("WORKING", message: "m\(index)") : ScriptedElsewhere.artifact("\(index),", append: index > 0)
    }

    private func task(_ produced: Int) -> String {
        let chunks = (0..<min(produced, count)).filter { $0 % 3 != 2 }.map { "\($0)," }
        let parts = (isCoalescing && !chunks.isEmpty ? [chunks.joined()] : chunks).map { #"{"text":"\#($0)"}"# }.joined(separator: ",")
        let made = chunks.isEmpty ? "" : #","artifacts":[{"artifactId":"a","parts":[\#(parts)]}]"#
        let words = (0..<min(produced, count)).filter { $0 % 3 == 2 }.map {
            #"{"messageId":"m\#($0)","role":"ROLE_AGENT","parts":[{"text":"m\#($0)"}]}"#
        }
        let isEnded = produced > count
        let extra = made + #","history":[\#(words.joined(separator: ","))]"#
        return ScriptedElsewhere.task(isEnded ? "COMPLETED" : "WORKING", message: isEnded ? "end" : nil, extra: extra)
    }

    /// The events from a place on, up to where the stream breaks off; more is done meanwhile.
    private func stream(from first: Int, before: [String] = []) -> CallResponse {
        let (end, size, isCut) = state.withLockedValue { state in
            let end = min(count + 1, first + Int(state.random.next() % 4))
            state.produced = min(count + 1, max(state.produced, end) + Int(state.random.next() % 3))
            return (end, 1 + Int(state.random.next() % 200), state.random.next() % 2 == 0)
        }
        var text = before.map { "data: {\"jsonrpc\":\"2.0\",\"id\":\"1\",\"result\":\($0)}\n\n" }.joined()
        for index in min(first, end)..<end {
            if resumption == .afterLastID { text += "id: \(index)\n" }
            text += "data: {\"jsonrpc\":\"2.0\",\"id\":\"1\",\"result\":\(event(index))}\n\n"
        }
        return CallResponse(status: 200, fields: [.contentType: "text/event-stream"], body: .stream(TextStream(text, size, isCut)))
    }

    func answer(_ method: String, _ request: OutboundRequest) -> CallResponse {
        let produced = state.withLockedValue { $0.produced }
        switch method {
        case "SendStreamingMessage": return stream(from: 0, before: [ScriptedElsewhere.task("SUBMITTED")])
        case "SubscribeToTask":
            switch resumption {
            case .afterLastID: return stream(from: (request.headers[.lastEventID].flatMap { Int($0) } ?? -1) + 1)
            case .taskFirst: return produced > count ? ended : stream(from: produced, before: [task(produced)])
            case .fromNow: return produced > count ? ended : stream(from: produced)
            case .fromBeginning: return stream(from: 0)
            case .refused: return ended
            }
        default:
            state.withLockedValue { $0.produced = min(count + 1, produced + Int($0.random.next() % 3)) }
            let task = task(produced).dropFirst(#"{"task":"#.count).dropLast()
            return ScriptedElsewhere.result(String(task))
        }
    }

    private var ended: CallResponse { ScriptedElsewhere.error(-32004, "The task has ended") }
}

private struct SplitMix: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = (state ^ (state >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}

@Suite("Streams of agents elsewhere that break off", .timeLimit(.minutes(1)))
struct RemoteResumptionTests {
    @Test("a task whose hub stops goes on elsewhere, and the hub's next run takes it up", arguments: Way.all)
    func restart(_ way: Way) async throws {
        let elsewhere = StubElsewhere(interface: (way.binding, way.version), streams: way.streams)
        let proxy = StubProxy(elsewhere)
        let slow = StubAgent.data("slow")
        let begun = try await proxy.task(slow, extra: #","configuration":{"returnImmediately":true}"#)
        await elsewhere.stub.gate.arrival()
        async let waiting = proxy.task(slow)
        await elsewhere.stub.gate.arrival()
        while proxy.hub.runtime.load.tasksAtWork < 2 { await Task.yield() }
        try await told(2, proxy)
        proxy.hub.runtime.drain()
        #expect(try await waiting[path: "error", "code"]?.int == 503)
        while proxy.hub.runtime.load.tasksAtWork > 0 { await Task.yield() }

        let next = A2ARuntime(store: proxy.hub.store, timers: TimerTable()) { 1_700_000_100_000 }
        let remote = RemoteAgent(
            name: "orders", releases: [RemoteRelease(name: "v1", target: elsewhere)], known: RemoteAgents())
        let agent = A2AAgent(
            name: "orders", remote: remote, hosts: HostRule(names: [], allowsLoopback: true), runtime: next
        ) { _ in try Task.checkCancellation() }
        let request = proxy.hub.request(.get, "")
        let recovered = try await next.recover([agent], logger: request.logger) { _ in request.context }
        #expect(recovered.begunAnew == 2 && recovered.failed == 0)
        func ask(_ method: String) async throws -> StubResponseWriter {
            let writer = StubResponseWriter()
            let body = #"{"jsonrpc":"2.0","id":7,"method":"\#(method)","params":{"id":"\#(begun.taskID)"}}"#
            try await agent.respond(to: proxy.hub.request(.post, "", body), subpath: "", writer: writer)
            return writer
        }
        #expect(try await ask("GetTask").json()["result"]?.state == "TASK_STATE_WORKING")
        async let stream = ask("SubscribeToTask")
        elsewhere.stub.gate.open()
        #expect(try await stream.events().last?[path: "result", "statusUpdate"]?.state == "TASK_STATE_COMPLETED")
        let done = try #require(try await ask("GetTask").json()["result"])
        #expect(done.made == ["done"] && done.state == "TASK_STATE_COMPLETED")
        while next.load.tasksAtWork > 0 { await Task.yield() }
    }

    /// Waits until the agent's first word of each of some tasks has been told.
    private func told(_ count: Int, _ proxy: StubProxy) async throws {
        while true {
            let tasks = try await proxy.rpc("ListTasks", #"{"status":"TASK_STATE_WORKING"}"#).json()
            if tasks[path: "result", "totalSize"]?.int == count { return }
            await Task.yield()
        }
    }

    @Test("wherever streams break off and however the agent takes them up, nothing is lost or told twice", arguments: 0..<120)
    func anywhere(_ seed: Int) async throws {
        let kinds = BreakingElsewhere.Resumption.allCases
        let agent = BreakingElsewhere(kinds[seed % kinds.count], isCoalescing: seed / kinds.count % 2 == 1, seed: UInt64(seed))
        let proxy = StubProxy(ScriptedElsewhere { method, request in agent.answer(method, request) })
        let events = try await proxy.rpc("SendStreamingMessage", StubAgent.message(#"{"text":"x"}"#)).events().compactMap { $0["result"] }
        let words = events.compactMap { $0["statusUpdate"]?.said }
        #expect(words == (0..<agent.count).filter { $0 % 3 == 2 }.map { "m\($0)" } + ["end"])
        var made = ""
        for update in events.compactMap({ $0["artifactUpdate"] }) {
            let text = (update["artifact"]?["parts"]?.elements ?? .none).compactMap { $0["text"]?.string }.joined()
            made = update["append"]?.bool == true ? made + text : text
        }
        #expect(made == (0..<agent.count).filter { $0 % 3 != 2 }.map { "\($0)," }.joined())
        #expect(events.last?["statusUpdate"]?.state == "TASK_STATE_COMPLETED")
    }
}
