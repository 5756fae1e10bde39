import HubCore
import NIOCore

extension JSONWriter {
    /// Writes an object; a member of `name` where there is one.
    mutating func object(_ name: String? = nil, _ members: (inout JSONWriter) -> Void) {
        if let name { key(name) }
        beginObject()
        members(&self)
        endObject()
    }

    /// Writes an array; a member of `name` where there is one.
    mutating func array(_ name: String? = nil, _ elements: (inout JSONWriter) -> Void) {
        if let name { key(name) }
        beginArray()
        elements(&self)
        endArray()
    }

    /// Writes a member with a number.
    mutating func member(_ name: String, _ value: DecimalNumber) {
        key(name)
        raw(value.description)
    }

    /// Writes a member with `null`.
    mutating func nullMember(_ name: String) {
        key(name)
        null()
    }

    /// Writes a member where there is a text.
    mutating func memberIfSet(_ name: String, _ value: String?) { if let value { member(name, value) } }
    /// Writes a member where there is an integer.
    mutating func memberIfSet(_ name: String, _ value: Int?) { if let value { member(name, value) } }
    /// Writes a member where there is a boolean.
    mutating func memberIfSet(_ name: String, _ value: Bool?) { if let value { member(name, value) } }
    /// Writes a member where there is a number.
    mutating func memberIfSet(_ name: String, _ value: DecimalNumber?) { if let value { member(name, value) } }
    /// Writes a member where there is JSON.
    mutating func memberIfSet(_ name: String, _ value: ByteBuffer?) { if let value { member(name, raw: value) } }
}
