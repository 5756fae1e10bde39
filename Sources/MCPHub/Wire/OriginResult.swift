import HubCore
import NIOCore

/// Puts the result of another MCP server, in the words of 2026-07-28, into those of a client's revision.
///
/// 1. Members are passed on as they stand, a large one as one piece; `_meta` and `resultType` are the reply's own affair.
/// 2. Blocks of audio are a line of text before 2025-03-26, links to resources before 2025-06-18.
/// 3. `structuredContent` is withheld before 2025-06-18, and before 2026-07-28 where it is no object; its text is what is left then.
/// 4. What is said about keeping a result goes to clients of 2026-07-28 alone.
struct OriginResult {
    /// Which result it is.
    enum Kind: Sendable {
        case tool
        case prompt
        case resource
        case completion

        fileprivate var requiredMember: String {
            switch self {
            case .tool: "content"
            case .prompt: "messages"
            case .resource: "contents"
            case .completion: "completion"
            }
        }
    }

    let revision: ProtocolRevision
    let kind: Kind

    /// The result's type; absent is complete.
    static func type(of result: JSONValue) -> String { result["resultType"]?.string ?? "complete" }

    /// Writes the members of a complete result.
    ///
    /// - Parameters:
    ///   - notes: what has to be said of it, in blocks behind it.
    ///   - distrusted: the server whose words it is, where they are not trusted: it is said before them.
    func write(_ result: JSONValue, notes: [String] = [], distrusted: String? = nil, to json: inout JSONWriter) throws(HubError) {
        guard kind == .tool || result[kind.requiredMember] != nil else {
            throw HubError(.upstreamFailed, "The server's answer is not understood")
        }
        for (name, value) in result.members {
            switch name.string {
            case "resultType", "_meta", "content": continue
            case "structuredContent": if !isShown(structured: value) { continue }
            case "ttlMs", "cacheScope": if !revision.isModern || kind != .resource { continue }
            case "messages":
                json.key(name)
                writeMessages(value, to: &json)
                continue
            default: break
            }
            json.key(name)
            json.value(value)
        }
        if kind == .tool { writeContent(of: result, notes: notes, distrusted: distrusted, to: &json) }
        if kind == .resource, revision.isModern { writeCaching(of: result, to: &json) }
    }

    /// Both members are required; a server that left one out meant nothing to be kept.
    private func writeCaching(of result: JSONValue, to json: inout JSONWriter) {
        if result["ttlMs"] == nil { json.member("ttlMs", 0) }
        if result["cacheScope"] == nil { json.member("cacheScope", "private") }
    }

    private func isShown(structured value: JSONValue) -> Bool {
        revision.isModern || (revision >= .v2025_06_18 && value.kind == .object)
    }

    // MARK: Blocks

    private func writeContent(of result: JSONValue, notes: [String], distrusted: String?, to json: inout JSONWriter) {
        json.key("content")
        let content = result["content"]
        let structured = result["structuredContent"].flatMap { isShown(structured: $0) ? nil : $0 }
        let needsText = structured != nil && (content?.count ?? 0) == 0
        if let content, revision >= .v2025_06_18, notes.isEmpty, distrusted == nil, !needsText { return json.value(content) }
        json.beginArray()
        if let distrusted { writeText(utf8: ByteBuffer(string: Distrust.notice(of: distrusted)), to: &json) }
        for block in (content?.elements ?? .none) { writeBlock(block, to: &json) }
        if needsText, let structured { writeText(utf8: structured.compactBytes, to: &json) }
        for note in notes { writeText(utf8: ByteBuffer(string: note), to: &json) }
        json.endArray()
    }

    private func writeMessages(_ messages: JSONValue, to json: inout JSONWriter) {
        guard revision < .v2025_06_18 else { return json.value(messages) }
        json.beginArray()
        for message in messages.elements {
            json.beginObject()
            for (name, value) in message.members {
                json.key(name)
                if name.isString("content") { writeBlock(value, to: &json) } else { json.value(value) }
            }
            json.endObject()
        }
        json.endArray()
    }

    private func writeBlock(_ block: JSONValue, to json: inout JSONWriter) {
        let type = block["type"]
        if revision < .v2025_03_26, type?.isString("audio") == true {
            let text = "[Audio, \(block["mimeType"]?.string ?? "of unknown type"): this version of the protocol cannot carry it]"
            return writeText(utf8: ByteBuffer(string: text), to: &json)
        }
        if revision < .v2025_06_18, type?.isString("resource_link") == true {
            let parts = [block["title"] ?? block["name"], block["uri"], block["description"]].compactMap { $0?.string }
            return writeText(utf8: ByteBuffer(string: "[Resource] " + parts.joined(separator: "\n")), to: &json)
        }
        json.value(block)
    }

    private func writeText(utf8 text: ByteBuffer, to json: inout JSONWriter) {
        json.beginObject()
        json.member("type", "text")
        json.key("text")
        json.string(utf8: text)
        json.endObject()
    }
}
