public import NIOCore

extension JSONValue {
    /// The object without the member of a name, or with another value for it, which then stands last.
    ///
    /// - Parameters:
    ///   - name: of the member, which need not be there.
    ///   - json: the value to stand in its place; nil takes the member out.
    public func replacingMember(_ name: String, with json: ByteBuffer?) -> ByteBuffer {
        var writer = JSONWriter()
        writer.beginObject()
        for member in members where !member.name.isString(name) {
            writer.key(member.name)
            writer.value(member.value)
        }
        if let json { writer.member(name, raw: json) }
        writer.endObject()
        return writer.buffer
    }
}
