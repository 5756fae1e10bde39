public import HTTPTypes
public import NIOCore

/// Pages of a list on their way to one answer: says how the next one is asked for, takes it, and gives the elements of all in the shape of
/// the last page.
///
/// The last page's own members are kept because they say how it goes on. A page that would pass the bounds is left out as a whole, so that
/// nothing between two pages is missing.
public struct PageFold {
    /// How a page is asked for.
    public enum Request: Sendable {
        /// At this address, as the upstream wrote it.
        case link(String)
        /// With these arguments.
        case arguments(JSONValue)
    }

    /// The page that comes next; nil where there is none.
    public private(set) var next: Request?
    /// The pages that have been taken.
    public private(set) var pageCount = 1

    private let plan: PagePlan
    private let bounds: AnswerBounds
    private let project: (JSONDocument) -> (document: JSONDocument, note: String?)
    private let path: [String]
    private var way: PagePlan.Way?
    private var arguments: JSONValue?
    private var last: JSONDocument
    private var lastItems: JSONValue
    private var parts: [ByteBuffer] = []
    private var bytes = 0
    private var itemCount = 0
    private var lastPartBytes = 0
    private var pageNumber = 1
    private var offset = 0
    private var failure: String?

    /// A fold that begins with the first page; nil where it has no elements to add to.
    ///
    /// - Parameters:
    ///   - plan: of the tool.
    ///   - bounds: what all pages together may be.
    ///   - arguments: of the call.
    ///   - first: the first page.
    ///   - fields: its header fields.
    ///   - project: what is left of a page, and what has to be said about that.
    public init?(
        _ plan: PagePlan, bounds: AnswerBounds, arguments: JSONValue?, first: JSONDocument, fields: HTTPFields,
        project: @escaping (JSONDocument) -> (document: JSONDocument, note: String?)
    ) {
        guard let path = plan.items ?? Self.itemsPath(in: first.root), let items = JSONPointer.value(at: path, in: first.root),
            items.kind == .array
        else { return nil }
        (self.plan, self.bounds, self.path, self.arguments, self.project) = (plan, bounds, path, arguments, project)
        (last, lastItems) = (first, items)
        itemCount = items.count
        next = request(after: first, items, fields)
        guard next != nil else { return }
        // Where none of the elements is shown, further pages show no more.
        if let part = part(of: first) { add(part) } else { next = nil }
    }

    /// Whether the next page may be asked for: there is one, and room for it.
    public var wantsMore: Bool {
        next != nil && failure == nil && pageCount < plan.most && itemCount < bounds.items ?? .max && bytes + lastPartBytes <= bounds.bytes
    }

    /// Takes the next page. Afterwards `wantsMore` says whether to go on.
    public mutating func take(_ page: JSONDocument, fields: HTTPFields) {
        guard let items = JSONPointer.value(at: path, in: page.root), items.kind == .array else { return fail("has another shape") }
        if let asked = next, case .arguments(let changed) = asked { arguments = changed }
        guard items.count > 0 else {
            next = nil
            if way?.isNumbered == false { last = page }  // it says that nothing follows
            return
        }
        // An upstream that does not know the argument gives the same page for ever.
        guard items.rawBytes != lastItems.rawBytes else { return next = nil }
        let part = part(of: page) ?? ByteBuffer()
        guard bytes + part.readableBytes + 1 <= bounds.bytes, itemCount + items.count <= bounds.items ?? .max else {
            lastPartBytes = bounds.bytes + 1  // no room for another one either
            return
        }
        let isShorter = items.count < lastItems.count
        add(part)
        (last, lastItems) = (page, items)
        pageCount += 1
        itemCount += items.count
        next = request(after: page, items, fields)
        if isShorter, way?.isNumbered == true { next = nil }
    }

    /// The next page could not be had; what there is stays.
    public mutating func fail(_ reason: String) { failure = reason }

