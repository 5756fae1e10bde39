/// Finds the tools of one entry that a request in words is about: the index, and the names that calls use.
///
/// Made once for a set of tools and shared by all who see some of them. An entry that asks for no searches makes its index when somebody
/// searches it all the same.
public final class ToolFinder: Sendable {
    /// The names of the tools, in the order of the index.
    let names: [String]
    let index: ToolIndex
    private let servers: [String?]

    /// A finder of tools, by the names that calls use, which knows words of one meaning.
    public init(_ tools: [RoutableTool], synonyms: SynonymTable = .standard) {
        names = tools.map(\.name)
        servers = tools.map(\.server)
        index = ToolIndex(tools, synonyms: synonyms)
    }

    /// A tool that was found.
    public struct Found: Sendable {
        /// The name that calls use.
        public var name: String
        /// The words of the request that led to it.
        public var matched: [String]
    }

    /// What was found.
    public struct Result: Sendable {
        /// The best tools, best first.
        public var found: [Found]
        /// The words of the request that no tool has which the caller sees.
        public var unknown: [String]
    }

    /// The tools that a request is most likely about.
    ///
    /// - Parameters:
    ///   - text: what is wanted, in words.
    ///   - limit: the most tools that are wanted.
    ///   - visible: what the caller may see: nothing else has any influence on what it gets.
    ///   - server: the server whose tools alone are wanted; nil: any.
    public func search(_ text: String, limit: Int, in visible: ToolSet, server: String? = nil) -> Result {
        var tools = visible.visible(to: self)
        if let server {
            let all = tools
            tools = index.visible { all.contains($0) && servers[$0].map { $0.utf8.elementsEqual(server.utf8) } == true }
        }
        let matches = index.search(text, limit: limit, among: tools)
        return Result(found: matches.hits.map { Found(name: names[$0.tool], matched: $0.matched) }, unknown: matches.unknown)
    }

    /// The servers of the tools that a caller sees, in order.
    public func servers(in visible: ToolSet) -> [String] {
        let tools = visible.visible(to: self)
        var seen: Set<String> = []
        return servers.indices.compactMap { number in
            guard tools.contains(number), let server = servers[number], seen.insert(server).inserted else { return nil }
            return server
        }
    }
}
