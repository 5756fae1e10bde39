import HubCore
import NIOCore

/// What came of a message as the result of a tool (`tools/call` of 2026-07-28).
struct AgentToolResult {
    /// A task that has ended or waits, or an answer without one.
    let event: AgentEvent

    init(_ event: AgentEvent) { self.event = event }

    /// The result.
    var json: ByteBuffer {
        var json = JSONWriter()
        json.object { json in
            json.list("content", parts) { part, json in Self.write(part, to: &json) }
            json.object("structuredContent") { json in
                switch event {
                case .task(let task):
                    json.member("state", task.status.state.name(in: .v0_3))
                    json.member("taskId", task.id)
                    json.optional("contextId", task.contextID)
                case .message(let message): json.optional("contextId", message.contextID)
                case .statusUpdate, .artifactUpdate: break
                }
                let data = parts.compactMap { part in if case .data(let value) = part.content { value } else { nil } }
                if !data.isEmpty { json.list("data", data) { value, json in json.raw(value) } }
            }
            json.member("isError", isError)
        }
        return json.buffer
    }

    private var isError: Bool {
        guard case .task(let task) = event else { return false }
        return task.status.state.isTerminal && task.status.state != .completed
    }

    /// What was made, and then what was said; a task that says nothing is told by its state.
    private var parts: [MessagePart] {
        switch event {
        case .task(let task):
            let parts = task.artifacts.flatMap(\.parts) + (task.status.message?.parts ?? [])
            return parts.isEmpty ? [MessagePart(content: .text("The task is \(task.status.state.name(in: .v0_3))."))] : parts
        case .message(let message): return message.parts
        case .statusUpdate, .artifactUpdate: return []
        }
    }

    private static func write(_ part: MessagePart, to json: inout JSONWriter) {
        let type = part.mediaType.flatMap { MediaType($0) }
        json.object { json in
            switch part.content {
            case .text(let text):
                json.member("type", "text")
                json.member("text", text)
            case .data(let value):
                json.member("type", "text")
                json.key("text")
                json.string(utf8: value)
            case .raw(let bytes) where type?.isImage == true || type?.isAudio == true:
                json.member("type", type?.isImage == true ? "image" : "audio")
                json.key("data")
                json.string(utf8: Base64.encode(bytes))
                json.member("mimeType", type?.essence ?? "")
            case .raw(let bytes):
                json.member("type", "resource")
                json.object("resource") { json in
                    json.member("uri", "a2a:file/\(PercentEncoding.encode(part.filename ?? "file"))")
                    json.optional("mimeType", type?.essence)
                    json.key("blob")
                    json.string(utf8: Base64.encode(bytes))
                }
            case .url(let url):
                json.member("type", "resource_link")
                json.member("uri", url)
                json.member("name", part.filename ?? "file")
                json.optional("mimeType", type?.essence)
            }
        }
    }
}
