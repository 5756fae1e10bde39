import HTTPTypes

/// The names that messages usually carry, so that most fields need no new strings for their names.
enum HTTP1FieldNames {
    private struct Known {
        var lowercased: [UInt8]
        var name: HTTPField.Name
    }

    private static let names = [
        "accept", "accept-encoding", "accept-language", "access-control-request-headers", "access-control-request-method", "age",
        "alt-svc", "authorization", "cache-control", "connection", "content-disposition", "content-encoding", "content-language",
        "content-length", "content-type", "cookie", "date", "etag", "expect", "expires", "forwarded", "host", "if-match",
        "if-modified-since",
        "if-none-match", "keep-alive", "last-event-id", "last-modified", "link", "location", "mcp-method", "mcp-name",
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
            table[slot(bytes.span, 0..<bytes.count)].append(Known(lowercased: bytes, name: name))
        }
        return table
    }()

    /// The name that stands in `range`, which is a token and not empty.
    static func name(_ bytes: Span<UInt8>, _ range: Range<Int>) -> HTTPField.Name? {
        for known in table[slot(bytes, range)] where isSame(known.lowercased.span, bytes, range) { return known.name }
        var text = ""
        text.reserveCapacity(range.count)
        for index in range { text.unicodeScalars.append(Unicode.Scalar(bytes[index])) }
        return HTTPField.Name(text)
    }

    private static func slot(_ bytes: Span<UInt8>, _ range: Range<Int>) -> Int {
        let first = bytes[range.lowerBound] | 0x20
        let last = bytes[range.upperBound - 1] | 0x20
        let middle = bytes[range.lowerBound + range.count / 2] | 0x20
        return Int((first &* 31 &+ last &* 7 &+ middle &* 3) ^ UInt8(truncatingIfNeeded: range.count &* 13))
    }

    private static func isSame(_ lowercased: Span<UInt8>, _ bytes: Span<UInt8>, _ range: Range<Int>) -> Bool {
        guard lowercased.count == range.count else { return false }
        for offset in 0..<lowercased.count {
            let byte = bytes[range.lowerBound + offset]
            let lower = byte &- UInt8(ascii: "A") < 26 ? byte | 0x20 : byte
            if lower != lowercased[offset] { return false }
        }
        return true
    }
}
