import HubCore
import NIOCore

/// The two tools that find and call the others of an entry.
///
/// What they say of themselves changes from caller to caller in nothing, so that the list that shows them is the same for all, and
/// sessions need not remember what was found: every tool is called by its name at any time.
struct MetaTools: Sendable {
    /// The name of the tool that finds others.
    let search: String
    /// The name of the tool that calls others.
    let call: String
    private static let maximumServersTold = 40

    /// Named so that no tool has their names.
    init(besides names: Set<String>) {
        func free(_ wanted: String) -> String {
            var (name, round) = (wanted, 1)
            while names.contains(name) {
                round += 1
                name = "\(wanted)_\(round)"
            }
            return name
        }
        (search, call) = (free("search_tools"), free("call_tool"))
    }

    /// Both, as they are listed.
    ///
    /// - Parameters:
    ///   - tools: what is found.
    ///   - routing: how they are found.
    func tools(for tools: FindableTools, _ routing: ToolRouting) -> [Tool] {
        [
            Tool(
                definition: searchDefinition(tools, routing), target: SearchTarget(tools, limit: routing.limit), tellsOfOthers: true),
            Tool(definition: callDefinition, target: CallNothingTarget(), tellsOfOthers: true),
        ]
    }

    private func searchDefinition(_ tools: FindableTools, _ routing: ToolRouting) -> ToolDefinition {
        var text = """
            Finds tools by what they do. More tools can be used here than are listed: describe what a tool should do, one need a call, then \
            call what was found with \(call). Returns names, descriptions and the schemas of arguments.
            """
        let servers = routing.tellsServers ? tools.servers : []
        let lines = servers.prefix(Self.maximumServersTold).map { server in
            let line = server.purpose?.split(separator: "\n").first.map { ": " + $0.prefix(160) } ?? ""
            return "\n- \(server.name)\(line)"
        }
        if servers.count > 1 { text += "\nThere are tools of these servers:" + lines.joined() }
        if servers.count > Self.maximumServersTold { text += "\n- and \(servers.count - Self.maximumServersTold) more" }
        return ToolDefinition(
            name: search, title: "Search tools", description: text,
            inputSchema: ByteBuffer(
                string: """
                    {"type":"object","properties":{"query":{"type":"string","description":"What the tool should do, in a few words."},\
                    "limit":{"type":"integer","description":"The most tools to return; \(routing.limit) where it is left out."},\
                    "server":{"type":"string","description":"Only tools of this server."}},"required":["query"],\
                    "additionalProperties":false}
                    """),
            annotations: ToolAnnotations(readOnly: true, openWorld: false), risk: .read, operation: "search")
    }

    private var callDefinition: ToolDefinition {
        ToolDefinition(
            name: call, title: "Call a tool",
            description: "Calls a tool that \(search) found, with arguments that fit its inputSchema.",
            inputSchema: ByteBuffer(
                string: """
                    {"type":"object","properties":{"name":{"type":"string","description":"The name of the tool."},\
                    "arguments":{"type":"object","description":"Its arguments."}},"required":["name"],"additionalProperties":false}
                    """),
            annotations: ToolAnnotations(), risk: .read, operation: "call")
    }

    // MARK: Calls

    /// The tool that is called, and its arguments.
    struct Called: Sendable {
        var name: String
        var arguments: JSONValue?
        /// Whether it is called through the tool that calls others.
        var isFound = false
    }

    /// What the `params` of a call mean: where they call the tool that calls others, the tool that it is to call.
    ///
    /// Arguments that a model wrote as the text of an object are taken as that object.
    func called(_ name: String, _ arguments: JSONValue?) -> Called {
        guard name.utf8.elementsEqual(call.utf8), let inner = arguments?["name"]?.string,
            arguments?.members.allSatisfy({ $0.name.isString("name") || $0.name.isString("arguments") }) == true
        else { return Called(name: name, arguments: arguments) }
        var given = arguments?["arguments"].flatMap { $0.isNull ? nil : $0 }
        if let text = given?.string, let document = try? JSONDocument(parsing: text, limits: .message), document.root.kind == .object {
            given = document.root
        }
        return Called(name: inner, arguments: given, isFound: true)
    }
}

/// Answers a call that does not say what to call; one that does is from the start a call of what it names (`MetaTools.called`).
private struct CallNothingTarget: CallTarget {
    func perform(_ call: Call, context: CallContext) async throws -> CallResponse {
        guard call.arguments?["name"]?.kind == .string else {
            throw HubError(.invalidArguments, "argument \"name\" must be the name of the tool to call", argument: "name")
        }
        throw HubError(
            .invalidArguments, "what the tool is to be called with belongs into \"arguments\": {\"name\": …, \"arguments\": {…}}")
    }
}
