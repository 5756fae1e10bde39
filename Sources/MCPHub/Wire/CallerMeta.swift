import HubCore
import NIOCore

/// What of a `_meta` goes on to the next hop: trace context and what others put there, not what is about this hop.
enum CallerMeta {
    /// The members that are passed on, an object; nil where there are none.
    static func passed(_ meta: JSONValue?) -> ByteBuffer? {
        guard let meta, meta.members.contains(where: { isForeign($0.name) }) else { return nil }
        var json = JSONWriter()
        json.beginObject()
        writeForeign(meta, to: &json)
        json.endObject()
        return json.buffer
    }

    /// Writes the members that are passed on into an open object.
    static func writeForeign(_ meta: JSONValue, to json: inout JSONWriter) {
        for member in meta.members where isForeign(member.name) {
            json.key(member.name)
            json.value(member.value)
        }
    }

    /// Whether a name is none of the protocol's own (2026-07-28 basic/index, "_meta": a prefix whose second label is `modelcontextprotocol` or
    /// `mcp` is reserved), nor the token of progress, which each hop gives for itself, nor one of the hub's.
    static func isForeign(_ name: JSONValue) -> Bool {
        if name.hasPrefix("io.modelcontextprotocol/") || name.hasPrefix(MetaKey.ownPrefix) || name.isString("progressToken") {
            return false
        }
        guard let text = name.string, let slash = text.firstIndex(of: "/") else { return true }
        let labels = text[..<slash].split(separator: ".", omittingEmptySubsequences: false)
        return labels.count < 2 || (labels[1] != "modelcontextprotocol" && labels[1] != "mcp")
    }
}
