public import HTTPTypes
public import NIOCore

/// An HTTP request to an upstream, before it is known which endpoint gets it.
public struct OutboundRequest: Sendable {
    /// The method.
    public var method: HTTPRequest.Method
    /// Path and query in origin form, below the base path of the server; begins with `/`, percent-encoded, no fragment.
    public var path: String
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
