import HTTPTypes
import HubCore
import Logging
import NIOConcurrencyHelpers
import NIOCore

@testable import MCPHub

/// An MCP server over HTTP that answers as the test says, and keeps what it was asked.
final class StubServer: OutboundHTTP {
    struct Request: Sendable {
        let method: HTTPRequest.Method
        let path: String
        let fields: HTTPFields
        let body: JSONValue?

        var rpcMethod: String { body?["method"]?.string ?? "" }
        var id: Int { body?["id"]?.int ?? 0 }
        /// What a reader of a transcript looks for first: `POST tools/call`, `POST answer`, `GET`.
        var line: String { body.map { _ in "\(method) \(rpcMethod.isEmpty ? "answer" : rpcMethod)" } ?? "\(method)" }
    }

    let address: HTTPAddress?
    private let respond: @Sendable (Request) async throws -> CallResponse
    private let all = NIOLockedValueBox<[Request]>([])
    /// Each request as it comes.
    let arrivals: AsyncStream<Request>
    private let continuation: AsyncStream<Request>.Continuation

    init(address: String = "http://example.test/mcp", _ respond: @escaping @Sendable (Request) async throws -> CallResponse) {
        self.address = HTTPAddress(address)
        self.respond = respond
        (arrivals, continuation) = AsyncStream.makeStream()
    }

    var requests: [Request] { all.withLockedValue { $0 } }
    var lines: [String] { requests.map(\.line) }

    func send(_ request: OutboundRequest, principal: Principal, logger: Logger, deadline: NIODeadline) async throws -> CallResponse {
        let body = try request.body.map { try JSONDocument(parsing: $0, limits: .message).root }
        let path = (request.isPathWhole ? "" : address?.path ?? "") + request.path
        let request = Request(method: request.method, path: path, fields: request.headers, body: body)
        all.withLockedValue { $0.append(request) }
        continuation.yield(request)
        return try await respond(request)
    }

    /// Waits for a request with this line, and gives it.
    func arrival(of line: String) async -> Request? {
        for await request in arrivals where request.line == line { return request }
        return nil
    }

    func opener(_ timers: TimerTable = TimerTable(), era: UpstreamEra = .auto) -> HTTPSessionOpener {
        HTTPSessionOpener(http: self, timers: timers, version: "1.0", era: era, logger: .silent)
    }
}

extension Logger {
    static let silent = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
}

extension CallResponse {
    static func json(_ text: String, status: Int = 200, session: String? = nil) -> CallResponse {
        var response = CallResponse(status: status, contentType: "application/json", body: ByteBuffer(string: text))
        if let session { response.fields[.mcpSessionID] = session }
        return response
    }

