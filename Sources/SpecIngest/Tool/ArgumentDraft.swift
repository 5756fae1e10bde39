import HubCore
import NIOCore

/// An argument while a tool is being made: everything but its final name.
struct ArgumentDraft {
    var binding: ArgumentBinding
    var use: SchemaUse
    /// Goes before the schema's own description.
    var description: String?
    var isRequired: Bool
    var kinds: ValueKinds
    /// Whether it travels as text.
    var isText: Bool
    /// Whether an explicit null is sent.
    var keepsNull = false
    /// Where its schema is.
    var source = SchemaSource.none

    /// The name it was declared under.
    var declaredName: String { binding.name.isEmpty ? binding.wireName : binding.name }

    /// What is known of it when a call comes.
    func slot(named name: String) -> ArgumentSlot {
        ArgumentSlot(name: name, kinds: kinds.isEmpty ? .any : kinds, isRequired: isRequired, isText: isText, keepsNull: keepsNull)
    }
}

extension SchemaFragment {
    /// A schema of our own.
    static func fixed(_ members: String, depth: Int = 1) -> SchemaFragment {
        SchemaFragment(description: nil, members: ByteBuffer(string: members), holes: [], depth: depth)
    }

    /// Text.
    static let string = fixed(#""type":"string""#)
    /// A file's content.
    static let base64 = fixed(#""type":"string","contentEncoding":"base64""#)
    /// A file that may have a name and a media type of its own. The names are those of content blocks of MCP, which models know.
    private static let fileMembers =
        #""type":["string","object"],"contentEncoding":"base64","properties":{"data":{"type":"string","contentEncoding":"base64"},"name":{"type":"string"},"mimeType":{"type":"string"}},"required":["data"]"#
    static let file = fixed(fileMembers, depth: 3)
    /// Several files.
    static let files = fixed(#""type":"array","items":{\#(fileMembers)}"#, depth: 4)
    /// An object of which nothing is known.
    static let object = fixed(#""type":"object""#)
}

extension SchemaShaper {
    /// How a schema fills an argument's place, and the kinds of value it takes.
    func argument(_ source: SchemaSource, named name: String) -> (use: SchemaUse, kinds: ValueKinds) {
        switch source {
        case .node(let node): (use(of: node, named: name), kinds(of: node))
        case .parameter(let node): (use(of: node, named: name, origin: .parameter), kinds(of: node, origin: .parameter))
        case .none: (.inline(.any), .any)
        case .string: (.inline(.string), .string)
        }
    }
}
