import HubCore
import NIOCore

/// A body written by hand, with places for arguments. Compiled when the configuration is read; a call only fills it in.
///
/// 1. A string that is exactly `"{name}"` becomes the argument's value as the caller wrote it; without one, the member or element is left out.
/// 2. In a longer string the argument stands as text; without one, nothing stands there.
/// 3. Everything else is sent as it is written.
struct BodyTemplate: Sendable {
    /// How the result is written.
    enum Syntax: Sendable {
        case json
        case form
        case text
        /// Text in which arguments are escaped, but for one that is the whole.
        case xml
    }

    private enum TextPiece: Sendable {
        case literal(String)
        case argument(slot: Int)
    }

    private indirect enum Node: Sendable {
        case raw(ByteBuffer)
        case value(slot: Int)
        case text([TextPiece])
        case array([Node])
        case object([(name: String, node: Node)])
    }

    private let root: Node
    private let syntax: Syntax

    /// - Parameter slots: the numbers of the arguments by name; other names in braces are text.
    init(_ value: JSONValue, syntax: Syntax, slots: [String: Int]) {
        root = Self.compile(value, slots)
        self.syntax = syntax
    }

    /// The names in braces in all strings below `value`, with the string each stands in.
    static func placeholders(in value: JSONValue) -> [(name: String, node: JSONValue)] {
        switch value.kind {
        case .string: PlaceholderText.names(in: value.string ?? "").map { ($0, value) }
        case .array: value.elements.flatMap { placeholders(in: $0) }
        case .object: value.members.flatMap { placeholders(in: $0.value) }
        case .null, .true, .false, .number: []
        }
    }

    // Depth is bounded by that of the document.
    private static func compile(_ value: JSONValue, _ slots: [String: Int]) -> Node {
        switch value.kind {
        case .null, .true, .false, .number:
            return .raw(value.rawBytes)
        case .array:
            return .array(value.elements.map { compile($0, slots) })
        case .object:
            return .object(value.members.map { ($0.name.string ?? "", compile($0.value, slots)) })
        case .string:
            let pieces = PlaceholderText.cut(value.string ?? "")
            if pieces.count == 1, case .placeholder(let name) = pieces.first, let slot = slots[name] { return .value(slot: slot) }
            return .text(
                pieces.map { piece in
                    switch piece {
                    case .literal(let text): .literal(text)
                    case .placeholder(let name): slots[name].map { .argument(slot: $0) } ?? .literal("{\(name)}")
                    }
                })
        }
    }

    /// The body for these arguments; nil where it is nothing but an argument that was not given.
    ///
    /// - Throws: `HubError` where an argument holds a character that XML cannot hold.
    func write(_ values: [JSONValue?]) throws(HubError) -> ByteBuffer? {
        switch syntax {
        case .json:
            guard Self.isGiven(root, values) else { return nil }
            var json = JSONWriter()
            Self.write(root, values, to: &json)
            return json.buffer
        case .text, .xml:
            if case .value(let slot) = root { return values[slot].map { ByteBuffer(string: ParameterShape.text($0)) } }
            let text = text(of: root, values)
            if case .xml = syntax, !text.unicodeScalars.allSatisfy(XMLText.isAllowed) {
                throw HubError(.invalidArguments, "an argument holds a character that XML cannot hold")
            }
            return ByteBuffer(string: text)
        case .form:
            guard case .object(let members) = root else { return nil }
            var bytes: [UInt8] = []
            for (name, node) in members where Self.isGiven(node, values) {
                var json = JSONWriter()
                Self.write(node, values, to: &json)
                // Ours: it parses.
                guard let value = try? JSONDocument(parsing: json.buffer, limits: .description).root else { continue }
                let plan = ParameterPlan(slot: 0, name: name, style: .form, explode: true, objectsAreJSON: true)
                ParameterWriter.appendQuery(plan, value, to: &bytes)
            }
            return ByteBuffer(bytes: bytes)
        }
    }

    private static func isGiven(_ node: Node, _ values: [JSONValue?]) -> Bool {
        if case .value(let slot) = node { values[slot] != nil } else { true }
    }

    private static func write(_ node: Node, _ values: [JSONValue?], to json: inout JSONWriter) {
        switch node {
        case .raw(let bytes): json.raw(bytes)
        case .value(let slot): values[slot].map { json.value($0) } ?? json.null()
        case .text(let pieces): json.string(text(of: pieces, values) { $0 })
        case .array(let nodes):
            json.beginArray()
            for node in nodes where isGiven(node, values) { write(node, values, to: &json) }
            json.endArray()
        case .object(let members):
            json.beginObject()
            for (name, node) in members where isGiven(node, values) {
                json.key(name)
                write(node, values, to: &json)
            }
            json.endObject()
        }
    }

    private func text(of node: Node, _ values: [JSONValue?]) -> String {
        guard case .text(let pieces) = node else { return "" }  // refused when the configuration is read
        guard case .xml = syntax else { return Self.text(of: pieces, values) { $0 } }
        return Self.text(of: pieces, values, Self.escaped)
    }

    private static func text(of pieces: [TextPiece], _ values: [JSONValue?], _ escape: (String) -> String) -> String {
        pieces.reduce(into: "") { text, piece in
            switch piece {
            case .literal(let literal): text += literal
            case .argument(let slot): text += escape(values[slot].map { ParameterShape.text($0) } ?? "")
            }
        }
    }

    // As in an attribute, for nobody knows where in the text it stands; the other quote too.
    private static func escaped(_ text: String) -> String {
        var bytes: [UInt8] = []
        for byte in text.utf8 {
            let reference = byte == UInt8(ascii: "'") ? "&apos;" : XMLText.reference(for: byte, inAttribute: true)
            if let reference { bytes.append(contentsOf: reference.utf8) } else { bytes.append(byte) }
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
