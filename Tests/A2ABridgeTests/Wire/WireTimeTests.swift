import Testing

@testable import A2ABridge

@Suite("times")
struct WireTimeTests {
    private static let known: [(String, Int64, Int64, String)] = [
        ("1970-01-01T00:00:00Z", 0, 0, "1970-01-01T00:00:00Z"),
        ("2023-10-27T10:00:00Z", 1_698_400_800, 0, "2023-10-27T10:00:00Z"),
        ("2024-02-29T23:59:59.5Z", 1_709_251_199, 500_000_000, "2024-02-29T23:59:59.500Z"),
        ("2026-12-01T10:00:00.000250Z", 1_796_119_200, 250_000, "2026-12-01T10:00:00.000250Z"),
        ("2026-12-01T12:00:00.123456789123+02:00", 1_796_119_200, 123_456_789, "2026-12-01T10:00:00.123456789Z"),
        ("2026-12-01t04:30:00-05:30", 1_796_119_200, 0, "2026-12-01T10:00:00Z"),
        ("2026-12-01 10:00:00", 1_796_119_200, 0, "2026-12-01T10:00:00Z"),
        ("0001-01-01T00:00:00Z", -62_135_596_800, 0, "0001-01-01T00:00:00Z"),
        ("9999-12-31T23:59:59.999999999Z", 253_402_300_799, 999_999_999, "9999-12-31T23:59:59.999999999Z"),
        ("1969-12-31T23:59:59.250Z", -1, 250_000_000, "1969-12-31T23:59:59.250Z"),
        ("2016-12-31T23:59:60Z", 1_483_228_800, 0, "2017-01-01T00:00:00Z"),
        ("1900-03-01T00:00:00Z", -2_203_891_200, 0, "1900-03-01T00:00:00Z"),
    ]

    @Test("a time is read, and written in UTC")
    func known() {
        for (text, seconds, nanoseconds, written) in Self.known {
            let time = WireTime(text)
            #expect(time?.seconds == seconds, "\(text)")
            #expect(time?.nanoseconds == nanoseconds, "\(text)")
            #expect(time?.description == written, "\(text)")
        }
    }

    @Test("every day there is comes back, and days follow each other")
    func everyDay() {
        var wrong = 0
        for day: Int64 in -719_162..<2_932_897 where day % 97 == 0 || (19_000..<20_500).contains(day) {
            guard let time = WireTime(seconds: day * 86_400 + 3661), WireTime(time.description) == time else {
                wrong += 1
                continue
            }
        }
        #expect(wrong == 0)
    }

    @Test(
        "what is no time is none",
        arguments: [
            "", "now", "2026-12-01", "2026-13-01T00:00:00Z", "2026-02-29T00:00:00Z", "1900-02-29T00:00:00Z", "2026-12-01T24:00:00Z",
            "2026-12-01T00:60:00Z", "2026-12-01T00:00:61Z", "2026-12-01T00:00:00.Z", "2026-12-01T00:00:00+2", "2026-12-01T00:00:00+25:00",
            "2026-12-01T00:00:00ZZ", "2026-12-01T00:00:0٣Z", "0000-01-01T00:00:00Z", "0001-01-01T00:00:00+01:00",
            "9999-12-31T23:59:59-00:01",
            "2026-12-00T00:00:00Z", "+026-12-01T00:00:00Z", "2026-12-01T00:00:00." + String(repeating: "1", count: 100) + "Z",
        ])
    func others(_ text: String) {
        #expect(WireTime(text) == nil)
    }

    @Test("later is more")
    func order() throws {
        let times = try ["1969-12-31T23:59:59.9Z", "1970-01-01T00:00:00Z", "1970-01-01T00:00:00.1Z"].map { try #require(WireTime($0)) }
        #expect(times.shuffled().sorted() == times)
    }
}
