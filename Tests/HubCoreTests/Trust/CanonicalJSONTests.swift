import HubCore
import NIOCore
import Testing

@Suite("Canonical JSON")
struct CanonicalJSONTests {
    private func canonical(_ text: String, maximumBytes: Int = 1 << 20) throws -> String {
        let document = try JSONDocument(parsing: text, limits: .payload)
        return String(buffer: try CanonicalJSON.bytes(of: document, maximumBytes: maximumBytes))
    }

    @Test("the example of RFC 8785 §3.2.2 to §3.2.4 has the bytes that the RFC gives")
    func example() throws {
        let text = #"""
            {
              "numbers": [333333333.33333329, 1E30, 4.50, 2e-3, 0.000000000000000000000000001],
              "string": "\u20ac$\u000F\u000aA'\u0042\u0022\u005c\\\"\/",
              "literals": [null, true, false]
            }
            """#
        let expected =
            #"{"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27],"string":"€$\u000f\nA'B\"\\\\\"/"}"#
        #expect(try canonical(text) == expected)
    }

    @Test("members stand in the order of their UTF-16 code units, as in RFC 8785 §3.2.3")
    func order() throws {
        let text = #"""
            {"\u20ac": "Euro Sign", "\r": "Carriage Return", "\ufb33": "Hebrew Letter Dalet With Dagesh", "1": "One",
             "\ud83d\ude00": "Emoji: Grinning Face", "\u0080": "Control", "\u00f6": "Latin Small Letter O With Diaeresis"}
            """#
        let values = try JSONDocument(parsing: canonical(text), limits: .payload).root.members.map { $0.value.string }
        #expect(
            values == [
                "Carriage Return", "One", "Control", "Latin Small Letter O With Diaeresis", "Euro Sign", "Emoji: Grinning Face",
                "Hebrew Letter Dalet With Dagesh",
            ])
    }

    /// RFC 8785, appendix B, by the bits of each double; without the two that are no numbers.
    @Test(
        "numbers are written as ECMAScript writes them",
        arguments: [
            (0x0000_0000_0000_0000, "0"), (0x8000_0000_0000_0000, "0"), (0x0000_0000_0000_0001, "5e-324"),
            (0x8000_0000_0000_0001, "-5e-324"),
            (0x7FEF_FFFF_FFFF_FFFF, "1.7976931348623157e+308"), (0xFFEF_FFFF_FFFF_FFFF, "-1.7976931348623157e+308"),
            (0x4340_0000_0000_0000, "9007199254740992"), (0xC340_0000_0000_0000, "-9007199254740992"),
            (0x4430_0000_0000_0000, "295147905179352830000"), (0x44B5_2D02_C7E1_4AF5, "9.999999999999997e+22"),
            (0x44B5_2D02_C7E1_4AF6, "1e+23"), (0x44B5_2D02_C7E1_4AF7, "1.0000000000000001e+23"),
            (0x444B_1AE4_D6E2_EF4E, "999999999999999700000"), (0x444B_1AE4_D6E2_EF4F, "999999999999999900000"),
            (0x444B_1AE4_D6E2_EF50, "1e+21"), (0x3EB0_C6F7_A0B5_ED8C, "9.999999999999997e-7"), (0x3EB0_C6F7_A0B5_ED8D, "0.000001"),
            (0x41B3_DE43_5555_5553, "333333333.3333332"), (0x41B3_DE43_5555_5554, "333333333.33333325"),
            (0x41B3_DE43_5555_5555, "333333333.3333333"), (0x41B3_DE43_5555_5556, "333333333.3333334"),
            (0x41B3_DE43_5555_5557, "333333333.33333343"), (0xBECB_F647_612F_3696, "-0.0000033333333333333333"),
            (0x4314_3FF3_C1CB_0959, "1424953923781206.2"),
        ] as [(UInt64, String)])
    func numbers(bits: UInt64, expected: String) throws {
        #expect(try canonical("[\(Double(bitPattern: bits))]") == "[\(expected)]")
        #expect(try canonical("[\(expected)]") == "[\(expected)]")
    }

    @Test("zeros and exponents of any spelling are one number")
    func spellings() throws {
        #expect(try canonical("[1, 1.0, 10e-1, 0.1E+1, -0, 0.0, 1e2, 12300, 1.5e300]") == "[1,1,1,1,0,0,100,12300,1.5e+300]")
    }

    @Test("a member that stands twice, also by an escape, has no canonical form")
    func duplicates() {
        let error = #expect(throws: CanonicalJSONError.self) {
            try canonical(#"{"a":1,"\u0061":2}"#.replacing(" ", with: ""))
        }
        #expect(error?.reason == .duplicateName)
        #expect(error?.offset == 16)
        #expect(throws: CanonicalJSONError.self) {
            try CanonicalJSON.bytes(parsing: ByteBuffer(string: #"{"a":1,"a":1}"#), limits: .message)
        }
    }

    @Test("names that only look the same are two members")
    func lookAlikes() throws {
        #expect(try canonical(#"{"e\u0301":1,"\u00e9":2}"#) == "{\"e\u{301}\":1,\"\u{E9}\":2}")
    }

    @Test(
        "numbers beyond binary64, and of over a thousand digits, have no canonical form",
        arguments: ["1e400", "-1e309", "0." + String(repeating: "1", count: 1200)])
    func beyond(number: String) {
        let error = #expect(throws: CanonicalJSONError.self) { try canonical("[\(number)]") }
        #expect(error?.reason == .number)
        #expect(error?.offset == 1)
    }

    @Test("half of a surrogate pair has no canonical form")
    func surrogates() {
        let error = #expect(throws: CanonicalJSONError.self) {
            try CanonicalJSON.bytes(parsing: ByteBuffer(string: #"["\ud800"]"#), limits: .payload)
        }
        #expect(error?.reason == .notJSON(.loneSurrogate))
        #expect(error?.offset == 2)
    }

    @Test("what is longer than the limit or deeper than 256 is refused")
    func bounds() throws {
        #expect(try canonical("[1,2]", maximumBytes: 5) == "[1,2]")
        #expect(throws: CanonicalJSONError.self) { try canonical("[1,2]", maximumBytes: 4) }
        let deep = String(repeating: "[", count: 300) + String(repeating: "]", count: 300)
        let document = try JSONDocument(
            parsing: deep, limits: JSONLimits(maximumBytes: 1_000, maximumDepth: 400, maximumValues: 1_000, duplicateKeys: .accept))
        let error = #expect(throws: CanonicalJSONError.self) { try CanonicalJSON.bytes(of: document, maximumBytes: 1_000) }
        #expect(error?.reason == .tooDeep)
        #expect(error?.offset == 257)
    }
}
