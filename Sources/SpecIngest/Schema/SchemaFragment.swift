import HubCore
import NIOCore

/// A schema in its final words, but for the places where a shared schema belongs: the members of a JSON object as bytes, and holes.
///
/// What goes into a hole, `{"$ref":"#/$defs/…"}` or the shared schema itself, is decided for each tool (`InputSchemaComposer`).
struct SchemaFragment: Sendable {
    /// A place for a shared schema.
    struct Hole: Sendable {
        /// What is left open.
        enum Kind: Sendable {
            /// A whole schema; the description, if there is one, stands before its own.
            case schema(description: String?)
            /// A `$ref` member in an object with other members.
            case member
        }

        /// Where in the bytes.
        var offset: Int
        /// How many brackets are open there.
        var depth: Int
        /// The number of the shared schema.
        var target: Int
        /// What is left open.
        var kind: Kind
    }

    /// What the schema is for, in plain words.
    var description: String?
    /// The members, without the braces around them and without `description`.
    var members: ByteBuffer
    /// The places for shared schemas, in order.
    var holes: [Hole]
    /// How many brackets are open at the deepest place.
    var depth: Int

    /// The schema that takes everything.
    static let any = SchemaFragment(description: nil, members: ByteBuffer(), holes: [], depth: 0)
}

/// How a place in a tool's schema is filled.
enum SchemaUse: Sendable {
    /// By a schema of its own.
    case inline(SchemaFragment)
    /// By a shared schema, with a description that goes before the schema's own.
    case shared(Int, description: String?)
}

/// Writes a fragment.
struct FragmentWriter {
    private var json = JSONWriter()
    private var holes: [SchemaFragment.Hole] = []
    private var depth = 0
    private var maximumDepth = 0

    var isEmpty: Bool { json.buffer.readableBytes == 0 && holes.isEmpty }

    mutating func beginObject() {
        json.beginObject()
        deepen()
    }
    mutating func endObject() {
        json.endObject()
        depth -= 1
    }
    mutating func beginArray() {
        json.beginArray()
        deepen()
    }
    mutating func endArray() {
        json.endArray()
        depth -= 1
    }
    mutating func key(_ name: String) { json.key(name) }
    mutating func string(_ text: String) { json.string(text) }
    mutating func bool(_ value: Bool) { json.bool(value) }
    mutating func raw(_ text: String) { json.raw(text) }
    mutating func value(_ value: JSONValue) { json.raw(JSONCompactor.compact(value)) }

    /// Writes a schema that takes everything.
    mutating func any() { json.raw("{}") }

    /// Leaves a place for a whole shared schema.
    mutating func shared(_ target: Int, description: String?) {
        json.raw("")
        holes.append(.init(offset: json.buffer.writerIndex, depth: depth, target: target, kind: .schema(description: description)))
    }

    /// Leaves a place for a `$ref` member in the object that is open.
    mutating func referenceMember(_ target: Int) {
        json.raw("")
        holes.append(.init(offset: json.buffer.writerIndex, depth: depth, target: target, kind: .member))
    }

    func fragment(description: String?) -> SchemaFragment {
        SchemaFragment(description: description, members: json.buffer, holes: holes, depth: maximumDepth)
    }

    private mutating func deepen() {
        depth += 1
        maximumDepth = max(maximumDepth, depth)
    }
}
