import HTTPTypes
import HubCore

/// Makes the request that an address gets out of one that nobody has addressed yet: puts it below the address's path and lets the hub in.
struct OutgoingRequest: Sendable {
    private let field: HTTPField?
    private let parameter: (name: String, value: String)?
    private let asksForCompression: Bool

    init(_ settings: UpstreamSettings) {
        asksForCompression = settings.asksForCompression
        var (field, parameter): (HTTPField?, (name: String, value: String)?) = (nil, nil)
        switch settings.credential {
        case .header(let name, let value):
            field = HTTPField.Name(name).map { HTTPField(name: $0, value: value.revealed) }  // checked when the file is read
        case .query(let name, let value): parameter = (name, value.revealed)
        case .basic(let username, let password):
            let text = Base64.encode(Array("\(username):\(password.revealed)".utf8))
            field = HTTPField(name: .authorization, value: "Basic " + text)
        case .bearer(let token): field = HTTPField(name: .authorization, value: "Bearer " + token.revealed)
        case nil: break
        }
        self.field = field
        self.parameter = parameter
    }

    /// Path and query at an address.
    func target(_ request: OutboundRequest, endpoint: Endpoint, basePath: String) throws(UpstreamFailure) -> String {
        var path = (endpoint.path.isEmpty ? basePath : endpoint.path) + request.path
        if path.isEmpty || path.utf8.first == UInt8(ascii: "?") { path = "/" + path }
        // Whoever made it has encoded it; what is written into a request line is looked at all the same.
        guard path.utf8.first == UInt8(ascii: "/"), path.utf8.allSatisfy({ 0x21...0x7E ~= $0 && $0 != UInt8(ascii: "#") }) else {
            throw .request(HubError(.invalidRequest, "The path of the request is malformed"))
        }
        if let parameter, request.method != .trace { path = Self.path(path, withQuery: parameter.name, parameter.value) }
        return path
    }

    /// The fields, the same at every address. What is about the connection is not the caller's to say.
    func fields(_ request: OutboundRequest) -> HTTPFields {
        var fields = request.headers
        if fields.contains(where: { $0.name.isHopByHop || $0.name == .expect }) {
            fields = HTTPFields(fields.filter { !$0.name.isHopByHop && $0.name != .expect })
        }
        if fields[.userAgent] == nil { fields[.userAgent] = "hubd" }
        if asksForCompression, fields[.acceptEncoding] == nil { fields[.acceptEncoding] = "gzip" }
        // RFC 9110 §9.3.8: the answer to TRACE repeats the request.
        if let field, request.method != .trace { fields[field.name] = field.value }
        return fields
    }

    /// The path with a query parameter of the hub's, in place of any of that name: no argument may say it otherwise.
    private static func path(_ path: String, withQuery name: String, _ value: String) -> String {
        let parts = path.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
        let others = (parts.count > 1 ? parts[1].split(separator: "&") : []).filter { pair in
            let other = String(pair.prefix { $0 != "=" }).replacing("+", with: " ")
            return (PercentEncoding.decode(other) ?? other) != name
        }
        let own = [name, value].map { PercentEncoding.encode($0) }.joined(separator: "=")
        return parts[0] + "?" + (others.map(String.init) + [own]).joined(separator: "&")
    }
}
