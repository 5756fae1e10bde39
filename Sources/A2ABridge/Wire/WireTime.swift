/// A moment as the protocol writes it (RFC 3339): in UTC, from the year 1 to 9999, to the nanosecond.
struct WireTime: Sendable, Hashable, Comparable, CustomStringConvertible {
    /// Seconds since 1970.
    let seconds: Int64
    /// The rest, from 0 to 999,999,999.
    let nanoseconds: Int64

    private static let range: Range<Int64> = -62_135_596_800..<253_402_300_800  // 0001-01-01 to 10000-01-01

    /// A moment; nil outside the years that can be written.
    init?(seconds: Int64, nanoseconds: Int64 = 0) {
        guard Self.range.contains(seconds), (0..<1_000_000_000).contains(nanoseconds) else { return nil }
        (self.seconds, self.nanoseconds) = (seconds, nanoseconds)
    }

    /// The moment of a text such as `2026-12-01T10:00:00.250Z` or `…+02:00`. Without an offset it is taken for UTC, as peers of 0.3 write it;
    /// digits past the ninth are cut off. Nil for what is no time.
    init?(_ text: String) {
        let bytes = Array(text.utf8.prefix(64))
        guard text.utf8.count < 64, bytes.count >= 19, bytes[4] == Self.dash, bytes[7] == Self.dash,
            [UInt8(ascii: "T"), UInt8(ascii: "t"), UInt8(ascii: " ")].contains(bytes[10]), bytes[13] == Self.colon, bytes[16] == Self.colon,
            let year = Self.number(bytes[0..<4]), let month = Self.number(bytes[5..<7]), let day = Self.number(bytes[8..<10]),
            let hour = Self.number(bytes[11..<13]), let minute = Self.number(bytes[14..<16]), let second = Self.number(bytes[17..<19]),
            let days = Self.days(year: year, month: month, day: day), hour < 24, minute < 60, second <= 60  // a leap second
        else { return nil }
        var rest = bytes[19...]
        var fraction: Int64 = 0
        if rest.first == UInt8(ascii: ".") {
            let digits = rest.dropFirst().prefix { (0x30...0x39).contains($0) }
            guard !digits.isEmpty, let value = Self.number(digits.prefix(9)) else { return nil }
            fraction = (digits.count..<max(9, digits.count)).reduce(value) { value, _ in value * 10 }
            rest = rest[digits.endIndex...]
        }
        guard let offset = Self.offset(Array(rest)) else { return nil }
        self.init(seconds: days * 86_400 + hour * 3600 + minute * 60 + second - offset, nanoseconds: fraction)
    }

    /// From the first of March of the year 0.
    private static let daysTo1970: Int64 = 719_468
    private static let (dash, colon) = (UInt8(ascii: "-"), UInt8(ascii: ":"))

    /// Seconds east of Greenwich.
    private static func offset(_ bytes: [UInt8]) -> Int64? {
        guard let sign = bytes.first, bytes != [UInt8(ascii: "Z")], bytes != [UInt8(ascii: "z")] else { return 0 }
        guard bytes.count == 6, bytes[3] == colon, sign == dash || sign == UInt8(ascii: "+"), let hours = number(bytes[1..<3]),
            let minutes = number(bytes[4..<6]), hours < 24, minutes < 60
        else { return nil }
        return (hours * 3600 + minutes * 60) * (sign == dash ? -1 : 1)
    }

    private static func number(_ digits: ArraySlice<UInt8>) -> Int64? {
        var value: Int64 = 0
        for digit in digits {
            guard (0x30...0x39).contains(digit) else { return nil }
            value = value * 10 + Int64(digit - 0x30)
        }
        return value
    }

    /// The days from 1970 to a date of the Gregorian calendar, which is counted in eras of 400 years that begin on the first of March.
    private static func days(year: Int64, month: Int64, day: Int64) -> Int64? {
        let isLeap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
        let lengths: [Int64] = [31, isLeap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
        guard (1...12).contains(month), (1...lengths[Int(month) - 1]).contains(day) else { return nil }
        let fromMarch = year - (month <= 2 ? 1 : 0)
        let dayOfYear = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1
        return fromMarch * 365 + fromMarch / 4 - fromMarch / 100 + fromMarch / 400 + dayOfYear - daysTo1970
    }

    /// As ProtoJSON writes it: in UTC with `Z`, with 3, 6 or 9 digits behind the point where there are any.
    var description: String {
        let shifted = seconds + Self.daysTo1970 * 86_400  // never negative
        let (days, rest) = (shifted / 86_400, shifted % 86_400)
        let (era, dayOfEra) = (days / 146_097, days % 146_097)
        let yearOfEra = (dayOfEra - dayOfEra / 1_460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let monthFromMarch = (5 * dayOfYear + 2) / 153
        let day = dayOfYear - (153 * monthFromMarch + 2) / 5 + 1
        let month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9
        let year = era * 400 + yearOfEra + (month <= 2 ? 1 : 0)
        let date = "\(Self.padded(year, 4))-\(Self.padded(month, 2))-\(Self.padded(day, 2))"
        let time = "\(Self.padded(rest / 3600, 2)):\(Self.padded(rest / 60 % 60, 2)):\(Self.padded(rest % 60, 2))"
        return "\(date)T\(time)\(fraction)Z"
    }

    private var fraction: String {
        if nanoseconds == 0 { return "" }
        if nanoseconds % 1_000_000 == 0 { return "." + Self.padded(nanoseconds / 1_000_000, 3) }
        if nanoseconds % 1000 == 0 { return "." + Self.padded(nanoseconds / 1000, 6) }
        return "." + Self.padded(nanoseconds, 9)
    }

    private static func padded(_ number: Int64, _ width: Int) -> String {
        let digits = String(number)
        return String(repeating: "0", count: max(0, width - digits.utf8.count)) + digits
    }

    /// By time.
    static func < (a: WireTime, b: WireTime) -> Bool { (a.seconds, a.nanoseconds) < (b.seconds, b.nanoseconds) }
}
