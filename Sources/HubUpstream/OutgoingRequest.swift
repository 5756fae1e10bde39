import HTTPTypes
import HubCore

/// Makes the request that an address gets out of one that nobody has addressed yet: puts it below the address's path and lets the hub in.
struct OutgoingRequest: Sendable {
    private let own: ShownCredentials
    private let asksForCompression: Bool

    init(_ settings: UpstreamSettings) {
        asksForCompression = settings.asksForCompression
        own = ShownCredentials(settings.credential.map { [$0] } ?? [])
    }

    /// Path and query at an address.
    func target(
        _ request: OutboundRequest, endpoint: Endpoint, basePath: String, showing credentials: ShownCredentials?
    ) throws(UpstreamFailure) -> String {
        var path = request.isPathWhole ? request.path : (endpoint.path.isEmpty ? basePath : endpoint.path) + request.path
        if path.isEmpty || path.utf8.first == UInt8(ascii: "?") { path = "/" + path }
        // Whoever made it has encoded it; what is written into a request line is looked at all the same.
        guard path.utf8.first == UInt8(ascii: "/"), path.utf8.allSatisfy({ 0x21...0x7E ~= $0 && $0 != UInt8(ascii: "#") }) else {
            throw .request(HubError(.invalidRequest, "The path of the request is malformed"))
        }
        // RFC 9110 §9.3.8: the answer to TRACE repeats the request.
        guard request.method != .trace else { return path }
        path = own.added(toPath: path)
        return credentials?.added(toPath: path) ?? path
    }

    /// The fields, the same at every address. What is about the connection is not the caller's to say.
    func fields(_ request: OutboundRequest, showing credentials: ShownCredentials?) -> HTTPFields {
        var fields = request.headers
        if fields.contains(where: { $0.name.isHopByHop || $0.name == .expect }) {
            fields = HTTPFields(fields.filter { !$0.name.isHopByHop && $0.name != .expect })
        }
        if fields[.userAgent] == nil { fields[.userAgent] = "hubd" }
        if asksForCompression, fields[.acceptEncoding] == nil { fields[.acceptEncoding] = "gzip" }
        guard request.method != .trace else { return fields }
        own.add(to: &fields)
        credentials?.add(to: &fields)
        return fields
    }
}
