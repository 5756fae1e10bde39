import HubCore
import NIOCore
import Testing

@testable import HubUpstream

@Suite("Lines of a process")
struct LineReaderTests {
    private func lines(_ chunks: [String], limit: Int = 100) throws -> [String] {
        var reader = LineReader(maximumLineBytes: limit)
        var lines: [String] = []
        for chunk in chunks {
            reader.append(ByteBuffer(string: chunk))
            while let line = try reader.next() { lines.append(String(buffer: line)) }
        }
        if let last = reader.last() { lines.append("last " + String(buffer: last)) }
        return lines
    }

    static let cases: [(text: String, lines: [String])] = [
        ("a\nb\n", ["a", "b"]), ("\n\n\r\na\r\n\n", ["a"]), ("a", ["last a"]), ("a\nb", ["a", "last b"]), ("", []), ("\r", []),
        ("\"\u{2028}\u{2029}\u{85}\u{0B}\u{0C}\"\n", ["\"\u{2028}\u{2029}\u{85}\u{0B}\u{0C}\""]), ("a\rb\n", ["a\rb"]),
        ("one\ntwo\nthree\nfour\nfive", ["one", "two", "three", "four", "last five"]),
    ]

    @Test("lines end at a line feed alone, wherever the bytes are cut", arguments: cases)
    func cuts(text: String, expected: [String]) throws {
        #expect(try lines([text]) == expected)
        let bytes = Array(text.utf8)
        #expect(try lines(text.unicodeScalars.map { String($0) }) == expected)
        for cut in bytes.indices {
            var reader = LineReader(maximumLineBytes: 100)
            var found: [String] = []
            for part in [bytes[..<cut], bytes[cut...]] {
                reader.append(ByteBuffer(bytes: part))
                while let line = try reader.next() { found.append(String(buffer: line)) }
            }
            if let last = reader.last() { found.append("last " + String(buffer: last)) }
            #expect(found == expected, "cut at \(cut)")
        }
    }

    @Test("a line may be as long as the limit, and no longer, whether its end has come or not")
    func limits() throws {
        #expect(try lines(["12345678\n"], limit: 8) == ["12345678"])
        #expect(try lines(["1234", "5678", "\n"], limit: 8) == ["12345678"])
        #expect(throws: HubError.self) { try lines(["123456789\n"], limit: 8) }
        #expect(throws: HubError.self) { try lines(["123456789"], limit: 8) }
        #expect(throws: HubError.self) { try lines(["a\n12345", "6789"], limit: 8) }
    }

    @Test("a line keeps its bytes while others come")
    func shared() throws {
        var reader = LineReader(maximumLineBytes: 100)
        reader.append(ByteBuffer(string: "first\nsec"))
        let first = try #require(try reader.next())
        reader.append(ByteBuffer(string: "ond\nthird"))
        let second = try #require(try reader.next())
        reader.append(ByteBuffer(string: "\n"))
        #expect(try reader.next() == ByteBuffer(string: "third") && first == ByteBuffer(string: "first"))
        #expect(second == ByteBuffer(string: "second") && reader.bufferedBytes == 0)
    }
}