    /// All elements, in the shape of the last page, and what has to be said about them.
    public var result: (bytes: ByteBuffer, notes: [String]) {
        let (shown, missing) = project(last)
        var notes = missing.map { [$0] } ?? []
        let hint = next.map { self.hint(for: $0) } ?? ""
        let all = "\(CountText.count(itemCount)) items of \(CountText.count(pageCount)) page\(pageCount == 1 ? "" : "s")"
        if let failure {
            notes += ["The page after these could not be had: it \(failure). Showing the \(all) before it.\(hint)"]
        } else if next != nil {
            notes += ["Showing the \(all); there are more.\(hint)"]
        }
        guard pageCount > 1, let items = JSONPointer.value(at: path, in: shown.root), items.kind == .array else {
            return (shown.bytes, notes)
        }
        var joined = ByteBuffer(string: "[")
        for (index, part) in parts.filter({ $0.readableBytes > 0 }).enumerated() {
            if index > 0 { joined.writeInteger(UInt8(ascii: ",")) }
            joined.writeImmutableBuffer(part)
        }
        joined.writeInteger(UInt8(ascii: "]"))
        return (shown.replacing([(items, joined)]), notes)
    }

    // MARK: Elements

    private mutating func add(_ part: ByteBuffer) {
        parts.append(part)
        lastPartBytes = part.readableBytes + 1
        bytes += lastPartBytes
    }

    /// The elements of a page that are shown, with commas between and no brackets; nil where their list is not.
    private func part(of page: JSONDocument) -> ByteBuffer? {
        guard let items = JSONPointer.value(at: path, in: project(page).document.root), items.kind == .array else { return nil }
        let text = items.compactBytes
        return text.getSlice(at: text.readerIndex + 1, length: max(0, text.readableBytes - 2)) ?? ByteBuffer()
    }

    /// Where the elements are: the root, else its largest array, else the largest of an object in it.
    private static func itemsPath(in root: JSONValue) -> [String]? {
        if root.kind == .array { return [] }
        if let name = largestArray(in: root) { return [name] }
        for (name, value) in root.members.prefix(64) where value.kind == .object {
            if let name = name.string, let inner = largestArray(in: value) { return [name, inner] }
        }
        return nil
    }

    private static func largestArray(in object: JSONValue) -> String? {
        let arrays = object.members.prefix(64).filter { $0.value.kind == .array && !["link", "links"].contains($0.name.string ?? "") }
        return arrays.max { $0.value.range.count < $1.value.range.count }?.name.string
    }

    // MARK: The next page

    private mutating func request(after page: JSONDocument, _ items: JSONValue, _ fields: HTTPFields) -> Request? {
        let signs = PageSigns(page.root, items: items)
        for candidate in way.map({ [$0] }) ?? plan.ways {
            guard let request = request(candidate, page, items, fields, signs) else { continue }
            way = candidate
            return request
        }
        return nil
    }

