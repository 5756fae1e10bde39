import HubCore

/// Turns the address of a next page, as an upstream wrote it, into the path of a request to the same upstream.
///
/// 1. A whole address is followed where its origin is one of the upstream's, or where it lies below the address that the description gives
///    the API.
/// 2. A reference without an origin is resolved against the page before (RFC 3986 §5.2), without `.` and `..`.
/// 3. What is not below the path of the API is not followed.
struct NextLink: Sendable {
    private let addresses: [HTTPAddress]
    private let basePath: String
    private let publicAddress: HTTPAddress?

    init(_ addresses: [HTTPAddress], basePath: String, publicAddress: HTTPAddress?) {
        self.addresses = addresses
        self.basePath = basePath
        self.publicAddress = publicAddress
    }

    /// The path and query below the API's path; nil where the address is not followed.
    ///
    /// - Parameters:
    ///   - link: the address.
    ///   - path: of the page before, below the API's path.
    func path(of link: String, on path: String) -> String? {
        // The path of an address replaces that of the description; where the addresses differ in it, a whole path says nothing.
        guard let first = addresses.first, addresses.allSatisfy({ $0.path == first.path }) else { return nil }
        let base = first.path.isEmpty ? basePath : first.path
        var target = String(link.prefix { $0 != "#" })
        guard target.utf8.count <= 8192 else { return nil }
        if !target.utf8.allSatisfy({ 0x21...0x7E ~= $0 }) { target = PercentEncoding.encode(target, keeping: .query) }
        if target.hasPrefix("//") { target = "\(first.scheme.rawValue):\(target)" }
        if let scheme = target.firstRange(of: "://"), !target[..<scheme.lowerBound].contains(where: { "/?".contains($0) }) {
            return below(base, whole: target)
        }
        let current = base + path.prefix { $0 != "?" }
        if target.hasPrefix("?") {
            target = current + target
        } else if !target.hasPrefix("/") {
            target = (current.lastIndex(of: "/").map { current[...$0] } ?? "/") + target
        }
        return below(base, target)
    }

    private func below(_ base: String, whole target: String) -> String? {
        let place = target.prefix { $0 != "?" }
        guard let address = HTTPAddress(String(place)) else { return nil }
        // As written, because a slash at the end is part of it.
        let afterScheme = place.firstRange(of: "://").map { target[$0.upperBound...] } ?? ""
        let path = String(afterScheme.drop { $0 != "/" && $0 != "?" })
        if addresses.contains(where: { $0.origin == address.origin }) { return below(base, path.hasPrefix("/") ? path : "/" + path) }
        guard let publicAddress, publicAddress.origin == address.origin else { return nil }
        return below(publicAddress.path, path)
    }

    private func below(_ base: String, _ target: String) -> String? {
        guard target.hasPrefix(base), !target.prefix(while: { $0 != "?" }).split(separator: "/").contains(where: HTTPAddress.isDotSegment)
        else { return nil }
        let rest = target.dropFirst(base.count)
        return rest.isEmpty || rest.hasPrefix("/") || rest.hasPrefix("?") ? String(rest) : nil
    }
}
