import HubCore
import NIOCore

/// What a message says to an application: its text, its objects, and its files.
struct MessageContent: Sendable {
    /// All text, with line ends between parts.
    var text = ""
    /// The objects among its data, in order.
    var objects: [JSONObject] = []
    /// The parts that are files.
    var files: [MessagePart] = []

    /// Reads a message.
    init(_ message: AgentMessage) {
        var texts: [String] = []
        for part in message.parts {
            switch part.content {
            case .text(let text): texts.append(text)
            case .raw, .url: files.append(part)
            case .data(let bytes):
                // It was JSON when it came.
                guard let value = (try? JSONDocument(parsing: bytes, limits: .payload))?.root else { break }
                if value.kind == .object {
                    objects.append(JSONTree(value).object ?? [:])
                } else {
                    texts.append(value.string ?? String(buffer: bytes))
                }
            }
        }
        text = texts.joined(separator: "\n")
    }

    /// The arguments that the objects give: those in a member `inputs`, those beside a `skill` in `arguments`, or the members themselves.
    var arguments: JSONObject {
        var arguments = JSONObject()
        for object in objects {
            let inner = object["inputs"]?.object ?? object["arguments"]?.object
            for (name, value) in inner ?? object { arguments[name] = value }
        }
        return arguments
    }

    /// The skill that a message names; nil where it names none. A member `skill` without `arguments` is an argument like others.
    static func namedSkill(_ message: AgentMessage) -> String? {
        for object in MessageContent(message).objects where object["arguments"]?.object != nil {
            if let name = object["skill"]?.string { return name }
        }
        guard let metadata = message.metadata else { return nil }
        return (try? JSONDocument(parsing: metadata, limits: .payload))?.root["skillId"]?.string  // it was JSON when it came
    }
}

extension MessagePart {
    /// What kind of file it is, by its media type, or else by the end of its name.
    var fileKind: FileKind {
        let type = mediaType.flatMap { MediaType($0) }
        switch type?.essence.prefix(while: { $0 != "/" }) {
        case "image": return .image
        case "audio": return .audio
        case "video": return .video
        default: break
        }
        var name = filename ?? ""
        if case .url(let url) = content, name.isEmpty { name = String(url.prefix { $0 != "?" && $0 != "#" }) }
        let ending = name.split(separator: "/").last?.split(separator: ".", omittingEmptySubsequences: false).dropFirst().last
        return FileKind(ending: ending.map { $0.lowercased() } ?? "", type: type)
    }
}

/// The kinds of file that low-code applications tell apart.
enum FileKind: String, Sendable, Hashable {
    case image
    case document
    case audio
    case video
    /// Any other.
    case custom

    private static let endings: [(FileKind, Set<String>)] = [
        (.image, ["jpg", "jpeg", "png", "gif", "webp", "svg"]),
        (.audio, ["mp3", "m4a", "wav", "amr", "mpga"]),
        (.video, ["mp4", "mov", "mpeg", "webm"]),
        (
            .document,
            [
                "txt", "md", "mdx", "markdown", "pdf", "html", "htm", "xlsx", "xls", "docx", "doc", "csv", "eml", "msg", "pptx", "ppt",
                "xml",
                "epub", "json", "vtt", "properties",
            ]
        ),
    ]

    /// The kind of a file whose name ends so; without an ending, of its type.
    fileprivate init(ending: String, type: MediaType?) {
        let known = Self.endings.first { $0.1.contains(ending) }?.0
        self = known ?? (type.map { $0.isText || $0.isJSON || $0.essence == "application/pdf" } == true ? .document : .custom)
    }
}
