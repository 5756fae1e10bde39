import HTTPTypes
import HubCore
import Logging
import NIOConcurrencyHelpers
import NIOCore

@testable import A2ABridge

/// An answer on its way from an agent of this process to who asked it, piece by piece; may be cut.
final class PipeWriter: ResponseWriter, BodyStream {
    private let head = AsyncStream.makeStream(of: HTTPResponse.self)
    private let pieces = AsyncStream.makeStream(of: ByteBuffer.self)
    private let rest: NIOLockedValueBox<Int>
    private let work = NIOLockedValueBox<Task<Void, Never>?>(nil)

    /// - Parameter limit: after so many pieces the stream breaks off.
    init(cutAfter limit: Int = .max) { rest = NIOLockedValueBox(limit) }

    func works(_ task: Task<Void, Never>) { work.withLockedValue { $0 = task } }
    func answer() async -> HTTPResponse? { await head.stream.first { _ in true } }

    func respond(_ head: HTTPResponse, body: ByteBuffer) async throws {
        self.head.continuation.yield(head)
        if body.readableBytes > 0 { pieces.continuation.yield(body) }
        pieces.continuation.finish()
    }

    func begin(_ head: HTTPResponse) async throws { self.head.continuation.yield(head) }
    func write(_ bytes: ByteBuffer) async throws { pieces.continuation.yield(bytes) }
    func end() async throws { pieces.continuation.finish() }

    func next() async throws -> ByteBuffer? {
        let isCut = rest.withLockedValue { rest in
            rest -= 1
            return rest < 0
        }
        if isCut {
            cancel()
            throw HubError(.upstreamFailed, "The upstream failed to answer")
        }
        return await pieces.stream.first { _ in true }
    }

    func cancel() {
        work.withLockedValue { $0 }?.cancel()
        pieces.continuation.finish()
        head.continuation.finish()
    }
}

/// An agent of this process as one elsewhere: what is sent there, it answers.
final class StubElsewhere: CallTarget {
    private struct State {
        var requests: [OutboundRequest] = []
        var cuts: [Int] = []
    }

    let stub: StubAgent
    private let interface: (binding: String, version: A2AVersion)?
    private let streams: Bool
    private let state = NIOLockedValueBox(State())

    /// - Parameters:
    ///   - interface: the one that its card names; nil: all that it has.
    ///   - cuts: after how many pieces each of its streams breaks off, in order.
    init(_ stub: StubAgent = StubAgent(), interface: (binding: String, version: A2AVersion)? = nil, streams: Bool = true, cuts: [Int] = [])
    {
        (self.stub, self.interface, self.streams) = (stub, interface, streams)
        state.withLockedValue { $0.cuts = cuts }
    }

    var requests: [OutboundRequest] { state.withLockedValue { $0.requests } }

    func perform(_ call: Call, context: CallContext) async throws -> CallResponse {
        guard case .message(let message) = call.content else { throw HubError(.internal, "no message") }
        let path = message.isPathWhole ? message.path : "/a2a/orders" + message.path
        let isCard = path.contains("/.well-known/")
        let cut = state.withLockedValue { state -> Int in
            state.requests.append(message)
            let isStream = message.headers[.accept] == "text/event-stream"
            return isStream && !state.cuts.isEmpty ? state.cuts.removeFirst() : .max
        }
        var request = stub.request(message.method, "", String(buffer: message.body ?? ByteBuffer()), by: "hub", fields: message.headers)
        request.head.path = path
        let writer = PipeWriter(cutAfter: cut)
        let inbound = request
        // Ends with the answer, or when the hub gives it up.
        writer.works(Task { [stub] in _ = try? await stub.agent.respond(to: inbound, subpath: inbound.path.dropFirst(11), writer: writer) })
        guard let head = await writer.answer() else { throw HubError(.upstreamFailed, "no answer") }
        let body = ResponseBody.stream(writer)
        if isCard, head.status == .ok { return try await card(body, head) }
        return CallResponse(status: head.status.code, fields: head.headerFields, body: body)
    }

    private func card(_ body: ResponseBody, _ head: HTTPResponse) async throws -> CallResponse {
        let root = try JSONDocument(parsing: try await body.collect(upTo: 1 << 20), limits: .message).root
        var card = try AgentCard(WireValue(root, .v1_0))
        if let interface {
            card.interfaces = [
                AgentInterface(url: card.interfaces.first?.url ?? "", binding: interface.binding, version: interface.version.rawValue)
            ]
        }
        card.capabilities.streaming = streams
        return CallResponse(
            status: 200, fields: head.headerFields, body: .complete(card.json(interface?.version == .v0_3 ? .v0_3 : .v1_0)))
    }
}

