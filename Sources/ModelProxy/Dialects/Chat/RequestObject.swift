import HubCore
import NIOCore

/// One object of a caller's request, read by the types that its members must have. `null` is as good as nothing.
struct RequestObject {
    /// The object.
    let value: JSONValue
    /// Where it stands, such as `messages[2]`; empty for the request itself.
    let path: String

    /// - Throws: where it is no object.
    init(_ value: JSONValue, path: String = "") throws(RequestRefusal) {
        guard value.kind == .object else {
            throw path.isEmpty
                ? RequestRefusal("The body must be a JSON object", parameter: nil)
                : RequestRefusal("The parameter \(path) must be an object", parameter: path)
        }
        self.value = value
        self.path = path
    }

    /// The place of a member.
    func path(_ name: String) -> String { path.isEmpty ? name : "\(path).\(name)" }

    /// A member, where it stands and is not null.
    subscript(_ name: String) -> JSONValue? {
        guard let value = value[name], !value.isNull else { return nil }
        return value
    }

    /// A member as a text, or one of another name.
    func string(_ name: String, or other: String? = nil) throws(RequestRefusal) -> String? {
        try read(self[name] == nil ? other ?? name : name, "a string") { $0.string }
    }

    /// A member as an integer, or one of another name.
    func int(_ name: String, or other: String? = nil, atLeast minimum: Int = .min) throws(RequestRefusal) -> Int? {
        try read(self[name] == nil ? other ?? name : name, minimum == .min ? "an integer" : "an integer of at least \(minimum)") { value in
            value.int.flatMap { $0 >= minimum ? $0 : nil }
        }
    }

    /// A member as true or false.
    func bool(_ name: String) throws(RequestRefusal) -> Bool? {
        try read(name, "true or false") { $0.bool }
    }

    /// A member as a number.
    func number(_ name: String) throws(RequestRefusal) -> DecimalNumber? {
        try read(name, "a number") { $0.numberText.flatMap { DecimalNumber($0) } }
    }

    /// A member as an object.
    func object(_ name: String) throws(RequestRefusal) -> RequestObject? {
        guard let value = self[name] else { return nil }
        return try RequestObject(value, path: path(name))
    }

    /// A member as an object, its bytes as they were written.
    func rawObject(_ name: String) throws(RequestRefusal) -> ByteBuffer? { try object(name)?.value.compactBytes }

    /// A member as a list of objects; none where it does not stand.
    func objects(_ name: String) throws(RequestRefusal) -> [RequestObject] {
        guard let value = self[name] else { return [] }
        guard value.kind == .array else { throw wrong(name, "an array") }
        var objects: [RequestObject] = []
        objects.reserveCapacity(value.count)
        for (index, element) in value.elements.enumerated() {
            objects.append(try RequestObject(element, path: "\(path(name))[\(index)]"))
        }
        return objects
    }

    /// A member as a list of texts; one text is a list of one.
    func strings(_ name: String) throws(RequestRefusal) -> [String] {
        guard let value = self[name] else { return [] }
        if let text = value.string { return [text] }
        guard value.kind == .array else { throw wrong(name, "a string or an array of strings") }
        var texts: [String] = []
        for element in value.elements {
            guard let text = element.string else { throw wrong(name, "a string or an array of strings") }
            texts.append(text)
        }
        return texts
    }

    /// What a member gives, which must be there.
    func required<Value>(_ name: String, _ value: Value?) throws(RequestRefusal) -> Value {
        guard let value else { throw RequestRefusal("The parameter \(path(name)) is missing", parameter: path(name)) }
        return value
    }

    /// A refusal of a member's value.
    func wrong(_ name: String, _ what: String) -> RequestRefusal {
        RequestRefusal("The parameter \(path(name)) must be \(what)", parameter: path(name))
    }

    /// The members of other names, null left out.
    func others(than known: Set<String>) -> [JSONMember] {
        value.members.compactMap { member in
            guard let name = member.name.string, !known.contains(name), !member.value.isNull else { return nil }
            return JSONMember(name: name, value: member.value.compactBytes)
        }
    }

    private func read<Value>(
        _ name: String, _ what: String, _ convert: (JSONValue) -> Value?
    ) throws(RequestRefusal) -> Value? {
        guard let value = self[name] else { return nil }
        guard let converted = convert(value) else { throw wrong(name, what) }
        return converted
    }
}
