import NIOCore

/// What changed between two records of a tool, for the operator who decides whether to approve it again.
///
/// Texts are compared scalar by scalar: two that look the same are two. Bounded in the number of changes and in the length of each; `isCut`
/// says when there was more.
public struct DefinitionDifference: Sendable, Hashable {
    /// One value that changed, appeared or went.
    public struct Change: Sendable, Hashable {
        /// Where, as a JSON pointer (RFC 6901) that can be read.
        public var pointer: String
        /// What it was, as `VisibleText` shows it; nil where it was not there. A long text that changed is shown around the change.
        public var old: String?
        /// What it is; nil where it is gone.
        public var new: String?
    }

    /// The most changes that are told.
    public static let maximumChanges = 256
    /// The most characters of a text that are shown.
    static let shownLength = 4_096

    /// The changes, in the order of the canonical form.
    public private(set) var changes: [Change] = []
    /// Whether there are changes that are not told, or texts that are not shown as a whole.
    public private(set) var isCut = false

    /// What changed from one record to another.
    public init(from old: DefinitionRecord, to new: DefinitionRecord) {
        guard old != new else { return }
        var path: [String] = []
        compare(old.document.root, new.document.root, at: &path)
    }

    /// Whether nothing changed.
    public var isEmpty: Bool { changes.isEmpty }

    /// The changes as lines of text: `@@ ` and the pointer, then what was (`- `) and what is (`+ `).
    public var lines: [String] {
        var lines: [String] = []
        for change in changes {
            lines.append("@@ \(change.pointer.isEmpty ? "/" : change.pointer)")
            for (sign, text) in [("- ", change.old), ("+ ", change.new)] {
                guard let text else { continue }
                lines += text.split(separator: "\n", omittingEmptySubsequences: false).map { sign + $0 }
            }
        }
        if isCut { lines.append("… more was cut") }
        return lines
    }

    // MARK: Walking both

    private mutating func compare(_ old: JSONValue?, _ new: JSONValue?, at path: inout [String]) {
        guard changes.count < Self.maximumChanges else {
            isCut = true
            return
        }
        // Both are canonical: what is the same is the same bytes.
        if let old, let new, old.rawBytes == new.rawBytes { return }
        switch (old?.kind, new?.kind) {
        case (.object, .object), (.object, nil), (nil, .object):
            if old?.count ?? 0 > 0 || new?.count ?? 0 > 0 { return compareMembers(old, new, at: &path) }
        case (.array, .array), (.array, nil), (nil, .array):
            if old?.count ?? 0 > 0 || new?.count ?? 0 > 0 { return compareElements(old, new, at: &path) }
        default: break
        }
        add(old, new, at: path)
    }

    private mutating func compareMembers(_ old: JSONValue?, _ new: JSONValue?, at path: inout [String]) {
        var olds = old?.members ?? .none
        var news = new?.members ?? .none
        var (left, right) = (olds.next(), news.next())
        while left != nil || right != nil {
            let leftName = left?.name.string
            let rightName = right?.name.string
            let isLeft = rightName.map { right in leftName.map { $0.utf16.lexicographicallyPrecedes(right.utf16) } ?? false } ?? true
            let isRight = leftName.map { left in rightName.map { $0.utf16.lexicographicallyPrecedes(left.utf16) } ?? false } ?? true
            let name = isRight ? rightName : leftName
            path.append(name ?? "")
            compare(isRight ? nil : left?.value, isLeft ? nil : right?.value, at: &path)
            path.removeLast()
            if !isRight { left = olds.next() }
            if !isLeft { right = news.next() }
            if isCut, changes.count >= Self.maximumChanges { return }
        }
    }

    /// What begins and ends alike is left out, so that one element more in front is one change.
    private mutating func compareElements(_ old: JSONValue?, _ new: JSONValue?, at path: inout [String]) {
        var olds = Array(old?.elements ?? .none)[...]
        var news = Array(new?.elements ?? .none)[...]
        while let a = olds.first, let b = news.first, a.rawBytes == b.rawBytes {
            olds.removeFirst()
            news.removeFirst()
        }
        while let a = olds.last, let b = news.last, a.rawBytes == b.rawBytes {
            olds.removeLast()
            news.removeLast()
        }
        let start = max(olds.startIndex, news.startIndex)
        for place in start..<max(olds.endIndex, news.endIndex, start) {
            let left = olds.indices.contains(place) ? olds[place] : nil
            let right = news.indices.contains(place) ? news[place] : nil
            path.append(String(place))
            compare(left, right, at: &path)
            path.removeLast()
            if isCut, changes.count >= Self.maximumChanges { return }
        }
    }

    // MARK: Writing a change

    private mutating func add(_ old: JSONValue?, _ new: JSONValue?, at path: [String]) {
        var (left, right) = (Self.text(of: old, beside: new), Self.text(of: new, beside: old))
        if let a = left, let b = right { (left, right) = Self.narrowed(a, b) }
        if max(left?.count ?? 0, right?.count ?? 0) > Self.shownLength { isCut = true }
        changes.append(
            Change(
                pointer: VisibleText.escape(JSONPointer.text(of: path), limit: 512),
                old: left.map { VisibleText.escape($0, keepsLines: true, limit: Self.shownLength) },
                new: right.map { VisibleText.escape($0, keepsLines: true, limit: Self.shownLength) }))
    }

    /// A string as it is, unless what it is compared with is none: `"1"` beside `1`.
    private static func text(of value: JSONValue?, beside other: JSONValue?) -> [Unicode.Scalar]? {
        guard let value else { return nil }
        if let string = value.string, other.map({ $0.kind == .string }) ?? true { return Array(string.unicodeScalars) }
        return Array(String(buffer: value.rawBytes).unicodeScalars)
    }

    /// Long texts without what they have in common at the beginning and the end.
    private static func narrowed(_ old: [Unicode.Scalar], _ new: [Unicode.Scalar]) -> ([Unicode.Scalar], [Unicode.Scalar]) {
        let context = 80
        let shorter = min(old.count, new.count)
        guard max(old.count, new.count) > 4 * context else { return (old, new) }
        var head = 0
        while head < shorter, old[head] == new[head] { head += 1 }
        var tail = 0
        while tail < shorter - head, old[old.count - 1 - tail] == new[new.count - 1 - tail] { tail += 1 }
        let (before, after) = (max(0, head - context), max(0, tail - context))
        func part(_ scalars: [Unicode.Scalar]) -> [Unicode.Scalar] {
            (before > 0 ? ["…"] : []) + scalars[before..<scalars.count - after] + (after > 0 ? ["…"] : [])
        }
        return (part(old), part(new))
    }
}