/// An agent elsewhere whose answers are written by hand.
final class ScriptedElsewhere: CallTarget {
    typealias Answer = @Sendable (_ method: String, _ request: OutboundRequest) async throws -> CallResponse

    private let card: String
    private let answer: Answer
    private let seen = NIOLockedValueBox<[(method: String, request: OutboundRequest)]>([])

    /// - Parameters:
    ///   - answer: gets the method of JSON-RPC, or the path.
    init(card: String = ScriptedElsewhere.card(), _ answer: @escaping Answer) { (self.card, self.answer) = (card, answer) }

    var methods: [String] { seen.withLockedValue { $0.map(\.method) } }
    var requests: [OutboundRequest] { seen.withLockedValue { $0.map(\.request) } }

    func params(_ index: Int) throws -> JSONValue? {
        let bodies = requests.compactMap(\.body)
        guard bodies.indices.contains(index) else { return nil }
        return try JSONDocument(parsing: bodies[index], limits: .message).root["params"]
    }

    func perform(_ call: Call, context: CallContext) async throws -> CallResponse {
        guard case .message(let message) = call.content else { throw HubError(.internal, "no message") }
        if message.path.hasPrefix("/.well-known/agent-card.json") {
            return CallResponse(status: 200, contentType: "application/json", body: ByteBuffer(string: card))
        }
        let method = try message.body.flatMap { try JSONDocument(parsing: $0, limits: .message).root["method"]?.string } ?? message.path
        seen.withLockedValue { $0.append((method, message)) }
        return try await answer(method, message)
    }

