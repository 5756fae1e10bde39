import HTTPTypes
import Testing

@testable import HubCore

@Suite("Names of header fields")
struct HTTP1FieldNamesTests {
    @Test("a known name in any case is the same name, written in lower case", arguments: HTTP1FieldNames.names)
    func knownNames(known: String) throws {
        let mixed = String(known.enumerated().map { $0.offset % 2 == 0 ? Character($0.element.uppercased()) : $0.element })
        for spelling in [known, known.uppercased(), mixed] {
            let bytes = Array(":\(spelling):".utf8)
            let (read, meaning) = try #require(name(bytes, 1..<(bytes.count - 1)))
            #expect(read == HTTPField.Name(known))
            #expect(read.rawName == known && read.canonicalName == known)
            #expect(meaning == HTTP1FieldNames.Meaning(known))
        }
        // One character more or less is another name.
        for other in [known + "s", "x" + known, String(known.dropFirst()), String(known.dropLast()), known.replacing("-", with: "_")] {
            guard !HTTP1FieldNames.names.contains(other) else { continue }
            let bytes = Array(other.utf8)
            guard !bytes.isEmpty else { continue }
            let (read, meaning) = try #require(name(bytes, 0..<bytes.count))
            #expect(read.rawName == other)
            #expect(meaning == .none)
        }
    }

    @Test("each name is known once, and all that mean something to the framing are")
    func names() {
        #expect(Set(HTTP1FieldNames.names).count == HTTP1FieldNames.names.count)
        let meanings = HTTP1FieldNames.names.map { HTTP1FieldNames.Meaning($0) }.filter { $0 != .none }
        #expect(meanings.count == 6 && Set(meanings).count == 6)
    }

    @Test("a name that is not known keeps its case")
    func unknownNames() throws {
        var random = SeededGenerator(seed: 7)
        let tokens = (UInt8(0x21)...0x7E).filter { ASCIISet.token.contains($0) }
        for _ in 0..<500 {
            let bytes = random.bytes(1...30, of: tokens)
            guard !HTTP1FieldNames.names.contains(HTTP1Reading.text(bytes).lowercased()) else { continue }
            let (read, _) = try #require(name(bytes, 0..<bytes.count))
            #expect(Array(read.rawName.utf8) == bytes)
        }
    }

    private func name(_ bytes: [UInt8], _ range: Range<Int>) -> (name: HTTPField.Name, meaning: HTTP1FieldNames.Meaning)? {
        HTTP1FieldNames.name(bytes.span, range)
    }
}
