/// Dates of HTTP in the one form that may be sent (RFC 9110 §5.6.7, `IMF-fixdate`): `Sun, 06 Nov 1994 08:49:37 GMT`.
public enum HTTPDate {
    private static let days = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"]  // the first of January 1970 was a Thursday
    private static let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
    private static let monthLengths: [Int64] = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]

    /// Seconds since 1970; nil for any other text, a date that does not exist, another day of the week, or one before 1970.
    public static func parse(_ text: String) -> Int64? {
        let bytes = Array(text.utf8)
        guard bytes.count == 29, bytes.allSatisfy({ $0 < 0x80 }) else { return nil }
        let part = { (range: Range<Int>) in String(decoding: bytes[range], as: UTF8.self) }
        guard part(3..<5) == ", ", part(7..<8) == " ", part(11..<12) == " ", part(16..<17) == " ", part(19..<20) == ":",
            part(22..<23) == ":", part(25..<29) == " GMT", let month = months.firstIndex(of: part(8..<11)),
            let day = number(bytes[5..<7]), let year = number(bytes[12..<16]), let hour = number(bytes[17..<19]),
            let minute = number(bytes[20..<22]), let second = number(bytes[23..<25])
        else { return nil }
        let isLeap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
        let length = monthLengths[month] + (month == 1 && isLeap ? 1 : 0)
        // A minute may have a leap second.
        guard year >= 1970, (1...length).contains(day), hour < 24, minute < 60, second <= 60 else { return nil }
        let leapDays = (year - 1) / 4 - (year - 1) / 100 + (year - 1) / 400 - 477  // 477 of them before 1970
        let number = (year - 1970) * 365 + leapDays + monthLengths.prefix(month).reduce(0, +) + (month > 1 && isLeap ? 1 : 0) + day - 1
        guard days[Int(number % 7)] == part(0..<3) else { return nil }
        return number * 86_400 + hour * 3600 + minute * 60 + second
    }

    /// The text of a moment, in seconds since 1970; what is before 1970 or after the year 9999 is written as the nearest that can be.
    public static func text(secondsSince1970: Int64) -> String {
        let seconds = min(max(0, secondsSince1970), 253_402_300_799)
        let (days, rest) = seconds.quotientAndRemainder(dividingBy: 86_400)
        // Years begin in March here, so that the leap day is the last of one.
        let shifted = days + 719_468
        let (era, dayOfEra) = shifted.quotientAndRemainder(dividingBy: 146_097)
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let month = (5 * dayOfYear + 2) / 153
        let day = dayOfYear - (153 * month + 2) / 5 + 1
        let calendarMonth = month < 10 ? month + 3 : month - 9
        let year = yearOfEra + era * 400 + (calendarMonth <= 2 ? 1 : 0)
        let clock = [rest / 3600, rest / 60 % 60, rest % 60].map { digits($0, 2) }.joined(separator: ":")
        let name = (Self.days[Int(days % 7)], months[Int(calendarMonth - 1)])
        return "\(name.0), \(digits(day, 2)) \(name.1) \(digits(year, 4)) \(clock) GMT"
    }

    private static func digits(_ number: Int64, _ count: Int) -> String {
        let text = String(number)
        return String(repeating: "0", count: max(0, count - text.utf8.count)) + text
    }

    private static func number(_ digits: ArraySlice<UInt8>) -> Int64? {
        var value: Int64 = 0
        for digit in digits {
            guard (0x30...0x39).contains(digit) else { return nil }
            value = value * 10 + Int64(digit - 0x30)
        }
        return value
    }
}
