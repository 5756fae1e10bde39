public import HubCore
import NIOConcurrencyHelpers
public import NIOCore

/// The `tools` of one server as ready bytes, for each revision that asked once.
final class ToolListing: Sendable {
    private let definitions: [ToolDefinition]
    private let ready = NIOLockedValueBox<[ProtocolRevision: ByteBuffer]>([:])

    init(_ definitions: [ToolDefinition]) {
        // What is not listed makes no list another one.
        self.definitions = definitions.map { definition in
            var definition = definition
            if !definition.listsOutputSchema { definition.outputSchema = nil }
            return definition
        }
    }

    /// Whether two listings read the same.
    func isSame(as other: ToolListing) -> Bool { definitions == other.definitions }

    /// The array of tools, with the members that the revision knows.
    func tools(for revision: ProtocolRevision) -> ByteBuffer {
        ready.withLockedValue { ready in
            if let bytes = ready[revision] { return bytes }
            var json = JSONWriter()
            json.beginArray()
            for definition in definitions {
                Self.begin(definition, revision, to: &json)
                json.endObject()
            }
            json.endArray()
            ready[revision] = json.buffer
            return json.buffer
        }
    }

    /// The bytes that a tool has in a list of the newest revision, with the comma after it.
    static func size(of definition: ToolDefinition) -> Int {
        var json = JSONWriter()
        begin(definition, .v2026_07_28, to: &json)
        json.endObject()
        return json.buffer.readableBytes + 1
    }

    /// Writes the members of all that there is to say of a tool.
    static func describe(_ definition: ToolDefinition, includesOutput: Bool, to json: inout JSONWriter) {
        var shown = definition
        shown.listsOutputSchema = false
        writeMembers(shown, .v2026_07_28, to: &json)
        guard let schema = definition.outputSchema else { return }
        if let line = ShapeLine.text(schema) { json.member("returns", line) }
        if includesOutput { json.member("outputSchema", raw: schema) }
    }

    /// Writes the tool, an open object, which the caller ends.
    fileprivate static func begin(_ definition: ToolDefinition, _ revision: ProtocolRevision, to json: inout JSONWriter) {
        json.beginObject()
        writeMembers(definition, revision, to: &json)
    }

    /// 1. Annotations are from 2025-03-26 on, and hold the title where the tool has no place for it.
    /// 2. Titles, shapes of answers and `_meta` are from 2025-06-18 on, pictures from 2025-11-25 on.
    /// 3. The shape of an answer is that of an object before 2026-07-28, as structured answers are.
    private static func writeMembers(_ definition: ToolDefinition, _ revision: ProtocolRevision, to json: inout JSONWriter) {
        json.member("name", definition.name)
        let hasOwnTitle = revision >= .v2025_06_18
        if hasOwnTitle, let title = definition.title { json.member("title", title) }
        json.member("description", definition.description)
        json.member("inputSchema", raw: definition.inputSchema)
        if revision >= .v2025_06_18, definition.listsOutputSchema, let schema = definition.outputSchema,
            revision.isModern || isOfObject(schema)
        {
            json.member("outputSchema", raw: schema)
        }
        let includesTitle = !hasOwnTitle && definition.title != nil
        if revision >= .v2025_03_26, includesTitle || definition.annotations != ToolAnnotations() {
            writeAnnotations(definition, includesTitle: includesTitle, to: &json)
        }
        if revision >= .v2025_11_25, let icons = definition.icons { json.member("icons", raw: icons) }
        if revision >= .v2025_06_18, let meta = definition.meta { json.member("_meta", raw: meta) }
    }

    private static func isOfObject(_ schema: ByteBuffer) -> Bool {
        let document = try? JSONDocument(parsing: schema, limits: .description)  // ours: it parses
        return document?.root["type"]?.isString("object") == true
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
        json(definitions, origins: [], revision: .v2024_11_05)
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
        json(definitions, origins: origins, revision: .v2025_06_18)
    }

    private static func json(_ definitions: [ToolDefinition], origins: [Origins], revision: ProtocolRevision) -> ByteBuffer {
        var json = JSONWriter()
        json.beginObject()
        json.key("tools")
        json.beginArray()
        for (index, definition) in definitions.enumerated() {
            var listed = definition
            listed.meta = nil
            ToolListing.begin(listed, revision, to: &json)
            json.key("_meta")
            json.beginObject()
            if let meta = definition.meta, let own = try? JSONDocument(parsing: meta, limits: .payload) {  // it was JSON when it was listed
                for member in own.root.members {
                    json.key(member.name)
                    json.value(member.value)
                }
            }
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
