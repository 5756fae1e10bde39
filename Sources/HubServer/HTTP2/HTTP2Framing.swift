import HTTPTypes
import HubCore
import NIOCore
import NIOHPACK

/// Turns the header block of an HTTP/2 caller into the hub's own form, or refuses it.
///
/// NIO has checked what makes a block well formed (RFC 9113 §8.2, §8.3) and has reset the streams of those that are not: names in lower
/// case, pseudo-fields first, once and complete, no field that is about a connection, `te` only with `trailers`, no line breaks in values, a
/// body as long as its `content-length`. Checked here, with the answers an HTTP/1.1 caller gets:
/// 1. The header is within its limits.
/// 2. The scheme is `https`, and nobody asks for a tunnel.
/// 3. Exactly one well-formed authority: `:authority` or else `host`, and where both stand they are the same (RFC 9113 §8.3.1).
/// 4. The path is absolute and without a fragment.
/// 5. The body has at most one plain length, within its limit, and is not compressed.
struct HTTP2Framing {
    let bounds: ListenerBounds
    private var known = KnownHost()

    init(bounds: ListenerBounds) {
        self.bounds = bounds
    }

    /// The head in the hub's form, and the host of its authority.
    mutating func head(_ block: HPACKHeaders) throws(HTTP1Error) -> (HTTPRequest, host: String) {
        var pseudo = PseudoFields()
        var fields = HTTPFields()
        var hosts: [String] = []
        var size = 0
        for (name, value, _) in block {
            size += name.utf8.count + value.utf8.count + 4
            guard size <= bounds.headerBytes else {
                throw HTTP1Error(.requestHeaderFieldsTooLarge, "The header is larger than \(bounds.headerBytes) bytes")
            }
            if pseudo.take(name, value) { continue }
            guard let fieldName = HTTPField.Name(name), HTTPField.isValidValue(value) else {
                throw HTTP1Error(.badRequest, "A header field is malformed")
            }
            if fieldName.canonicalName == "host" {
                hosts.append(value)
            } else {
                fields.append(HTTPField(name: fieldName, value: value))
            }
            guard fields.count <= bounds.fields else {
                throw HTTP1Error(
                    .requestHeaderFieldsTooLarge, "The header has more than \(bounds.fields) fields")
            }
        }
        guard let method = HTTPRequest.Method(rawValue: pseudo.method), method != .connect, pseudo.scheme == "https" else {
            throw HTTP1Error(.badRequest, "The method and the scheme must be those of an https request")
        }
        let (authority, host) = try authority(pseudo.authority, hosts)
        guard pseudo.path.utf8.first == UInt8(ascii: "/"),
            pseudo.path.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F && $0 != UInt8(ascii: "#") })
        else { throw HTTP1Error(.badRequest, "The request target must be an absolute path") }
        try checkBody(fields)
        let request = HTTPRequest(method: method, scheme: "https", authority: authority, path: pseudo.path, headerFields: fields)
        return (request, host)
    }

    private mutating func authority(_ authority: String?, _ hosts: [String]) throws(HTTP1Error) -> (String, host: String) {
        guard hosts.count <= 1, let name = authority ?? hosts.first,
            hosts.first.map({ $0.utf8.elementsEqual(name.utf8) }) ?? true, let host = known.host(of: name)
        else { throw HTTP1Error(.badRequest, "Exactly one well-formed authority is needed") }
        return (name, host)
    }

    private func checkBody(_ fields: HTTPFields) throws(HTTP1Error) {
        guard fields[values: .contentEncoding].allSatisfy({ $0.lowercased() == "identity" }) else {
            throw HTTP1Error(.unsupportedMediaType, "The body must not be compressed")
        }
        let lengths = fields[values: .contentLength]
        guard lengths.isEmpty || (lengths.count == 1 && !lengths[0].isEmpty && lengths[0].utf8.allSatisfy { $0 &- 0x30 < 10 }) else {
            throw HTTP1Error(.badRequest, "The length of the body is ambiguous")
        }
        guard let text = lengths.first else { return }
        guard let length = Int(text), length <= bounds.bodyBytes else {
            throw HTTP1Error(.contentTooLarge, "The body is larger than \(bounds.bodyBytes) bytes")
        }
    }
}

/// The pseudo-fields of a request; what is missing is empty, and fails its check.
private struct PseudoFields {
    var method = ""
    var scheme = ""
    var authority: String?
    var path = ""

    /// Whether the field was one of them.
    mutating func take(_ name: String, _ value: String) -> Bool {
        switch name {
        case ":method": method = value
        case ":scheme": scheme = value
        case ":authority": authority = value
        case ":path": path = value
        default: return false
        }
        return true
    }
}
