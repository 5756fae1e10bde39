import HTTPTypes
import HubCore
import NIOCore
import Testing

@testable import ModelProxy

/// A conversation at one door with a provider of one kind behind it.
struct ModelDoor: Sendable, CustomStringConvertible {
    let route: ModelRoute
    let kind: ModelProviderKind
    let provider: ModelProvider

    init(_ route: ModelRoute, _ kind: ModelProviderKind) {
        self.route = route
        self.kind = kind
        provider = ModelProvider(kind)
    }

    /// Every door for conversations, with a provider of each dialect.
    static let all = [ModelRoute.chatCompletions, .responses, .messages].flatMap { route in
        [ModelProviderKind.openAICompatible, .anthropic, .gemini, .bedrock, .ollamaNative].map { ModelDoor(route, $0) }
    }

    var description: String { "\(route) to \(kind.rawValue)" }

    /// Whether bytes pass.
    var isNative: Bool { (route, kind) == (.chatCompletions, .openAICompatible) || (route, kind) == (.messages, .anthropic) }

    var caller: CallerDialect { route.dialect([:]) }

    /// The media type of the provider's streams.
    var streamType: String {
        switch provider.dialect {
        case .chat, .messages, .gemini: "text/event-stream"
        case .converse: "application/vnd.amazon.eventstream"
        case .ollama: "application/x-ndjson"
        }
    }

    func body(isStreaming: Bool) -> String {
        let stream = isStreaming ? #","stream":true"# : ""
        return switch route {
        case .responses: #"{"model":"m","input":"hi"\#(stream)}"#
        case .messages: #"{"model":"m","max_tokens":9,"messages":[{"role":"user","content":"hi"}]\#(stream)}"#
        default: #"{"model":"m","messages":[{"role":"user","content":"hi"}]\#(stream)}"#
        }
    }

    /// The bytes of the provider's stream, and those of the same answer in one piece.
    func stream() throws -> ByteBuffer { try Golden.stream("\(provider.dialect.dialect.rawValue)-plain").bytes }
    func whole() throws -> ByteBuffer { try Golden.read("Answers/\(provider.dialect.dialect.rawValue)-plain.whole.in") }

    /// The beginning of the stream up to its first text.
    func beginning() throws -> ByteBuffer {
        var stream = AnswerStream(provider.dialect, callIDSeed: "seed")
        var beginning = ByteBuffer()
        for byte in try self.stream().readableBytesView {
            beginning.writeInteger(byte)
            let events = stream.take(ByteBuffer(bytes: [byte]))
            if events.contains(where: { event in if case .text = event { true } else { false } }) { break }
        }
        return beginning
    }

    /// What a caller is told of an answer.
    func frame(isStreaming: Bool) throws -> AnswerFrame {
        let root = try JSONDocument(parsing: body(isStreaming: isStreaming), limits: .message).root
        let prefix =
            switch caller {
            case .chat: "chatcmpl-"
            case .responses: "resp_"
            case .messages: "msg_"
            }
        return AnswerFrame(
            id: prefix + "r1", created: Int(StubAPI.now), model: "m", includesUsage: try caller.read(root).includesUsage, requestID: "r1",
            echo: caller == .responses ? ResponsesRequestReader.echo(of: root) : [])
    }

    func send(
        _ stub: StubAPI, isStreaming: Bool = true, fields: HTTPFields = [:], writer: StubResponseWriter = StubResponseWriter()
    ) async throws -> StubResponseWriter {
        var fields = fields
        fields[.contentType] = "application/json"
        return try await stub.send(body(isStreaming: isStreaming), path: route.rawValue, fields: fields, writer: writer)
    }

    /// A provider that streams.
    func stub(_ stream: StubStream) -> StubAPI { StubAPI(stream, type: streamType, provider: provider) }

    /// What an error says that is all of an answer: its type and code, as far as the dialect has them.
    func error(_ writer: StubResponseWriter) throws -> (type: String?, code: String?) {
        let root = try JSONDocument(parsing: writer.text, limits: .message).root
        if caller == .messages { #expect(root["type"]?.string == "error" && root["request_id"]?.string == "r1") }
        return (root["error"]?["type"]?.string, root["error"]?["code"]?.string)
    }
}
