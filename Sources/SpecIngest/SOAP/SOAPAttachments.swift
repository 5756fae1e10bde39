import HTTPTypes
import HubCore
import NIOCore

/// Finds the message in an answer: the answer itself, or the root of a multipart one whose other parts it includes (MTOM, XOP 1.0).
enum SOAPAttachments {
    private static let xop = "http://www.w3.org/2004/08/xop/include"
    private static let maximumParts = 1_000

    /// The root element of the message, with the attachments that it includes in Base64 in their places.
    static func message(in fields: HTTPFields, _ body: ByteBuffer) throws(SourceError) -> XMLElement {
        guard let type = fields.value(.contentType).flatMap({ MediaType($0) }), type.essence == "multipart/related",
            let boundary = type.parameter("boundary"), boundary.utf8.count <= 200
        else { return try XMLReader.read(body, limits: .message) }
        let parts = try self.parts(of: body, boundary: boundary)
        let start = type.parameter("start").map(identifier)
        guard let root = parts.first(where: { start != nil && $0.id == start }) ?? parts.first else {
            throw SourceError(message: "its multipart answer has no parts")
        }
        var message = try XMLReader.read(root.content, limits: .message)
        let attachments = Dictionary(
            parts.compactMap { part in part.id.map { ($0, part.content) } }, uniquingKeysWith: { first, _ in first })
        var remaining = XMLLimits.message.maximumBytes
        try include(attachments, in: &message, remaining: &remaining, depth: 0)
        return message
    }

    // MARK: Inclusion

    private static func include(
        _ attachments: [String: ByteBuffer], in element: inout XMLElement, remaining: inout Int, depth: Int
    ) throws(SourceError) {
        guard depth < 256 else { return }
        for index in element.children.indices {
            guard case .element(var child) = element.children[index] else { continue }
            guard child.name == XMLName(namespace: xop, local: "Include") else {
                try include(attachments, in: &child, remaining: &remaining, depth: depth + 1)
                element.children[index] = .element(child)
                continue
            }
            guard let reference = child.attribute("href"), reference.hasPrefix("cid:"),
                let content = attachments[PercentEncoding.decodeWherePossible(reference.dropFirst(4))]
            else { continue }
            // One attachment may be included many times.
            remaining -= content.readableBytes
            guard remaining >= 0 else { throw SourceError(message: "its attachments have more bytes than are read") }
            element.children[index] = .text(String(buffer: Base64.encode(content)))
        }
    }

    // MARK: Parts (RFC 2046 §5.1)

    private struct Part {
        var id: String?
        var content: ByteBuffer
    }

    private static func parts(of body: ByteBuffer, boundary: String) throws(SourceError) -> [Part] {
        let bytes = body.readableBytesView
        let delimiter = Array("--\(boundary)".utf8)
        var parts: [Part] = []
        var starts: [Int] = []
        var position = bytes.startIndex
        while let found = find(delimiter, in: bytes, from: position) {
            position = found + delimiter.count
            // A delimiter stands at the beginning of a line.
            guard found == bytes.startIndex || bytes[found - 1] == 0x0A else { continue }
            starts.append(found)
            guard starts.count <= maximumParts else { throw SourceError(message: "its multipart answer has too many parts") }
        }
        for (start, end) in zip(starts, starts.dropFirst()) {
            var first = start + delimiter.count
            while first < end, bytes[first] != 0x0A { first += 1 }
            first += 1
            var last = end
            if last > first, bytes[last - 1] == 0x0A { last -= 1 }
            if last > first, bytes[last - 1] == 0x0D { last -= 1 }
            guard first < last else { continue }
            if let part = part(bytes[first..<last], body) { parts.append(part) }
        }
        return parts
    }

    private static func part(_ bytes: ByteBufferView, _ body: ByteBuffer) -> Part? {
        var id: String?
        var line = bytes.startIndex
        while line < bytes.endIndex {
            let end = bytes[line...].firstIndex(of: 0x0A) ?? bytes.endIndex
            let text = String(decoding: bytes[line..<end].prefix(1_024).filter { $0 != 0x0D && $0 != 0x20 && $0 != 0x09 }, as: UTF8.self)
            line = min(end + 1, bytes.endIndex)
            if text.isEmpty { break }
            if text.lowercased().hasPrefix("content-id:") { id = identifier(String(text.dropFirst(11))) }
        }
        return body.getSlice(at: line, length: bytes.endIndex - line).map { Part(id: id, content: $0) }
    }

    private static func find(_ needle: [UInt8], in bytes: ByteBufferView, from start: Int) -> Int? {
        guard let first = needle.first, bytes.endIndex - start >= needle.count else { return nil }
        var position = start
        let last = bytes.endIndex - needle.count
        while position <= last {
            guard let candidate = bytes[position...last].firstIndex(of: first) else { return nil }
            if bytes[candidate..<candidate + needle.count].elementsEqual(needle) { return candidate }
            position = candidate + 1
        }
        return nil
    }

    private static func identifier(_ text: String) -> String {
        String(text.filter { $0 != "<" && $0 != ">" && !$0.isWhitespace })
    }
}
