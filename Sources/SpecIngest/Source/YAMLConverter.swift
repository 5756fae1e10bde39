import HubCore
import NIOCore

/// Rewrites the events of a YAML text as JSON, and notes where each value and each key stood. Nothing here recurses.
///
/// 1. Keys are strings, spelled as written: `200:` is the member `"200"`. A sequence, a mapping or an alias as a key is an error.
/// 2. Repeated keys are kept: what they mean is for `JSONLimits.duplicateKeys` and for the caller to say.
/// 3. Merge keys (a plain `<<`) are an error: YAML 1.2 has none, and taking them for a member would lose what they merge.
/// 4. An alias is a copy of the value at its anchor, up to `maximumAliasNodes` and `maximumAliasBytes` for all aliases together.
/// 5. Tags other than those of the core schema are an error, and so is a second document. No document at all is `null`.
struct YAMLConverter: ~Copyable {
    /// How many values and keys all aliases together may stand for.
    static let maximumAliasNodes = 10_000
    /// How many bytes of JSON all aliases together may stand for.
    static let maximumAliasBytes = 8 << 20

    /// The tag that only says "do not look at the spelling" (YAML 1.2 §6.9.1).
    private static let nonSpecificTag = "!"

    private struct Container {
        var isMapping: Bool
        var expectsKey: Bool
        var anchor: String?
        var entry: Int
    }

    /// A value with an anchor: where it lies in the JSON, and which of the entries are its own; nil while it is still open.
    private struct Anchored {
        var bytes: Range<Int>
        var entries: Range<Int>
    }

    private let limits: JSONLimits
    private var reader: YAMLEventReader
    private var writer = JSONWriter()
    private var scratch = ByteBuffer()
    private var containers: [Container] = []
    private var anchors: [String: Anchored?] = [:]
    private var aliasNodes = 0
    private var aliasBytes = 0
    /// Where each value and key stood, in the order of `JSONValue.index`.
    private(set) var entries = YAMLEntries()

    init(_ bytes: ByteBuffer, limits: JSONLimits) throws(SourceError) {
        self.limits = limits
        reader = try YAMLEventReader(bytes)
    }

    /// The JSON of the one document.
    mutating func convert() throws(SourceError) -> ByteBuffer {
        var documents = 0
        while true {
            switch try reader.next() {
            case .streamStart, .documentEnd: continue
            case .documentStart:
                documents += 1
                guard documents == 1 else { throw error("a second YAML document begins here; one file holds one") }
            case .streamEnd:
                if documents == 0 { try write { $0.null() } }
                return writer.buffer
            case .alias: try copyAnchored()
            case .scalar: try scalar()
            case .sequenceStart:
                try open(isMapping: false)
                try write { $0.beginArray() }
            case .mappingStart:
                try open(isMapping: true)
                try write { $0.beginObject() }
            case .sequenceEnd:
                writer.endArray()
                close()
            case .mappingEnd:
                writer.endObject()
                close()
            }
        }
    }

    // MARK: Containers

    private mutating func open(isMapping: Bool) throws(SourceError) {
        guard containers.count < limits.maximumDepth else { throw error(JSONParseError.Reason.tooDeep.rawValue) }
        if containers.last?.expectsKey == true { throw error("a sequence or mapping as a key; keys are strings") }
        try checkTag([isMapping ? "map" : "seq"])
        valueFollows()
        let anchor = reader.anchor
        if let anchor { anchors[anchor] = .some(nil) }
        containers.append(Container(isMapping: isMapping, expectsKey: isMapping, anchor: anchor, entry: entries.count))
    }

    private mutating func close() {
        guard let container = containers.popLast() else { return }
        keep(container.anchor, entry: container.entry)
    }

    /// Notes that the value of a member comes now, so that a key comes next.
    private mutating func valueFollows() {
        guard let last = containers.indices.last, containers[last].isMapping else { return }
        containers[last].expectsKey = true
    }

    // MARK: Scalars

