/// A media type (RFC 9110 §8.3.1).
public struct MediaType: Sendable, Hashable {
    /// As it was written.
    public let text: String
    /// `type/subtype` in lower case, without parameters.
    public let essence: String

    /// The type that a message declares: a pair of tokens, and no range; nil for what is none.
    public init?(_ header: String) {
        let essence = header.prefix { $0 != ";" }.trimmingSpaces.lowercased()
        let pair = essence.split(separator: "/", omittingEmptySubsequences: false)
        guard pair.count == 2, pair.allSatisfy(ASCIISet.token.covers), !essence.contains("*") else { return nil }
        self.text = header
        self.essence = essence
    }

    /// A type as a description writes it: a type or a range such as `*/*`, and anything else with a slash that may be sent.
    public init?(described text: String) {
        let essence = text.prefix { $0 != ";" }.lowercased().filter { $0 != " " }
        guard Self.isSendable(text), essence.contains("/") else { return nil }
        self.text = text
        self.essence = essence
    }

    /// Whether a text may stand in a header field as it is.
    public static func isSendable(_ text: String) -> Bool {
        !text.isEmpty && text.utf8.count <= 255 && text.utf8.allSatisfy { $0 >= 0x20 && $0 < 0x7F }
    }

    /// The `charset` parameter in lower case.
    public var charset: String? { parameter("charset")?.lowercased() }

    /// The value of a parameter, without the quotes it may stand in (RFC 9110 §5.6.6); nil where it is not there, or empty.
    ///
    /// - Parameter name: in lower case.
    public func parameter(_ name: String) -> String? {
        var rest = text[...]
        while let semicolon = rest.firstIndex(of: ";") {
            rest = rest[rest.index(after: semicolon)...]
            guard let equals = rest.firstIndex(of: "=") else { return nil }
            let key = rest[..<equals].split(separator: ";", omittingEmptySubsequences: false).last ?? ""
            rest = rest[rest.index(after: equals)...].drop { $0 == " " || $0 == "\t" }
            let value: Substring
            if rest.first == "\"" {
                value = rest.dropFirst().prefix { $0 != "\"" }
                rest = rest[value.endIndex...].dropFirst()
            } else {
                value = rest.prefix { $0 != ";" }
                rest = rest[value.endIndex...]
            }
            if key.trimmingSpaces.lowercased() == name {
                let trimmed = value.trimmingSpaces
                return trimmed.isEmpty ? nil : String(trimmed)
            }
        }
        return nil
    }

    /// Bodies are JSON, also by a suffix (RFC 6839 §3.1).
    public var isJSON: Bool { essence == "application/json" || essence == "text/json" || hasJSONSuffix }
    /// Bodies are JSON with a meaning of their own, such as `application/problem+json`.
    public var hasJSONSuffix: Bool { essence.hasSuffix("+json") }
    /// Bodies are web pages.
    public var isHTML: Bool { essence == "text/html" || essence == "application/xhtml+xml" }
    /// Bodies are pictures that are not drawn in XML.
    public var isImage: Bool { essence.hasPrefix("image/") && !isXML }
    /// Bodies are sounds.
    public var isAudio: Bool { essence.hasPrefix("audio/") }
    /// Bodies are text that is not JSON, whatever the first half of the name says.
    public var isText: Bool { essence.hasPrefix("text/") || isTextByName || essence == "application/x-www-form-urlencoded" }
    /// Bodies are text though the type is not `text/…`.
    public var isTextByName: Bool { isXML || essence.hasSuffix("+yaml") || Self.textual.contains(essence) }
    private var isXML: Bool { essence.hasSuffix("+xml") || essence == "application/xml" || essence == "text/xml" }

    private static let textual: Set<String> = [
        "application/javascript", "application/ecmascript", "application/yaml", "application/x-yaml", "application/x-ndjson",
        "application/jsonl", "application/json-seq", "application/graphql", "application/sql", "application/toml", "application/csv",
    ]
}

extension Substring {
    /// Without the spaces and tabs at its ends.
    package var trimmingSpaces: Substring {
        var text = self
        while let first = text.first, first == " " || first == "\t" { text.removeFirst() }
        while let last = text.last, last == " " || last == "\t" { text.removeLast() }
        return text
    }
}
