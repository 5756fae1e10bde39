import HTTPTypes

/// What a page of a list says about itself and the page after it, found by the names that APIs have for it.
struct PageSigns {
    /// The address of the next page.
    private(set) var link: String?
    /// What the next page is asked for with.
    private(set) var cursor: JSONValue?
    /// Whether there is a next page.
    private(set) var hasMore: Bool?
    /// The elements of all pages.
    private(set) var total: Int?
    /// The pages.
    private(set) var pageCount: Int?
    /// The number of this page.
    private(set) var page: Int?

    private static let maximumMembers = 64
    private static let links: Set = [
        "nextpageurl", "nexturl", "nextlink", "odatanextlink", "nextrecordsurl", "nexthref", "nextpagelink", "nextpageuri", "nexturi",
    ]
    private static let cursors: Set = [
        "nextpagetoken", "nextcursor", "nexttoken", "nextpagecursor", "nextmarker", "continuationtoken", "nextcontinuationtoken",
        "endcursor", "paginationtoken", "nextpageid", "nextbookmark", "nextcontinuation", "cursornext", "scrollid",
    ]
    private static let more: Set = [
        "hasmore", "hasnext", "hasnextpage", "more", "istruncated", "hasmoreitems", "moreavailable", "truncated",
    ]
    private static let last: Set = ["islast", "islastpage", "last", "lastpage"]
    private static let totals: Set = ["total", "totalcount", "totalitems", "totalresults", "totalrecords", "totalelements", "totalsize"]
    private static let pageCounts: Set = ["totalpages", "pagecount", "pages", "lastpage", "numpages", "pagestotal", "maxpage"]
    private static let pageNumbers: Set = ["page", "currentpage", "pagenumber", "pageindex", "number"]
    /// Objects about the list, in which short names mean it.
    private static let envelopes: Set = [
        "meta", "metadata", "pagination", "paging", "paginginfo", "pageinfo", "page", "pages", "responsemetadata", "cursors", "links",
        "info",
        "next", "listmeta", "search", "searchmetadata",
    ]

    /// A name in lower case, of letters and digits alone.
    static func plain(_ name: String) -> String {
        String(decoding: name.utf8.filter { ASCIISet.alphanumeric.contains($0) }, as: UTF8.self).lowercased()
    }

    /// - Parameters:
    ///   - root: the page.
    ///   - items: its elements, which are not looked into.
    init(_ root: JSONValue, items: JSONValue) {
        guard root.kind == .object else { return }
        look(into: root, items: items, isEnvelope: true, depth: 0)
    }

    private mutating func look(into object: JSONValue, items: JSONValue, isEnvelope: Bool, depth: Int) {
        for (name, value) in object.members.prefix(Self.maximumMembers) where value.index != items.index {
            let name = Self.plain(name.string ?? "")
            if value.kind == .object {
                if isEnvelope, name == "next" { readNext(value) }
                guard depth < 3 else { continue }
                look(into: value, items: items, isEnvelope: Self.envelopes.contains(name), depth: depth + 1)
            } else if value.kind == .array {
                if name == "link" || name == "links" { readLinks(value) }
            } else {
                read(name, value, isEnvelope: isEnvelope)
            }
        }
    }

    private mutating func read(_ name: String, _ value: JSONValue, isEnvelope: Bool) {
        if Self.links.contains(name) || (isEnvelope && (name == "next" || name == "nextpage")) {
            guard !value.isNull, value.string != "" else { return hasMore = hasMore ?? false }
            if let text = value.string, Self.isAddress(text) { return link = link ?? text }
            if Self.links.contains(name) { return }
        }
        if Self.cursors.contains(name) || (isEnvelope && ["next", "nextpage", "after", "cursor", "offset"].contains(name)) {
            switch value.kind {
            case .string where value.string?.isEmpty == false && (name != "offset" || Int(value.string ?? "") == nil):
                cursor = cursor ?? value
            case .number where name != "offset" && name != "cursor": cursor = cursor ?? value
            case .null, .string: if Self.cursors.contains(name) { hasMore = hasMore ?? false }
            case .true, .false, .number, .array, .object: break
            }
        }
        if let claim = value.bool {
            if Self.more.contains(name) { hasMore = claim }
            if Self.last.contains(name) { hasMore = !claim }
        }
        guard let number = value.int, isEnvelope else { return }
        if Self.totals.contains(name) { total = total ?? number }
        if Self.pageCounts.contains(name) { pageCount = pageCount ?? number }
        if Self.pageNumbers.contains(name) { page = page ?? number }
    }

    /// `"next": {"href": …}`, of HAL and its kin.
    private mutating func readNext(_ value: JSONValue) {
        let target = value["href"] ?? value["url"] ?? value["link"]
        if let text = target?.string, Self.isAddress(text) { link = link ?? text }
    }

    /// `"links": [{"rel": "next", "href": …}]`, of Atom and its kin.
    private mutating func readLinks(_ list: JSONValue) {
        for entry in list.elements.prefix(Self.maximumMembers) where (entry["rel"] ?? entry["relation"])?.isString("next") == true {
            if let text = (entry["href"] ?? entry["url"])?.string, Self.isAddress(text) { link = link ?? text }
        }
    }

    static func isAddress(_ text: String) -> Bool {
        text.hasPrefix("https://") || text.hasPrefix("http://") || text.hasPrefix("/") || text.hasPrefix("?")
    }
}

/// The `Link` header (RFC 8288).
enum LinkHeader {
    /// Its name: a token, so that the failable initialiser cannot fail.
    static let name = HTTPField.Name("link") ?? .via

    /// The address of the relation `next`.
    static func next(_ header: String) -> String? {
        var rest = header[...]
        while let open = rest.firstIndex(of: "<"), let close = rest[open...].firstIndex(of: ">") {
            let target = rest[rest.index(after: open)..<close]
            rest = rest[rest.index(after: close)...]
            // Parameters end where the next link begins; a comma inside quotes does not end them.
            var (parameters, isQuoted) = ("", false)
            while let character = rest.first, isQuoted || character != "," {
                if character == "\"" { isQuoted.toggle() }
                parameters.append(character)
                rest.removeFirst()
            }
            for parameter in parameters.split(separator: ";") {
                let pair = parameter.split(separator: "=", maxSplits: 1).map(\.trimmingSpaces)
                guard pair.count == 2, pair[0].lowercased() == "rel" else { continue }
                if pair[1].filter({ $0 != "\"" }).lowercased().split(separator: " ").contains("next") { return String(target) }
            }
        }
        return nil
    }
}
