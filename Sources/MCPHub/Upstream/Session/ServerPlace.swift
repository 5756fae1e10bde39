import HTTPTypes
import HubCore
import NIOCore

/// Where at a server's address it takes messages: the address itself, or what the server named.
struct ServerPlace: Sendable, Hashable {
    /// The path, or what is put behind that of the address.
    var path = ""
    /// Whether it is the whole path at the address.
    var isWhole = false

    /// The address itself.
    static let address = ServerPlace()

    /// A request to it.
    func request(_ method: HTTPRequest.Method, fields: HTTPFields, body: ByteBuffer? = nil) -> OutboundRequest {
        var request = OutboundRequest(method: method, path: path, headers: fields, body: body)
        request.isPathWhole = isWhole
        return request
    }

    /// The place that a reference of the server names (RFC 3986 §4), nil where it is none at the same origin:
    /// 1. An absolute URL counts where its origin is that of the address, which must be known.
    /// 2. A path from the root counts as it is.
    /// 3. A query alone stands behind the address.
    /// 4. A path that begins elsewhere replaces what follows the last slash of the address's path, which must be known.
    ///
    /// - Parameters:
    ///   - reference: as the server wrote it.
    ///   - address: that of the server; nil: not known.
    init?(_ reference: String, at address: HTTPAddress?) {
        let text = reference.prefix { $0 != "#" }
        guard !text.isEmpty, text.utf8.count <= 4096, text.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F && $0 != UInt8(ascii: "\\") }) else {
            return nil
        }
        if let colon = text.firstRange(of: "://"), text[..<colon.lowerBound].allSatisfy({ $0.isLetter }) {
            let authority = text[colon.upperBound...].prefix { $0 != "/" && $0 != "?" }
            guard let address, HTTPAddress(String(text[..<authority.endIndex]))?.origin == address.origin else { return nil }
            let rest = text[authority.endIndex...]
            self.init(path: rest.hasPrefix("/") ? String(rest) : "/\(rest)", isWhole: true)
        } else if text.hasPrefix("/") {
            guard !text.hasPrefix("//") else { return nil }
            self.init(path: String(text), isWhole: true)
        } else if text.hasPrefix("?") {
            self.init(path: String(text))
        } else {
            let relative = text.hasPrefix("./") ? text.dropFirst(2) : text
            let isUp = relative.prefix { $0 != "?" }.split(separator: "/").contains { HTTPAddress.isDotSegment($0) }
            guard let address, !isUp, !relative.prefix(while: { $0 != "/" && $0 != "?" }).contains(":") else { return nil }
            let folder = address.path.lastIndex(of: "/").map { address.path[...$0] } ?? "/"
            self.init(path: "\(folder)\(relative)", isWhole: true)
        }
    }

    init(path: String = "", isWhole: Bool = false) {
        self.path = path
        self.isWhole = isWhole
    }
}
