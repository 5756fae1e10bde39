import HubCore
import NIOCore

/// Members that all listed things have, read so that a client which checks each of them takes the whole list.
enum ListedMembers {
    /// The pictures of a thing that are well formed, an array; nil: none.
    static func icons(_ value: JSONValue) -> ByteBuffer? {
        var json = JSONWriter()
        json.beginArray()
        var isEmpty = true
        for icon in value.elements where isIcon(icon) {
            json.value(icon)
            isEmpty = false
        }
        json.endArray()
        return isEmpty ? nil : json.buffer
    }

    private static func isIcon(_ icon: JSONValue) -> Bool {
        guard icon["src"]?.string != nil else { return false }
        return (icon["mimeType"]?.kind ?? .string) == .string && (icon["theme"]?.kind ?? .string) == .string
            && (icon["sizes"].map { $0.kind == .array && $0.elements.allSatisfy { $0.kind == .string } } ?? true)
    }

    /// Whether these are annotations of a resource as the schemas have them.
    static func isAnnotations(_ value: JSONValue) -> Bool {
        guard value.kind == .object else { return false }
        if let audience = value["audience"] {
            guard audience.kind == .array, audience.elements.allSatisfy({ $0.isString("user") || $0.isString("assistant") }) else {
                return false
            }
        }
        if let priority = value["priority"] {
            guard let priority = priority.double, (0...1).contains(priority) else { return false }
        }
        return (value["lastModified"]?.kind ?? .string) == .string
    }

    /// Whether these are the arguments of a prompt.
    static func isPromptArguments(_ value: JSONValue) -> Bool {
        value.kind == .array
            && value.elements.allSatisfy { argument in
                argument["name"]?.string != nil && (argument["title"]?.kind ?? .string) == .string
                    && (argument["description"]?.kind ?? .string) == .string && (argument["required"].map { $0.bool != nil } ?? true)
            }
    }
}
