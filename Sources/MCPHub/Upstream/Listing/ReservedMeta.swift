import HubCore
import NIOCore

/// The members of `_meta` that are about one hop: the protocol's own, which each hop says for itself (2026-07-28 basic, "_meta"), and those
/// that the hub says.
enum ReservedMeta {
    /// Whether a member's name has a prefix that is the protocol's: its second label is `modelcontextprotocol` or `mcp`, or, in the words
    /// of the revisions before 2025-11-25, the last but one.
    static func isReserved(_ name: String) -> Bool {
        guard let slash = name.utf8.firstIndex(of: UInt8(ascii: "/")) else { return false }
        if name.hasPrefix(MetaKey.ownPrefix) { return true }
        let labels = name[..<slash].split(separator: ".", omittingEmptySubsequences: false)
        guard labels.count >= 2 else { return false }
        return isOwn(labels[1]) || isOwn(labels[labels.count - 2])
    }

    private static func isOwn(_ label: Substring) -> Bool {
        switch label.lowercased() {
        case "modelcontextprotocol", "mcp": true
        default: false
        }
    }

    /// What of a `_meta` is passed on, an object, each member once; nil: nothing.
    static func kept(_ meta: JSONValue) -> ByteBuffer? {
        var json = JSONWriter()
        json.beginObject()
        var names = Set<String>()
        for (name, value) in meta.members {
            guard let text = name.string, !isReserved(text), names.insert(text).inserted else { continue }
            json.key(name)
            json.value(value)
        }
        json.endObject()
        return names.isEmpty ? nil : json.buffer
    }

    /// The document of a result without what its `_meta` says about the hop.
    static func stripped(_ document: JSONDocument) throws(JSONParseError) -> JSONDocument {
        guard let meta = document.root["_meta"] else { return document }
        if meta.kind == .object, !meta.members.contains(where: { isReserved($0.name.string ?? "") }) { return document }
        return try JSONDocument(parsing: document.root.replacingMember("_meta", with: kept(meta)), limits: .payload)
    }
}
