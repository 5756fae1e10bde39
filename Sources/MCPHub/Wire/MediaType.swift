/// A media type, as far as the choice of a content block needs it.
struct MediaType {
    /// `type/subtype` in lower case, a pair of tokens.
    let essence: String
    /// The `charset` parameter in lower case.
    let charset: String?

    /// Nil for what is no media type.
    init?(_ header: String) {
        let parts = header.split(separator: ";").map { $0.trimmingSpaces }
        guard let essence = parts.first?.lowercased() else { return nil }
        let pair = essence.split(separator: "/", omittingEmptySubsequences: false)
        guard pair.count == 2, pair.allSatisfy({ !$0.isEmpty && $0.utf8.allSatisfy(Self.isTokenByte) }) else { return nil }
        self.essence = essence
        charset = parts.dropFirst().first { $0.lowercased().hasPrefix("charset=") }
            .map { $0.dropFirst(8).filter { $0 != "\"" }.lowercased() }
    }

    var isJSON: Bool { essence == "application/json" || essence.hasSuffix("+json") || essence == "text/json" }
    var isHTML: Bool { essence == "text/html" || essence == "application/xhtml+xml" }
    var isImage: Bool { essence.hasPrefix("image/") && !isXML }
    var isAudio: Bool { essence.hasPrefix("audio/") }
    var isText: Bool { essence.hasPrefix("text/") || isXML || Self.textual.contains(essence) || essence.hasSuffix("+yaml") }
    private var isXML: Bool { essence.hasSuffix("+xml") || essence == "application/xml" }

    private static let textual: Set<String> = [
        "application/javascript", "application/ecmascript", "application/yaml", "application/x-yaml", "application/x-www-form-urlencoded",
        "application/x-ndjson", "application/jsonl", "application/json-seq", "application/graphql", "application/sql", "application/toml",
    ]

    private static func isTokenByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."), UInt8(ascii: "-"),
            UInt8(ascii: "+"), UInt8(ascii: "_"), UInt8(ascii: "!"), UInt8(ascii: "#"), UInt8(ascii: "$"), UInt8(ascii: "&"),
            UInt8(ascii: "^"):
            true
        default: false
        }
    }
}

extension Substring {
    var trimmingSpaces: Substring {
        var text = self
        while let first = text.first, first == " " || first == "\t" { text.removeFirst() }
        while let last = text.last, last == " " || last == "\t" { text.removeLast() }
        return text
    }
}
