/// How an answer is made of items that come one after another.
public enum ItemFormat: Sendable, Hashable {
    /// `text/event-stream`.
    case events
    /// A JSON text on each line.
    case lines
    /// RFC 7464: a record separator before each JSON text.
    case sequence

    /// The format of answers with this `Content-Type`; nil where they are no items.
    ///
    /// - Parameters:
    ///   - contentType: the value of the field.
    ///   - declared: further types, in lower case without parameters, of which the description says that they are made of items.
    public init?(contentType: String?, declared: [String]) {
        // What nearly all answers say, without a look at its parts.
        guard let contentType, contentType != "application/json", let type = MediaType(contentType) else { return nil }
        switch type.essence {
        case "text/event-stream": self = .events
        case "application/x-ndjson", "application/ndjson", "application/jsonl", "application/x-jsonl", "application/x-jsonlines",
            "application/jsonlines", "application/x-json-stream", "application/stream+json":
            self = .lines
        case "application/json-seq": self = .sequence
        case let essence where essence.hasSuffix("+json-seq"): self = .sequence
        case let essence where declared.contains(essence) && !type.isJSON: self = .lines
        default: return nil
        }
    }
}
