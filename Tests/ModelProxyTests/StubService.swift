import HTTPTypes
import HubCore
import Logging
import NIOConcurrencyHelpers
import NIOCore

@testable import ModelProxy

/// What one way to a provider does, one outcome for each call; the last is repeated.
final class StubMember: CallTarget {
    enum Outcome: Sendable {
        case json(String, status: Int = 200, fields: HTTPFields = [:])
        case stream(StubStream, type: String = "text/event-stream")
        /// A stream that has come to its end by the time it is read.
        case events(String)
        case failure(HubError)
        /// Does nothing until it is given up.
        case hang
    }

    private let state: NIOLockedValueBox<(outcomes: [Outcome], sent: [OutboundRequest])>

    init(_ outcomes: Outcome...) { state = NIOLockedValueBox((outcomes, [])) }

    var sent: [OutboundRequest] { state.withLockedValue { $0.sent } }
    var bodies: [String] { sent.map { $0.body.map { String(buffer: $0) } ?? "" } }
    var count: Int { sent.count }

    func perform(_ call: Call, context: CallContext) async throws -> CallResponse {
        guard case .message(let message) = call.content else { throw HubError(.internal, "no message") }
        let outcome = state.withLockedValue { state in
            state.sent.append(message)
            return state.outcomes.count > 1 ? state.outcomes.removeFirst() : state.outcomes[0]
        }
        switch outcome {
        case .json(let text, let status, var fields):
            fields[.contentType] = "application/json"
            return CallResponse(status: status, fields: fields, body: .complete(ByteBuffer(string: text)))
        case .stream(let stream, let type): return CallResponse(status: 200, fields: [.contentType: type], body: .stream(stream))
        case .events(let text):
            return CallResponse(status: 200, contentType: "text/event-stream", body: ByteBuffer(string: text))
        case .failure(let error): throw error
        case .hang:
            await Self.waitForCancellation()
            throw CancellationError()
        }
    }

    private static func waitForCancellation() async {
        let (stream, continuation) = AsyncStream<Never>.makeStream()
        await withTaskCancellationHandler {
            for await _ in stream {}
        } onCancel: {
            continuation.finish()
        }
    }
}

extension ModelService {
    /// A service of one provider whose members do what the test says.
    init(_ name: String, _ kind: ModelProviderKind = .openAICompatible, _ members: StubMember...) {
        self.init(
            name: name, provider: ModelProvider(kind, name: name),
            members: members.enumerated().map { Member(name: "m\($0.offset)", target: $0.element) })
    }
}

/// An API with rules, and what its calls used.
struct StubRouter {
    let timers = TimerTable()
    let usage = StubUsageSink()
    let limit: Int
    let api: ModelAPI

    init(
        _ rules: [ModelRule], limits: ModelLimits = ModelLimits(), health: ModelServiceHealth = ModelServiceHealth(),
        caching: ModelCaching? = nil, policies: [any Policy] = []
    ) {
        limit = limits.attempts
        api = ModelAPI(
            name: "default", routing: ModelRouting(rules, limits: limits), health: health, caching: caching,
            policies: policies,
            hosts: HostRule(names: [], allowsLoopback: true), timers: timers, usage: usage, secondsSince1970: { StubAPI.now })
    }

    func send(
        _ body: String = StubAPI.chat, method: HTTPRequest.Method = .post, path: String = "/v1/chat/completions", fields: HTTPFields = [:],
        id: String = "r1", writer: StubResponseWriter = StubResponseWriter()
    ) async throws -> StubResponseWriter {
        var fields = fields
        if method == .post { fields[.contentType] = "application/json" }
        let head = HTTPRequest(method: method, scheme: "http", authority: "localhost", path: path, headerFields: fields)
        let request = InboundRequest(
            head: head, host: "localhost", body: ByteBuffer(string: body), id: id, remoteAddress: "127.0.0.1",
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        try await api.respond(to: request, subpath: request.path, writer: writer)
        return writer
    }

    /// Lets time pass until the work is done.
    func send<Value: Sendable>(passing time: Duration, _ work: @escaping @Sendable () async throws -> Value) async throws -> Value {
        let ticking = Task { [timers] in
            while !Task.isCancelled {
                timers.fire(now: .now + time)
                await Task.yield()
            }
        }
        defer { ticking.cancel() }
        return try await work()
    }

    static func chat(_ model: String, isStreaming: Bool = false) -> String {
        #"{"model":"\#(model)","messages":[{"role":"user","content":"hi"}]\#(isStreaming ? #","stream":true"# : "")}"#
    }
}
