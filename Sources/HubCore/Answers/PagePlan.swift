/// How the pages of one tool are put together. Made once per tool.
public struct PagePlan: Sendable {
    /// The ways to ask for the next page.
    enum Way: Sendable, Hashable {
        case linkHeader
        case link(at: [String]?)
        case cursor(argument: String, at: [String]?)
        case lastID(argument: String)
        case offset(argument: String)
        case page(argument: String)
    }

    /// The most pages of one call.
    public let most: Int
    /// Where the elements are; nil is found out from the first page.
    let items: [String]?
    /// The ways, in the order in which they are tried on the first page; the one that works is kept to.
    let ways: [Way]
    /// The arguments about pages.
    let arguments: PageArguments

    /// A plan; nil where there is nothing to put together.
    ///
    /// - Parameters:
    ///   - settings: what the operator wrote.
    ///   - arguments: of the tool.
    ///   - followsLinks: whether an address of a next page may be asked, which is for GET alone.
    public init?(_ settings: PageSettings, arguments: PageArguments, followsLinks: Bool) {
        guard settings.most > 1 else { return nil }
        switch settings.way {
        case .linkHeader: ways = [.linkHeader]
        case .link(let pointer): ways = [.link(at: JSONPointer.steps(of: pointer))]
        case .cursor(let pointer, let argument): ways = [.cursor(argument: argument, at: JSONPointer.steps(of: pointer))]
        case .offset(let argument): ways = [.offset(argument: argument)]
        case .page(let argument): ways = [.page(argument: argument)]
        case nil:
            var ways: [Way] = followsLinks ? [.linkHeader, .link(at: nil)] : []
            if let cursor = arguments.cursor {
                ways.append(arguments.cursorIsLastID ? .lastID(argument: cursor) : .cursor(argument: cursor, at: nil))
            }
            // One of both: where the first says that there is no more, the second must not ask for it.
            if let offset = arguments.offset {
                ways.append(.offset(argument: offset))
            } else if let page = arguments.page {
                ways.append(.page(argument: page))
            }
            self.ways = ways
        }
        guard !ways.isEmpty, followsLinks || !ways.contains(where: \.isLink) else { return nil }
        most = settings.most
        items = settings.items.map { JSONPointer.steps(of: $0) }
        self.arguments = arguments
    }
}

extension PagePlan.Way {
    var isLink: Bool {
        switch self {
        case .linkHeader, .link: true
        case .cursor, .lastID, .offset, .page: false
        }
    }
}
