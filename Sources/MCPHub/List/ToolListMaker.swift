public import HubCore
import NIOCore

/// Makes the list of a server of its tools: as one client takes it, and no longer than is wanted.
///
/// Works when a snapshot is built, never for a request, and comes to the same each time.
public struct ToolListMaker: Sendable {
    /// What came of it.
    public struct List: Sendable {
        /// The tools as they are listed, in the order given.
        public var listed: [ToolDefinition]
        /// The same tools under the same names, with all that there is to say of them.
        public var whole: [ToolDefinition]
        /// The numbers of those that the list does not say all of.
        public var short: Set<Int>
        /// How large it is.
        public var report: ListReport
        /// The tool that tells the rest, where there is one; it is listed last.
        public var describing: Tool?

        /// What tells a caller of a tool that the list does not say all of how its arguments have to be; nil for the others.
        public func hint(_ number: Int) -> (any Policy)? {
            short.contains(number) ? SchemaHint(schema: whole[number].inputSchema) : nil
        }

        /// What looks at the names of arguments before such a tool is called; nil for the others.
        public func check(_ number: Int) -> (any Policy)? {
            short.contains(number) ? ArgumentCheck(schema: whole[number].inputSchema) : nil
        }
    }

    private let profile: ClientProfile?
    private let detail: ListDetail
    private let server: String?

    /// - Parameters:
    ///   - profile: the client the list is for; nil: any.
    ///   - detail: how much it says.
    ///   - server: the name of the server, which some clients put before the names of tools.
    public init(profile: ClientProfile?, detail: ListDetail, server: String? = nil) {
        self.profile = profile
        self.detail = detail
        self.server = server
    }

    /// The list of these tools.
    public func list(_ tools: [ToolDefinition]) -> List {
        let fitted = profile.map { $0.tools(tools, server: server) } ?? tools
        let whole = zip(tools, fitted).map { tool, fitted in
            var tool = tool
            tool.name = fitted.name
            return tool
        }
        let full = fitted.reduce(0) { $0 + ToolListing.size(of: $1) }
        switch tools.isEmpty ? .full : detail {
        case .full:
            return List(listed: fitted, whole: whole, short: [], report: ListReport(tools: tools.count, bytes: full, fullBytes: full))
        case .lazy:
            return names(fitted, whole: whole, full: full)
        case .within(let tokens):
            return list(fitted, whole: whole, full: full, within: tokens)
        }
    }

    // MARK: The tool that tells the rest

    private func describing(_ tools: [ToolDefinition]) -> ToolDefinition {
        var tool = DescribeTarget.definition(besides: Set(tools.map(\.name)))
        if let profile { tool.inputSchema = profile.schema(tool.inputSchema) }
        return tool
    }

    // MARK: Names

    private func names(_ fitted: [ToolDefinition], whole: [ToolDefinition], full: Int, tokens: Int? = nil) -> List {
        let describing = describing(whole)
        let listed = fitted.map(\.lazy)
        let bytes = listed.reduce(ToolListing.size(of: describing)) { $0 + ToolListing.size(of: $1) }
        return List(
            listed: listed, whole: whole, short: Set(listed.indices),
            report: ListReport(
                tools: listed.count + 1, bytes: bytes, fullBytes: full, namesOnly: listed.map(\.name), tokens: tokens),
            describing: Tool(definition: describing, target: DescribeTarget(whole), tellsOfOthers: true))
    }

    // MARK: A budget

    /// 1. While the list is too large, the most bytes that a schema may have go down, and the schemas above it are shortened.
    /// 2. Then descriptions are cut to a line or two, hints that say what is taken for granted go, and schemas are shortened further.
    /// 3. Then the tools with the largest entries are listed by name, one after another, until it fits.
    private func list(_ fitted: [ToolDefinition], whole: [ToolDefinition], full: Int, within tokens: Int) -> List {
        guard ListReport.tokens(ofBytes: full) > tokens else {
            return List(
                listed: fitted, whole: whole, short: [],
                report: ListReport(tools: fitted.count, bytes: full, fullBytes: full, tokens: tokens))
        }
        // Where names take all there is, nothing else has room.
        let names = names(fitted, whole: whole, full: full, tokens: tokens)
        guard let describing = names.describing?.definition else { return names }
        let room = 4 * min(tokens, 1 << 32) - ToolListing.size(of: describing)
        if ListReport.tokens(ofBytes: names.report.bytes) >= tokens { return names }
        var tools = fitted.map { ShorterTool($0, describedBy: describing.name) }
        var sizes: [Int] = []
        let rounds =
            [8_192, 6_144, 4_096, 3_072, 2_048, 1_536, 1_024].map { ($0, false) } + [2_048, 1_024, 768, 512, 384, 256].map { ($0, true) }
        for (most, isBrief) in rounds {
            sizes = tools.indices.map { tools[$0].size(withSchemaOfAtMost: most, isBrief: isBrief) }
            if sizes.reduce(0, +) <= room { break }
        }
        var listed = tools.map(\.definition)
        let shortened = Set(listed.indices.filter { listed[$0] != fitted[$0] })
        var named: Set<Int> = []
        var total = sizes.reduce(0, +)
        for number in sizes.indices.sorted(by: { (sizes[$1], $0) < (sizes[$0], $1) }) where total > room {
            listed[number] = names.listed[number]
            total += ToolListing.size(of: listed[number]) - sizes[number]
            named.insert(number)
        }
        let sorted = { (numbers: Set<Int>) in numbers.sorted().map { fitted[$0].name } }
        return List(
            listed: listed, whole: whole, short: shortened.union(named),
            report: ListReport(
                tools: fitted.count + 1, bytes: total + ToolListing.size(of: describing), fullBytes: full,
                shortened: sorted(shortened.subtracting(named)), namesOnly: sorted(named), tokens: tokens),
            describing: names.describing)
    }
}

/// A tool with ever smaller schemas, made when the first of them is needed.
private struct ShorterTool {
    private let whole: ToolDefinition
    private let brief: ToolDefinition
    private let note: String
    /// From large to small, the whole one first.
    private var schemas: [ByteBuffer]
    private var isPruned = false
    private var step = 0
    private var isBrief = false

    init(_ tool: ToolDefinition, describedBy describing: String) {
        whole = tool
        brief = tool.brief
        note = "(Arguments shortened: see \(describing).)"
        schemas = [tool.inputSchema]
    }

    /// The tool as it is now.
    var definition: ToolDefinition {
        var tool = isBrief ? brief : whole
        guard step > 0 else { return tool }
        tool.inputSchema = schemas[step]
        tool.cutDescription(toScalars: 900)
        tool.description += (tool.description.isEmpty ? "" : " ") + note
        return tool
    }

    /// Takes the first schema that has at most so many bytes, or else the smallest, and gives the size of the tool's entry.
    mutating func size(withSchemaOfAtMost most: Int, isBrief: Bool) -> Int {
        self.isBrief = isBrief
        if schemas[0].readableBytes > most, !isPruned { prune() }
        step = schemas.firstIndex { $0.readableBytes <= most } ?? schemas.count - 1
        return ToolListing.size(of: definition)
    }

    private mutating func prune() {
        isPruned = true
        guard var pruner = SchemaPruner(whole.inputSchema) else { return }
        // A schema that saves no more than the note costs is none.
        var most = schemas[0].readableBytes - note.utf8.count - 1
        for step in 1...SchemaPruner.steps {
            let schema = pruner.schema(afterStep: step)
            guard schema.readableBytes < most else { continue }
            schemas.append(schema)
            most = schema.readableBytes
        }
    }
}
