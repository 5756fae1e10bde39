/// A media type of a description, as far as it decides how a body is written.
struct MediaType: Sendable, Hashable {
    /// How a body of the type is made of arguments; the order is the order in which types are chosen where several are offered.
    enum Class: Int, Sendable, Hashable, Comparable {
        /// `application/json`.
        case json
        /// Another type whose syntax is JSON (RFC 6839 §3.1).
        case jsonSuffix
        /// `application/x-www-form-urlencoded`.
        case form
        /// `multipart/…`.
        case multipart
        /// `text/…` that is no markup of its own.
        case text
        /// Bytes.
        case binary
        /// XML and all else that is written as text.
        case other
        /// A range such as `*/*`, which says nothing.
        case range

        static func < (a: Class, b: Class) -> Bool { a.rawValue < b.rawValue }
    }

    /// As the description writes it.
    let text: String
    /// Type and subtype in lower case, without parameters.
    let essence: String

    /// A type, if `text` is one that may be sent.
    init?(_ text: String) {
        let essence = text.prefix { $0 != ";" }.lowercased().filter { $0 != " " }
        guard Self.isSendable(text), essence.contains("/") else { return nil }
        self.text = text
        self.essence = essence
    }

    /// How its bodies are written.
    var bodyClass: Class {
        if essence.contains("*") { return .range }
        switch essence {
        case "application/json", "text/json": return .json
        case "application/x-www-form-urlencoded": return .form
        case "text/xml": return .other
        case "application/xml", "application/graphql", "application/yaml", "application/x-yaml", "application/x-ndjson",
            "application/jsonl",
            "application/javascript", "application/sql", "application/csv":
            return .other
        default: break
        }
        if essence.hasSuffix("+json") { return .jsonSuffix }
        if essence.hasSuffix("+xml") || essence.hasSuffix("+yaml") { return .other }
        if essence.hasPrefix("multipart/") { return .multipart }
        if essence.hasPrefix("text/") || essence.hasPrefix("message/") { return essence.hasPrefix("text/") ? .text : .other }
        return .binary
    }

    /// Whether the text may stand in a header field as it is.
    static func isSendable(_ text: String) -> Bool {
        !text.isEmpty && text.utf8.count <= 255 && text.utf8.allSatisfy { $0 >= 0x20 && $0 < 0x7F }
    }
}
