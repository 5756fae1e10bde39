public import HTTPTypes

/// Which web pages may call an entry and read what it answers (Fetch standard, "HTTP-CORS protocol"). Credentials of a browser are never
/// asked for: callers show theirs in a header.
public struct CORSRule: Sendable, Hashable {
    private let origins: Set<String>

    /// Pages of these origins; what is no origin is left out.
    public init(origins: [String]) {
        self.origins = Set(origins.compactMap { Self.origin($0) })
    }

    /// An origin as browsers write it; nil for a URL that has more than scheme, host and port.
    public static func origin(_ text: String) -> String? {
        guard let address = HTTPAddress(text), address.path.isEmpty else { return nil }
        return address.origin
    }

    /// The origin to name in the answer; nil where the page may not call.
    public func allowedOrigin(_ origin: String) -> String? {
        Self.origin(origin).flatMap { origins.contains($0) ? $0 : nil }
    }

    /// Whether a request only asks what a page may send.
    public static func isPreflight(_ head: HTTPRequest) -> Bool {
        head.method == .options && head.headerFields.contains(.origin) && head.headerFields.contains(.accessControlRequestMethod)
    }

    /// The answer to a preflight of an allowed origin.
    public static func preflightAnswer(to head: HTTPRequest, origin: String) -> HTTPResponse {
        var response = HTTPResponse(status: .noContent)
        response.headerFields[.accessControlAllowOrigin] = origin
        response.headerFields[.accessControlAllowMethods] = "GET, POST, PUT, PATCH, DELETE"
        // The page's own list: an origin that may call may send what the entry reads.
        if let asked = head.headerFields[.accessControlRequestHeaders], isListOfNames(asked) {
            response.headerFields[.accessControlAllowHeaders] = asked
        }
        response.headerFields[.accessControlMaxAge] = "600"
        response.headerFields[.vary] = "origin, access-control-request-method, access-control-request-headers"
        return response
    }

    /// What every answer of the entry says to caches, and to the page of an allowed origin.
    public static func mark(_ fields: inout HTTPFields, origin: String?) {
        fields.append(HTTPField(name: .vary, value: "origin"))
        guard let origin else { return }
        fields[.accessControlAllowOrigin] = origin
        fields[.accessControlExposeHeaders] =
            "mcp-session-id, mcp-protocol-version, x-request-id, retry-after, www-authenticate, x-ratelimit-limit, x-ratelimit-remaining, x-ratelimit-reset"
    }

    private static func isListOfNames(_ text: String) -> Bool {
        text.utf8.count <= 1024
            && text.split(separator: ",", omittingEmptySubsequences: false).allSatisfy { name in
                ASCIISet.token.covers(name.trimmingSpaces)
            }
    }
}
