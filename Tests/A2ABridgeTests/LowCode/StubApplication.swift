import HTTPTypes
import HubCore
import NIOConcurrencyHelpers
import NIOCore

@testable import A2ABridge

/// An application behind an agent: answers each request as the test says, and keeps what was asked.
final class StubApplication: CallTarget {
    struct Asked: Sendable {
        var method: HTTPRequest.Method
        var path: String
        var fields: HTTPFields
        var body: ByteBuffer
        /// The body as JSON; null where it is none.
        var json: JSONTree { (try? JSONDocument(parsing: body, limits: .message)).map { JSONTree($0.root) } ?? .null }
    }

    private let state = NIOLockedValueBox<[Asked]>([])
    private let respond: @Sendable (Asked) async throws -> CallResponse

    init(_ respond: @escaping @Sendable (Asked) async throws -> CallResponse) { self.respond = respond }

    /// What was asked so far, the description left out.
    var asked: [Asked] {
        state.withLockedValue { $0 }.filter { !["/info", "/meta"].contains($0.path) && !$0.path.hasPrefix("/parameters") }
    }
    /// All that was asked.
    var all: [Asked] { state.withLockedValue { $0 } }

    func perform(_ call: Call, context: CallContext) async throws -> CallResponse {
        guard case .message(let request) = call.content else { throw HubError(.internal, "No message") }
        let asked = Asked(method: request.method, path: request.path, fields: request.headers, body: request.body ?? ByteBuffer())
        state.withLockedValue { $0.append(asked) }
        return try await respond(asked)
    }

    static func json(_ text: String, status: Int = 200) -> CallResponse {
        CallResponse(status: status, contentType: "application/json", body: ByteBuffer(string: text))
    }

    /// An answer in events, each of which is a piece.
    static func events(_ events: [String], _ end: StubPieces.End = .whole) -> CallResponse {
        pieces(events.map { ByteBuffer(string: "data: \($0)\n\n") }, end)
    }

    static func pieces(_ pieces: [ByteBuffer], _ end: StubPieces.End = .whole) -> CallResponse {
        CallResponse(
            status: 200, fields: [.contentType: "text/event-stream; charset=utf-8"], body: .stream(StubPieces(pieces, end)))
    }
}

/// A body that comes in pieces, and ends as the test says.
final class StubPieces: BodyStream {
    enum End: Sendable {
        case whole
        case broken
        /// Waits at a gate first, says this, and is whole then.
        case gate(Gate, then: [ByteBuffer] = [])
    }

    private let pieces: NIOLockedValueBox<ArraySlice<ByteBuffer>>
    private let end: NIOLockedValueBox<End>

    init(_ pieces: [ByteBuffer], _ end: End) {
        self.pieces = NIOLockedValueBox(pieces[...])
        self.end = NIOLockedValueBox(end)
    }

    func next() async throws -> ByteBuffer? {
        if let piece = pieces.withLockedValue({ $0.popFirst() }) { return piece }
        switch end.withLockedValue({ $0 }) {
        case .whole: return nil
        case .broken: throw HubError(.upstreamFailed, "The upstream broke off")
        case .gate(let gate, let rest):
            try await gate.pass()
            end.withLockedValue { $0 = .whole }
            return pieces.withLockedValue { pieces in
                pieces = rest[...]
                return pieces.popFirst()
            }
        }
    }

    func cancel() {}
}

extension StubAgent {
    /// An agent that is an application of Dify.
    init(dify kind: DifyApplication.Kind, _ application: StubApplication, tellsProgress: Bool = true) {
        self.init(
            performer: DifyPerformer(
                application: DifyApplication(kind: kind, target: application, tellsProgress: tellsProgress),
                client: ApplicationClient(agent: "orders", tool: "orders", target: application),
                gate: SkillGate(skill: "orders", permission: nil)))
    }

    /// The statuses and artifacts of a stream, in short: the state or the text of each.
    func streamed(_ parts: String, extra: String = "") async throws -> [String] {
        try await rpc("SendStreamingMessage", Self.message(parts, extra: extra)).events().dropFirst().map { event in
            let result = event["result"]
            if let update = result?["artifactUpdate"] {
                let mark = (update["append"]?.bool == true ? "+" : "=") + (update["lastChunk"]?.bool == true ? "." : "")
                return mark + (update["artifact"]?["parts", 0]).map(Self.short)
            }
            let status = result?[path: "statusUpdate", "status"]
            let said = status?["message"]?["parts", 0]?["text"]?.string.map { ": \($0)" } ?? ""
            return (status?["state"]?.string?.dropFirst("TASK_STATE_".count).lowercased() ?? "?") + said
        }
    }

    private static func short(_ part: JSONValue) -> String {
        part["text"]?.string ?? part["url"]?.string ?? part["data"].map { String(buffer: $0.compactBytes) } ?? "raw"
    }

    /// Sends a message in a conversation, and gives the task.
    func task(_ parts: String, context: String) async throws -> JSONValue {
        let params = #"{"message":{"messageId":"m2","role":"ROLE_USER","contextId":"\#(context)","parts":[\#(parts)]}}"#
        let answer = try await rpc("SendMessage", params).json()
        return answer[path: "result", "task"] ?? answer
    }
}

private func + (mark: String, text: String?) -> String { mark + " " + (text ?? "") }

extension JSONValue {
    /// The text of an artifact.
    func text(_ artifact: Int) -> String? {
        self["artifacts", artifact].map { ($0["parts"]?.elements ?? .none).compactMap { $0["text"]?.string }.joined() }
    }
    /// JSON as text.
    var compact: String { String(buffer: compactBytes) }
}
