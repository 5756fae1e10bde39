import HTTPTypes
import HubCore
import Logging
import NIOConcurrencyHelpers
import NIOCore

@testable import ModelProxy

/// Keeps what an API answers. Each piece is offered as it is written, so that tests wait for it instead of sleeping.
final class StubResponseWriter: ResponseWriter {
    struct Recorded: Sendable {
        var head: HTTPResponse?
        var pieces: [String] = []
        var isEnded = false
    }

    private let state = NIOLockedValueBox(Recorded())
    let pieces: AsyncStream<String>
    private let continuation: AsyncStream<String>.Continuation
    private let hasCallerLeft: Bool

    init(hasCallerLeft: Bool = false) {
        self.hasCallerLeft = hasCallerLeft
        (pieces, continuation) = AsyncStream.makeStream()
    }

    var recorded: Recorded { state.withLockedValue { $0 } }
    var status: Int { recorded.head?.status.code ?? 0 }
    var fields: HTTPFields { recorded.head?.headerFields ?? [:] }
    var text: String { recorded.pieces.joined() }

    func error() throws -> JSONValue? { try JSONDocument(parsing: text, limits: .message).root["error"] }

    func respond(_ head: HTTPResponse, body: ByteBuffer) async throws {
        try await begin(head)
        try await write(body)
        try await end()
    }

    func begin(_ head: HTTPResponse) async throws { state.withLockedValue { $0.head = head } }

    func write(_ bytes: ByteBuffer) async throws {
        guard !hasCallerLeft else { throw ChannelError.ioOnClosedChannel }
        state.withLockedValue { $0.pieces.append(String(buffer: bytes)) }
        continuation.yield(String(buffer: bytes))
    }

    func end() async throws {
        state.withLockedValue { $0.isEnded = true }
        continuation.finish()
    }
}

/// A body that comes when the test sends it, ends as the test says, and tells whether it was given up.
final class StubStream: BodyStream {
    private let elements: AsyncThrowingStream<ByteBuffer, any Error>
    private let continuation: AsyncThrowingStream<ByteBuffer, any Error>.Continuation
    private let cancelled = NIOLockedValueBox(false)

    init(_ pieces: [String] = [], failure: (any Error)? = nil, isOpen: Bool = false) {
        (elements, continuation) = AsyncThrowingStream.makeStream()
        for piece in pieces { send(piece) }
        if !isOpen { continuation.finish(throwing: failure) }
    }

    /// A body of bytes, cut into pieces of a size.
    convenience init(_ bytes: ByteBuffer, pieces: Int = .max, failure: (any Error)? = nil, isOpen: Bool = false) {
        self.init(isOpen: true)
        var rest = bytes
        while rest.readableBytes > 0, let piece = rest.readSlice(length: min(pieces, rest.readableBytes)) { send(piece) }
        if !isOpen { finish(failure) }
    }

    var isCancelled: Bool { cancelled.withLockedValue { $0 } }

    func send(_ piece: String) { send(ByteBuffer(string: piece)) }
    func send(_ piece: ByteBuffer) { continuation.yield(piece) }
    func finish(_ failure: (any Error)? = nil) { continuation.finish(throwing: failure) }

    func next() async throws -> ByteBuffer? {
        var iterator = elements.makeAsyncIterator()  // one reader, one element at a time: a fresh iterator goes on where the last stood
        let piece = try await iterator.next()
        try Task.checkCancellation()
        return piece
    }

    func cancel() {
        cancelled.withLockedValue { $0 = true }
        continuation.finish(throwing: CancellationError())
    }
}

/// Keeps what calls used.
final class StubUsageSink: UsageSink {
    private let records = NIOLockedValueBox<[UsageRecord]>([])
    var all: [UsageRecord] { records.withLockedValue { $0 } }
    func take(_ record: UsageRecord) { records.withLockedValue { $0.append(record) } }
}

/// An API whose provider does what the test says, and what it was sent.
struct StubAPI {
    /// What reached the provider.
    final class Calls: Sendable {
        private let calls = NIOLockedValueBox<[Call]>([])
        var all: [Call] { calls.withLockedValue { $0 } }
        func add(_ call: Call) { calls.withLockedValue { $0.append(call) } }
    }

    private struct Target: CallTarget {
        let calls: Calls
        let outcome: Result<CallResponse, any Error>

        func perform(_ call: Call, context: CallContext) async throws -> CallResponse {
            calls.add(call)
            return try outcome.get()
        }
    }

    /// The time of every call, in seconds since 1970.
    static let now: Int64 = 1_700_000_000
    static let chat = #"{"model":"m","messages":[{"role":"user","content":"hi"}]}"#

    let calls = Calls()
    let timers = TimerTable()
    let usage = StubUsageSink()
    let api: ModelAPI

    init(_ outcome: Result<CallResponse, any Error>, provider: ModelProvider = ModelProvider(.openAICompatible)) {
        api = ModelAPI(
            name: "default", target: Target(calls: calls, outcome: outcome), hosts: HostRule(names: [], allowsLoopback: true),
            timers: timers, provider: provider, usage: usage, secondsSince1970: { Self.now })
    }

    /// A provider that answers with JSON.
    init(
        _ json: String = "{}", status: Int = 200, fields: HTTPFields = [:], provider: ModelProvider = ModelProvider(.openAICompatible)
    ) {
        var fields = fields
        fields[.contentType] = "application/json"
        self.init(
            .success(CallResponse(status: status, fields: fields, body: .complete(ByteBuffer(string: json)))),
            provider: provider)
    }

    /// A provider that answers with a stream.
    init(
        _ stream: StubStream, type: String = "text/event-stream; charset=utf-8", status: Int = 200,
        provider: ModelProvider = ModelProvider(.openAICompatible)
    ) {
        self.init(
            .success(CallResponse(status: status, fields: [.contentType: type], body: .stream(stream))), provider: provider)
    }

    func send(
        _ body: String = chat, method: HTTPRequest.Method = .post, path: String = "/v1/chat/completions",
        fields: HTTPFields = [.contentType: "application/json"], writer: StubResponseWriter = StubResponseWriter()
    ) async throws -> StubResponseWriter {
        let head = HTTPRequest(method: method, scheme: "http", authority: "localhost", path: path, headerFields: fields)
        let request = InboundRequest(
            head: head, host: "localhost", body: ByteBuffer(string: body), id: "r1", remoteAddress: "127.0.0.1",
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        try await api.respond(to: request, subpath: request.path, writer: writer)
        return writer
    }
}
