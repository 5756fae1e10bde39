import Crypto
import HTTPTypes
import HubCore
import NIOCore
import Testing

@testable import MCPHub

@Suite("The client of a call", .timeLimit(.minutes(1)))
struct ClientTests {
    private static let question = ClientRequest(
        method: "elicitation/create",
        params: ByteBuffer(string: #"{"message":"Sure?","requestedSchema":{"type":"object","properties":{}}}"#))

    /// A server whose tool asks its user and gives the answer back.
    private static let asking = StubOrigin { _, context in
        guard let client = context.client else { return #"{"content":[],"structuredContent":{"asked":false}}"# }
        do {
            let answer = try await client.ask(question)
            return #"{"content":[],"structuredContent":\#(String(buffer: answer.rawBytes))}"#
        } catch let error as JSONRPCError {
            return #"{"content":[],"structuredContent":{"code":\#(error.code.rawValue)}}"#
        }
    }

    private static func hub(_ origin: StubOrigin, logs: Bool = false) -> StubHub {
        StubHub.offering { offer in
            offer.tools = ToolSet([origin.tool("t")])
            offer.prompts = [origin.item("p")]
            offer.logs = logs
        }
    }

    private static let call = #"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"t","_meta":{"progressToken":"p"}}}"#

    /// The JSON of an event.
    private static func message(_ event: String?) throws -> JSONValue {
        let line = try #require(event?.split(separator: "\n").first { $0.hasPrefix("data: ") })
        return try JSONDocument(parsing: String(line.dropFirst(6)), limits: .message).root
    }

    @Test("a handshake client is asked on the stream of its call, and only its own session answers")
    func handshake() async throws {
        let hub = Self.hub(Self.asking)
        let session = try await hub.initialize(capabilities: #"{"elicitation":{}}"#)
        let other = try await hub.initialize(capabilities: #"{"elicitation":{}}"#)
        let writer = StubResponseWriter()
        async let calling = hub.inSession(session, Self.call, writer: writer)
        var chunks = writer.chunks.makeAsyncIterator()
        let asked = try Self.message(await chunks.next())
        #expect(asked["method"]?.string == "elicitation/create")
        #expect(asked[path: "params", "message"]?.string == "Sure?")
        let id = try #require(asked["id"]?.string)
        let answer = #"{"jsonrpc":"2.0","id":"\#(id)","result":{"action":"accept"}}"#
        #expect(try await hub.inSession(other, answer.replacing("accept", with: "decline")).status == 202)
        let accepted = try await hub.inSession(session, answer)
        #expect(accepted.status == 202)
        #expect(accepted.recorded.body.readableBytes == 0)
        #expect(try await calling.text.contains(#""structuredContent":{"action":"accept"}"#))
        #expect(try await hub.inSession(session, answer).status == 202)
        // What is left is the time for which the stream can be resumed.
        hub.timers.fire(now: .now + .seconds(31))
        #expect(hub.timers.count == 0)
    }

    @Test("a client of HTTP+SSE is asked on its stream and answers by POST")
    func legacy() async throws {
        let hub = Self.hub(Self.asking)
        let writer = StubResponseWriter()
        let streaming = Task { try await hub.server.respond(to: hub.request(.get), subpath: "/sse", writer: writer) }
        var chunks = writer.chunks.makeAsyncIterator()
        let endpoint = try #require(await chunks.next())
        let path = try #require(endpoint.split(separator: "\n").last?.dropFirst(6))
        func post(_ body: String) async throws -> Int {
            try await hub.send(hub.request(.post, body, path: String(path)), subpath: "/messages").status
        }
        let initialize =
            #"{"jsonrpc":"2.0","id":0,"method":"initialize","params":{"protocolVersion":"2024-11-05","capabilities":{"elicitation":{}}}}"#
        #expect(try await post(initialize) == 202)
        #expect(await chunks.next()?.contains("2024-11-05") == true)
        #expect(try await post(#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"t"}}"#) == 202)
        let id = try #require(try Self.message(await chunks.next())["id"]?.string)
        #expect(try await post(#"{"jsonrpc":"2.0","id":"\#(id)","result":{"action":"accept"}}"#) == 202)
        #expect(await chunks.next()?.contains(#"{\"action\":\"accept\"}"#) == true)
        streaming.cancel()
        _ = await streaming.result
    }

    @Test("a client that refuses, cannot, or takes no stream is told apart")
    func refuses() async throws {
        let hub = Self.hub(Self.asking)
        let session = try await hub.initialize(capabilities: #"{"elicitation":{}}"#)
        let writer = StubResponseWriter()
        async let calling = hub.inSession(session, Self.call, writer: writer)
        var chunks = writer.chunks.makeAsyncIterator()
        let id = try #require(try Self.message(await chunks.next())["id"]?.string)
        _ = try await hub.inSession(session, #"{"jsonrpc":"2.0","id":"\#(id)","error":{"code":-1,"message":"no"}}"#)
        #expect(try await calling.text.contains(#"{"code":-1}"#))

        let silent = try await hub.inSession(hub.initialize(), Self.call)
        #expect(silent.text.contains(#"{"code":-32601}"#))
        let plain = try await hub.send(
            hub.request(.post, Self.call, fields: [.mcpSessionID: session, .accept: "application/json"]))
        #expect(try plain.json()[path: "result", "isError"]?.bool == true)
    }

    @Test("a question that is not answered in time is taken back")
    func late() async throws {
        let hub = Self.hub(Self.asking)
        let session = try await hub.initialize(capabilities: #"{"elicitation":{}}"#)
        let writer = StubResponseWriter()
        async let calling = hub.inSession(session, Self.call.replacing(#","_meta":{"progressToken":"p"}"#, with: ""), writer: writer)
        var chunks = writer.chunks.makeAsyncIterator()
        _ = await chunks.next()
        hub.timers.fire(now: .now + .seconds(601))
        #expect(try await calling.text.contains("did not answer in time"))
        #expect(writer.text.contains("notifications/cancelled"))
    }

    @Test("a client that opens pages hears that its user has finished on one, and other folders of its are told of")
    func pageDone() async throws {
        let origin = StubOrigin { _, context in
            context.client?.notify(.elicitationComplete(id: "e1"))
            return #"{"content":[]}"#
        }
        let hub = Self.hub(origin)
        let (sessions, continuation) = AsyncStream<UInt128>.makeStream()
        hub.runtime.tellOfChangedRoots { continuation.yield($0) }
        let session = try await hub.initialize(capabilities: #"{"elicitation":{"url":{}},"roots":{}}"#)
        let message = #"{"jsonrpc":"2.0","method":"notifications/elicitation/complete","params":{"elicitationId":"e1"}}"#
        #expect(try await hub.inSession(session, Self.call).text.contains(message))
        let modern = try await hub.modern("tools/call", params: #""name":"t""#, name: "t", meta: Self.elicits)
        #expect(!modern.text.contains("elicitationId"))

        let changed = #"{"jsonrpc":"2.0","method":"notifications/roots/list_changed"}"#
        _ = try await hub.inSession(try await hub.initialize(), changed)
        _ = try await hub.inSession(session, changed)
        var told = sessions.makeAsyncIterator()
        #expect(await told.next() == origin.asked.first?.session)
    }

    @Test("progress comes under the client's token and grows; a log comes from the level asked for on")
    func tells() async throws {
        let origin = StubOrigin { _, context in
            for progress in ["0", "0.5", "0.5", "1"] {
                context.client?.notify(.progress(members: ByteBuffer(string: #"{"progress":\#(progress),"total":1}"#)))
            }
            for level in [LogLevel.debug, .warning] {
                context.client?.notify(
                    .log(level: level, params: ByteBuffer(string: #"{"level":"\#(level.rawValue)","data":"\#(level.rawValue)"}"#)))
            }
            return #"{"content":[]}"#
        }
        let hub = Self.hub(origin, logs: true)
        let session = try await hub.initialize()
        func told(_ text: String) -> [String] {
            text.split(separator: "\n").filter { $0.hasPrefix("data: ") && $0.contains(#""method""#) }.map { String($0.dropFirst(6)) }
        }
        let progress = ["0", "0.5", "1"].map {
            #"{"jsonrpc":"2.0","method":"notifications/progress","params":{"progressToken":"p","progress":\#($0),"total":1}}"#
        }
        let warning = #"{"jsonrpc":"2.0","method":"notifications/message","params":{"level":"warning","data":"warning"}}"#
        #expect(told(try await hub.inSession(session, Self.call).text) == progress + [warning])
        #expect(origin.asked.last?.logLevel == .info)
        #expect(origin.asked.last?.session != nil)

        let set = #"{"jsonrpc":"2.0","id":2,"method":"logging/setLevel","params":{"level":"error"}}"#
        #expect(try await hub.inSession(session, set).text == #"{"jsonrpc":"2.0","id":2,"result":{}}"#)
        #expect(told(try await hub.inSession(session, Self.call).text) == progress)
        #expect(try await hub.inSession(session, set.replacing("error", with: "loud")).json()[path: "error", "code"]?.int == -32602)

        let silent = try await hub.modern("tools/call", params: #""name":"t""#, name: "t")
        #expect(silent.recorded.head?.headerFields[.contentType] == "application/json")
        #expect(origin.asked.last?.logLevel == nil)
        let meta = StubHub.meta(capabilities: "{}", more: #","io.modelcontextprotocol/logLevel":"debug""#)
        let logged = try await hub.modern("tools/call", params: #""name":"t""#, name: "t", meta: meta)
        #expect(told(logged.text).count == 2)
        #expect(told(logged.text).last == warning)
    }

    // MARK: The modern era

    private static let elicits = StubHub.meta(capabilities: #"{"elicitation":{}}"#)

    private func call(
        _ hub: StubHub, more: String = "", meta: String = Self.elicits, writer: StubResponseWriter = StubResponseWriter()
    ) async throws -> StubResponseWriter {
        try await hub.modern("tools/call", params: #""name":"t","arguments":{"a":1}\#(more)"#, name: "t", meta: meta, writer: writer)
    }

    private func state(_ answer: StubResponseWriter) throws -> String {
        try #require(try answer.json()[path: "result", "requestState"]?.string)
    }

    @Test("a server that asks in the middle of a call asks a modern client by a result, and goes on with its answer")
    func parks() async throws {
        let hub = Self.hub(Self.asking)
        let first = try await call(hub)
        let result = try first.json()["result"]
        #expect(result?["resultType"]?.string == "input_required")
        #expect(result?[path: "inputRequests", "q1", "method"]?.string == "elicitation/create")
        #expect(hub.runtime.parkedCalls.count == 1)

        let again = try await call(hub, more: #","inputResponses":{},"requestState":"\#(try state(first))""#)
        #expect(try again.json()[path: "result", "inputRequests", "q1"] != nil)
        let used = try await call(hub, more: #","inputResponses":{},"requestState":"\#(try state(first))""#)
        #expect(used.status == 400)
        #expect(try used.json()[path: "error", "code"]?.int == -32602)

        let answers = #","inputResponses":{"q1":{"action":"accept"}},"requestState":"\#(try state(again))""#
        let other = try await hub.modern("tools/call", params: #""name":"t","arguments":{"a":2}\#(answers)"#, name: "t", meta: Self.elicits)
        #expect(try other.json()[path: "error", "code"]?.int == -32602)
        let done = try await call(hub, more: answers)
        #expect(try done.json()[path: "result", "structuredContent", "action"]?.string == "accept")
        #expect(try done.json()[path: "result", "resultType"]?.string == "complete")
        #expect(hub.runtime.parkedCalls.count == 0)
        #expect(hub.timers.count == 0)

        let lost = try await call(hub, more: answers)
        #expect(try lost.json()[path: "result", "isError"]?.bool == true)
        #expect(lost.text.contains("may have been carried out"))
    }

    @Test("a client that does not come back loses its call, and so does every one when the hub stops")
    func neverBack() async throws {
        let (ended, continuation) = AsyncStream<Bool>.makeStream()
        let origin = StubOrigin { _, context in
            do {
                _ = try await context.client?.ask(Self.question)
            } catch {
                continuation.yield(error is CancellationError)
            }
            return #"{"content":[]}"#
        }
        let hub = Self.hub(origin)
        var ends = ended.makeAsyncIterator()
        _ = try await call(hub)
        hub.timers.fire(now: .now + .seconds(601))
        #expect(await ends.next() == true)
        #expect(hub.runtime.parkedCalls.count == 0)
        _ = try await call(hub)
        hub.runtime.drain()
        #expect(await ends.next() == true)
        // Nothing waits any more from here on.
        _ = try await call(hub)
        #expect(await ends.next() == false)
    }

    @Test("a client that leaves while its call goes on ends the call")
    func leaves() async throws {
        let (started, startedContinuation) = AsyncStream<Void>.makeStream()
        let origin = StubOrigin { _, _ in
            startedContinuation.yield()
            try await Task.sleep(for: .seconds(50))
            return "{}"
        }
        let hub = Self.hub(origin)
        let calling = Task { try await call(hub) }
        for await _ in started { break }
        calling.cancel()
        #expect(try await calling.value.text.contains("499"))
    }

    @Test("a prompt may ask too; one that is lost is an error of the hub")
    func prompts() async throws {
        let origin = StubOrigin { _, context in
            let answer = try await context.client?.ask(Self.question)
            return #"{"messages":[],"description":"\#(answer?["action"]?.string ?? "")"}"#
        }
        let hub = Self.hub(origin)
        func get(_ more: String = "") async throws -> JSONValue {
            try await hub.modern("prompts/get", params: #""name":"p"\#(more)"#, name: "p", meta: Self.elicits).json()
        }
        let state = try #require(try await get()[path: "result", "requestState"]?.string)
        let answers = #","inputResponses":{"q1":{"action":"decline"}},"requestState":"\#(state)""#
        #expect(try await get(answers)[path: "result", "description"]?.string == "decline")
        #expect(try await get(answers)[path: "error", "code"]?.int == -32603)
    }

    @Test("a server that asks by results is asked back with its own state, in a cover that fits one request only")
    func relays() async throws {
        let origin = StubOrigin(asksByRequest: false) { request, context in
            guard let resumption = request.resumption else {
                let questions = #"{"k":{"method":"elicitation/create","params":{}}}"#
                return #"{"resultType":"input_required","inputRequests":\#(questions),"requestState":"inner"}"#
            }
            let text = "\(resumption.requestState ?? "none") \(resumption.inputResponses?[path: "k", "action"]?.string ?? "")"
            return #"{"content":[{"type":"text","text":"\#(text)"}]}"#
        }
        let hub = Self.hub(origin)
        let first = try await call(hub)
        #expect(try first.json()[path: "result", "resultType"]?.string == "input_required")
        #expect(try first.json()[path: "result", "inputRequests", "k"] != nil)
        let state = try state(first)
        #expect(state != "inner")
        let answers = #","inputResponses":{"k":{"action":"accept"}},"requestState":"\#(state)""#
        #expect(try await call(hub, more: answers).text.contains(#""text":"inner accept""#))
        let flipped = try await call(hub, more: answers.replacing(state, with: (state.hasPrefix("A") ? "B" : "A") + state.dropFirst()))
        #expect(flipped.status == 400)
        #expect(try flipped.json()[path: "error", "code"]?.int == -32602)
        #expect(try await call(hub, more: #","requestState":7"#).status == 400)
        // Answers without a state are the server's to judge.
        #expect(try await call(hub, more: #","inputResponses":{"k":{"action":"accept"}}"#).text.contains(#""text":"none accept""#))

        let undeclared = try await call(hub, meta: StubHub.meta)
        #expect(undeclared.status == 400)
        #expect(try undeclared.json()[path: "error", "code"]?.int == -32021)
        #expect(try undeclared.json()[path: "error", "data", "requiredCapabilities", "elicitation"] != nil)
    }

    @Test("a call that nobody can be asked in stays in the task of its request")
    func notParked() async throws {
        let hub = Self.hub(Self.asking)
        #expect(try await call(hub, meta: StubHub.meta).text.contains(#"{"code":-32601}"#))
        #expect(hub.runtime.parkedCalls.count == 0)
    }

    @Test("the order of members and the white space of a request change nothing in what a state is bound to")
    func binding() throws {
        func binding(_ params: String, owner: UInt128 = 1) throws -> RequestBinding {
            let params = try JSONDocument(parsing: params, limits: .message).root
            return RequestBinding(owner: SessionOwner(digest: owner), entry: "e", method: "m", params: params)
        }
        let sealer = RequestStateSealer(masterKey: .init(size: .bits256))
        let state = RequestState(content: .parked(call: 1, round: 2), expiry: 3)
        let sealed = try #require(sealer.seal(state, binding: try binding(#"{"name":"t","arguments":{"a":1,"b":[2,"é"]}}"#)))
        #expect(sealer.open(sealed, binding: try binding(#"{"arguments":{"b":[2,"\u00e9"],"a":1},"name":"t","_meta":{"x":1}}"#)) == state)
        #expect(sealer.open(sealed, binding: try binding(#"{"name":"t","arguments":{"a":1,"b":[2,"e"]}}"#)) == nil)
        #expect(sealer.open(sealed, binding: try binding(#"{"name":"t","arguments":{"a":1,"b":[2,"é"]}}"#, owner: 2)) == nil)
        let long = RequestState(content: .relayed(String(repeating: "a", count: 65_537)), expiry: 3)
        #expect(sealer.seal(long, binding: try binding("{}")) == nil)
    }
}
