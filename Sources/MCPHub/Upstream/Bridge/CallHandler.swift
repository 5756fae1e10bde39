import HubCore
import NIOCore

/// Takes what a server says while it answers a call to the call's client.
struct CallHandler: SessionHandler {
    let client: (any CallClient)?

    func notified(_ notification: JSONRPCEnvelope) {
        guard let client, let params = notification.params else { return }
        switch notification.method {
        case "notifications/progress":
            if let members = Self.progress(params) { client.notify(.progress(members: members)) }
        case "notifications/message":
            guard let level = params["level"]?.string.flatMap(LogLevel.init), params["data"] != nil else { return }
            client.notify(.log(level: level, params: Self.message(params)))
        case SessionCalls.pageDone:
            guard client.capabilities.contains(.elicitationURL), let id = params["elicitationId"]?.string,
                id.utf8.count <= Self.longestElicitationID
            else { return }
            client.notify(.elicitationComplete(id: id))
        default: break
        }
    }

    private static let longestElicitationID = 1 << 10

    func asked(_ request: ClientRequest) async throws(JSONRPCError) -> ByteBuffer {
        guard let client else { throw JSONRPCError(.methodNotFound, "Nobody is there to be asked") }
        if let refusal = request.refusal(by: client.capabilities) { throw refusal }
        do {
            return try await client.ask(request).rawBytes
        } catch let error as JSONRPCError {
            throw JSONRPCError(error.code, error.message, data: error.data)
        } catch let error as HubError {
            throw JSONRPCError(.internalError, error.message)
        } catch {
            throw JSONRPCError(.internalError, "The client has gone")
        }
    }

    /// How far the call is, an object without the token; nil where it says nothing.
    private static func progress(_ params: JSONValue) -> ByteBuffer? {
        guard let progress = params["progress"], progress.kind == .number else { return nil }
        var json = JSONWriter()
        json.beginObject()
        json.member("progress", raw: progress.rawBytes)
        if let total = params["total"], total.kind == .number { json.member("total", raw: total.rawBytes) }
        if let message = params["message"], message.kind == .string { json.member("message", raw: message.rawBytes) }
        json.endObject()
        return json.buffer
    }

    /// A message of the log without what its `_meta` says about the hop.
    private static func message(_ params: JSONValue) -> ByteBuffer {
        guard let meta = params["_meta"] else { return params.rawBytes }
        return params.replacingMember("_meta", with: meta.kind == .object ? ReservedMeta.kept(meta) : nil)
    }
}
