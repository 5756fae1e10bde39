public import HubCore

/// Which tools of a server lead to which pages (extension `io.modelcontextprotocol/ui`).
struct PageLinks: Sendable {
    private struct Link {
        var tool: String
        var origin: any MCPOrigin
    }

    private let links: [String: [Link]]

    init(_ tools: ToolSet) {
        var links: [String: [Link]] = [:]
        for tool in tools.tools {
            guard let uri = tool.definition.page, let target = tool.target.innermost as? OriginToolTarget else { continue }
            links[uri, default: []].append(Link(tool: tool.definition.name, origin: target.origin))
        }
        self.links = links
    }

    /// Whether there is none.
    var isEmpty: Bool { links.isEmpty }

    /// Where a page is that one of these tools leads to; nil where none does.
    func origin(ofPage uri: String, in visible: ToolSet) -> (any MCPOrigin)? {
        links[uri]?.first { visible[$0.tool] != nil }?.origin
    }

    /// Whether an address is that of a page.
    static func isPage(_ uri: String) -> Bool { uri.prefix(5).lowercased() == "ui://" }
}

extension ToolDefinition {
    /// The address of the page that shows the tool's answers, where it has one: in its own place, or in that of the drafts. Others than `ui://`
    /// are none: a tool opens no other resources.
    public var page: String? {
        // It was JSON when it was listed; a `_meta` that is none leads nowhere.
        guard let meta, let members = try? JSONDocument(parsing: meta, limits: .payload).root else { return nil }
        guard let uri = (members["ui"]?["resourceUri"] ?? members["ui/resourceUri"])?.string, PageLinks.isPage(uri) else { return nil }
        return uri
    }
}
