import HubCore

/// What a complete result of each method must have (schema of 2026-07-28): clients that check refuse the whole answer otherwise, and tell
/// nobody why.
enum ResultShape {
    /// Whether a result has it.
    static func isSound(_ result: JSONValue, of method: OriginRequest.Method) -> Bool {
        switch method {
        case .callTool:
            guard let content = result["content"] else { return true }  // some servers leave it out beside `structuredContent`
            return content.kind == .array && content.elements.allSatisfy(isBlock)
        case .getPrompt:
            return isList(result["messages"]) { $0["role"]?.kind == .string && $0["content"].map(isBlock) ?? false }
        case .readResource: return isList(result["contents"], of: isContents)
        case .getTask, .updateTask, .cancelTask: return true  // looked at where ids are put into those of the hub
        case .complete: return isList(result[path: "completion", "values"]) { $0.kind == .string }
        }
    }

    /// `ContentBlock`
    private static func isBlock(_ block: JSONValue) -> Bool {
        switch block["type"]?.string {
        case "text": hasText(block, "text")
        case "image", "audio": hasText(block, "data") && hasText(block, "mimeType")
        case "resource_link": hasText(block, "uri") && hasText(block, "name")
        case "resource": block["resource"].map(isContents) ?? false
        default: false
        }
    }

    /// `TextResourceContents` and `BlobResourceContents`
    private static func isContents(_ contents: JSONValue) -> Bool {
        hasText(contents, "uri") && (hasText(contents, "text") || hasText(contents, "blob"))
    }

    private static func hasText(_ value: JSONValue, _ member: String) -> Bool { value[member]?.kind == .string }

    private static func isList(_ value: JSONValue?, of isElement: (JSONValue) -> Bool) -> Bool {
        value?.kind == .array && value?.elements.allSatisfy(isElement) ?? false
    }
}
