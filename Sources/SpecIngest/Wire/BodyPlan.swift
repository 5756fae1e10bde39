import HubCore
import NIOCore

/// How the body of an operation is made of its arguments. Compiled when the description is read; a call only fills it in.
struct BodyPlan: Sendable {
    /// What the body is made of.
    enum Content: Sendable {
        /// A JSON object with one member for each argument.
        case jsonMembers([(slot: Int, key: ByteBuffer)])
        /// One argument, spliced in as the caller wrote it.
        case json(slot: Int)
        /// `application/x-www-form-urlencoded`.
        case form([ParameterPlan])
        /// `multipart/form-data`.
        case multipart([PartPlan])
        /// An XML document of an object's members, or of one argument.
        case xml(XMLPlan, members: [(slot: Int, name: String)], whole: Int?)
        /// A line of JSON for each element of one argument, a list; with the mark before each that `application/json-seq` asks for.
        case jsonLines(slot: Int, isMarked: Bool)
        /// One argument's text.
        case text(slot: Int)
        /// The bytes that one argument holds as Base64.
        case bytes(slot: Int)
        /// A message of a protocol over HTTP, with one member for each argument.
        case message(any MessageWriter, members: [(slot: Int, name: String)])
        /// Written by hand, with places for arguments.
        case template(BodyTemplate)
    }

    /// What the body is made of.
    var content: Content
    /// The `Content-Type` to send.
    var mediaType: String
    /// Whether the operation is never sent without a body.
    var isRequired: Bool

    /// The body for these arguments and its media type; nil where there is none to send.
    func write(_ values: [JSONValue?], _ slots: [ArgumentSlot]) throws(HubError) -> (bytes: ByteBuffer, mediaType: String)? {
        switch content {
        case .jsonMembers(let members):
            return writeMembers(members, values).map { ($0, mediaType) }
        case .json(let slot):
            return values[slot].map { ($0.rawBytes, mediaType) }
        case .form(let fields):
            var bytes: [UInt8] = []
            var isGiven = false
            for field in fields {
                guard let value = values[field.slot] else { continue }
                isGiven = true
                ParameterWriter.appendQuery(field, value, to: &bytes)
            }
            return isGiven || isRequired ? (ByteBuffer(bytes: bytes), mediaType) : nil
        case .multipart(let parts):
            guard isRequired || parts.contains(where: { values[$0.slot] != nil }) else { return nil }
            return try MultipartWriter.write(parts, values, slots, mediaType: mediaType)
        case .xml(let plan, _, .some(let slot)):
            guard let value = values[slot] else { return nil }
            return (try XMLBodyWriter.write(plan, whole: value, argument: slots[slot].name), mediaType)
        case .xml(let plan, let members, nil):
            let given = members.compactMap { slot, name in values[slot].map { (name: name, argument: slots[slot].name, value: $0) } }
            return given.isEmpty && !isRequired ? nil : (try XMLBodyWriter.write(plan, members: given), mediaType)
        case .message(let writer, let members):
            let given = members.compactMap { slot, name in values[slot].map { (name: name, argument: slots[slot].name, value: $0) } }
            return (try writer.write(given), mediaType)
        case .jsonLines(let slot, let isMarked):
            return values[slot].map { (writeLines($0, isMarked: isMarked), mediaType) }
        case .text(let slot):
            return values[slot].map { (ByteBuffer(string: ParameterShape.text($0)), mediaType) }
        case .template(let template):
            return try template.write(values).map { ($0, mediaType) }
        case .bytes(let slot):
            guard let value = values[slot] else { return nil }
            guard let file = FileContent(ParameterShape.text(value)) else {
                throw HubError(.invalidArguments, "argument \"\(slots[slot].name)\" must be the content in Base64, or a data: URI")
            }
            return (ByteBuffer(bytes: file.bytes), mediaType.contains("*") ? file.mediaType ?? "application/octet-stream" : mediaType)
        }
    }

    private func writeLines(_ list: JSONValue, isMarked: Bool) -> ByteBuffer {
        var body = ByteBuffer()
        for element in list.elements {
            if isMarked { body.writeInteger(UInt8(0x1E)) }  // RFC 7464 §2.2
            body.writeImmutableBuffer(JSONCompactor.compact(element))
            body.writeStaticString("\n")
        }
        return body
    }

    private func writeMembers(_ members: [(slot: Int, key: ByteBuffer)], _ values: [JSONValue?]) -> ByteBuffer? {
        var body = ByteBuffer()
        var isFirst = true
        for (slot, key) in members {
            guard let value = values[slot] else { continue }
            body.writeStaticString(isFirst ? "{" : ",")
            isFirst = false
            body.writeImmutableBuffer(key)
            body.writeImmutableBuffer(value.rawBytes)
        }
        guard !isFirst || isRequired else { return nil }
        body.writeStaticString(isFirst ? "{}" : "}")
        return body
    }
}
