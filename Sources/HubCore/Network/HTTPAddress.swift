/// Where an HTTP service is: scheme, host, port and the path below which it lives.
///
/// Stricter than a browser on purpose: what this takes for the host is what the connector connects to. Forms that
/// parsers read differently (user information, `127.1`, `0x7f.0.0.1`, percent signs in a host, a backslash) do not parse. A host in
/// letters of other scripts is read as `DomainLabel` says, and stands here as DNS has it (`xn--…`).
public struct HTTPAddress: Sendable, Hashable, CustomStringConvertible {
    /// The schemes the hub speaks.
    public enum Scheme: String, Sendable, Hashable {
        /// Plain HTTP.
        case http
        /// HTTP over TLS.
        case https

        /// The port that goes without saying.
        public var defaultPort: Int {
            switch self {
            case .http: 80
            case .https: 443
            }
        }
    }

    /// The scheme.
    public let scheme: Scheme
    /// A lower-case DNS name, an IPv4 address, or an IPv6 address without brackets.
    public let host: String
    /// 1 … 65535.
    public let port: Int
    /// Empty, or a path that begins with `/` and does not end with one; percent-encoded, no query, no fragment.
    public let path: String

    /// Reads an absolute `http` or `https` URL without query and fragment; nil for anything else.
    public init?(_ url: String) {
        guard let colon = url.firstRange(of: "://"), let scheme = Scheme(rawValue: url[..<colon.lowerBound].lowercased()) else {
            return nil
        }
        let rest = url[colon.upperBound...]
        let authority = rest.prefix { $0 != "/" }
        guard let (host, port) = Self.split(authority, takesUnicode: true), let path = Self.normalizedPath(rest[authority.endIndex...])
        else {
            return nil
        }
        self.scheme = scheme
        self.host = host
        self.port = port ?? scheme.defaultPort
        self.path = path
    }

    /// An address from its parts; nil where the host or the port is not one.
    public init?(scheme: Scheme, host: String, port: Int, path: String = "") {
        guard let host = Self.normalizedHost(host), (1...65535).contains(port), let path = Self.normalizedPath(path[...]) else {
            return nil
        }
        self.scheme = scheme
        self.host = host
        self.port = port
        self.path = path
    }

    /// The value of a `Host` header, and the authority of a URL: the port only where it is not the scheme's own.
    public var authority: String {
        let name = host.contains(":") ? "[\(host)]" : host
        return port == scheme.defaultPort ? name : "\(name):\(port)"
    }

    /// The URL without the path: what is the same for the same origin (RFC 6454).
    public var origin: String { "\(scheme.rawValue)://\(authority)" }

    /// The URL.
    public var description: String { origin + path }

    /// What kind of address the host is; `.name` where only a resolver can tell.
    public var hostClass: HostClass { HostClass(host) }

    /// Splits `host[:port]` as it stands in a message, in ASCII alone; nil where either is malformed.
    public static func splitAuthority(_ authority: some StringProtocol) -> (host: String, port: Int?)? {
        split(authority, takesUnicode: false)
    }

    private static func split(_ authority: some StringProtocol, takesUnicode: Bool) -> (host: String, port: Int?)? {
        var name = String(authority)
        var port: Int?
        let afterBracket = name.lastIndex(of: "]").map { name.index(after: $0) } ?? name.startIndex
        if let colon = name[afterBracket...].lastIndex(of: ":") {
            let digits = name[name.index(after: colon)...]
            guard (1...5).contains(digits.utf8.count), digits.utf8.allSatisfy({ $0 &- 0x30 < 10 }), let value = Int(digits),
                (1...65535).contains(value)
            else { return nil }
            port = value
            name = String(name[..<colon])
        }
        if name.hasPrefix("["), name.hasSuffix("]") {
            name = String(name.dropFirst().dropLast())
            guard name.contains(":") else { return nil }
        } else if name.contains(":") {
            return nil
        }
        return normalizedHost(name, takesUnicode: takesUnicode).map { ($0, port) }
    }

    /// The most bytes of a name (RFC 1035 §2.3.4, without the root).
    private static let maximumNameBytes = 253

    private static func normalizedHost(_ host: String, takesUnicode: Bool = false) -> String? {
        if host.contains(":") { return IPAddress(host).map(\.description) }
        // In UTF-8 a character has up to four bytes.
        guard host.utf8.count <= 4 * maximumNameBytes else { return nil }
        var labels = host.split(separator: ".", omittingEmptySubsequences: false)
        if labels.count > 1, labels.last?.isEmpty == true { labels.removeLast() }
        var name = ""
        var last = ""
        for label in labels {
            guard let ascii = DomainLabel.ascii(label, takesUnicode: takesUnicode) else { return nil }
            name += name.isEmpty ? ascii : "." + ascii
            last = ascii
        }
        guard !name.isEmpty, name.utf8.count <= maximumNameBytes else { return nil }
        // A name whose last label looks like a number is an IPv4 address in some spelling (URL standard, "ends in a number").
        if last.utf8.allSatisfy({ $0 &- 0x30 < 10 }) || last.hasPrefix("0x") {
            return IPAddress(host).map(\.description)
        }
        return name
    }

    private static func normalizedPath(_ path: Substring) -> String? {
        guard path.isEmpty || path.hasPrefix("/") else { return nil }
        for byte in path.utf8 {
            switch byte {
            case 0...0x20, 0x7F..., UInt8(ascii: "?"), UInt8(ascii: "#"), UInt8(ascii: "\\"), UInt8(ascii: "<"), UInt8(ascii: ">"),
                UInt8(ascii: "\""), UInt8(ascii: "`"), UInt8(ascii: "{"), UInt8(ascii: "}"), UInt8(ascii: "|"), UInt8(ascii: "^"):
                return nil
            default: continue
            }
        }
        var end = path.endIndex
        while end > path.startIndex, path[path.index(before: end)] == "/" { end = path.index(before: end) }
        let trimmed = path[..<end]
        guard !trimmed.split(separator: "/").contains(where: { isDotSegment($0) }) else { return nil }
        return String(trimmed)
    }

    /// Whether a path segment means "here" or "up" to some server, in any spelling of the dot.
    public static func isDotSegment(_ segment: some StringProtocol) -> Bool {
        let plain = segment.lowercased().replacing("%2e", with: ".")
        return plain == "." || plain == ".."
    }
}
