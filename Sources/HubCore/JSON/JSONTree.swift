public import NIOCore

/// JSON as a tree that can be built and changed. For what happens once per configuration, such as shaping a schema;
/// a caller's message or an upstream's payload stays a `JSONValue`.
public indirect enum JSONTree: Sendable, Hashable {
    /// `null`.
    case null
    /// `true` or `false`.
    case bool(Bool)
    /// A number as written.
    case number(String)
    /// A string.
    case string(String)
    /// An array.
    case array([JSONTree])
    /// An object, in order.
    case object(JSONObject)

    /// The tree of a value, copied out of its document. Depth is bounded by the document's own limit.
    public init(_ value: JSONValue) {
        switch value.kind {
        case .null: self = .null
        case .true: self = .bool(true)
        case .false: self = .bool(false)
        case .number: self = .number(value.numberText ?? "0")
        case .string: self = .string(value.string ?? "")
        case .array: self = .array(value.elements.map { JSONTree($0) })
        case .object:
            var object = JSONObject()
            for member in value.members { object[member.name.string ?? ""] = JSONTree(member.value) }
            self = .object(object)
        }
    }

    /// An integer.
    public static func integer(_ value: Int) -> JSONTree { .number(String(value)) }

    /// The text of a string; nil for all else.
    public var string: String? { if case .string(let value) = self { value } else { nil } }
    /// `true` or `false`; nil for all else.
    public var bool: Bool? { if case .bool(let value) = self { value } else { nil } }
    /// The members of an object; nil for all else.
    public var object: JSONObject? { if case .object(let value) = self { value } else { nil } }
    /// The elements of an array; nil for all else.
    public var array: [JSONTree]? { if case .array(let value) = self { value } else { nil } }
    /// The value of a member of an object.
    public subscript(_ name: String) -> JSONTree? { object?[name] }

    /// Writes the tree.
    public func write(to writer: inout JSONWriter) {
        switch self {
        case .null: writer.null()
        case .bool(let value): writer.bool(value)
        case .number(let text): writer.raw(text)
        case .string(let text): writer.string(text)
        case .array(let elements):
            writer.beginArray()
            for element in elements { element.write(to: &writer) }
            writer.endArray()
        case .object(let object):
            writer.beginObject()
            for (name, value) in object {
                writer.key(name)
                value.write(to: &writer)
            }
            writer.endObject()
        }
    }

    /// The tree as bytes, without white space.
    public var bytes: ByteBuffer {
        var writer = JSONWriter()
        write(to: &writer)
        return writer.buffer
    }
}

/// An object of a `JSONTree`: names in order, each once.
public struct JSONObject: Sendable, Hashable, Sequence, ExpressibleByDictionaryLiteral {
    private var names: [String] = []
    private var values: [String: JSONTree] = [:]

    /// An empty object.
    public init() {}

    /// An object with these members in this order; a repeated name keeps its first place and last value.
    public init(dictionaryLiteral elements: (String, JSONTree)...) {
        for (name, value) in elements { self[name] = value }
    }

    /// The number of members.
    public var count: Int { names.count }
    /// Whether there are none.
    public var isEmpty: Bool { names.isEmpty }
    /// The names in order.
    public var keys: [String] { names }

    /// The value of a member; setting nil removes it, setting a new name appends it.
    public subscript(_ name: String) -> JSONTree? {
        get { values[name] }
        set {
            switch (values[name], newValue) {
            case (nil, .some(let value)):
                names.append(name)
                values[name] = value
            case (.some, .some(let value)):
                values[name] = value
            case (.some, nil):
                names.removeAll { $0 == name }
                values[name] = nil
            case (nil, nil):
                break
            }
        }
    }

    /// The members in order.
    public func makeIterator() -> AnyIterator<(name: String, value: JSONTree)> {
        var iterator = names.makeIterator()
        return AnyIterator { iterator.next().map { (name: $0, value: values[$0] ?? .null) } }
    }
}