    private mutating func scalar() throws(SourceError) {
        let entry = entries.count
        if let last = containers.indices.last, containers[last].expectsKey {
            try checkTag(["str", "int", "float", "bool", "null"])
            let name = reader.scalarText
            if name == "<<", reader.isPlain { throw error("a merge key (<<): YAML 1.2 has none, write the members out") }
            containers[last].expectsKey = false
            try write { $0.key(name) }
        } else {
            valueFollows()
            switch try meaning() {
            case .null: try write { $0.null() }
            case .bool(let value): try write { $0.bool(value) }
            case .number(let text): try write { $0.raw(text) }
            case .string:
                var text = ByteBuffer()
                swap(&text, &scratch)
                text.clear()
                reader.copyScalar(to: &text)
                try write { $0.string(utf8: text) }
                swap(&text, &scratch)
            }
        }
        keep(reader.anchor, entry: entry)
    }

    private func meaning() throws(SourceError) -> YAMLScalar {
        guard let tag = reader.tag else { return reader.isPlain ? reader.scalarMeaning : .string }
        guard tag != Self.nonSpecificTag else { return .string }
        let name = try checkTag(["str", "int", "float", "bool", "null"])
        let meaning = reader.scalarMeaning
        switch (name, meaning) {
        case ("str", _): return .string
        case ("int", .number), ("float", .number), ("bool", .bool), ("null", .null): return meaning
        case _: throw error("a value that does not fit its tag \(tag.prefix(60))")
        }
    }

    /// The short name of the tag of the current event, which must be one of `names`.
    @discardableResult
    private func checkTag(_ names: [String]) throws(SourceError) -> String? {
        guard let tag = reader.tag, tag != Self.nonSpecificTag else { return nil }
        let prefix = "tag:yaml.org,2002:"
        guard tag.hasPrefix(prefix), let name = names.first(where: { $0 == tag.dropFirst(prefix.count) }) else {
            throw error("the tag \(tag.prefix(60)) is not one that stands here; only those of YAML's core schema do")
        }
        return name
    }

    // MARK: Aliases

    /// Writes the value at the anchor that the current alias names once more.
    private mutating func copyAnchored() throws(SourceError) {
        if containers.last?.expectsKey == true { throw error("an alias as a key: write the key out") }
        guard let known = reader.anchor.flatMap({ anchors[$0] }) else { throw error("an alias without an anchor before it") }
        guard let anchored = known else { throw error("an alias inside the value that it stands for") }
        aliasNodes += anchored.entries.count
        aliasBytes += anchored.bytes.count
        guard aliasNodes <= Self.maximumAliasNodes, aliasBytes <= Self.maximumAliasBytes else {
            throw error("the aliases of this text stand for too much")
        }
        valueFollows()
        // A copy, because a slice would share the writer's storage and make its next write copy all of it.
        let copy = ByteBuffer(bytes: writer.buffer.readableBytesView[anchored.bytes])
        try write { $0.raw(copy) }
        let shift = writer.buffer.readableBytes - copy.readableBytes - anchored.bytes.lowerBound
        entries.repeatInner(anchored.entries, shift: shift)
        guard entries.count <= limits.maximumValues else { throw error(JSONParseError.Reason.tooManyValues.rawValue) }
    }

    /// Remembers the value or key that begins at `entry` and ends here as what `anchor` names.
    private mutating func keep(_ anchor: String?, entry: Int) {
        guard let anchor else { return }
        let buffer = writer.buffer
        let isKey = buffer.readableBytesView.last == UInt8(ascii: ":")
        let bytes = entries.offset(at: entry)..<buffer.readableBytes - (isKey ? 1 : 0)
        anchors[anchor] = Anchored(bytes: bytes, entries: entry..<entries.count)
    }

    // MARK: Writing

    /// Writes one value or key, or the opening bracket of a container, and notes that the current event stands for it.
    private mutating func write(_ body: (inout JSONWriter) -> Void) throws(SourceError) {
        let start = writer.buffer.readableBytes
        body(&writer)
        let startsWithComma = writer.buffer.getInteger(at: writer.buffer.readerIndex + start, as: UInt8.self) == UInt8(ascii: ",")
        entries.append(reader.position, offset: start + (startsWithComma ? 1 : 0))
        guard entries.count <= limits.maximumValues else { throw error(JSONParseError.Reason.tooManyValues.rawValue) }
        guard writer.buffer.readableBytes <= limits.maximumBytes else { throw error(JSONParseError.Reason.tooLarge.rawValue) }
    }

    private func error(_ message: String) -> SourceError {
        SourceError(message: message, position: reader.position)
    }
}
