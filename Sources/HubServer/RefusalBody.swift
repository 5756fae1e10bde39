public import HTTPTypes
public import HubCore
public import NIOCore

/// The body of an answer that no protocol's handler gives: the request was refused before its dialect was known.
public enum RefusalBody {
    /// `{"error":{"code":…,"message":…}}`.
    public static func bytes(status: HTTPResponse.Status, message: String) -> ByteBuffer {
        var json = JSONWriter()
        json.beginObject()
        json.key("error")
        json.beginObject()
        json.member("code", status.code)
        json.member("message", message)
        json.endObject()
        json.endObject()
        return json.buffer
    }

    /// A whole HTTP/1.1 response that ends its connection, for what is refused before it is a request.
    static func message(_ error: HTTP1Error) -> ByteBuffer {
        let body = bytes(status: error.status, message: error.message)
        var fields: HTTPFields = [.requestID: RequestID.make(), .contentType: "application/json"]
        if error.status == .serviceUnavailable { fields[.retryAfter] = "1" }
        var buffer = ByteBuffer()
        HTTP1Writer.responseHead(error.status, fields: fields, framing: .length(body.readableBytes), into: &buffer)
        HTTP1Writer.field("connection", "close", into: &buffer)
        HTTP1Writer.endHead(into: &buffer)
        buffer.writeImmutableBuffer(body)
        return buffer
    }
}

extension ResponseWriter {
    /// Answers a refusal as JSON.
    public func refuse(_ status: HTTPResponse.Status, _ message: String, fields: HTTPFields = [:]) async throws {
        var head = HTTPResponse(status: status, headerFields: fields)
        head.headerFields[.contentType] = "application/json"
        try await respond(head, body: RefusalBody.bytes(status: status, message: message))
    }
}
