import HTTPTypes

/// The names that messages usually carry, so that most fields need no new strings for their names.
enum HTTP1FieldNames {
    /// What the framing of a message makes of a field.
    enum Meaning {
        case none
        case connection
        case contentEncoding
        case contentLength
        case expect
        case host
        case transferEncoding

        init(_ name: String) {
            switch name {
            case "connection": self = .connection
            case "content-encoding": self = .contentEncoding
            case "content-length": self = .contentLength
            case "expect": self = .expect
            case "host": self = .host
            case "transfer-encoding": self = .transferEncoding
            default: self = .none
            }
        }
    }

    private struct Known {
        var lowercased: [UInt8]
        var name: HTTPField.Name
        var meaning: Meaning
    }

    /// Lower-case, among them all with a meaning.
    static let names = [
        "accept", "accept-encoding", "accept-language", "access-control-request-headers", "access-control-request-method", "age",
        "alt-svc", "authorization", "cache-control", "connection", "content-disposition", "content-encoding", "content-language",
        "content-length", "content-type", "cookie", "date", "etag", "expect", "expires", "forwarded", "host", "if-match",
        "if-modified-since", "if-none-match", "keep-alive", "last-event-id", "last-modified", "link", "location", "mcp-method", "mcp-name",
        "mcp-protocol-version", "mcp-session-id", "openai-organization", "openai-processing-ms", "openai-version", "origin", "pragma",
        "proxy-authenticate", "referer", "retry-after", "sec-fetch-dest", "sec-fetch-mode", "sec-fetch-site", "server", "set-cookie",
        "strict-transport-security", "te", "traceparent", "tracestate", "trailer", "transfer-encoding", "upgrade", "user-agent", "vary",
        "via", "www-authenticate", "x-api-key", "x-content-type-options", "x-forwarded-for", "x-forwarded-host", "x-forwarded-proto",
        "x-frame-options", "x-ratelimit-limit-requests", "x-ratelimit-remaining-requests", "x-request-id",
    ]

    /// By `slot`, those with the same one after another.
    private static let table: [[Known]] = {
        var table = [[Known]](repeating: [], count: 256)
        for text in names {
            guard let name = HTTPField.Name(text) else { continue }  // ours: all are tokens
            let bytes = Array(text.utf8)
            table[slot(bytes.span, 0..<bytes.count)].append(Known(lowercased: bytes, name: name, meaning: Meaning(text)))
        }
        return table
    }()

    /// The name that stands in `range`, which is not empty; nil where it is no token.
    static func name(_ bytes: Span<UInt8>, _ range: Range<Int>) -> (name: HTTPField.Name, meaning: Meaning)? {
        for known in table[slot(bytes, range)] where isSame(known.lowercased.span, bytes, range) { return (known.name, known.meaning) }
        // What is not UTF-8 is no token either.
        guard let text = try? UTF8Span(validating: bytes.extracting(range)), let name = HTTPField.Name(String(copying: text)) else {
            return nil
        }
        return (name, .none)
    }

    private static func slot(_ bytes: Span<UInt8>, _ range: Range<Int>) -> Int {
        let first = bytes[range.lowerBound] | 0x20
        let last = bytes[range.upperBound - 1] | 0x20
        let middle = bytes[range.lowerBound + range.count / 2] | 0x20
        return Int((first &* 31 &+ last &* 7 &+ middle &* 3) ^ UInt8(truncatingIfNeeded: range.count &* 13))
    }

    /// Whether what stands in `range` is this, in any case.
    static func isSame(_ lowercased: Span<UInt8>, _ bytes: Span<UInt8>, _ range: Range<Int>) -> Bool {
        guard lowercased.count == range.count else { return false }
        for offset in 0..<lowercased.count {
            let byte = bytes[range.lowerBound + offset]
            let lower = byte &- UInt8(ascii: "A") < 26 ? byte | 0x20 : byte
            if lower != lowercased[offset] { return false }
        }
        return true
    }
}
