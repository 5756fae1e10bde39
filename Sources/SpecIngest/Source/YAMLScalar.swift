/// What a plain scalar stands for under the core schema of YAML 1.2 (§10.3.2).
///
/// Only `true`, `false`, `null`, `~` and numbers mean something; `yes`, `NO`, `12:30:45` and dates are strings.
/// Numbers keep their digits, rewritten only as far as JSON's grammar asks: no plus sign, no leading zeros, a digit on both
/// sides of the point; `0o17` and `0x1F` become decimal. Infinities and NaN, which JSON does not have, stay strings, as do
/// octal and hexadecimal numbers beyond 64 bits.
enum YAMLScalar: Hashable {
    case null
    case bool(Bool)
    /// A number in JSON's spelling.
    case number(String)
    case string

    init(plain text: Span<UInt8>) {
        guard !text.isEmpty else {
            self = .null
            return
        }
        switch text[0] {
        case UInt8(ascii: "~") where text.count == 1: self = .null
        case UInt8(ascii: "n"), UInt8(ascii: "N"): self = Self.isWord("null", text) ? .null : .string
        case UInt8(ascii: "t"), UInt8(ascii: "T"): self = Self.isWord("true", text) ? .bool(true) : .string
        case UInt8(ascii: "f"), UInt8(ascii: "F"): self = Self.isWord("false", text) ? .bool(false) : .string
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "+"), UInt8(ascii: "."):
            self = (Self.prefixedInteger(text) ?? Self.decimal(text)).map(Self.number) ?? .string
        default: self = .string
        }
    }

    /// Whether `text` is the lower-case `word`, or it capitalised, or it in capitals.
    private static func isWord(_ word: String, _ text: Span<UInt8>) -> Bool {
        let word = word.utf8Span.span
        guard word.count == text.count else { return false }
        var capitals = 0
        for index in text.indices {
            guard text[index] | 0x20 == word[index] else { return false }
            if text[index] & 0x20 == 0 { capitals += 1 }
        }
        let startsWithCapital = text[0] & 0x20 == 0
        return capitals == 0 || capitals == text.count || capitals == 1 && startsWithCapital
    }

    private static func prefixedInteger(_ text: Span<UInt8>) -> String? {
        guard text.count > 2, text[0] == UInt8(ascii: "0") else { return nil }
        let radix: UInt64
        switch text[1] {
        case UInt8(ascii: "o"): radix = 8
        case UInt8(ascii: "x"): radix = 16
        default: return nil
        }
        var value: UInt64 = 0
        for index in 2..<text.count {
            guard let digit = hexadecimalDigit(text[index]), digit < radix else { return nil }
            let (product, overflow) = value.multipliedReportingOverflow(by: radix)
            guard !overflow else { return nil }
            value = product + digit
        }
        return String(value)
    }

    private static func hexadecimalDigit(_ byte: UInt8) -> UInt64? {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): UInt64(byte - UInt8(ascii: "0"))
        case UInt8(ascii: "a")...UInt8(ascii: "f"): UInt64(byte - UInt8(ascii: "a") + 10)
        case UInt8(ascii: "A")...UInt8(ascii: "F"): UInt64(byte - UInt8(ascii: "A") + 10)
        default: nil
        }
    }

    /// `[-+]? ( \. [0-9]+ | [0-9]+ ( \. [0-9]* )? ) ( [eE] [-+]? [0-9]+ )?` in JSON's spelling.
    private static func decimal(_ text: Span<UInt8>) -> String? {
        var index = 0
        func skipDigits() -> Range<Int> {
            let start = index
            while index < text.count, text[index] &- UInt8(ascii: "0") < 10 { index += 1 }
            return start..<index
        }
        let isNegative = text[0] == UInt8(ascii: "-")
        if isNegative || text[0] == UInt8(ascii: "+") { index = 1 }
        var whole = skipDigits()
        var fraction: Range<Int>?
        if index < text.count, text[index] == UInt8(ascii: ".") {
            index += 1
            fraction = skipDigits()
        }
        guard !whole.isEmpty || fraction?.isEmpty == false else { return nil }
        let exponentStart = index
        if index < text.count, text[index] | 0x20 == UInt8(ascii: "e") {
            index += 1
            if index < text.count, text[index] == UInt8(ascii: "-") || text[index] == UInt8(ascii: "+") { index += 1 }
            guard !skipDigits().isEmpty else { return nil }
        }
        guard index == text.count else { return nil }
        while whole.count > 1, text[whole.lowerBound] == UInt8(ascii: "0") { whole = whole.lowerBound + 1..<whole.upperBound }

        var result: [UInt8] = []
        result.reserveCapacity(text.count + 2)
        if isNegative { result.append(UInt8(ascii: "-")) }
        if whole.isEmpty { result.append(UInt8(ascii: "0")) }
        for index in whole { result.append(text[index]) }
        if let fraction {
            result.append(UInt8(ascii: "."))
            if fraction.isEmpty { result.append(UInt8(ascii: "0")) }
            for index in fraction { result.append(text[index]) }
        }
        for index in exponentStart..<text.count { result.append(text[index]) }
        return String(decoding: result, as: UTF8.self)
    }
}
