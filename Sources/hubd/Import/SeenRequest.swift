import HubCore

/// A request that somebody made, as a command line or a recording shows it.
struct SeenRequest {
    /// Its body.
    enum Body {
        case json(JSONTree)
        case form([(name: String, value: String)])
        case multipart([(name: String, value: String, isFile: Bool)])
        /// Text of this media type.
        case text(String)
        /// Something in a file that is not looked at.
        case file
    }

    /// The method, in capitals.
    var method: String
    /// Where it went.
    var url: SeenURL
    /// Header fields in the order written.
    var headers: [(name: String, value: String)] = []
    /// Its body.
    var body: Body?
    /// The media type of the body.
    var contentType: String?
    /// Whether the tool was told a user name and a password.
    var hasPassword = false

    /// The first header of a name in lower case.
    func header(_ name: String) -> String? {
        headers.first { $0.name.lowercased() == name }?.value
    }

    /// The body that a text of a media type is.
    static func body(_ text: String, type: String?) -> Body {
        let essence = type?.split(separator: ";").first.map { $0.filter { $0 != " " }.lowercased() } ?? ""
        if essence == "application/x-www-form-urlencoded" { return .form(SeenURL.pairs(text)) }
        if essence.isEmpty || essence.hasSuffix("json"),
            let value = try? JSONDocument(parsing: text, limits: ImportLimits.json).root  // not JSON: it is text
        {
            return .json(JSONTree(value))
        }
        return .text(text)
    }
}

/// How much an import reads and writes.
enum ImportLimits {
    static let commandBytes = 1 << 20
    static let commandWords = 2_000
    static let fileBytes = 64 << 20
    static let entries = 20_000
    static let endpoints = 500
    static let upstreams = 50
    static let parameters = 100
    static let json = JSONLimits(maximumBytes: fileBytes, maximumDepth: 128, maximumValues: 8 << 20, duplicateKeys: .accept)
}

/// The parts of a URL that an endpoint is made of.
struct SeenURL {
    /// Scheme, host and port.
    var origin: HTTPAddress
    /// The segments of the path, decoded.
    var segments: [String]
    /// Whether the path ends with a slash.
    var endsWithSlash: Bool
    /// The pairs of the query, decoded.
    var query: [(name: String, value: String)]
    /// Whether there was a user name in it, which is not kept.
    var hasUser: Bool

    /// - Parameter text: an http or https URL; without a scheme it is http, as curl reads it.
    init?(_ text: String) {
        let whole = text.contains("://") ? text : "http://" + text
        let withoutFragment = whole.prefix { $0 != "#" }
        guard let schemeEnd = withoutFragment.firstRange(of: "://") else { return nil }
        let rest = withoutFragment[schemeEnd.upperBound...]
        var authority = rest.prefix { $0 != "/" && $0 != "?" }
        let tail = rest[authority.endIndex...]
        let at = authority.lastIndex(of: "@")
        hasUser = at != nil
        if let at { authority = authority[authority.index(after: at)...] }
        guard let origin = HTTPAddress(withoutFragment[..<schemeEnd.lowerBound].lowercased() + "://" + authority) else { return nil }
        self.origin = origin
        let path = tail.prefix { $0 != "?" }
        let decoded = path.split(separator: "/").map { PercentEncoding.decodeWherePossible($0) }
        guard decoded.count <= 64, !decoded.contains(where: { HTTPAddress.isDotSegment($0) }) else { return nil }
        segments = decoded
        endsWithSlash = path.count > 1 && path.hasSuffix("/")
        query = Self.pairs(String(tail[path.endIndex...].dropFirst()))
    }

    /// The pairs of a query or a form.
    static func pairs(_ text: String) -> [(name: String, value: String)] {
        text.split(separator: "&").prefix(1_000).compactMap { pair in
            let halves = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            let decode = { (half: Substring) in PercentEncoding.decodeWherePossible(String(half.map { $0 == "+" ? " " : $0 })) }
            guard let name = halves.first.map(decode), !name.isEmpty else { return nil }
            return (name, halves.count > 1 ? decode(halves[1]) : "")
        }
    }
}
