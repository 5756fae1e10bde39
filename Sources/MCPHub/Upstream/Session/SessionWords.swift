import HubCore
import NIOCore

/// Writes what the hub says to a server, in the words of one revision.
struct SessionWords: Sendable {
    /// The hub's version, for `clientInfo`.
    let version: String
    /// What is spoken.
    let revision: ProtocolRevision

    /// Members of `_meta` that are about this hop, so that nobody else's are passed on.
    private static let own: Set<String> = [
        MetaKey.protocolVersion, MetaKey.clientCapabilities, MetaKey.clientInfo, MetaKey.logLevel, "progressToken",
    ]

    /// A request. Its id is the token of its progress, too.
    func request(_ request: SessionRequest, id: Int) -> ByteBuffer {
        var json = JSONWriter()
        json.beginObject()
        json.member("jsonrpc", "2.0")
        json.member("id", id)
        json.member("method", request.method)
        let others = request.meta.flatMap(Self.othersMeta)
        let hasMeta = revision.isModern || request.wantsProgress || others != nil
        if hasMeta || request.params != nil {
            json.key("params")
            json.beginObject()
            if let params = request.params { json.members(of: params) }
            if hasMeta {
                json.key("_meta")
                json.beginObject()
                if revision.isModern { writeSelf(request, to: &json) }
                if request.wantsProgress { json.member("progressToken", id) }
                if let others { json.members(of: others) }
                json.endObject()
            }
            json.endObject()
        }
        json.endObject()
        return json.buffer
    }

    private func writeSelf(_ request: SessionRequest, to json: inout JSONWriter) {
        json.member(MetaKey.protocolVersion, revision.rawValue)
        writeClientInfo(MetaKey.clientInfo, to: &json)
        json.key(MetaKey.clientCapabilities)
        request.capabilities.write(to: &json, isModern: true)
        if let level = request.logLevel { json.member(MetaKey.logLevel, level.rawValue) }
    }

    private func writeClientInfo(_ name: String, to json: inout JSONWriter) {
        json.key(name)
        json.beginObject()
        json.member("name", "hubd")
        json.member("version", version)
        json.endObject()
    }

    /// The members of a `_meta` that are not about this hop; nil where there are none.
    private static func othersMeta(_ meta: ByteBuffer) -> ByteBuffer? {
        // What is malformed is nobody's `_meta`.
        guard let root = try? JSONDocument(parsing: meta, limits: .message).root else { return nil }
        var json = JSONWriter()
        json.beginObject()
        var count = 0
        for member in root.members where !(member.name.string.map(own.contains) ?? true) {
            json.key(member.name)
            json.value(member.value)
            count += 1
        }
        json.endObject()
        return count > 0 ? json.buffer : nil
    }

    /// The parameters of `initialize`.
    func initialization(capabilities: ClientCapabilities) -> ByteBuffer {
        var json = JSONWriter()
        json.beginObject()
        json.member("protocolVersion", ProtocolRevision.latestHandshake.rawValue)
        json.key("capabilities")
        capabilities.write(to: &json, isModern: false)
        writeClientInfo("clientInfo", to: &json)
        json.endObject()
        return json.buffer
    }

    /// A notification.
    static func notification(_ method: String, params: ByteBuffer? = nil) -> ByteBuffer {
        var json = JSONWriter()
        json.beginObject()
        json.member("jsonrpc", "2.0")
        json.member("method", method)
        if let params { json.member("params", raw: params) }
        json.endObject()
        return json.buffer
    }

    /// Says that nobody waits for the answer to a request any more.
    static func cancellation(of id: Int) -> ByteBuffer {
        var json = JSONWriter()
        json.jsonRPCNotification("notifications/cancelled") { json in
            json.member("requestId", id)
            json.member("reason", "The client does not wait for the answer any more")
        }
        return json.buffer
    }

    /// An answer to a question of the server.
    static func answer(_ result: ByteBuffer, to id: JSONValue) -> ByteBuffer {
        var json = JSONWriter()
        json.jsonRPCResponse(id: id) { $0.raw(result) }
        return json.buffer
    }
}

extension JSONWriter {
    /// Writes the members of an object that was made by the hub itself: what stands between its braces.
    fileprivate mutating func members(of object: ByteBuffer) {
        let bytes = object.readableBytesView
        guard let open = bytes.firstIndex(of: UInt8(ascii: "{")), let close = bytes.lastIndex(of: UInt8(ascii: "}")), open < close else {
            return
        }
        let inner = bytes[(open + 1)..<close]
        guard inner.contains(where: { ![0x20, 0x09, 0x0A, 0x0D].contains($0) }) else { return }
        raw(ByteBuffer(inner))
    }
}
