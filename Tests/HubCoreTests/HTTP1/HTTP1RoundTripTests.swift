import HTTPTypes
import NIOCore
import Testing

@testable import HubCore

/// What the writer writes, the parsers read.
@Suite("HTTP/1.1 written and read")
struct HTTP1RoundTripTests {
    private static let seeds = Array(UInt64(1)...40)
    private static let visible = Array(UInt8(0x21)...0x7E)

    @Test("random requests come back as they were written", arguments: seeds)
    func requests(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        var (wire, expected) = (ByteBuffer(), [String]())
        for _ in 0..<8 {
            let method = ["GET", "POST", "QUERY", "M!#$%"].randomElement(using: &random) ?? "GET"
            let target = "/" + HTTP1Reading.text(random.bytes(0...40, of: Self.visible.filter { $0 != UInt8(ascii: "#") }))
            let (fields, framing, body) = (fields(&random), framing(&random), random.bytes(1...700, of: Array(0...255)))
            guard let method = HTTPRequest.Method(rawValue: method) else { continue }
            HTTP1Writer.requestHead(method, target: target, host: "h.test:1", fields: fields, framing: framing(body.count), into: &wire)
            write(body, framing(body.count), into: &wire, &random)
            let size = framing(body.count).length.map(String.init) ?? "open"
            expected.append("\(method) \(target) h.test:1 keep \(size)" + text(fields, framing(body.count), body))
        }
        #expect(HTTP1Reading.requests(pieces(wire, &random)) == HTTP1Reading(messages: expected, isConsumed: true))
    }

    @Test("random answers come back as they were written", arguments: seeds)
    func answers(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        var (wire, expected) = (ByteBuffer(), [String]())
        for _ in 0..<8 {
            let status = HTTPResponse.Status(code: [200, 201, 400, 404, 502, 599, 999].randomElement(using: &random) ?? 200)
            let (fields, body) = (fields(&random), random.bytes(1...700, of: Array(0...255)))
            let framing: HTTP1Writer.Framing = Bool.random(using: &random) ? .chunked : .length(body.count)
            HTTP1Writer.responseHead(status, fields: fields, framing: framing, into: &wire)
            HTTP1Writer.field("x-own", "1", into: &wire)
            HTTP1Writer.endHead(into: &wire)
            write(body, framing, into: &wire, &random)
            let size = framing.length.map(String.init) ?? "open"
            expected.append("\(status.code) keep \(size)" + text(fields, framing, body, own: " | x-own: 1"))
        }
        let reading = HTTP1Reading.answers(pieces(wire, &random), count: expected.count)
        #expect(reading == HTTP1Reading(messages: expected, isConsumed: true))
    }

