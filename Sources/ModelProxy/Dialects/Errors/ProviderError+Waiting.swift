import FoundationEssentials
import HTTPTypes
import HubCore

/// How long a provider wants to be left alone, in every way that one says it; at most an hour, as a provider may say anything.
extension ProviderError {
    private static let maximumSeconds = 3600.0

    /// 1. `retry-after-ms` and Azure's `x-ms-retry-after-ms`. 2. `retry-after`, seconds or a date.
    /// 3. The longest of `x-ratelimit-reset-…` and `anthropic-ratelimit-…-reset`: of those of which nothing remains, where that is said.
    static func wait(_ fields: HTTPFields, now: Int64) -> Duration? {
        for name in [HTTPField.Name.retryAfterMilliseconds, .microsoftRetryAfterMilliseconds] {
            if let milliseconds = fields.value(name).flatMap({ Double($0) }) { return bounded(milliseconds / 1000) }
        }
        if let text = fields.value(.retryAfter) {
            if let seconds = Double(text) { return bounded(seconds) }
            if let date = HTTPDate.parse(text) { return bounded(Double(date - now)) }
        }
        let resets = fields.compactMap { field -> (seconds: Double, isUsedUp: Bool)? in
            let name = field.name.canonicalName
            guard name.hasPrefix("x-ratelimit-reset") || name.hasPrefix("anthropic-ratelimit-") && name.hasSuffix("-reset"),
                let seconds = seconds(field.value, now: now)
            else { return nil }
            let remaining = HTTPField.Name(name.replacing("reset", with: "remaining")).flatMap { fields.value($0) }
            return (seconds, remaining == "0")
        }
        let usedUp = resets.filter(\.isUsedUp)
        return (usedUp.isEmpty ? resets : usedUp).map(\.seconds).max().flatMap { bounded($0) }
    }

    /// Google's `RetryInfo`.
    static func wait(_ body: JSONValue) -> Duration? {
        let root = body.kind == .array ? body.elements.first { $0.kind == .object } ?? body : body
        guard let details = root["error"]?["details"] else { return nil }
        for detail in details.elements where detail["@type"]?.string?.hasSuffix("RetryInfo") == true {
            return detail["retryDelay"]?.string.flatMap { seconds($0, now: 0) }.flatMap { bounded($0) }
        }
        return nil
    }

    /// `6m0s`, `1.5s`, `20ms`, a number of seconds, a time since 1970 in seconds or milliseconds, or a date of RFC 3339.
    private static func seconds(_ text: String, now: Int64) -> Double? {
        if let number = Double(text) {
            return number > 1e11 ? number / 1000 - Double(now) : number > 1e9 ? number - Double(now) : number
        }
        var total = 0.0
        var rest = text[...]
        guard !rest.isEmpty, text.utf8.count <= 32 else { return nil }
        if text.utf8.contains(UInt8(ascii: "T")) {
            // What is no date says nothing.
            return (try? Date(text, strategy: .iso8601)).map { $0.timeIntervalSince1970 - Double(now) }
        }
        while !rest.isEmpty {
            let digits = rest.prefix { $0.isASCII && $0.isNumber || $0 == "." }
            rest = rest.dropFirst(digits.count)
            let unit = rest.prefix { $0.isASCII && $0.isLetter }
            rest = rest.dropFirst(unit.count)
            guard let value = Double(digits) else { return nil }
            switch unit {
            case "d": total += value * 86_400
            case "h": total += value * 3600
            case "m": total += value * 60
            case "s": total += value
            case "ms": total += value / 1000
            default: return nil
            }
        }
        return total
    }

    private static func bounded(_ seconds: Double) -> Duration? {
        guard seconds.isFinite else { return nil }
        return .milliseconds(Int(min(max(0, seconds), maximumSeconds) * 1000))
    }
}

extension HTTPField.Name {
    // The literal is a token, so that the failable initialiser cannot fail.
    static let microsoftRetryAfterMilliseconds = HTTPField.Name("x-ms-retry-after-ms") ?? .via
}
