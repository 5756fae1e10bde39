public import NIOCore

/// Writes JSON straight into a buffer. Commas come by themselves; the caller balances `begin` and `end`.
///
/// ```swift
/// var json = JSONWriter()
/// json.beginObject()
/// json.member("id", 7)
/// json.key("tags"); json.beginArray(); json.string("new"); json.endArray()
/// json.endObject()
/// ```
public struct JSONWriter {
    /// What has been written.
    public private(set) var buffer: ByteBuffer
    private var needsComma = false

    /// A writer that appends to `buffer`.
    public init(buffer: ByteBuffer = ByteBuffer()) {
        self.buffer = buffer
    }

    /// Opens an object.
    public mutating func beginObject() { open(UInt8(ascii: "{")) }
    /// Closes the innermost object.
    public mutating func endObject() { close(UInt8(ascii: "}")) }
    /// Opens an array.
    public mutating func beginArray() { open(UInt8(ascii: "[")) }
    /// Closes the innermost array.
    public mutating func endArray() { close(UInt8(ascii: "]")) }

    /// Writes a member's name; a value must follow.
    public mutating func key(_ name: String) {
        separate()
        JSONString.write(name.utf8Span.span, to: &buffer)
        buffer.writeInteger(UInt8(ascii: ":"))
        needsComma = false
    }

    /// Writes a member's name as it was written in another document; a value must follow.
    public mutating func key(_ name: JSONValue) {
        separate()
        buffer.writeImmutableBuffer(name.rawBytes)
        buffer.writeInteger(UInt8(ascii: ":"))
        needsComma = false
    }

    /// Writes a string.
    public mutating func string(_ value: String) {
        separate()
        JSONString.write(value.utf8Span.span, to: &buffer)
    }

    /// Writes the readable bytes of `utf8` as a string; they must be UTF-8.
    public mutating func string(utf8: ByteBuffer) {
        separate()
        JSONString.write(utf8.readableBytesUInt8Span, to: &buffer)
    }

    /// Writes an integer.
    public mutating func integer(_ value: Int) { raw(String(value)) }

    /// Writes a number; infinities and NaN, which JSON does not have, become `null`.
    public mutating func double(_ value: Double) { raw(value.isFinite ? "\(value)" : "null") }

    /// Writes a boolean.
    public mutating func bool(_ value: Bool) { raw(value ? "true" : "false") }

    /// Writes `null`.
    public mutating func null() { raw("null") }

    /// Writes text that is JSON already.
    public mutating func raw(_ json: String) {
        separate()
        buffer.writeString(json)
    }

    /// Writes bytes that are JSON already.
    public mutating func raw(_ json: ByteBuffer) {
        separate()
        buffer.writeImmutableBuffer(json)
    }

    /// Writes a value of another document as it was written there.
    public mutating func value(_ value: JSONValue) { raw(value.rawBytes) }

    // MARK: Members

    /// Writes a member with a string.
    public mutating func member(_ name: String, _ value: String) {
        key(name)
        string(value)
    }

    /// Writes a member with an integer.
    public mutating func member(_ name: String, _ value: Int) {
        key(name)
        integer(value)
    }

    /// Writes a member with a boolean.
    public mutating func member(_ name: String, _ value: Bool) {
        key(name)
        bool(value)
    }

    /// Writes a member with an array of strings.
    public mutating func member(_ name: String, _ values: some Sequence<String>) {
        key(name)
        beginArray()
        for value in values { string(value) }
        endArray()
    }

    /// Writes a member with bytes that are JSON already.
    public mutating func member(_ name: String, raw json: ByteBuffer) {
        key(name)
        raw(json)
    }

    private mutating func open(_ bracket: UInt8) {
        separate()
        buffer.writeInteger(bracket)
        needsComma = false
    }

    private mutating func close(_ bracket: UInt8) {
        buffer.writeInteger(bracket)
        needsComma = true
    }

    private mutating func separate() {
        if needsComma { buffer.writeInteger(UInt8(ascii: ",")) }
        needsComma = true
    }
}
