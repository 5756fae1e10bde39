import HTTPTypes
import HubCore

/// Lists narrowed to what a request says it looks for, for clients that cannot use the tools that search.
extension MCPServer {
    /// The list of the tools that fit a request best, and those that are always listed, in the order of the whole list: a list that changes
    /// little is one that caches of prompts survive. Nil where nothing can be looked for.
    func narrowed(_ view: ServerView, to query: String) -> ToolListing? {
        guard let routing = offer.routing else { return nil }
        let found = routing.tools.finder.search(query, limit: routing.limit, in: view.tools).found
        let names = routing.pinned.union(found.map(\.name))
        return ToolListing(view.tools.tools.filter { names.contains($0.definition.name) }.map(\.definition))
    }

}

extension InboundRequest {
    /// The longest request that is looked at, in UTF-8 bytes.
    private static let maximumQuery = 4096

    /// What is fixed for a call that this request makes, and what it says it looks for: `?query=`, or else the header `X-Hubd-Query`.
    var methodContext: CallContext {
        var context = context
        guard let given = parameter("query") ?? head.headerFields.value(.hubdQuery), !given.isEmpty else { return context }
        let isShort = given.utf8.count <= Self.maximumQuery
        context.query = isShort ? given : String(decoding: given.utf8.prefix(Self.maximumQuery), as: UTF8.self)
        return context
    }

    private func parameter(_ name: String) -> String? {
        guard let path = head.path, let mark = path.utf8.firstIndex(of: UInt8(ascii: "?")) else { return nil }
        let pairs = path[mark...].dropFirst().split(separator: "&", maxSplits: 32)
        return pairs.first { $0.hasPrefix(name + "=") }.map { pair in
            // A form's `+` is a space, as in every query that a library wrote.
            PercentEncoding.decodeWherePossible(String(pair.dropFirst(name.utf8.count + 1).map { $0 == "+" ? " " : $0 }))
        }
    }
}

extension HTTPField.Name {
    /// What a client looks for, in words.
    static let hubdQuery = HTTPField.Name("x-hubd-query") ?? .via
}
