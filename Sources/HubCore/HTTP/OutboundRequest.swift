public import HTTPTypes
public import NIOCore

/// An HTTP request to an upstream, before it is known which endpoint gets it.
public struct OutboundRequest: Sendable {
    /// The method.
    public var method: HTTPRequest.Method
    /// Path and query in origin form, below the base path of the server; begins with `/`, percent-encoded, no fragment. Where the server's
    /// address is itself what is called, it is empty or a query.
    public var path: String
    /// Whether the path is the whole one at the upstream's address, instead of standing below that address's own: for what a server named
    /// in an answer.
    public var isPathWhole = false
    /// Header fields, without `Host` and those of the framing.
    public var headers: HTTPFields
    /// The body, if the request has one.
    public var body: ByteBuffer?
    /// A body that is sent as it comes, in place of `body`. Such a request is never sent twice.
    public var bodyStream: (any BodyStream)?

    /// A request with every part named.
    public init(method: HTTPRequest.Method, path: String, headers: HTTPFields = HTTPFields(), body: ByteBuffer? = nil) {
        self.method = method
        self.path = path
        self.headers = headers
        self.body = body
    }
}

/// Turns the arguments of a call into the HTTP request that performs it. Made once per operation when a description is read.
public protocol RequestEncoder: Sendable {
    /// The request for `arguments`, an object, or nil where the caller sent none.
    ///
    /// - Throws: `HubError` with `.invalidArguments` and a message that names the argument and says what it must be.
    func encode(_ arguments: JSONValue?) throws(HubError) -> OutboundRequest
}

/// Turns the whole answer of an upstream into the one that callers get. Made once per operation when a description is read.
public protocol ResponseDecoder: Sendable {
    /// The answer in place of one with this status, these fields and this body.
    ///
    /// What is a failure in the upstream's protocol has a status of 400 and above in the result, whatever it had before.
    /// An answer that the decoder cannot read is a failure too, of status 502; none is thrown.
    func decode(status: Int, fields: HTTPFields, body: ByteBuffer) -> CallResponse
}
