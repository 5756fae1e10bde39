import HubCore

extension MediaType {
    /// How a body of the type is made of arguments; the order is the order in which types are chosen where several are offered.
    enum BodyClass: Int, Sendable, Hashable, Comparable {
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

        static func < (a: BodyClass, b: BodyClass) -> Bool { a.rawValue < b.rawValue }
    }

    /// Whether its syntax is XML (RFC 7303 §4).
    var isXML: Bool { essence == "application/xml" || essence == "text/xml" || essence.hasSuffix("+xml") }

    /// Whether its bodies are JSON values one after another (OpenAPI 3.2 §4.14.5, "Sequential Media Types").
    var isJSONSequence: Bool {
        ["application/jsonl", "application/x-ndjson", "application/ndjson", "application/x-jsonlines"].contains(essence) || isMarkedSequence
    }

    /// Whether a mark stands before each value (RFC 7464, RFC 8091).
    var isMarkedSequence: Bool { essence == "application/json-seq" || essence.hasSuffix("+json-seq") }

    /// How its bodies are written.
    var bodyClass: BodyClass {
        if essence.contains("*") { return .range }
        if isJSON { return hasJSONSuffix ? .jsonSuffix : .json }
        if essence == "application/x-www-form-urlencoded" { return .form }
        if isTextByName || essence.hasPrefix("message/") { return .other }
        if essence.hasPrefix("multipart/") { return .multipart }
        return essence.hasPrefix("text/") ? .text : .binary
    }
}
