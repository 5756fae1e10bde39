import Testing

@testable import HubCore

@Suite struct APIKeyTests {
    private func key(_ byte: UInt8 = 7) throws -> APIKey {
        try #require(APIKey(random: [UInt8](repeating: byte, count: APIKey.randomBytes)))
    }

    @Test("a key is made of its random bytes: an id, 256 bits, and a checksum of what stands before it")
    func form() throws {
        let key = try key()
        #expect(key.id == "070707070707")
        #expect(key.text.revealed.hasPrefix("hub_070707070707_BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc"))
        #expect(key.text.revealed.utf8.count == 4 + 12 + 1 + 43 + 6)
        #expect(try self.key(8).text != key.text)
        #expect("\(key)".contains("BwcH") == false)
    }

    @Test("the checksum is the CRC-32 of zlib", arguments: [("", 0), ("123456789", 0xCBF4_3926), ("a", 0xE8B7_BE43)] as [(String, UInt32)])
    func checksums(text: String, checksum: UInt32) {
        #expect(CRC32.checksum(text.utf8) == checksum)
    }

    @Test("too few or too many random bytes make no key", arguments: [0, 37, 39])
    func wrongLength(count: Int) {
        #expect(APIKey(random: [UInt8](repeating: 0, count: count)) == nil)
    }

    @Test("a key is read as what it is", arguments: [0, 7, 0xFF] as [UInt8])
    func reads(byte: UInt8) throws {
        let key = try key(byte)
        #expect(APIKey.read(key.text.revealed) == .key(key))
    }

    @Test("a key with any character changed, left out or added is damaged, or no key of this form")
    func damage() throws {
        let text = Array(try key().text.revealed)
        for index in text.indices {
            let (before, after) = (text[..<index], text[(index + 1)...])
            for changed in [before + ["x"] + after, before + after, before + ["0"] + text[index...]].map({ Array($0) }) {
                guard changed != text else { continue }
                let reading = APIKey.read(String(changed))
                #expect(reading == .damaged || (index < 17 && reading == .other), "changed at \(index)")
            }
            if index > 16 { #expect(APIKey.read(String(text[..<index])) == .damaged) }
        }
    }

    @Test(
        "keys of other forms are left to the look-up",
        arguments: [
            "", "hub", "hub_", "hub_0123", "sk-0123456789abcdef", "hub_0123456789AB_x", "hub_0123456789abcdef", "Hub_0123456789ab_",
        ])
    func otherForms(text: String) {
        #expect(APIKey.read(text) == .other)
    }

    @Test("a text without end is not read to its end")
    func long() {
        #expect(APIKey.read("hub_0123456789ab_" + String(repeating: "x", count: 1 << 20)) == .damaged)
    }
}
