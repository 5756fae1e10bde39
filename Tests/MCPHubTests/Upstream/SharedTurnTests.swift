import HubCore
import NIOCore
import Testing

@testable import MCPHub

@Suite("Calls of one client side by side where a server does not say what it asks for", .timeLimit(.minutes(1)))
struct SharedTurnTests {
    private static func source() -> StubSource {
        StubSource { _ in
            StubProcess { message in
                switch message.rpcMethod {
                case "server/discover": message.error(-32601)
                case "initialize": message.initialized("2025-11-25", #"{"logging":{}}"#)
                case "logging/setLevel": message.result("{}")
                default: nil
                }
            }
        }
    }

    private static func call(_ session: any UpstreamSession, _ handler: StubHandler) -> Task<JSONDocument, any Error> {
        Task {
            let request = SessionRequest.call { request in
                request.capabilities = [.roots]
                request.isOfOneClient = true
                request.logLevel = .info
            }
            return try await session.request(request, handler: handler)
        }
    }

    @Test("all are sent at once, the oldest is asked, and one hears the log")
    func sideBySide() async throws {
        let source = Self.source()
        let session = try await source.opener().open([.roots])
        let process = source.processes[0]
        let handlers = (0..<3).map { index in StubHandler { _ in #"{"roots":[\#(index)]}"# } }
        var calls: [(call: Task<JSONDocument, any Error>, sent: JSONValue)] = []
        for handler in handlers {
            let call = Self.call(session, handler)
            calls.append((call, try #require(await process.arrival(of: "tools/call"))))
        }
        process.say(#"{"jsonrpc":"2.0","method":"notifications/message","params":{"level":"info","data":1}}"#)
        for (index, call) in calls.enumerated() {
            process.say(#"{"jsonrpc":"2.0","id":"q\#(index)","method":"roots/list"}"#)
            let answer = await process.arrival(of: "")
            #expect(answer?[path: "result", "roots"].map { String(buffer: $0.rawBytes) } == "[\(index)]")
            process.say(call.sent.result("{}"))
            _ = try await call.call.value
        }
        #expect(handlers.map(\.notifications.count) == [1, 0, 0])
    }

    @Test("a question that the oldest call was asked outlives it, as it may be another's")
    func passesOn() async throws {
        let source = Self.source()
        let session = try await source.opener().open([.roots])
        let process = source.processes[0]
        let gate = Gate()
        let handler = StubHandler { _ in
            try await gate.pass()
            return #"{"roots":[]}"#
        }
        let first = Self.call(session, handler)
        let firstSent = try #require(await process.arrival(of: "tools/call"))
        let second = Self.call(session, StubHandler())
        let secondSent = try #require(await process.arrival(of: "tools/call"))
        process.say(#"{"jsonrpc":"2.0","id":"q","method":"roots/list"}"#)
        while gate.arrived == 0 { await Task.yield() }
        process.say(firstSent.result("{}"))
        _ = try await first.value
        gate.open()
        #expect(await process.arrival(of: "")?[path: "result", "roots"]?.count == 0)
        process.say(secondSent.result("{}"))
        _ = try await second.value
    }

    @Test("with the last call of the client its questions end")
    func ends() async throws {
        let source = Self.source()
        let session = try await source.opener().open([.roots])
        let process = source.processes[0]
        let gate = Gate()
        let isOver = Gate()
        let handler = StubHandler { _ in
            do { try await gate.pass() } catch { isOver.open() }
            throw CancellationError()
        }
        let call = Self.call(session, handler)
        let sent = try #require(await process.arrival(of: "tools/call"))
        process.say(#"{"jsonrpc":"2.0","id":"q","method":"roots/list"}"#)
        while gate.arrived == 0 { await Task.yield() }
        process.say(sent.result("{}"))
        _ = try await call.value
        try await isOver.pass()
    }
}
