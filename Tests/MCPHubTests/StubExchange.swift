import Crypto
import HTTPTypes
import HubCore
import Logging
import NIOConcurrencyHelpers
import NIOCore

@testable import MCPHub

/// Keeps what a handler answers. Each event is offered as it is written, so that tests wait for it instead of sleeping.
final class StubResponseWriter: ResponseWriter {
    struct Recorded: Sendable {
        var head: HTTPResponse?
        var body = ByteBuffer()
        var isEnded = false
    }

    private let state = NIOLockedValueBox(Recorded())
    let chunks: AsyncStream<String>
    private let continuation: AsyncStream<String>.Continuation

    init() {
        (chunks, continuation) = AsyncStream.makeStream()
    }

    var recorded: Recorded { state.withLockedValue { $0 } }
    var status: Int { recorded.head?.status.code ?? 0 }
    var text: String { String(buffer: recorded.body) }

    func json() throws -> JSONValue { try JSONDocument(parsing: recorded.body, limits: .message).root }

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

    static func json(_ text: String) -> StubTarget {
        StubTarget { _ in CallResponse(status: 200, contentType: "application/json", body: ByteBuffer(string: text)) }
    }
}

/// A server with the tools `echo`, which gives its arguments back, and `broken`, which fails.
struct StubHub {
    let timers = TimerTable()
    let runtime: MCPRuntime
    var server: MCPServer

    init(description: String = "Gives back what it is given.", extra: [Tool] = []) {
        runtime = MCPRuntime(masterKey: SymmetricKey(data: [UInt8](repeating: 7, count: 32)), timers: timers, version: "1.0") { 1_000 }
        server = Self.server(description: description, runtime: runtime, extra: extra)
    }

    static func server(description: String, runtime: MCPRuntime, extra: [Tool] = []) -> MCPServer {
        let echo = Tool(
            definition: definition("echo", description),
            target: StubTarget { call in
                CallResponse(status: 200, contentType: "application/json", body: call.arguments?.rawBytes ?? ByteBuffer(string: "{}"))
            })
        let broken = Tool(
            definition: definition("broken", "Fails."),
            target: StubTarget { _ in throw HubError(.upstreamFailed, "The upstream failed to answer") })
        return MCPServer(
            name: "stub", title: "Stub", version: "2.1", instructions: nil, tools: ToolSet([echo, broken] + extra),
            hosts: HostRule(names: [], allowsLoopback: true), runtime: runtime)
    }

    static func definition(_ name: String, _ description: String) -> ToolDefinition {
        ToolDefinition(
            name: name, title: "T", description: description, inputSchema: ByteBuffer(string: #"{"type":"object"}"#),
            annotations: ToolAnnotations(readOnly: true), risk: .read, operation: "GET /\(name)")
    }

    func request(_ method: HTTPRequest.Method = .post, _ body: String = "", fields: HTTPFields = [:], path: String = "/mcp/stub")
        -> InboundRequest
    {
        var head = HTTPRequest(method: method, scheme: "http", authority: "localhost", path: path, headerFields: fields)
        if method == .post, head.headerFields[.contentType] == nil { head.headerFields[.contentType] = "application/json" }
        if head.headerFields[.accept] == nil { head.headerFields[.accept] = "application/json, text/event-stream" }
        return InboundRequest(
            head: head, host: "localhost", body: ByteBuffer(string: body), id: "r1", remoteAddress: "127.0.0.1",
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
    }

    func send(
        _ request: InboundRequest, subpath: Substring = "", writer: StubResponseWriter = StubResponseWriter()
    ) async throws -> StubResponseWriter {
        try await server.respond(to: request, subpath: subpath, writer: writer)
        return writer
    }

    static let meta = #""_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientCapabilities":{}}"#

    /// A request of the modern era with its routing headers.
    func modern(
        _ method: String, params: String = "", name: String? = nil, meta: String = Self.meta,
        writer: StubResponseWriter = StubResponseWriter(), change: (inout HTTPFields) -> Void = { _ in }
    ) async throws -> StubResponseWriter {
        var fields: HTTPFields = [.mcpProtocolVersion: "2026-07-28", .mcpMethod: method]
        if let name { fields[.mcpName] = name }
        change(&fields)
        let body = #"{"jsonrpc":"2.0","id":7,"method":"\#(method)","params":{\#(params.isEmpty ? "" : params + ",")\#(meta)}}"#
        return try await send(request(.post, body, fields: fields), writer: writer)
    }

    /// Opens a handshake session.
    func initialize(_ version: String = "2025-11-25", capabilities: String = "{}") async throws -> String {
        let body =
            #"{"jsonrpc":"2.0","id":0,"method":"initialize","params":{"protocolVersion":"\#(version)","capabilities":\#(capabilities),"clientInfo":{"name":"t","version":"1"}}}"#
        return try await send(request(.post, body)).recorded.head?.headerFields[.mcpSessionID] ?? ""
    }

    func inSession(
        _ session: String, _ body: String, writer: StubResponseWriter = StubResponseWriter()
    ) async throws -> StubResponseWriter {
        try await send(request(.post, body, fields: [.mcpSessionID: session]), writer: writer)
    }
}
