import HubCore
import NIOCore

/// Members that are written only where there is something to write, as ProtoJSON does it.
extension JSONWriter {
    /// Writes a member with a text, where there is one.
    mutating func optional(_ name: String, _ text: String?) {
        if let text { member(name, text) }
    }

    /// Writes a member with a number, where there is one.
    mutating func optional(_ name: String, _ number: Int?) {
        if let number { member(name, number) }
    }

    /// Writes a member with a flag, where there is one.
    mutating func optional(_ name: String, _ flag: Bool?) {
        if let flag { member(name, flag) }
    }

    /// Writes a member with JSON, where there is some.
    mutating func optional(_ name: String, raw json: ByteBuffer?) {
        if let json { member(name, raw: json) }
    }

    /// Writes a member with texts, where there are any.
    mutating func optional(_ name: String, _ texts: [String]) {
        if !texts.isEmpty { member(name, texts) }
    }

    /// Writes a member with an array, each element by itself.
    mutating func list<Element>(_ name: String, _ elements: [Element], _ write: (Element, inout JSONWriter) -> Void) {
        key(name)
        beginArray()
        for element in elements { write(element, &self) }
        endArray()
    }

    /// Writes a member with an object, whose members `write` writes.
    mutating func object(_ name: String, _ write: (inout JSONWriter) -> Void) {
        key(name)
        object(write)
    }

    /// Writes an object, whose members `write` writes.
    mutating func object(_ write: (inout JSONWriter) -> Void) {
        beginObject()
        write(&self)
        endObject()
    }
}
