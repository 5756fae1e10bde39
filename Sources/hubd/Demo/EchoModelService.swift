import HTTPTypes
import HubCore
import HubServer
import NIOCore

/// The demo's model: it says back what it is told, in OpenAI's chat completions, in one piece or as a stream. It knows nothing.
struct EchoModelService: HTTPResponder {
    private static let model = "echo"

    func respond(to request: InboundRequest, writer: any ResponseWriter) async throws {
        switch (request.head.method, request.path) {
        case (.get, "/v1/models"):
            try await answer(
                writer, #"{"object":"list","data":[{"id":"echo","object":"model","created":0,"owned_by":"demo"}]}"#)
        case (.post, "/v1/chat/completions"): try await complete(request, writer)
        default: try await writer.refuse(.notFound, "no such resource")
        }
    }

    private func complete(_ request: InboundRequest, _ writer: any ResponseWriter) async throws {
        guard let root = try? JSONDocument(parsing: request.body, limits: .message).root, root.kind == .object else {
            return try await writer.refuse(.badRequest, "the body is not JSON")
        }
        let words = "You said: \(Self.lastWords(in: root))"
        guard root["stream"]?.bool == true else {
            return try await answer(writer, Self.completion(words))
        }
        try await writer.begin(HTTPResponse(status: .ok, headerFields: [.contentType: "text/event-stream"]))
        for (number, word) in words.split(separator: " ").enumerated() {
            try await writer.write(Self.chunk(number == 0 ? String(word) : " \(word)", reason: nil))
        }
        try await writer.write(Self.chunk(nil, reason: "stop"))
        try await writer.write(ByteBuffer(string: "data: [DONE]\n\n"))
        try await writer.end()
    }

    /// The text of the last message of a user.
    private static func lastWords(in root: JSONValue) -> String {
        guard let message = (root["messages"]?.elements ?? .none).filter({ $0["role"]?.isString("user") ?? false }).last,
            let content = message["content"]
        else { return "" }
        return content.string ?? content.elements.compactMap { $0["text"]?.string }.joined(separator: " ")
    }

    private static func completion(_ words: String) -> String {
        String(buffer: answer("chat.completion", "message", words, reason: "stop", role: "assistant"))
    }

    private static func chunk(_ words: String?, reason: String?) -> ByteBuffer {
        let json = answer("chat.completion.chunk", "delta", words, reason: reason)
        return ByteBuffer(string: "data: \(String(buffer: json))\n\n")
    }

    /// An answer, or a piece of one, whose one choice holds `words` under `member`.
    private static func answer(_ kind: String, _ member: String, _ words: String?, reason: String?, role: String? = nil) -> ByteBuffer {
        var json = JSONWriter()
        json.beginObject()
        json.member("id", "chatcmpl-demo")
        json.member("object", kind)
        json.member("created", 0)
        json.member("model", model)
        json.key("choices")
        json.beginArray()
        json.beginObject()
        json.member("index", 0)
        json.key(member)
        json.beginObject()
        if let role { json.member("role", role) }
        if let words { json.member("content", words) }
        json.endObject()
        json.key("finish_reason")
        if let reason { json.string(reason) } else { json.null() }
        json.endObject()
        json.endArray()
        json.endObject()
        return json.buffer
    }

    private func answer(_ writer: any ResponseWriter, _ json: String) async throws {
        try await writer.respond(
            HTTPResponse(status: .ok, headerFields: [.contentType: "application/json"]), body: ByteBuffer(string: json))
    }
}
