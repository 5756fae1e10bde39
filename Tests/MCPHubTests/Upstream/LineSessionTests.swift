import HubCore
import NIOConcurrencyHelpers
import NIOCore
import Testing

@testable import MCPHub

@Suite("Sessions with processes", .timeLimit(.minutes(1)))
struct LineSessionTests {
    /// A process of a handshake era, which does not know `server/discover`.
    private static func old(_ capabilities: String = "{}", _ respond: @escaping @Sendable (JSONValue) -> String?) -> StubProcess {
        StubProcess { message in
            switch message.rpcMethod {
            case "server/discover": message.error(-32601)
            case "initialize": message.initialized("2025-11-25", capabilities)
            default: respond(message)
            }
        }
    }

    /// A process of 2026-07-28.
    private static func new(_ capabilities: String = "{}", _ respond: @escaping @Sendable (JSONValue) -> String?) -> StubProcess {
        StubProcess { $0.rpcMethod == "server/discover" ? $0.discovered(capabilities) : respond($0) }
    }

    @Test("a process that knows server/discover is modern: each request describes itself")
    func modern() async throws {
        let source = StubSource { _ in Self.new { $0.result("{}") } }
        let session = try await source.opener().open()
        #expect(session.greeting.revision == .v2026_07_28)
        #expect(session.tellsRequestsApart)
        _ = try await session.request(.call(), handler: StubHandler())
        let process = source.processes[0]
        #expect(await process.arrival(of: "server/discover") != nil)
        let call = await process.arrival(of: "tools/call")
        #expect(call?[path: "params", "_meta", MetaKey.protocolVersion]?.string == "2026-07-28")
        session.close()
        #expect(process.isClosed)
    }

    @Test("any other answer means a handshake, which the next process begins with at once")
    func handshake() async throws {
        let source = StubSource { _ in Self.old { $0.rpcMethod.isEmpty ? nil : $0.result("{}") } }
        let opener = source.opener()
        let session = try await opener.open([.sampling])
        #expect(session.greeting.revision == .v2025_11_25)
        #expect(!session.tellsRequestsApart)
        let process = source.processes[0]
        #expect(await process.arrival(of: "initialize")?[path: "params", "capabilities", "sampling"] != nil)
        #expect(await process.arrival(of: "notifications/initialized") != nil)
        _ = try await opener.open()
        var second = source.processes[1].input.makeAsyncIterator()
        #expect(await second.next()?.rpcMethod == "initialize")
    }

    @Test("a process that says nothing to server/discover gets a handshake after two seconds")
    func silent() async throws {
        let source = StubSource { _ in StubProcess { $0.rpcMethod == "initialize" ? $0.initialized() : nil } }
        let timers = TimerTable()
        let opening = Task { try await source.opener(timers).open() }
        while timers.count == 0 { await Task.yield() }
        timers.fire(now: .now + .seconds(3))
        #expect(try await opening.value.greeting.revision == .v2025_11_25)
    }

