import HubCore
import NIOCore

/// The tool that tells all about other tools, where the list does not.
struct DescribeTarget: CallTarget {
    /// The most tools that one call is told about.
    private static let maximumNames = 20
    /// Past so many bytes, no further tool is told about.
    private static let maximumBytes = 256 << 10
    private let tools: [String: ToolDefinition]

    init(_ tools: [ToolDefinition]) {
        self.tools = Dictionary(tools.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
    }

    /// How it is listed, under a name that none of `names` is.
    static func definition(besides names: Set<String>) -> ToolDefinition {
        var (name, round) = ("describe_tool", 1)
        while names.contains(name) {
            round += 1
            name = "describe_tool_\(round)"
        }
        return ToolDefinition(
            name: name, title: nil,
            description: """
                Tells all about tools of which this list says only a part: the whole description, the schema of the arguments, the shape of \
                the answer. Call it before the first use of such a tool.
                """,
            inputSchema: ByteBuffer(
                string: """
                    {"type":"object","properties":{"name":{"description":"The name of a tool, or a list of names.",\
                    "anyOf":[{"type":"string"},{"type":"array","items":{"type":"string"}}]},"output":{"type":"boolean",\
                    "description":"Whether to add the JSON Schema of the answer."}},"required":["name"],"additionalProperties":false}
                    """),
            annotations: ToolAnnotations(readOnly: true, openWorld: false), risk: .read,
            operation: "describe")
    }

    func perform(_ call: Call, context: CallContext) async throws -> CallResponse {
        let names = try Self.names(call.arguments)
        // What the caller may not see is told from what does not exist in nothing.
        let tools = names.reduce(into: [String: ToolDefinition]()) { found, name in
            if context.visibleTools.map({ $0[name] != nil }) ?? true { found[name] = self.tools[name] }
        }
        guard !tools.isEmpty else {
            throw HubError(.invalidArguments, "there is no tool \(names.map { "\"\($0.prefix(64))\"" }.joined(separator: ", "))")
        }
        var json = JSONWriter()
        json.beginObject()
        json.key("tools")
        json.beginArray()
        for name in names {
            json.beginObject()
            if json.buffer.readableBytes > Self.maximumBytes {
                json.member("name", String(name.prefix(64)))
                json.member("error", "the answer is long already: ask for this tool alone")
            } else if let tool = tools[name] {
                ToolListing.describe(tool, includesOutput: call.arguments?["output"]?.bool == true, to: &json)
            } else {
                json.member("name", String(name.prefix(64)))
                json.member("error", "there is no such tool")
            }
            json.endObject()
        }
        json.endArray()
        json.endObject()
        return CallResponse(status: 200, contentType: "application/json", body: json.buffer)
    }

    private static func names(_ arguments: JSONValue?) throws(HubError) -> [String] {
        for (name, _) in arguments?.members ?? JSONValue.Members.none where !name.isString("name") && !name.isString("output") {
            throw HubError(
                .invalidArguments, "there is no argument \"\((name.string ?? "").prefix(64))\"; there are \"name\" and \"output\"")
        }
        guard let value = arguments?["name"] else { throw HubError(.invalidArguments, "argument \"name\" is missing") }
        var names = value.string.map { [$0] } ?? value.elements.compactMap(\.string)
        // Where a choice is offered, some models write the list as text.
        if let text = value.string, text.hasPrefix("["), let list = try? JSONDocument(parsing: text, limits: .message).root {
            names = list.elements.compactMap(\.string)
        }
        guard (1...maximumNames).contains(names.count), value.kind == .string || names.count == value.count else {
            throw HubError(.invalidArguments, "argument \"name\" must be the name of a tool, or a list of at most \(maximumNames) names")
        }
        var seen: Set<String> = []
        return names.filter { seen.insert($0).inserted }
    }
}
