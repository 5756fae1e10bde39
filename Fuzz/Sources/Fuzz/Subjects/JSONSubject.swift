import HubCore
import NIOCore

/// The JSON parser, its values, the tree, the writer and the splice.
enum JSONSubject: Subject {
    static let name = "json"

    static func check(_ input: ByteBuffer) {
        let message = try? JSONDocument(parsing: input, limits: .message)  // refused: the other limits decide
        guard let document = try? JSONDocument(parsing: input, limits: .payload) else {
            claim(message == nil, "what is a message is a payload")
            return
        }
        let tree = JSONTree(document.root)
        claim(tree == reparsed(tree.bytes), "a tree comes back as it was written")
        var writer = JSONWriter()
        writer.value(document.root)
        claim(tree == reparsed(writer.buffer), "a value comes back as it was written")
        if let message {
            claim(JSONTree(message.root) == tree, "both limits read the same")
            checkNames(message.root)
        }
        checkValues(of: document)
    }

    private static func reparsed(_ bytes: ByteBuffer) -> JSONTree? {
        (try? JSONDocument(parsing: bytes, limits: .payload)).map { JSONTree($0.root) }  // nil fails the claim
    }

    /// Where no name is repeated, every member is found under its own name.
    private static func checkNames(_ value: JSONValue) {
        for element in value.elements { checkNames(element) }
        for (name, member) in value.members.prefix(64) {
            guard let text = name.string else { fatalError("a name is a string") }
            claim(value[text]?.index == member.index, "a member is found under its own name")
            claim(name.isString(text), "a name is what it says")
            checkNames(member)
        }
    }

    /// Each value's bytes are JSON of the same meaning, and putting them in its own place changes nothing.
    private static func checkValues(of document: JSONDocument) {
        var values: [JSONValue] = []
        collect(document.root, into: &values)
        for value in values {
            claim(reparsed(value.rawBytes) == JSONTree(value), "the bytes of a value are the value")
            claim(document.replacing([(value, value.rawBytes)]) == document.bytes, "a value in its own place changes nothing")
        }
        let scalars = values.filter { $0.kind != .array && $0.kind != .object }
        claim(document.replacing(scalars.map { ($0, $0.rawBytes) }) == document.bytes, "all scalars in their own places change nothing")
    }

    /// At most 200 values: each costs a parse.
    private static func collect(_ value: JSONValue, into values: inout [JSONValue]) {
        guard values.count < 200 else { return }
        values.append(value)
        claim(value.elements.reduce(0) { count, _ in count + 1 } == (value.kind == .array ? value.count : 0), "elements are counted")
        claim(value.members.reduce(0) { count, _ in count + 1 } == (value.kind == .object ? value.count : 0), "members are counted")
        for element in value.elements { collect(element, into: &values) }
        for (name, member) in value.members {
            values.append(name)
            collect(member, into: &values)
        }
    }
}