    static func card(streaming: Bool = true, binding: String = "JSONRPC", extra: String = "") -> String {
        #"""
        {"name":"Research","description":"Looks things up at http://10.0.0.9:9000/rpc.","version":"3.1",
         "supportedInterfaces":[{"url":"http://10.0.0.9:9000/rpc","protocolBinding":"\#(binding)","protocolVersion":"1.0"}],
         "capabilities":{"streaming":\#(streaming),"extensions":[{"uri":"urn:x:1"}]},"defaultInputModes":["text/plain"],
         "defaultOutputModes":["text/plain"],"skills":[{"id":"look","name":"Look","description":"Looks","tags":["a"]}]\#(extra)}
        """#
    }

    /// An answer of JSON-RPC.
    static func result(_ result: String) -> CallResponse {
        CallResponse(
            status: 200, contentType: "application/json", body: ByteBuffer(string: #"{"jsonrpc":"2.0","id":"1","result":\#(result)}"#))
    }

    static func error(_ code: Int, _ message: String) -> CallResponse {
        let body = #"{"jsonrpc":"2.0","id":"1","error":{"code":\#(code),"message":"\#(message)"}}"#
        return CallResponse(status: 200, contentType: "application/json", body: ByteBuffer(string: body))
    }

    /// A stream of results; breaks off at the end where `isCut`. `size` is that of its pieces in bytes.
    static func stream(_ results: [String], ids: Bool = false, isCut: Bool = false, size: Int = 7) -> CallResponse {
        var text = ""
        for (index, result) in results.enumerated() {
            if ids { text += "id: e\(index)\n" }
            text += "data: {\"jsonrpc\":\"2.0\",\"id\":\"1\",\"result\":\(result)}\n\n"
        }
        return CallResponse(status: 200, fields: [.contentType: "text/event-stream"], body: .stream(TextStream(text, size, isCut)))
    }

    static func task(_ state: String, message: String? = nil, extra: String = "", id: String = "T") -> String {
        #"{"task":{"id":"\#(id)","contextId":"C","status":\#(status(state, message))\#(extra)}}"#
    }

    static func update(_ state: String, message: String? = nil, id: String = "T") -> String {
        #"{"statusUpdate":{"taskId":"\#(id)","contextId":"C","status":\#(status(state, message))}}"#
    }

    static func artifact(_ text: String, append: Bool = false, last: Bool = false) -> String {
        let artifact = #"{"artifactId":"a","parts":[{"text":"\#(text)"}]}"#
        return #"{"artifactUpdate":{"taskId":"T","contextId":"C","append":\#(append),"lastChunk":\#(last),"artifact":\#(artifact)}}"#
    }

    static func status(_ state: String, _ message: String?) -> String {
        let said = message.map {
            #","message":{"messageId":"\#($0)","role":"ROLE_AGENT","taskId":"T","contextId":"C","parts":[{"text":"\#($0)"}]}"#
        }
        return #"{"state":"TASK_STATE_\#(state)"\#(said ?? "")}"#
    }
}

/// Text in pieces.
final class TextStream: BodyStream {
    private let rest: NIOLockedValueBox<ByteBuffer?>
    private let size: Int
    private let isCut: Bool

    init(_ text: String, _ size: Int, _ isCut: Bool) {
        (rest, self.size, self.isCut) = (NIOLockedValueBox(ByteBuffer(string: text)), size, isCut)
    }

    func next() async throws -> ByteBuffer? {
        let piece = rest.withLockedValue { rest in
            let length = min(size, rest?.readableBytes ?? 0)
            return rest?.readSlice(length: length)
        }
        guard let piece, piece.readableBytes > 0 else {
            if isCut { throw HubError(.upstreamFailed, "The upstream failed to answer") }
            return nil
        }
        return piece
    }

    func cancel() { rest.withLockedValue { $0 = nil } }
}

/// A hub with one agent elsewhere.
struct StubProxy {
    let hub: StubAgent
    let known = RemoteAgents()
    let pauses = NIOLockedValueBox<[Duration]>([])
    let agent: A2AAgent

    init(
        _ releases: [RemoteRelease], words: CardWords = CardWords(), credentials: [AgentCredential] = [], hub: StubAgent = StubAgent(),
        bounds: A2ARuntime.Bounds = A2ARuntime.Bounds(), signer: CardSigner? = nil,
        pause: (@Sendable (Duration) async throws -> Void)? = nil
    ) {
        self.hub = hub
        let pauses = pauses
        var agent = A2AAgent(
            name: "orders", remote: RemoteAgent(name: "orders", releases: releases, known: known), words: words,
            hosts: HostRule(names: [], allowsLoopback: true), runtime: hub.runtime, credentials: credentials
        ) { duration in
            pauses.withLockedValue { $0.append(duration) }
            try await pause?(duration)
            try Task.checkCancellation()
        }
        agent.signer = signer
        self.agent = agent
    }

    init(_ target: any CallTarget, words: CardWords = CardWords(), pause: (@Sendable (Duration) async throws -> Void)? = nil) {
        self.init([RemoteRelease(name: "v1", target: target)], words: words, pause: pause)
    }

    func send(_ request: InboundRequest, writer: StubResponseWriter = StubResponseWriter()) async throws -> StubResponseWriter {
        try await agent.respond(to: request, subpath: request.path.dropFirst("/a2a/orders".count), writer: writer)
        return writer
    }

    func rpc(
        _ method: String, _ params: String, by caller: String = "one", fields: HTTPFields = [:],
        writer: StubResponseWriter = StubResponseWriter()
    ) async throws -> StubResponseWriter {
        let body = #"{"jsonrpc":"2.0","id":7,"method":"\#(method)","params":\#(params)}"#
        return try await send(hub.request(.post, "", body, by: caller, fields: fields), writer: writer)
    }

    /// Sends a message in 1.0, and gives the task, the message or the error.
    func task(
        _ parts: String = #"{"text":"x"}"#, task: String? = nil, extra: String = "", fields: HTTPFields = [:]
    ) async throws -> JSONValue {
        let answer = try await rpc("SendMessage", StubAgent.message(parts, task: task, extra: extra), fields: fields).json()
        return answer[path: "result", "task"] ?? answer[path: "result", "message"] ?? answer
    }

    /// What a stream of a message tells: kinds, states and texts.
    func story(_ parts: String = #"{"text":"x"}"#, task: String? = nil) async throws -> [String] {
        try await rpc("SendStreamingMessage", StubAgent.message(parts, task: task)).events().map { event in
            let result = event["result"] ?? event
            if let update = result["statusUpdate"] { return [update.state, update.said].compactMap { $0 }.joined(separator: " ") }
            if let update = result["artifactUpdate"] {
                let text = update[path: "artifact"]?["parts", 0]?["text"]?.string ?? "?"
                return (update["append"]?.bool == true ? "+" : "=") + text + (update["lastChunk"]?.bool == true ? "." : "")
            }
            if let task = result["task"] { return "task \(task.state ?? "")" }
            return result["message"] == nil ? "error" : "message"
        }
    }
}

extension JSONValue {
    /// The text of a status's message.
    var said: String? { self[path: "status", "message"]?["parts", 0]?["text"]?.string }
    /// The texts of the first artifact.
    var made: [String] { (self["artifacts", 0]?["parts"]?.elements ?? .none).compactMap { $0["text"]?.string } }
}
