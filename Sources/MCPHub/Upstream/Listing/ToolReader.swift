import HubCore
import NIOCore

/// Reads one tool of a server's list.
enum ToolReader {
    /// The tool.
    ///
    /// - Parameters:
    ///   - value: an element of `tools`.
    ///   - name: its name.
    ///   - isModern: whether the server is of the modern era.
    /// - Throws: `ItemProblem` where it cannot be offered.
    static func read(_ value: JSONValue, name: String, isModern: Bool) throws(ItemProblem) -> Catalogue.Tool {
        guard let schema = value["inputSchema"], schema.kind == .object else { throw ItemProblem("its inputSchema is no object") }
        if !isModern, value[path: "execution", "taskSupport"]?.isString("required") == true {
            throw ItemProblem("it is called only as a task of 2025-11-25, which the hub does not do")
        }
        let hints = value["annotations"]
        let annotations = ToolAnnotations(
            readOnly: hints?["readOnlyHint"]?.bool, destructive: hints?["destructiveHint"]?.bool,
            idempotent: hints?["idempotentHint"]?.bool, openWorld: hints?["openWorldHint"]?.bool)
        var definition = ToolDefinition(
            name: name, title: value["title"]?.string ?? hints?["title"]?.string, description: value["description"]?.string ?? "",
            inputSchema: try inputSchema(schema), annotations: annotations, risk: risk(of: annotations), operation: "tools/call \(name)")
        if let output = value["outputSchema"], output.kind == .object {
            definition.outputSchema = output.compactBytes
            definition.listsOutputSchema = true
        }
        definition.icons = value["icons"].flatMap(ListedMembers.icons)
        definition.meta = value["_meta"].flatMap(ReservedMeta.kept)
        var tool = Catalogue.Tool(definition: definition)
        tool.mirrored = try HeaderAnnotations.read(schema)
        return tool
    }

    /// An object by its `type`, as every revision demands and clients check; where nothing is said, it is said.
    private static func inputSchema(_ schema: JSONValue) throws(ItemProblem) -> ByteBuffer {
        guard let type = schema["type"] else { return schema.replacingMember("type", with: ByteBuffer(staticString: "\"object\"")) }
        guard type.isString("object") else { throw ItemProblem("its inputSchema is not of the type object") }
        return schema.compactBytes
    }

    /// What the server says of its tool, at its word; without a word, the worst (`CONTRACT.md` §3).
    private static func risk(of annotations: ToolAnnotations) -> Risk {
        if annotations.readOnly == true { return .read }
        return annotations.destructive == false ? .write : .destructive
    }
}