    private mutating func request(
        _ way: PagePlan.Way, _ page: JSONDocument, _ items: JSONValue, _ fields: HTTPFields, _ signs: PageSigns
    ) -> Request? {
        switch way {
        case .linkHeader:
            return fields.value(LinkHeader.name).flatMap(LinkHeader.next).map { .link($0) }
        case .link(let path):
            let text = path.map { JSONPointer.value(at: $0, in: page.root)?.string } ?? signs.link
            return text.flatMap { $0.isEmpty ? nil : .link($0) }
        case .cursor(let argument, let path):
            if path == nil, signs.hasMore == false { return nil }
            guard let value = path.map({ JSONPointer.value(at: $0, in: page.root) }) ?? signs.cursor, Self.isCursor(value) else {
                return nil
            }
            return arguments(with: argument, value.compactBytes)
        case .lastID(let argument):
            guard signs.hasMore != false, let id = items.elements.reduce(nil, { $1 })?["id"], Self.isCursor(id) else { return nil }
            return arguments(with: argument, id.compactBytes)
        case .offset(let argument):
            if pageCount == 1 { offset = Self.number(arguments, argument) ?? 0 }
            offset = offset.addingReportingOverflow(items.count).partialValue
            guard items.count > 0, signs.hasMore != false, offset < signs.total ?? .max else { return nil }
            return arguments(with: argument, ByteBuffer(string: String(offset)))
        case .page(let argument):
            if pageCount == 1 { pageNumber = Self.number(arguments, argument) ?? signs.page ?? plan.arguments.firstPage }
            // Pages from the first to this one, whatever number the first has.
            let place = pageNumber.subtractingReportingOverflow(plan.arguments.firstPage).partialValue.addingReportingOverflow(1)
                .partialValue
            let isAll = place == pageCount && itemCount >= signs.total ?? .max
            pageNumber = pageNumber.addingReportingOverflow(1).partialValue
            guard items.count > 0, signs.hasMore != false, !isAll, place < signs.pageCount ?? .max else { return nil }
            return arguments(with: argument, ByteBuffer(string: String(pageNumber)))
        }
    }

    /// The longest text that says where a page begins.
    private static let maximumCursor = 4_096

    private static func isCursor(_ value: JSONValue) -> Bool {
        value.kind == .number || (value.kind == .string && (1...maximumCursor).contains(value.range.count - 2))
    }

    private static func number(_ arguments: JSONValue?, _ name: String?) -> Int? {
        guard let name, let value = arguments?[name] else { return nil }
        return value.int ?? value.string.flatMap { Int($0) }
    }

    private func arguments(with name: String, _ value: ByteBuffer) -> Request? {
        let changed: ByteBuffer
        if let arguments {
            changed = arguments.replacingMember(name, with: value)
        } else {
            var json = JSONWriter()
            json.beginObject()
            json.member(name, raw: value)
            json.endObject()
            changed = json.buffer
        }
        // Nothing but the caller's own arguments and a short value: it parses, or is too large.
        return (try? JSONDocument(parsing: changed, limits: .message)).map { .arguments($0.root) }
    }

    /// How a caller goes on.
    private func hint(for request: Request) -> String {
        let names =
            [plan.arguments.cursor, plan.arguments.offset, plan.arguments.page].compactMap { $0 } + (way?.argument.map { [$0] } ?? [])
        switch request {
        case .arguments(let arguments):
            guard let name = way?.argument, let value = arguments[name] else { return "" }
            return " To go on, pass \(name)=\(String(buffer: value.compactBytes))."
        case .link(let link):
            guard let mark = link.firstIndex(of: "?") else { return "" }
            let pairs = link[link.index(after: mark)...].prefix { $0 != "#" }.split(separator: "&").compactMap { pair -> String? in
                let halves = pair.split(separator: "=", maxSplits: 1).map { PercentEncoding.decodeWherePossible($0) }
                guard halves.count == 2, halves[1].utf8.count <= Self.maximumCursor,
                    let name = plan.arguments.argument(onWire: halves[0]), names.contains(name),
                    Self.text(arguments?[name]) != halves[1]
                else { return nil }
                // Exact, as JSON: whoever passes it on has to give what was given.
                var json = JSONWriter()
                json.string(halves[1])
                return name + "=" + String(buffer: json.buffer)
            }
            return pairs.isEmpty ? "" : " To go on, pass \(pairs.joined(separator: " and "))."
        }
    }

    private static func text(_ value: JSONValue?) -> String? { value?.string ?? value?.numberText }
}

extension PagePlan.Way {
    /// Whether pages are asked for by number, whatever the page before said.
    var isNumbered: Bool {
        switch self {
        case .offset, .page: true
        case .linkHeader, .link, .cursor, .lastID: false
        }
    }

    var argument: String? {
        switch self {
        case .cursor(let argument, _), .lastID(let argument), .offset(let argument), .page(let argument): argument
        case .linkHeader, .link: nil
        }
    }
}