    @Test("fields of the framing are the writer's own, whoever else names them")
    func ownFields() throws {
        var fields = HTTPFields()
        for name in ["Content-Length", "TRANSFER-ENCODING", "connection", "Host", "X"] {
            fields.append(HTTPField(name: try #require(HTTPField.Name(name)), value: "7"))
        }
        var wire = ByteBuffer()
        HTTP1Writer.requestHead(.get, target: "/", host: "h", fields: fields, framing: .none, into: &wire)
        #expect(String(buffer: wire) == "GET / HTTP/1.1\r\nhost: h\r\nX: 7\r\n\r\n")
        wire.clear()
        HTTP1Writer.responseHead(.ok, fields: fields, framing: .length(0), into: &wire)
        HTTP1Writer.endHead(into: &wire)
        #expect(String(buffer: wire) == "HTTP/1.1 200 OK\r\nX: 7\r\ncontent-length: 0\r\n\r\n")
    }

    @Test("a value cannot end its line")
    func injection() throws {
        var fields = HTTPFields()
        let name = try #require(HTTPField.Name("X"))
        fields.append(HTTPField(name: name, value: "a\r\nContent-Length: 5\r\n\r\n"))
        fields.append(HTTPField(name: name, lenientValue: Array("b\r\n\0c".utf8)))
        var wire = ByteBuffer()
        HTTP1Writer.requestHead(.get, target: "/", host: "h", fields: fields, framing: .none, into: &wire)
        let reading = HTTP1Reading.requests([Array(wire.readableBytesView)])
        #expect(reading == HTTP1Reading(messages: ["GET / h keep 0 | X: a  Content-Length: 5 | X: b   c ||."], isConsumed: true))
    }

    @Test(
        "the size of a chunk is written in hexadecimal digits", arguments: [1, 9, 10, 15, 16, 255, 256, 4095, 4096, 65535, 1 << 59, .max])
    func chunkSize(size: Int) {
        var wire = ByteBuffer()
        HTTP1Writer.chunkSize(size, into: &wire)
        #expect(String(buffer: wire) == String(size, radix: 16) + "\r\n")
    }

    /// Known names and others; values of every byte a value may have.
    private func fields(_ random: inout SeededGenerator) -> HTTPFields {
        let inside = Self.visible + [0x20, 0x09] + Array(0x80...0xFF)
        let token = Self.visible.filter { ASCIISet.token.contains($0) }
        var fields = HTTPFields()
        for _ in 0..<Int.random(in: 0...12, using: &random) {
            var name = HTTP1FieldNames.names.randomElement(using: &random) ?? ""
            if Bool.random(using: &random) || HTTP1FieldNames.Meaning(name) != .none {
                name = "x" + HTTP1Reading.text(random.bytes(1...20, of: token))
            }
            guard let name = HTTPField.Name(name) else { continue }
            let value = random.bytes(0...1, of: Self.visible)
            let more = value.isEmpty ? [] : random.bytes(0...50, of: inside) + [UInt8(ascii: "z")]
            fields.append(HTTPField(name: name, lenientValue: value + more))
        }
        return fields
    }

    private func framing(_ random: inout SeededGenerator) -> (Int) -> HTTP1Writer.Framing {
        let choice = Int.random(in: 0...2, using: &random)
        return { choice == 0 ? .none : choice == 1 ? .length($0) : .chunked }
    }

    private func write(_ body: [UInt8], _ framing: HTTP1Writer.Framing, into wire: inout ByteBuffer, _ random: inout SeededGenerator) {
        switch framing {
        case .none: break
        case .length: wire.writeBytes(body)
        case .chunked:
            var rest = body[...]
            while !rest.isEmpty {
                let chunk = rest.prefix(Int.random(in: 1...300, using: &random))
                HTTP1Writer.chunkSize(chunk.count, into: &wire)
                wire.writeBytes(chunk)
                wire.writeStaticString(HTTP1Writer.chunkEnd)
                rest = rest.dropFirst(chunk.count)
            }
            wire.writeStaticString(HTTP1Writer.lastChunk)
        }
    }

    private func text(_ fields: HTTPFields, _ framing: HTTP1Writer.Framing, _ body: [UInt8], own: String = "") -> String {
        var text = fields.map { " | \($0.name.rawName): \(HTTP1Reading.text($0.bytes))" }.joined()
        switch framing {
        case .none: return text + own + " ||."
        case .length(let length): text += " | content-length: \(length)"
        case .chunked: text += " | transfer-encoding: chunked"
        }
        return text + own + " ||" + HTTP1Reading.text(body) + "."
    }

    private func pieces(_ wire: ByteBuffer, _ random: inout SeededGenerator) -> [[UInt8]] {
        var (pieces, rest) = ([[UInt8]](), wire)
        while let piece = rest.readBytes(length: min(rest.readableBytes, Int.random(in: 1...200, using: &random))), !piece.isEmpty {
            pieces.append(piece)
        }
        return pieces
    }
}

extension HTTP1Writer.Framing {
    /// As a head says it.
    var length: Int? {
        switch self {
        case .none: 0
        case .length(let length): length
        case .chunked: nil
        }
    }
}
