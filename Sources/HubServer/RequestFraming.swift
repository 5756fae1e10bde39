import HTTPTypes
import HubCore
import NIOCore
import NIOHTTP1

/// What is wrong with a request before anybody looks at what it asks: the status to refuse it with.
struct FramingError: Error, Hashable {
    var status: HTTPResponse.Status
    var message: String
}

/// Turns a decoded head into the hub's own form, or refuses it.
///
/// The decoder has checked the grammar and that no request carries both a length and a transfer coding. Checked here:
/// 1. HTTP/1.1, or 1.0 (RFC 9112 §2.3).
/// 2. The header is within its limit.
/// 3. Exactly one well-formed `Host` (RFC 9112 §3.2), also from HTTP/1.0 callers.
/// 4. An origin-form target without a fragment; the forms for proxies are refused (RFC 9112 §3.2).
/// 5. A body only in chunks (RFC 9112 §6.1: not from HTTP/1.0) or with one plain length, within its limit, and not compressed.
struct RequestFraming {
    let bounds: ListenerBounds
    /// The last authority and its host: a connection hardly ever changes it.
    private var known: (authority: String, host: String)?

    init(bounds: ListenerBounds) {
        self.bounds = bounds
    }

    /// The head in the hub's form, and the host of its authority.
    mutating func head(_ decoded: HTTPRequestHead) throws(FramingError) -> (HTTPRequest, host: String) {
        guard decoded.version.major == 1, decoded.version.minor <= 1 else {
            throw FramingError(status: .httpVersionNotSupported, message: "HTTP/1.1 is spoken here")
        }
        var size = decoded.uri.utf8.count
        for (name, value) in decoded.headers { size += name.utf8.count + value.utf8.count + 4 }
        guard size <= bounds.headerBytes else {
            throw FramingError(status: .requestHeaderFieldsTooLarge, message: "The header is larger than \(bounds.headerBytes) bytes")
        }
        let hosts = decoded.headers["host"]
        guard hosts.count == 1, let authority = hosts.first, let host = host(of: authority) else {
            throw FramingError(status: .badRequest, message: "Exactly one well-formed Host is needed")
        }
        guard decoded.uri.utf8.first == UInt8(ascii: "/"),
            decoded.uri.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F && $0 != UInt8(ascii: "#") })
        else { throw FramingError(status: .badRequest, message: "The request target must be an absolute path") }
        try checkBody(decoded)

        guard let method = HTTPRequest.Method(rawValue: decoded.method.rawValue) else {
            throw FramingError(status: .badRequest, message: "The method is not a token")
        }
        var fields = HTTPFields()
        fields.reserveCapacity(decoded.headers.count)
        for (name, value) in decoded.headers {
            guard let fieldName = HTTPField.Name(name), HTTPField.isValidValue(value) else {
                throw FramingError(status: .badRequest, message: "A header field is malformed")
            }
            if fieldName.canonicalName != "host" { fields.append(HTTPField(name: fieldName, value: value)) }
        }
        return (HTTPRequest(method: method, scheme: "http", authority: authority, path: decoded.uri, headerFields: fields), host)
    }

    private mutating func host(of authority: String) -> String? {
        if let known, known.authority == authority { return known.host }
        guard let host = HTTPAddress.splitAuthority(authority)?.host else { return nil }
        known = (authority, host)
        return host
    }

    private func checkBody(_ decoded: HTTPRequestHead) throws(FramingError) {
        let headers = decoded.headers
        guard headers["content-encoding"].allSatisfy({ $0.lowercased() == "identity" }) else {
            throw FramingError(status: .unsupportedMediaType, message: "The body must not be compressed")
        }
        let codings = headers["transfer-encoding"]
        guard codings.isEmpty || (codings.count == 1 && codings[0].lowercased() == "chunked") else {
            throw FramingError(status: .notImplemented, message: "The only transfer coding is chunked")
        }
        guard codings.isEmpty || decoded.version.minor == 1 else {
            throw FramingError(status: .badRequest, message: "HTTP/1.0 has no transfer codings")  // RFC 9112 §6.1
        }
        let lengths = headers["content-length"]
        guard lengths.isEmpty || (lengths.count == 1 && codings.isEmpty && lengths[0].utf8.allSatisfy { $0 &- 0x30 < 10 }) else {
            throw FramingError(status: .badRequest, message: "The length of the body is ambiguous")
        }
        guard let text = lengths.first else { return }
        guard let length = Int(text), length <= bounds.bodyBytes else {
            throw FramingError(status: .contentTooLarge, message: "The body is larger than \(bounds.bodyBytes) bytes")
        }
    }
}
