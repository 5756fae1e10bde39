public import HubCore
import NIOConcurrencyHelpers
public import NIOCore

/// The `tools` of one server as ready bytes, for each revision that asked once.
final class ToolListing: Sendable {
    private enum Shape: Hashable {
        case plain
        case annotated
        case titled
    }

    private let definitions: [ToolDefinition]
    private let ready = NIOLockedValueBox<[Shape: ByteBuffer]>([:])

    init(_ definitions: [ToolDefinition]) {
        self.definitions = definitions
    }

    /// Whether two listings read the same.
    func isSame(as other: ToolListing) -> Bool { definitions == other.definitions }

    /// The array of tools: 2024-11-05 has no annotations, and titles are from 2025-06-18 on.
    func tools(for revision: ProtocolRevision) -> ByteBuffer {
        let shape: Shape = revision < .v2025_03_26 ? .plain : revision < .v2025_06_18 ? .annotated : .titled
        return ready.withLockedValue { ready in
            if let bytes = ready[shape] { return bytes }
            var json = JSONWriter()
            json.beginArray()
            for definition in definitions { Self.write(definition, shape: shape, to: &json) }
            json.endArray()
            ready[shape] = json.buffer
            return json.buffer
        }
    }

    private static func write(_ definition: ToolDefinition, shape: Shape, to json: inout JSONWriter) {
        json.beginObject()
        json.member("name", definition.name)
        if shape == .titled, let title = definition.title { json.member("title", title) }
        json.member("description", definition.description)
        json.member("inputSchema", raw: definition.inputSchema)
        if shape != .plain { json.annotations(of: definition, includesTitle: shape == .annotated) }
        json.endObject()
    }
}

extension JSONWriter {
    /// Writes the member `annotations`.
    mutating func annotations(of definition: ToolDefinition, includesTitle: Bool) {
        key("annotations")
        beginObject()
        if includesTitle, let title = definition.title { member("title", title) }
        let annotations = definition.annotations
        if let hint = annotations.readOnly { member("readOnlyHint", hint) }
        if let hint = annotations.destructive { member("destructiveHint", hint) }
        if let hint = annotations.idempotent { member("idempotentHint", hint) }
        if let hint = annotations.openWorld { member("openWorldHint", hint) }
        endObject()
    }
}

/// The `tools/list` result that the command line prints: what the hub would list, and which operation each tool is.
public enum ToolListPrinter {
    /// `{"tools":[…]}`, each with `_meta["hubd/operation"]`.
    public static func json(_ definitions: [ToolDefinition]) -> ByteBuffer {
        var json = JSONWriter()
        json.beginObject()
        json.key("tools")
        json.beginArray()
        for definition in definitions {
            json.beginObject()
            json.member("name", definition.name)
            if let title = definition.title { json.member("title", title) }
            json.member("description", definition.description)
            json.member("inputSchema", raw: definition.inputSchema)
            json.annotations(of: definition, includesTitle: false)
            json.key("_meta")
            json.beginObject()
            json.member("hubd/operation", definition.operation)
            json.endObject()
            json.endObject()
        }
        json.endArray()
        json.endObject()
        return json.buffer
    }
}