    @Test("a process that was slow to read server/discover and refuses the handshake is asked again")
    func slow() async throws {
        let probes = NIOLockedValueBox(0)
        let source = StubSource { _ in
            StubProcess { message in
                guard message.rpcMethod == "server/discover" else { return message.error(-32022, data: #"{"supported":["2026-07-28"]}"#) }
                let count = probes.withLockedValue { probes in
                    probes += 1
                    return probes
                }
                return count == 1 ? nil : message.discovered()
            }
        }
        let timers = TimerTable()
        let opening = Task { try await source.opener(timers).open() }
        while timers.count == 0 { await Task.yield() }
        timers.fire(now: .now + .seconds(3))
        #expect(try await opening.value.greeting.revision == .v2026_07_28)
    }

    @Test("a process that does not survive server/discover is started again without it")
    func fragile() async throws {
        let source = StubSource { count in
            let process = StubProcess { $0.rpcMethod == "initialize" ? $0.initialized() : nil }
            if count == 0 { process.exit() }
            return process
        }
        let session = try await source.opener().open()
        #expect(session.greeting.revision == .v2025_11_25)
        #expect(source.processes.count == 2)
        #expect(source.processes[0].isClosed)
    }

    @Test("requests go side by side, answers find theirs, and what is no message is passed over")
    func multiplexed() async throws {
        let source = StubSource { _ in Self.old { _ in nil } }
        let session = try await source.opener().open()
        let process = source.processes[0]
        let handlers = [StubHandler(), StubHandler()]
        let calls = [0, 1].map { index in
            Task {
                let request = SessionRequest.call("\(index)") {
                    $0.wantsProgress = true
                    $0.clientSession = 7  // both are one client's, which hears the log in each
                }
                return try await session.request(request, handler: handlers[index])
            }
        }
        let sent = [try #require(await process.arrival(of: "tools/call")), try #require(await process.arrival(of: "tools/call"))]
            .sorted { $0[path: "params", "name"]?.string ?? "" < $1[path: "params", "name"]?.string ?? "" }
        process.say("Server ready!")
        process.say(#"{"jsonrpc":"2.0","id":"\#(sent[0].rpcID)","result":{}}"#)
        process.say(#"{"jsonrpc":"2.0","method":"notifications/progress","params":{"progressToken":\#(sent[1].rpcID),"progress":1}}"#)
        process.say(#"{"jsonrpc":"2.0","method":"notifications/message","params":{"level":"info","data":1}}"#)
        process.say(sent[1].result(#"{"n":1}"#))
        process.say(sent[0].result(#"{"n":0}"#))
        #expect(try await calls[0].value.root["n"]?.int == 0)
        #expect(try await calls[1].value.root["n"]?.int == 1)
        #expect(handlers[0].notifications.count == 1)
        #expect(handlers[1].notifications.count == 2)
    }

    @Test("the log of a process that serves several is heard by the one request that wants it, and by none where two do")
    func log() async throws {
        let source = StubSource { _ in Self.new { _ in nil } }
        let session = try await source.opener().open()
        let process = source.processes[0]
        let handlers = [StubHandler(), StubHandler(), StubHandler()]
        func begin(_ index: Int) async throws -> (call: Task<JSONDocument, any Error>, sent: JSONValue) {
            let call = Task {
                try await session.request(.call { $0.logLevel = index == 0 ? nil : .info }, handler: handlers[index])
            }
            return (call, try #require(await process.arrival(of: "tools/call")))
        }
        let line = #"{"jsonrpc":"2.0","method":"notifications/message","params":{"level":"info","data":1}}"#
        let deaf = try await begin(0)
        let first = try await begin(1)
        process.say(line)
        process.say(deaf.sent.result("{}"))
        _ = try await deaf.call.value
        let second = try await begin(2)
        process.say(line)
        process.say(#"{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":\#(second.sent.rpcID)}}"#)
        process.say(first.sent.result("{}"))
        process.say(second.sent.result("{}"))
        _ = try await (first.call.value, second.call.value)
        #expect(handlers.map(\.notifications.count) == [0, 1, 0])
    }

    @Test("calls whose clients can be asked are performed one after another, and each hears its own questions")
    func asksOneAtATime() async throws {
        let source = StubSource { _ in Self.old { _ in nil } }
        let session = try await source.opener().open([.roots])
        let process = source.processes[0]
        let calls = [0, 1].map { index in
            Task {
                try await session.request(
                    .call("\(index)") { $0.capabilities = [.roots] }, handler: StubHandler { _ in #"{"roots":[\#(index)]}"# })
            }
        }
        for _ in calls {
            let sent = try #require(await process.arrival(of: "tools/call"))
            process.say(#"{"jsonrpc":"2.0","id":"q","method":"roots/list"}"#)
            let answer = await process.arrival(of: "")
            let roots = answer?[path: "result", "roots"].map { String(buffer: $0.rawBytes) }
            #expect(roots == "[\(sent[path: "params", "name"]?.string ?? "")]")
            process.say(sent.result("{}"))
        }
        for call in calls { _ = try await call.value }
    }

    @Test("a request that takes too long, or that nobody waits for, is taken back")
    func givesUp() async throws {
        let source = StubSource { _ in Self.old { _ in nil } }
        let timers = TimerTable()
        let session = try await source.opener(timers).open()
        let process = source.processes[0]
        let late = Task { try await session.request(.call { $0.deadline = .now() + .seconds(30) }, handler: StubHandler()) }
        let first = await process.arrival(of: "tools/call")
        while timers.count == 0 { await Task.yield() }
        timers.fire(now: .now + .seconds(60))
        let error = await #expect(throws: HubError.self) { try await late.value }
        #expect(error?.code == .upstreamTimeout)
        #expect(await process.arrival(of: "notifications/cancelled")?[path: "params", "requestId"]?.int == first?.rpcID)
        let left = Task { try await session.request(.call(), handler: StubHandler()) }
        let second = await process.arrival(of: "tools/call")
        left.cancel()
        await #expect(throws: CancellationError.self) { try await left.value }
        #expect(await process.arrival(of: "notifications/cancelled")?[path: "params", "requestId"]?.int == second?.rpcID)
    }

    @Test("when the process ends, all that waits fails, and the session has ended")
    func ends() async throws {
        let source = StubSource { _ in Self.old { _ in nil } }
        let observer = StubObserver()
        let session = try await source.opener().open(observer: observer)
        let call = Task { try await session.request(.call(), handler: StubHandler()) }
        _ = await source.processes[0].arrival(of: "tools/call")
        source.processes[0].exit()
        let error = await #expect(throws: HubError.self) { try await call.value }
        #expect(error?.code == .upstreamFailed)
        #expect(!(error?.cause is SessionLoss))
        #expect(await observer.next() == "ended The server ended before it had answered")
        #expect(session.isEnded)
        let later = await #expect(throws: HubError.self) { try await session.request(.call(), handler: StubHandler()) }
        #expect(later?.cause is SessionLoss)
    }

    @Test("a modern process is listened to for changes, and a subscription that it ends begins again")
    func listens() async throws {
        let source = StubSource { _ in Self.new(#"{"tools":{"listChanged":true},"resources":{"subscribe":true}}"#) { _ in nil } }
        let timers = TimerTable()
        let observer = StubObserver()
        let session = try await source.opener(timers).open(observer: observer)
        let process = source.processes[0]
        let first = try #require(await process.arrival(of: "subscriptions/listen"))
        func acknowledge(_ request: JSONValue) {
            process.say(
                #"{"jsonrpc":"2.0","method":"notifications/subscriptions/acknowledged","params":{"_meta":{"io.modelcontextprotocol/subscriptionId":\#(request.rpcID)}}}"#
            )
        }
        acknowledge(first)
        process.say(#"{"jsonrpc":"2.0","method":"notifications/tools/list_changed","params":{}}"#)
        #expect(await observer.next() == "changed tools")
        process.say(first.result("{}"))
        while timers.count == 0 { await Task.yield() }
        timers.fire(now: .now + .seconds(2))
        acknowledge(try #require(await process.arrival(of: "subscriptions/listen")))
        #expect(await observer.next() == "changed tools")
        await session.watch(["a://1"])
        #expect(await process.arrival(of: "subscriptions/listen")?[path: "params", "notifications", "resourceSubscriptions"]?.count == 1)
        session.close()
    }

    @Test("the log of a handshake session that serves several callers is heard by none while more than one of them calls")
    func sharedLog() async throws {
        let source = StubSource { _ in Self.old { _ in nil } }
        let session = try await source.opener().open()
        let process = source.processes[0]
        let handlers = ["a", "a", "b"].map { (StubHandler(), Principal(consumer: $0, credential: CredentialID(kind: .apiKey, name: $0))) }
        func begin(_ index: Int) async throws -> (call: Task<JSONDocument, any Error>, sent: JSONValue) {
            let (handler, principal) = handlers[index]
            let call = Task { try await session.request(.call { $0.principal = principal }, handler: handler) }
            return (call, try #require(await process.arrival(of: "tools/call")))
        }
        let line = #"{"jsonrpc":"2.0","method":"notifications/message","params":{"level":"info","data":1}}"#
        // Each line is heard before the next call begins.
        var calls = [try await begin(0)]
        process.say(line)
        while handlers[0].0.notifications.count < 1 { await Task.yield() }
        calls.append(try await begin(1))
        process.say(line)
        while handlers[1].0.notifications.count < 1 || handlers[0].0.notifications.count < 2 { await Task.yield() }
        calls.append(try await begin(2))
        process.say(line)
        for call in calls { process.say(call.sent.result("{}")) }
        for call in calls { _ = try await call.call.value }
        #expect(handlers.map(\.0.notifications.count) == [2, 1, 0])
    }

    @Test("a process of 2026-07-28 asks nobody by a request, whoever calls at the moment")
    func modernAsks() async throws {
        let source = StubSource { _ in Self.new { _ in nil } }
        let session = try await source.opener().open()
        let process = source.processes[0]
        let call = Task {
            try await session.request(.call { $0.capabilities = [.roots] }, handler: StubHandler { _ in #"{"roots":[]}"# })
        }
        let sent = try #require(await process.arrival(of: "tools/call"))
        process.say(#"{"jsonrpc":"2.0","id":"q","method":"roots/list"}"#)
        #expect(await process.arrival(of: "")?[path: "error", "code"]?.int == -32601)
        process.say(sent.result("{}"))
        _ = try await call.value
    }
}
