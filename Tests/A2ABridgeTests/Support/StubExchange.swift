import HTTPTypes
import HubCore
import Logging
import NIOConcurrencyHelpers
import NIOCore

@testable import A2ABridge

/// Keeps what a handler answers. Each piece is offered as it is written, so that tests wait for it instead of sleeping.
final class StubResponseWriter: ResponseWriter {
    struct Recorded: Sendable {
        var head: HTTPResponse?
        var body = ByteBuffer()
        var isEnded = false
    }

    private let state = NIOLockedValueBox(Recorded())
    let chunks: AsyncStream<String>
    private let continuation: AsyncStream<String>.Continuation

    init() { (chunks, continuation) = AsyncStream.makeStream() }

    var recorded: Recorded { state.withLockedValue { $0 } }
    var status: Int { recorded.head?.status.code ?? 0 }
    var text: String { String(buffer: recorded.body) }
    func field(_ name: HTTPField.Name) -> String? { recorded.head?.headerFields[name] }
    func json() throws -> JSONValue { try JSONDocument(parsing: recorded.body, limits: .message).root }

    /// The data of the events so far.
    func events() throws -> [JSONValue] {
        var decoder = SSEDecoder()
        return try decoder.decode(recorded.body).map { try JSONDocument(parsing: $0.data, limits: .message).root }
    }

    func respond(_ head: HTTPResponse, body: ByteBuffer) async throws {
        state.withLockedValue { $0 = Recorded(head: head, body: body, isEnded: true) }
        continuation.finish()
    }

    func begin(_ head: HTTPResponse) async throws { state.withLockedValue { $0.head = head } }

    func write(_ bytes: ByteBuffer) async throws {
        state.withLockedValue { _ = $0.body.writeImmutableBuffer(bytes) }
        continuation.yield(String(buffer: bytes))
    }

    func end() async throws {
        state.withLockedValue { $0.isEnded = true }
        continuation.finish()
    }
}

/// Answers each call with what the test says.
struct StubTarget: CallTarget {
    var respond: @Sendable (Call) async throws -> CallResponse

    func perform(_ call: Call, context: CallContext) async throws -> CallResponse { try await respond(call) }
}

/// Holds calls back until the test lets them go on.
final class Gate: Sendable {
    private let state = NIOLockedValueBox<(isOpen: Bool, waiting: [CheckedContinuation<Void, Never>])>((false, []))
    private let arrivals = AsyncStream.makeStream(of: Void.self)

    /// Waits until the gate opens, or the call is cancelled.
    func pass() async throws {
        arrivals.continuation.yield()
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let isOpen = state.withLockedValue { state in
                    if !state.isOpen, !Task.isCancelled { state.waiting.append(continuation) }
                    return state.isOpen || Task.isCancelled
                }
                if isOpen { continuation.resume() }
            }
        } onCancel: {
            release()
        }
        try Task.checkCancellation()
    }

    /// Waits until somebody stands at the gate.
    func arrival() async { for await _ in arrivals.stream { return } }

    func open() {
        state.withLockedValue { $0.isOpen = true }
        release()
    }

    private func release() {
        let waiting = state.withLockedValue { state in
            defer { state.waiting = [] }
            return state.waiting
        }
        for continuation in waiting { continuation.resume() }
    }
}

/// An agent of orders: `find_orders` gives its arguments back, `delete_order` says that it did, `report` is long text, `picture` is binary, `slow`
/// waits at a gate, `broken` fails, `remote` answers as another server's tool.
struct StubAgent {
    let timers = TimerTable()
    let gate = Gate()
    let store: InMemoryTaskStore
    let runtime: A2ARuntime
    let agent: A2AAgent
    /// What webhooks are told, where it sends any.
    let webhooks: StubWebhooks

