import NIOCore
import Testing

@testable import HubUpstream

@Suite("Redaction")
struct RedactionScannerTests {
    private func scanner(secrets: [String] = ["s3cret-value"], places: [String] = ["10.1.2.3:8080", "10.1.2.3"]) throws -> RedactionScanner
    {
        try #require(
            RedactionScanner(
                secrets.map { .init(bytes: Array($0.utf8), isAddress: false) }
                    + places.map { .init(bytes: Array($0.utf8), isAddress: true) }))
    }

    private func passed(_ pieces: [String], through scanner: RedactionScanner) -> [String] {
        var scanner = scanner
        return pieces.map { String(buffer: scanner.scan(ByteBuffer(string: $0))) } + [String(buffer: scanner.finish())]
    }

    static let cases = [
        ("nothing to see", "nothing to see"), ("a s3cret-value b", "a *** b"), ("s3cret-values3cret-value", "******"),
        ("s3cret-s3cret-value", "s3cret-***"), ("s3cret-valu", "s3cret-valu"),
        ("at http://10.1.2.3:8080/x?y=1 now", "at http://*** now"), ("(10.1.2.3)", "(***)"), ("10.1.2.3", "***"),
        ("\"10.1.2.3:8080\",s3cret-value", "\"***\",***"),
    ]

    @Test("what may not be seen is replaced, wherever the bytes are cut", arguments: cases)
    func splits(text: String, expected: String) throws {
        let scanner = try scanner()
        var whole = scanner
        #expect(String(buffer: whole.scanAll(ByteBuffer(string: text))) == expected)
        let characters = Array(text)
        for first in 0...characters.count {
            for second in first...characters.count {
                let pieces = [characters[..<first], characters[first..<second], characters[second...]].map { String($0) }
                #expect(passed(pieces, through: scanner).joined() == expected, "\(pieces)")
            }
        }
        #expect(passed(characters.map { String($0) }, through: scanner).joined() == expected)
    }

    @Test("only what may be the beginning of a pattern is held back")
    func delays() throws {
        let scanner = try scanner()
        #expect(passed(["data: 1\n\n", "data: 2\n\n"], through: scanner) == ["data: 1\n\n", "data: 2\n\n", ""])
        #expect(passed(["data: s3c", "ond\n\n"], through: scanner) == ["data: ", "s3cond\n\n", ""])
        #expect(passed(["end s"], through: scanner) == ["end ", "s"])
    }

    @Test("of two patterns that begin alike the longer one counts")
    func longest() throws {
        let scanner = try scanner(secrets: ["secret", "secret/long"], places: [])
        #expect(passed(["secret", "/long secret"], through: scanner).joined() == "*** ***")
        #expect(passed(["secret", "/lost"], through: scanner).joined() == "***/lost")
    }
}
