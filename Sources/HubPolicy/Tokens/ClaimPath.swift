public import HubCore

/// Where a claim is: `azp`, or `realm_access.roles`, whose dots lead into objects. A member that has what is left of the path as its own
/// name goes before one that the next dot leads into, so that `https://example.com/roles` is found as well.
public struct ClaimPath: Sendable, Hashable, CustomStringConvertible {
    /// As it was written.
    public let description: String
    /// What each place may be called, from the whole path to its last name.
    private let names: [(whole: String, first: String)]

    /// A path; nil for one that is empty, longer than 256 bytes or deeper than 16 names.
    public init?(_ text: String) {
        guard !text.isEmpty, text.utf8.count <= 256 else { return nil }
        var (names, rest) = ([(whole: String, first: String)](), text[...])
        while true {
            let first = rest.prefix { $0 != "." }
            names.append((String(rest), String(first)))
            guard first.endIndex < rest.endIndex else { break }
            rest = rest[rest.index(after: first.endIndex)...]
        }
        guard names.count <= 16 else { return nil }
        description = text
        self.names = names
    }

    /// What is there.
    public func value(in claims: JSONValue) -> JSONValue? {
        var place = claims
        for name in names {
            if let value = place[name.whole] { return value }
            guard let next = place[name.first] else { return nil }
            place = next
        }
        return nil
    }

    /// Equal where the texts are.
    public static func == (a: ClaimPath, b: ClaimPath) -> Bool { a.description == b.description }
    /// The text.
    public func hash(into hasher: inout Hasher) { hasher.combine(description) }
}

extension JSONValue {
    /// A string, or an array of nothing but strings, as a list; nil for all else.
    var stringList: [String]? {
        if let string { return [string] }
        guard kind == .array else { return nil }
        var list: [String] = []
        for element in elements {
            guard let text = element.string else { return nil }
            list.append(text)
        }
        return list
    }
}