    init(
        permission: (any EntryPermission)? = nil, credentials: [AgentCredential] = [], bounds: A2ARuntime.Bounds = A2ARuntime.Bounds(),
        kept: InMemoryTaskStore.Bounds = InMemoryTaskStore.Bounds(), sendsPush: Bool = false,
        performer other: (any AgentPerformer)? = nil, store shared: InMemoryTaskStore? = nil, push: StubWebhooks.Settings = .init(),
        planner: ((ToolSet) -> any Planner)? = nil
    ) {
        store = shared ?? InMemoryTaskStore(bounds: kept)
        webhooks = StubWebhooks()
        let ticks = NIOLockedValueBox<Int64>(1_700_000_000_000)
        let sender = PushSender(
            webhooks, key: push.key, timers: timers, policy: push.policy, bounds: push.bounds,
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }, secondsSince1970: { 1_700_000_000 }, random: { 0 })
        runtime = A2ARuntime(store: store, timers: timers, bounds: bounds, push: sendsPush ? sender : nil) {
            ticks.withLockedValue { ticks in
                ticks += 1
                return ticks
            }
        }
        let tools = Self.tools(gate)
        let performer = SkillPerformer(
            agent: "orders", tools: tools, planner: planner?(tools) ?? KeywordPlanner(tools), permission: permission, asksBeforeHarm: true)
        agent = A2AAgent(
            name: "orders", profile: AgentProfile(name: "Orders", description: "Looks up orders.", version: "1.2"),
            performer: other ?? performer,
            hosts: HostRule(names: [], allowsLoopback: true), runtime: runtime, credentials: credentials,
            hasExtendedCard: permission != nil
        ) { ShownSkills(performer.tools(for: $0)) }
    }

    private static func tools(_ gate: Gate) -> ToolSet {
        func tool(
            _ name: String, _ description: String, _ schema: String, _ risk: Risk = .read,
            _ respond: @escaping @Sendable (Call) async throws -> CallResponse
        ) -> Tool {
            Tool(
                definition: ToolDefinition(
                    name: name, description: description, inputSchema: ByteBuffer(string: schema), annotations: ToolAnnotations(),
                    risk: risk,
                    operation: "GET /\(name)"), target: StubTarget(respond: respond))
        }
        let find = #"""
            {"type":"object","properties":{"customer_id":{"type":"string"},"status":{"enum":["open","paid"]}},"required":["customer_id"]}
            """#
        let one = #"{"type":"object","properties":{"orderId":{"type":"string"}},"required":["orderId"]}"#
        return ToolSet([
            tool("find_orders", "Finds the orders of a customer", find) { call in
                CallResponse(status: 200, contentType: "application/json", body: call.arguments?.rawBytes ?? ByteBuffer())
            },
            tool("delete_order", "Deletes an order", one, .destructive) { _ in
                CallResponse(status: 204, contentType: nil, body: ByteBuffer())
            },
            tool("report", "Writes a long report", "{}") { _ in
                CallResponse(status: 200, contentType: "text/plain", body: ByteBuffer(string: String(repeating: "é", count: 20_000)))
            },
            tool("picture", "Draws a picture", "{}") { _ in
                CallResponse(status: 200, contentType: "image/png", body: ByteBuffer(bytes: [1, 2, 3]))
            },
            tool("slow", "Takes its time", "{}") { _ in
                try await gate.pass()
                return CallResponse(status: 200, contentType: "text/plain", body: ByteBuffer(string: "done"))
            },
            tool("broken", "Fails", "{}") { _ in throw HubError(.upstreamFailed, "The upstream failed to answer") },
            tool("refused", "Is refused", "{}") { _ in
                CallResponse(status: 409, contentType: "application/json", body: ByteBuffer(string: #"{"why":"no"}"#))
            },
            tool("remote", "Is elsewhere", "{}") { _ in
                let result = #"{"content":[{"type":"text","text":"T"},{"type":"image","data":"AQI=","mimeType":"image/png"}]}"#
                return CallResponse(toolResult: try JSONDocument(parsing: result, limits: .message))
            },
        ])
    }

    static func caller(_ name: String) -> Principal { Principal(consumer: name, credential: CredentialID(kind: .apiKey, name: name)) }

    func request(
        _ method: HTTPRequest.Method, _ subpath: String, _ body: String = "", by caller: String = "one", fields: HTTPFields = [:]
    ) -> InboundRequest {
        var head = HTTPRequest(method: method, scheme: "http", authority: "localhost", path: "/a2a/orders" + subpath, headerFields: fields)
        if method == .post, head.headerFields[.contentType] == nil { head.headerFields[.contentType] = "application/json" }
        var request = InboundRequest(
            head: head, host: "localhost", body: ByteBuffer(string: body), id: "r1", remoteAddress: "127.0.0.1",
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        request.principal = caller.isEmpty ? .anonymous : Self.caller(caller)
        return request
    }

    func send(_ request: InboundRequest, writer: StubResponseWriter = StubResponseWriter()) async throws -> StubResponseWriter {
        let subpath = request.path.dropFirst("/a2a/orders".count)
        try await agent.respond(to: request, subpath: subpath, writer: writer)
        return writer
    }

    /// A request over JSON-RPC.
    func rpc(
        _ method: String, _ params: String, by caller: String = "one", fields: HTTPFields = [:],
        writer: StubResponseWriter = StubResponseWriter()
    ) async throws -> StubResponseWriter {
        let body = #"{"jsonrpc":"2.0","id":7,"method":"\#(method)","params":\#(params)}"#
        return try await send(request(.post, "", body, by: caller, fields: fields), writer: writer)
    }

    /// The parameters of a message in 1.0.
    static func message(_ parts: String, task: String? = nil, extra: String = "") -> String {
        let task = task.map { #","taskId":"\#($0)""# } ?? ""
        return #"{"message":{"messageId":"m1","role":"ROLE_USER","parts":[\#(parts)]\#(task)}\#(extra)}"#
    }

    static func data(_ skill: String, _ arguments: String = "{}") -> String {
        #"{"data":{"skill":"\#(skill)","arguments":\#(arguments)}}"#
    }

    /// Sends a message in 1.0, and gives the task.
    func task(_ parts: String, task: String? = nil, extra: String = "", by caller: String = "one") async throws -> JSONValue {
        let answer = try await rpc("SendMessage", Self.message(parts, task: task, extra: extra), by: caller).json()
        return answer[path: "result", "task"] ?? answer
    }
}

extension JSONValue {
    var state: String? { self[path: "status", "state"]?.string }
    var taskID: String { self["id"]?.string ?? "" }
    subscript(_ name: String, _ index: Int) -> JSONValue? {
        let elements = Array(self[name]?.elements ?? .none)
        return elements.indices.contains(index) ? elements[index] : nil
    }
    var question: JSONValue? { self["status"]?["message"]?["parts", 1]?["data"] }
}
