import HubCore
import NIOCore

/// What the results of all methods have in common.
extension MCPMethods {
    /// A response with a result; what every result of the modern era carries is added.
    ///
    /// - Parameters:
    ///   - type: of the result.
    ///   - meta: the `_meta` of another server's result, of which the rest of the way is passed on.
    ///   - distrusted: the server whose words the result is, where they are not trusted.
    ///   - unavailable: what is left out of a list because its server is away.
    ///   - members: writes the members beside `resultType` and `_meta`.
    func result(
        id: JSONValue, type: String = "complete", meta: JSONValue? = nil, distrusted: String? = nil, unavailable: [String] = [],
        members: (inout JSONWriter) throws -> Void
    ) rethrows -> ByteBuffer {
        var json = JSONWriter()
        try json.jsonRPCResponse(id: id) { json in
            json.beginObject()
            try members(&json)
            if revision.isModern { json.member("resultType", type) }
            writeMeta(meta, distrusted: distrusted, unavailable: unavailable, to: &json)
            json.endObject()
        }
        return json.buffer
    }

    private func writeMeta(_ meta: JSONValue?, distrusted: String?, unavailable: [String], to json: inout JSONWriter) {
        let hasForeign = meta?.members.contains { CallerMeta.isForeign($0.name) } ?? false
        let saysUnavailable = !unavailable.isEmpty && revision >= .v2025_06_18
        let distrusted = revision >= .v2025_06_18 ? distrusted : nil
        guard revision.isModern || hasForeign || saysUnavailable || distrusted != nil else { return }
        json.key("_meta")
        json.beginObject()
        if hasForeign, let meta { CallerMeta.writeForeign(meta, to: &json) }
        if saysUnavailable { json.member(MetaKey.unavailable, unavailable) }
        if let distrusted { json.member(MetaKey.untrusted, distrusted) }
        if revision.isModern {
            json.key(MetaKey.serverInfo)
            writeServerInfo(to: &json)
        }
        json.endObject()
    }

    /// A list that not everybody gets is kept for the one who got it.
    func writeCaching(isForAll: Bool, to json: inout JSONWriter) {
        guard revision.isModern else { return }
        json.member("ttlMs", Self.listTimeToLive)
        json.member("cacheScope", isForAll ? "public" : "private")
    }

    /// Lists are one page, so that no cursor was ever given out.
    func refuseCursor(_ request: MethodRequest) throws(JSONRPCError) {
        if let cursor = request.envelope.params?["cursor"], !cursor.isNull {
            throw JSONRPCError(.invalidParams, "The cursor is not one of this server", id: request.id)
        }
    }

    /// What a client is told of a failure of another server's, in the codes of its revision.
    ///
    /// 1. Before 2026-07-28, the one parameter of `resources/read` being wrong means that there is no such resource, which has a code of its own.
    /// 2. What is about the hub's own request is the hub's fault.
    func refusal(_ error: JSONRPCError, method: OriginRequest.Method, id: JSONValue) -> JSONRPCError {
        var error = error
        error.id = id
        switch error.code {
        case .invalidParams where method == .readResource && !revision.isModern: error.code = .resourceNotFound
        case .resourceNotFound where revision.isModern: error.code = .invalidParams
        case .missingCapability where !revision.isModern: error.code = .invalidRequest
        case .headerMismatch, .unsupportedProtocolVersion, .parseError:
            return JSONRPCError(.internalError, "The server behind the hub did not understand the request", id: id)
        default: break
        }
        return error
    }
}
