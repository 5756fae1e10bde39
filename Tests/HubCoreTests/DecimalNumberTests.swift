import HubCore
import Testing

@Suite("Numbers by their value") struct DecimalNumberTests {
    @Test(
        "numbers written in different ways are one",
        arguments: [
            ("1", "1.0"), ("1", "10e-1"), ("1", "0.01E+2"), ("0", "-0.00e9"), ("-120", "-1.2e2"), ("100", "1e2"), ("0.5", "5e-1"),
            ("123456789012345678901234567890", "1.2345678901234567890123456789e29"),
        ])
    func equal(a: String, b: String) throws {
        let (a, b) = (try #require(DecimalNumber(a)), try #require(DecimalNumber(b)))
        #expect(a == b && a.hashValue == b.hashValue && !(a < b) && !(b < a) && a.description == b.description)
    }

    @Test("numbers are in their order, all digits counted")
    func order() throws {
        let texts = [
            "-1e999999999", "-1e3", "-12.5", "-12.25", "-1", "-0.1", "-1e-9", "0", "1e-400", "0.0999", "0.1", "0.11", "1",
            "1.0000000000000000001",
            "2", "9", "10", "99.99", "100", "9007199254740992", "9007199254740993", "1e999999999",
        ]
        let numbers = try texts.map { try #require(DecimalNumber($0)) }
        for (i, a) in numbers.enumerated() {
            for (j, b) in numbers.enumerated() { #expect((a < b) == (i < j), "\(texts[i]) < \(texts[j])") }
        }
    }

    @Test(
        "what is no number of JSON is none, nor is one whose exponent is enormous",
        arguments: [
            "", "-", "+1", "01", "1.", ".5", "1e", "1e+", "0x10", "1 ", "1_0", "NaN", "1e1000000001", "1e99999999999999999999999", "٣",
        ])
    func none(text: String) {
        #expect(DecimalNumber(text) == nil)
    }

    @Test(
        "a number is shown in the usual way",
        arguments: [
            ("1000", "1000"), ("-99.990", "-99.99"), ("0.001", "0.001"), ("1e40", "1e40"), ("12e40", "1.2e41"), ("-0", "0"),
            ("1e-20", "1e-20"),
        ])
    func description(text: String, shown: String) {
        #expect(DecimalNumber(text)?.description == shown)
    }
}
