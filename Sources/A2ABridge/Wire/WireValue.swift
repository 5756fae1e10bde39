import HubCore
import NIOCore

/// A value on its way into the model: JSON, and the dialect it is in. Its reading is bounded by the limits its document was parsed with.
///
/// As in ProtoJSON, `null` and an empty string stand for what is not there, numbers may be written as strings, and what is not known is skipped.
struct WireValue: Sendable {
    /// The value.
    let json: JSONValue
    /// How it is spelled.
    let dialect: A2ADialect
    /// What places are told from.
    private let root: JSONValue

    /// A value by itself, such as the parameters of a request.
    init(_ json: JSONValue, _ dialect: A2ADialect) {
        (self.json, self.dialect, root) = (json, dialect, json)
    }

    private init(_ json: JSONValue, in parent: WireValue) {
        (self.json, dialect, root) = (json, parent.dialect, parent.root)
    }

    /// A problem of this value, or of a member of it.
    func problem(_ reason: WireProblem.Reason, at member: String? = nil) -> WireProblem {
        WireProblem(place: WireProblem.place(of: json, below: root, member: member), reason: reason)
    }

    /// A member that is there and not null. ProtoJSON is read with the names of the protocol buffers, too: `task_id` for `taskId`.
    subscript(_ name: String) -> WireValue? {
        guard let value = json[name] ?? (dialect == .v0_3 ? nil : Self.protoName(name).flatMap { json[$0] }) else { return nil }
        return value.isNull ? nil : WireValue(value, in: self)
    }

    /// The name of a field in the protocol buffers, where it differs.
    private static func protoName(_ name: String) -> String? {
        guard name.utf8.contains(where: { (0x41...0x5A).contains($0) }) else { return nil }
        var bytes: [UInt8] = []
        for byte in name.utf8 {
            if (0x41...0x5A).contains(byte) { bytes.append(UInt8(ascii: "_")) }
            bytes.append((0x41...0x5A).contains(byte) ? byte | 0x20 : byte)
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    // MARK: What the value is

    /// The value, which must be an object.
    func object() throws(WireProblem) -> WireValue {
        guard json.kind == .object else { throw problem(.notObject) }
        return self
    }

    /// The text of a string.
    func text() throws(WireProblem) -> String {
        guard let text = json.string else { throw problem(.notText) }
        return text
    }

    /// The elements of an array.
    func elements() throws(WireProblem) -> [WireValue] {
        guard json.kind == .array else { throw problem(.notArray) }
        return json.elements.map { WireValue($0, in: self) }
    }

    /// The members of an object, in order.
    func members() throws(WireProblem) -> [(name: String, value: WireValue)] {
        guard json.kind == .object else { throw problem(.notObject) }
        return json.members.map { ($0.name.string ?? "", WireValue($0.value, in: self)) }
    }

    /// The bytes that Base64 text stands for, in either alphabet and with or without padding, as ProtoJSON has it.
    func bytes() throws(WireProblem) -> ByteBuffer {
        var digits = try text().utf8.map(Base64.standardDigit)
        while digits.count % 4 != 0 { digits.append(UInt8(ascii: "=")) }
        guard let bytes = Base64.decode(utf8: digits) else { throw problem(.notBase64) }
        return ByteBuffer(bytes: bytes)
    }

    /// The text of the value, without white space: a copy, so that what is kept of a message does not keep the message.
    var ownBytes: ByteBuffer { ByteBuffer(bytes: json.compactBytes.readableBytesView) }

    // MARK: Members

    /// A member that must be there.
    func required(_ name: String) throws(WireProblem) -> WireValue {
        guard let value = self[name] else { throw problem(.missing, at: name) }
        return value
    }

    /// A member that must be there and be a text that is not empty.
    func requiredText(_ name: String) throws(WireProblem) -> String {
        let value = try required(name)
        let text = try value.text()
        guard !text.isEmpty else { throw value.problem(.missing) }
        return text
    }

    /// The text of a member; nil where it is not there or empty.
    func text(_ name: String) throws(WireProblem) -> String? {
        guard let text = try self[name]?.text(), !text.isEmpty else { return nil }
        return text
    }

    /// The texts of a member that is an array; none where it is not there.
    func texts(_ name: String) throws(WireProblem) -> [String] {
        try list(name) { element throws(WireProblem) in try element.text() }
    }

    /// What is read of each element of a member that is an array; nothing where it is not there.
    func list<Element>(_ name: String, _ read: (WireValue) throws(WireProblem) -> Element) throws(WireProblem) -> [Element] {
        guard let value = self[name] else { return [] }
        var list: [Element] = []
        for element in try value.elements() { list.append(try read(element)) }
        return list
    }

    /// A member that is `true` or `false`, also as a text, as queries have it.
    func flag(_ name: String) throws(WireProblem) -> Bool? {
        guard let value = self[name] else { return nil }
        if let flag = value.json.bool { return flag }
        switch value.json.string {
        case "true": return true
        case "false": return false
        default: throw value.problem(.notFlag)
        }
    }

    /// A member that is a number of things, also as a text; nil where it is not there.
    func count(_ name: String) throws(WireProblem) -> Int? {
        guard let value = self[name] else { return nil }
        let number = value.json.int ?? value.json.string.flatMap { Int($0) }
        guard let number, (0...Int(Int32.max)).contains(number) else { throw value.problem(.notCount) }
        return number
    }

    /// The text of a member that is an object of anything, such as metadata; nil where it is not there or empty.
    func anything(_ name: String) throws(WireProblem) -> ByteBuffer? {
        guard let value = try self[name]?.object(), value.json.count > 0 else { return nil }
        return value.ownBytes
    }

    /// The time of a member. In 0.3 it is any text: what is no time there counts for nothing.
    func time(_ name: String) throws(WireProblem) -> WireTime? {
        guard let value = self[name], let text = try text(name) else { return nil }
        if let time = WireTime(text) { return time }
        guard dialect.version == .v0_3 else { throw value.problem(.notTime) }
        return nil
    }
}
