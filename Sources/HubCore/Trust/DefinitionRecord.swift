public import NIOCore

/// A tool's definition as its owner gave it, in canonical form: what an operator reviews, and what a digest pins.
///
/// It has all that reaches a model or decides what a client shows: name, title, description, both schemas, annotations, icons, and the link
/// to a user interface. What the hub adds (risk, operation, examples) is not of the owner and not in it. The order of members and the white
/// space of schemas do not matter; a member that is absent stays absent.
public struct DefinitionRecord: Sendable, Hashable {
    /// The longest canonical form, in bytes.
    public static let maximumBytes = 4 << 20
    private static let limits = JSONLimits(maximumBytes: maximumBytes, maximumDepth: 200, maximumValues: 1 << 18, duplicateKeys: .refuse)

    /// The canonical JSON, which is stored for review.
    public let bytes: ByteBuffer
    /// What it is known by.
    public let digest: DefinitionDigest
    /// The same, to be read.
    let document: JSONDocument

    /// The record of a definition before any override of the operator's.
    ///
    /// - Throws: `DefinitionRecordError` where a part of it has no canonical form or all of it is too large: it cannot be approved.
    public init(_ tool: ToolDefinition) throws(DefinitionRecordError) {
        var json = JSONWriter()
        json.beginObject()
        json.member("name", tool.name)
        if let title = tool.title { json.member("title", title) }
        json.member("description", tool.description)
        for (name, part) in [("inputSchema", tool.inputSchema), ("outputSchema", tool.outputSchema), ("icons", tool.icons)] {
            if let part { json.member(name, raw: try Self.canonical(name, part)) }
        }
        Self.write(tool.annotations, to: &json)
        if let meta = tool.meta { try Self.writeLink(in: meta, to: &json) }
        json.endObject()
        try self.init(canonical: Self.canonical(nil, json.buffer))
    }

    /// A record that was stored.
    ///
    /// - Throws: `DefinitionRecordError` where the bytes are not what `bytes` was.
    public init(stored bytes: ByteBuffer) throws(DefinitionRecordError) {
        try self.init(canonical: Self.canonical(nil, bytes))
        guard self.bytes == bytes, name != nil else { throw DefinitionRecordError(member: nil, reason: .notARecord) }
    }

    private init(canonical bytes: ByteBuffer) throws(DefinitionRecordError) {
        do throws(JSONParseError) {
            document = try JSONDocument(parsing: bytes, limits: Self.limits)
        } catch {
            throw DefinitionRecordError(
                member: nil, reason: .noCanonicalForm(CanonicalJSONError(reason: .notJSON(error.reason), offset: error.offset)))
        }
        self.bytes = bytes
        digest = DefinitionDigest(of: bytes)
    }

    /// The tool's name.
    var name: String? { document.root["name"]?.string }

    private static func canonical(_ member: String?, _ json: ByteBuffer) throws(DefinitionRecordError) -> ByteBuffer {
        do throws(CanonicalJSONError) {
            return try CanonicalJSON.bytes(parsing: json, limits: limits)
        } catch {
            throw DefinitionRecordError(member: member, reason: .noCanonicalForm(error))
        }
    }

    private static func write(_ annotations: ToolAnnotations, to json: inout JSONWriter) {
        let hints = [
            ("readOnlyHint", annotations.readOnly), ("destructiveHint", annotations.destructive),
            ("idempotentHint", annotations.idempotent),
            ("openWorldHint", annotations.openWorld),
        ]
        guard hints.contains(where: { $0.1 != nil }) else { return }
        json.key("annotations")
        json.beginObject()
        for case (let name, let value?) in hints {
            json.key(name)
            json.bool(value)
        }
        json.endObject()
    }

    /// Of `_meta`, where the user interface is (MCP Apps: `ui.resourceUri`, and its older name); the rest may change with every list.
    private static func writeLink(in meta: ByteBuffer, to json: inout JSONWriter) throws(DefinitionRecordError) {
        let document: JSONDocument
        do throws(JSONParseError) {
            document = try JSONDocument(parsing: meta, limits: limits)
        } catch {
            throw DefinitionRecordError(
                member: "_meta", reason: .noCanonicalForm(CanonicalJSONError(reason: .notJSON(error.reason), offset: error.offset)))
        }
        let links = ["ui", "ui/resourceUri"].compactMap { name in document.root[name].map { (name: name, value: $0) } }
        guard !links.isEmpty else { return }
        json.key("_meta")
        json.beginObject()
        for link in links { json.member(link.name, raw: link.value.rawBytes) }
        json.endObject()
    }

    /// Equal where the bytes are.
    public static func == (a: DefinitionRecord, b: DefinitionRecord) -> Bool { a.bytes == b.bytes }
    /// The digest.
    public func hash(into hasher: inout Hasher) { hasher.combine(digest) }
}

/// Why a definition cannot be recorded.
public struct DefinitionRecordError: Error, Sendable, Hashable, CustomStringConvertible {
    /// What is wrong.
    public enum Reason: Sendable, Hashable {
        /// The part has no canonical form.
        case noCanonicalForm(CanonicalJSONError)
        /// What was stored is not a record as the hub writes it.
        case notARecord
    }

    /// The part of the definition, such as `inputSchema`; nil for all of it.
    public var member: String?
    /// What is wrong with it.
    public var reason: Reason

    /// The part and the reason; none of the definition's own text.
    public var description: String {
        let part = member.map { "its \($0)" } ?? "it"
        switch reason {
        case .noCanonicalForm(let error): return "\(part) has no canonical form: \(error)"
        case .notARecord: return "\(part) is not a definition as the hub records it"
        }
    }
}
