public import NIOCore

/// The arguments of a tool that say which part of a list is wanted, known by their names. Made once per tool.
public struct PageArguments: Sendable, Hashable {
    /// Takes what the page before gave.
    public private(set) var cursor: String?
    /// How many elements are skipped.
    public private(set) var offset: String?
    /// Counts pages.
    public private(set) var page: String?
    /// How many elements a page has.
    public private(set) var limit: String?
    /// The number of the first page.
    private(set) var firstPage = 1
    /// Whether the cursor is the id of the last element, and not something that the answer says.
    private(set) var cursorIsLastID = false
    /// The names in the query, and the arguments that they are.
    private var wireNames: [String: String] = [:]

    private static let cursors: Set = [
        "cursor", "pagecursor", "nextcursor", "startcursor", "pagetoken", "nextpagetoken", "nexttoken", "after", "pageafter",
        "continuation",
        "continuationtoken", "marker", "paginationtoken", "bookmark", "startingtoken", "scrollid", "aftercursor", "nextpageid",
    ]
    private static let lastIDs: Set = ["startingafter", "afterid", "sinceid"]
    private static let offsets: Set = ["offset", "skip", "startat", "startindex", "pageoffset", "resultoffset"]
    private static let pages: Set = ["page", "pagenumber", "pageno", "pagenum", "pageindex", "currentpage"]
    private static let limits: Set = [
        "limit", "perpage", "pagesize", "maxresults", "pagelimit", "maxitems", "resultsperpage", "itemsperpage", "maxpagesize",
    ]
    /// Names that mean this only where a number is wanted.
    private static let numericOffsets: Set = ["start", "from", "first"]
    private static let numericLimits: Set = ["count", "size", "top", "take", "rows", "max", "results"]

    /// None.
    public init() {}

    /// Looks through the arguments of an operation.
    ///
    /// - Parameters:
    ///   - arguments: as callers name them and as they are named on the wire.
    ///   - inputSchema: their JSON Schema.
    public init(_ arguments: [(name: String, wireName: String)], inputSchema: ByteBuffer) {
        let known = arguments.compactMap { argument in Self.kind(of: argument.wireName).map { (argument, $0) } }
        // Most tools have none, and their schema is not looked at.
        guard !known.isEmpty, let schema = try? JSONDocument(parsing: inputSchema, limits: .description) else { return }
        for (argument, kind) in known {
            let property = schema.root["properties"]?[argument.name]
            guard Self.takes(kind, property?["type"]) else { continue }
            switch kind {
            case .cursor, .lastID:
                guard cursor == nil else { continue }
                (cursor, cursorIsLastID) = (argument.name, kind == .lastID)
            case .offset, .numericOffset: offset = offset ?? argument.name
            case .limit, .numericLimit: limit = limit ?? argument.name
            case .page:
                guard page == nil else { continue }
                page = argument.name
                firstPage = property?["default"]?.int ?? (property?["minimum"]?.int == 0 ? 0 : 1)
            }
            wireNames[argument.wireName] = argument.name
        }
    }

    /// The argument that a parameter of the query is.
    func argument(onWire name: String) -> String? { wireNames[name] }

    private enum Kind {
        case cursor, lastID, offset, numericOffset, page, limit, numericLimit
    }

    private static func kind(of wireName: String) -> Kind? {
        let name = PageSigns.plain(wireName)
        if cursors.contains(name) { return .cursor }
        if lastIDs.contains(name) { return .lastID }
        if offsets.contains(name) { return .offset }
        if pages.contains(name) { return .page }
        if limits.contains(name) { return .limit }
        if numericOffsets.contains(name) { return .numericOffset }
        return numericLimits.contains(name) ? .numericLimit : nil
    }

    private static func takes(_ kind: Kind, _ type: JSONValue?) -> Bool {
        let types = type?.string.map { [$0] } ?? type?.elements.compactMap(\.string) ?? []
        let isNumber = types.contains("integer") || types.contains("number")
        let isText = types.isEmpty || types.contains("string")
        switch kind {
        case .cursor, .lastID, .offset, .page, .limit: return isNumber || isText
        case .numericOffset, .numericLimit: return isNumber
        }
    }
}
