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
}

extension ResponseWriter {
    /// Answers a refusal as JSON.
    public func refuse(_ status: HTTPResponse.Status, _ message: String, fields: HTTPFields = [:]) async throws {
        var head = HTTPResponse(status: status, headerFields: fields)
        head.headerFields[.contentType] = "application/json"
        try await respond(head, body: RefusalBody.bytes(status: status, message: message))
    }
}