    static func result(_ id: Int, _ result: String) -> CallResponse { json(#"{"jsonrpc":"2.0","id":\#(id),"result":\#(result)}"#) }

    static func error(_ id: String, _ code: Int, _ message: String = "no", data: String? = nil, status: Int = 200) -> CallResponse {
        let data = data.map { #","data":\#($0)"# } ?? ""
        return json(#"{"jsonrpc":"2.0","id":\#(id),"error":{"code":\#(code),"message":"\#(message)"\#(data)}}"#, status: status)
    }

    static func plain(_ status: Int) -> CallResponse {
        CallResponse(status: status, contentType: "text/plain", body: ByteBuffer(string: "no"))
    }

    static func events(_ body: any BodyStream) -> CallResponse {
        CallResponse(status: 200, fields: [.contentType: "text/event-stream"], body: .stream(body))
    }

    static func events(_ messages: String...) -> CallResponse {
        let text = messages.map { "event: message\ndata: \($0)\n\n" }.joined()
        return CallResponse(status: 200, contentType: "text/event-stream", body: ByteBuffer(string: text))
    }

    static let accepted = CallResponse(status: 202, fields: [:], body: .complete(ByteBuffer()))

    /// What a server of 2026-07-28 says of itself.
    static func discovered(_ id: Int, versions: String = #""2026-07-28""#, capabilities: String = "{}") -> CallResponse {
        result(
            id, #"{"resultType":"complete","supportedVersions":[\#(versions)],"capabilities":\#(capabilities),"instructions":"Use it."}"#)
    }

    /// What a server of a handshake era says of itself.
    static func initialized(
        _ id: Int, version: String = "2025-11-25", capabilities: String = "{}", session: String? = "s1"
    ) -> CallResponse {
        let result =
            #"{"protocolVersion":"\#(version)","capabilities":\#(capabilities),"serverInfo":{"name":"stub","version":"3"}}"#
        return json(#"{"jsonrpc":"2.0","id":\#(id),"result":\#(result)}"#, session: session)
    }
}

/// A body that comes when the test sends it, and tells whether it was given up.
final class StubBody: BodyStream {
    private let elements: AsyncThrowingStream<ByteBuffer, any Error>
    private let continuation: AsyncThrowingStream<ByteBuffer, any Error>.Continuation
    private let cancelled = Awaited<Void>()

    init(_ pieces: String..., isOpen: Bool = true) {
        (elements, continuation) = AsyncThrowingStream.makeStream()
        for piece in pieces { send(piece) }
        if !isOpen { continuation.finish() }
    }

    func send(bytes: [UInt8]) { continuation.yield(ByteBuffer(bytes: bytes)) }
    func send(_ piece: String) { continuation.yield(ByteBuffer(string: piece)) }
    func event(_ message: String, id: String? = nil) { send((id.map { "id: \($0)\n" } ?? "") + "data: \(message)\n\n") }
    func finish(_ failure: (any Error)? = nil) { continuation.finish(throwing: failure) }
    /// Waits until nobody reads it any more.
    func waitForEnd() async throws { try await cancelled.value() }

    func next() async throws -> ByteBuffer? {
        var iterator = elements.makeAsyncIterator()  // one reader, one element at a time: a fresh iterator goes on where the last stood
        let piece = try await iterator.next()
        try Task.checkCancellation()
        return piece
    }

    func cancel() {
        continuation.finish(throwing: CancellationError())
        cancelled.give(.success(()))
    }
}

/// Keeps what is told beside a result, and answers questions as the test says.
final class StubHandler: SessionHandler {
    private let heard = NIOLockedValueBox<[String]>([])
    private let answer: @Sendable (ClientRequest) async throws -> String

    init(_ answer: @escaping @Sendable (ClientRequest) async throws -> String = { _ in "{}" }) { self.answer = answer }

    var notifications: [String] { heard.withLockedValue { $0 } }

    func notified(_ notification: JSONRPCEnvelope) {
        heard.withLockedValue { $0.append("\(notification.method) \(notification.params.map { String(buffer: $0.rawBytes) } ?? "")") }
    }

    func asked(_ request: ClientRequest) async throws(JSONRPCError) -> ByteBuffer {
        do {
            return ByteBuffer(string: try await answer(request))
        } catch let error as JSONRPCError {
            throw error
        } catch {
            throw JSONRPCError(.cancelled, "gone")
        }
    }
}

/// Hears of changes.
final class StubObserver: SessionObserver {
    let events: AsyncStream<String>
    private let continuation: AsyncStream<String>.Continuation

    init() { (events, continuation) = AsyncStream.makeStream() }

    func changed(_ kind: ChangeKind) { continuation.yield("changed \(kind.rawValue)") }
    func updated(resource uri: String) { continuation.yield("updated \(uri)") }
    func ended(_ error: HubError?) { continuation.yield("ended \(error?.message ?? "")") }

    /// The next that is heard.
    func next() async -> String? {
        for await event in events { return event }
        return nil
    }
}

extension SessionOpener {
    func open(_ capabilities: ClientCapabilities = [], observer: StubObserver? = nil) async throws -> any UpstreamSession {
        try await open(capabilities: capabilities, observer: observer, principal: .anonymous, deadline: .distantFuture)
    }
}

extension SessionRequest {
    /// A call of a tool.
    static func call(_ tool: String = "echo", change: (inout SessionRequest) -> Void = { _ in }) -> SessionRequest {
        var request = SessionRequest(
            method: "tools/call", params: ByteBuffer(string: #"{"name":"\#(tool)"}"#), name: tool, deadline: .distantFuture)
        change(&request)
        return request
    }
}
