/// A moment in UTC as signatures write it, to the second.
struct SigningTime: Sendable, Equatable {
    /// `20150830`.
    let date: String
    /// `20150830T123600Z` (ISO 8601, basic form).
    let basic: String
    /// `2015-08-30T12:36:00Z` (ISO 8601, extended form).
    let extended: String

    /// - Parameter seconds: since 1970; what is before counts as 1970.
    init(seconds: Int64) {
        let seconds = max(0, seconds)
        let (days, rest) = (seconds / 86_400, seconds % 86_400)
        // Days of the Gregorian calendar, counted in eras of 400 years that begin on the first of March.
        let shifted = days + 719_468
        let (era, dayOfEra) = (shifted / 146_097, shifted % 146_097)
        let yearOfEra = (dayOfEra - dayOfEra / 1_460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let monthFromMarch = (5 * dayOfYear + 2) / 153
        let day = Self.two(dayOfYear - (153 * monthFromMarch + 2) / 5 + 1)
        let month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9
        let year = String(era * 400 + yearOfEra + (month <= 2 ? 1 : 0))
        let (hour, minute, second) = (Self.two(rest / 3_600), Self.two(rest / 60 % 60), Self.two(rest % 60))
        date = year + Self.two(month) + day
        basic = "\(date)T\(hour)\(minute)\(second)Z"
        extended = "\(year)-\(Self.two(month))-\(day)T\(hour):\(minute):\(second)Z"
    }

    private static func two(_ number: Int64) -> String { number < 10 ? "0\(number)" : String(number) }
}
