import HubCore
import MCPHub
import NIOConcurrencyHelpers
import NIOCore

/// An MCP server that repeats what it is asked.
final class StubOrigin: MCPOrigin {
    let name: String
    private let heard = NIOLockedValueBox<[String]>([])

    init(_ name: String) { self.name = name }

    /// The parameters of the requests, in order.
    var requests: [String] { heard.withLockedValue { $0 } }

    func answer(_ request: OriginRequest, context: CallContext) async throws -> JSONDocument {
        heard.withLockedValue { $0.append(String(buffer: request.params)) }
        return try JSONDocument(parsing: #"{"content":[]}"#, limits: .message)
    }

    func watch(resource uri: String) -> Bool { true }
    func unwatch(resource uri: String) {}
    func watchesSettle() async {}
}

extension Catalogue {
    /// A catalogue of tools with one argument each, of prompts, of resources, and of templates.
    static func stub(
        tools: [String] = [], prompts: [String] = [], resources: [String] = [], templates: [String] = [], problems: [String] = []
    ) -> Catalogue {
        var catalogue = Catalogue(revision: .v2026_07_28)
        catalogue.tools = tools.map { name in
            Tool(
                definition: ToolDefinition(
                    name: name, description: "Does \(name)",
                    inputSchema: ByteBuffer(string: #"{"type":"object","properties":{"a":{"type":"string"}},"required":["a"]}"#),
                    annotations: ToolAnnotations(), risk: .destructive, operation: "tools/call \(name)"))
        }
        let members = ByteBuffer(string: "{}")
        catalogue.prompts = prompts.map { Item(name: $0, members: members) }
        catalogue.resources = resources.map { Item(name: $0, uri: "test://\($0)", members: members) }
        catalogue.templates = templates.map { Item(name: $0, uri: "test://{\($0)}", members: members) }
        catalogue.problems = problems
        return catalogue
    }
}
