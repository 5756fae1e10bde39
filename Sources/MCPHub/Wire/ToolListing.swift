public import HubCore
import NIOConcurrencyHelpers
public import NIOCore

/// The `tools` of one server as ready bytes, for each revision that asked once.
final class ToolListing: Sendable {
    fileprivate enum Shape: Hashable {
        case plain
        case annotated
        case titled
    }

    private let definitions: [ToolDefinition]
    private let ready = NIOLockedValueBox<[Shape: ByteBuffer]>([:])

    init(_ definitions: [ToolDefinition]) {
        // What is not listed makes no list another one.
        self.definitions = definitions.map { definition in
            var definition = definition
            definition.outputSchema = nil
            return definition
        }
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
            for definition in definitions {
                Self.begin(definition, shape: shape, to: &json)
                json.endObject()
            }
            json.endArray()
            ready[shape] = json.buffer
            return json.buffer
        }
    }

    /// The bytes that a tool has in a list of the newest revision, with the comma after it.
    static func size(of definition: ToolDefinition) -> Int {
        var json = JSONWriter()
        begin(definition, shape: .titled, to: &json)
        json.endObject()
        return json.buffer.readableBytes + 1
    }

    /// Writes the members of all that there is to say of a tool.
    static func describe(_ definition: ToolDefinition, includesOutput: Bool, to json: inout JSONWriter) {
        writeMembers(definition, shape: .titled, to: &json)
        guard let schema = definition.outputSchema else { return }
        if let line = ShapeLine.text(schema) { json.member("returns", line) }
        if includesOutput { json.member("outputSchema", raw: schema) }
    }

    /// Writes the tool, an open object, which the caller ends.
    fileprivate static func begin(_ definition: ToolDefinition, shape: Shape, to json: inout JSONWriter) {
        json.beginObject()
        writeMembers(definition, shape: shape, to: &json)
    }

    private static func writeMembers(_ definition: ToolDefinition, shape: Shape, to json: inout JSONWriter) {
        json.member("name", definition.name)
        if shape == .titled, let title = definition.title { json.member("title", title) }
        json.member("description", definition.description)
        json.member("inputSchema", raw: definition.inputSchema)
        let hasTitle = shape == .annotated && definition.title != nil
        if shape != .plain, hasTitle || definition.annotations != ToolAnnotations() {
            writeAnnotations(definition, includesTitle: hasTitle, to: &json)
        }
    }

    private static func writeAnnotations(_ definition: ToolDefinition, includesTitle: Bool, to json: inout JSONWriter) {
        json.key("annotations")
        json.beginObject()
        if includesTitle, let title = definition.title { json.member("title", title) }
        let annotations = definition.annotations
        if let hint = annotations.readOnly { json.member("readOnlyHint", hint) }
        if let hint = annotations.destructive { json.member("destructiveHint", hint) }
        if let hint = annotations.idempotent { json.member("idempotentHint", hint) }
        if let hint = annotations.openWorld { json.member("openWorldHint", hint) }
        json.endObject()
    }
}

/// The `tools/list` result that the command line prints: what the hub would list, and which operation each tool is.
public enum ToolListPrinter {
    /// `{"tools":[…]}` of nothing but name, description, input schema and `_meta["hubd/operation"]`.
    public static func lazyJSON(_ definitions: [ToolDefinition]) -> ByteBuffer {
        json(definitions, origins: [], shape: .plain)
    }

    /// What a request of a tool is made of.
    public struct Origins: Sendable {
        /// The arguments with the place and name they have on the wire, such as `query:page[size]`.
        public var arguments: [(name: String, origin: String)]
        /// What is sent without an argument, by place and name, as JSON text.
        public var constants: [(origin: String, json: String)]

        /// Arguments and constants.
        public init(arguments: [(name: String, origin: String)], constants: [(origin: String, json: String)]) {
            self.arguments = arguments
            self.constants = constants
        }
    }

    /// `{"tools":[…]}`, each with `_meta["hubd/operation"]` and, where `origins` has an element for it, `_meta["hubd/arguments"]`
    /// and, where there are constants, `_meta["hubd/constants"]`.
    public static func json(_ definitions: [ToolDefinition], origins: [Origins] = []) -> ByteBuffer {
        json(definitions, origins: origins, shape: .titled)
    }

    private static func json(_ definitions: [ToolDefinition], origins: [Origins], shape: ToolListing.Shape) -> ByteBuffer {
        var json = JSONWriter()
        json.beginObject()
        json.key("tools")
        json.beginArray()
        for (index, definition) in definitions.enumerated() {
            ToolListing.begin(definition, shape: shape, to: &json)
            json.key("_meta")
            json.beginObject()
            json.member("hubd/operation", definition.operation)
            if origins.indices.contains(index) { write(origins[index], to: &json) }
            json.endObject()
            json.endObject()
        }
        json.endArray()
        json.endObject()
        return json.buffer
    }

    private static func write(_ origins: Origins, to json: inout JSONWriter) {
        json.key("hubd/arguments")
        json.beginObject()
        for (name, origin) in origins.arguments { json.member(name, origin) }
        json.endObject()
        guard !origins.constants.isEmpty else { return }
        json.key("hubd/constants")
        json.beginObject()
        for (origin, text) in origins.constants {
            json.key(origin)
            json.raw(text)
        }
        json.endObject()
    }
}
