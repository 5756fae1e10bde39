import HubCore
import NIOCore

/// Writes what a client says for a model: text as text, data as JSON, pictures and sounds as the protocol has them.
struct ModelMessage {
    let dialect: ModelEndpoint.Dialect

    /// Whether a model can be given a part.
    static func takes(_ part: MessagePart) -> Bool {
        switch part.content {
        case .text, .data: true
        case .url(let url): part.fileKind == .image && (url.hasPrefix("https://") || url.hasPrefix("http://"))
        case .raw(let bytes): part.fileKind == .image || audioFormat(part) != nil || isText(part, bytes)
        }
    }

    private static func isText(_ part: MessagePart, _ bytes: ByteBuffer) -> Bool {
        let type = part.mediaType.flatMap { MediaType($0) }
        return (type?.isText ?? false || type?.isJSON ?? false) && String(validating: bytes.readableBytesView, as: UTF8.self) != nil
    }

    private static func audioFormat(_ part: MessagePart) -> String? {
        switch part.mediaType.flatMap({ MediaType($0) })?.essence {
        case "audio/wav", "audio/x-wav", "audio/wave": "wav"
        case "audio/mpeg", "audio/mp3": "mp3"
        default: nil
        }
    }

    /// The text of a message, without its files: what is remembered of it.
    static func text(_ message: AgentMessage) -> String {
        message.parts.compactMap { part -> String? in
            switch part.content {
            case .text(let text): text
            case .data(let bytes): String(buffer: bytes)
            case .raw, .url: part.filename.map { "[file \($0)]" }
            }
        }.joined(separator: "\n")
    }

    /// The content of a request's last message: a text where it is one alone, which every endpoint takes.
    func content(_ message: AgentMessage) -> JSONTree {
        if message.parts.count == 1, case .text(let text)? = message.parts.first?.content { return .string(text) }
        return .array(message.parts.map(part))
    }

    private func part(_ part: MessagePart) -> JSONTree {
        switch part.content {
        case .text(let text): return self.text(text)
        case .data(let bytes): return text(String(buffer: bytes))
        case .url(let url): return image(url)
        case .raw(let bytes):
            if let format = Self.audioFormat(part) {
                let sound: JSONObject = ["data": .string(String(buffer: Base64.encode(bytes))), "format": .string(format)]
                return .object(["type": .string("input_audio"), "input_audio": .object(sound)])
            }
            guard part.fileKind == .image else { return text((part.filename.map { "\($0):\n" } ?? "") + String(buffer: bytes)) }
            let type = part.mediaType.flatMap { MediaType($0) }?.essence ?? "image/png"
            return image("data:\(type);base64,\(String(buffer: Base64.encode(bytes)))")
        }
    }

    private func text(_ text: String) -> JSONTree {
        .object(["type": .string(dialect == .chat ? "text" : "input_text"), "text": .string(text)])
    }

    private func image(_ url: String) -> JSONTree {
        switch dialect {
        case .chat: .object(["type": .string("image_url"), "image_url": .object(["url": .string(url)])])
        case .responses: .object(["type": .string("input_image"), "image_url": .string(url)])
        }
    }
}
