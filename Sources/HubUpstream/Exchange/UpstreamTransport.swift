import HTTPTypes
import HubCore
import NIOCore

/// A request as one address gets it.
struct EndpointRequest: Sendable {
    /// What is sent as the body.
    enum Body: Sendable {
        case none
        case complete(ByteBuffer)
        case stream(any BodyStream)
    }

    /// The method.
    var method: HTTPRequest.Method
    /// Path and query.
    var target: String
    /// All fields but those of the framing and `Host`.
    var fields: HTTPFields
    /// The body.
    var body: Body
    /// When the whole exchange must have ended.
    var deadline: NIODeadline
}

/// An answer as it came, its body decompressed.
struct EndpointAnswer: Sendable {
    /// The status.
    var status: Int
    /// All fields.
    var fields: HTTPFields
    /// The length of the body where the head says it and it is not compressed.
    var bodyLength: Int?
    /// The body.
    var body: ResponseBody
}

/// Exchanges requests for answers with the addresses of one upstream, and keeps the connections to them.
///
/// Owned by an `UpstreamService`; its connections end, those in use after their work, when `close` is called.
protocol UpstreamTransport: Sendable {
    /// Sends `request` to the address with this index and waits for the head of the answer.
    func exchange(_ request: EndpointRequest, endpoint: Int) async throws(UpstreamFailure) -> EndpointAnswer
    /// Nobody will ask again.
    func close()
}
