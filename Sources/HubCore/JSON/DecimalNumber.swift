/// A number of JSON by its value, all digits of it: as doubles, 9007199254740993 and 9007199254740992 are one.
public struct DecimalNumber: Sendable, Hashable, Comparable, CustomStringConvertible {
    /// The most that an exponent may be, in either direction: what is beyond cannot be compared.
    private static let maximumExponent = 1_000_000_000

    private let isNegative: Bool
    /// Without zeros at either end; none for 0.
    private let digits: [UInt8]
    /// The place of the first digit, as a power of ten.
    private let magnitude: Int

    /// The value of a number as JSON writes it (RFC 8259 §6); nil for what is none, and for one with an enormous exponent.
    public init?(_ text: String) {
        var rest = Array(text.utf8)[...]
        var isNegative = false
        if rest.first == UInt8(ascii: "-") {
            isNegative = true
            rest.removeFirst()
        }
        let whole = Self.takeDigits(&rest)
        guard let first = whole.first, first != UInt8(ascii: "0") || whole.count == 1 else { return nil }
        var fraction: ArraySlice<UInt8> = []
        if rest.first == UInt8(ascii: ".") {
            rest.removeFirst()
            fraction = Self.takeDigits(&rest)
            guard !fraction.isEmpty else { return nil }
        }
        var exponent = 0
        if let mark = rest.first, mark | 0x20 == UInt8(ascii: "e") {
            rest.removeFirst()
            let sign = rest.first
            if sign == UInt8(ascii: "-") || sign == UInt8(ascii: "+") { rest.removeFirst() }
            let written = Self.takeDigits(&rest)
            guard !written.isEmpty else { return nil }
            for digit in written {
                exponent = exponent * 10 + Int(digit &- UInt8(ascii: "0"))
                guard exponent <= Self.maximumExponent else { return nil }
            }
            if sign == UInt8(ascii: "-") { exponent = -exponent }
        }
        guard rest.isEmpty else { return nil }
        let all = whole + fraction
        let zeros = all.prefix { $0 == UInt8(ascii: "0") }.count
        var digits = Array(all.dropFirst(zeros))
        while digits.last == UInt8(ascii: "0") { digits.removeLast() }
        self.isNegative = isNegative && !digits.isEmpty
        magnitude = digits.isEmpty ? 0 : whole.count - 1 - zeros + exponent
        self.digits = digits
    }

    private static func takeDigits(_ bytes: inout ArraySlice<UInt8>) -> ArraySlice<UInt8> {
        let digits = bytes.prefix { $0 &- UInt8(ascii: "0") < 10 }
        bytes = bytes.dropFirst(digits.count)
        return digits
    }

    /// By value.
    public static func < (a: DecimalNumber, b: DecimalNumber) -> Bool {
        guard a.isNegative == b.isNegative else { return a.isNegative }
        return a.isNegative ? b.isNearer(than: a) : a.isNearer(than: b)
    }

    /// Whether its distance from 0 is smaller.
    private func isNearer(than other: DecimalNumber) -> Bool {
        guard !digits.isEmpty, !other.digits.isEmpty else { return digits.isEmpty && !other.digits.isEmpty }
        guard magnitude == other.magnitude else { return magnitude < other.magnitude }
        return digits.lexicographicallyPrecedes(other.digits)
    }

    /// The digits, with a point where it is near and an exponent otherwise.
    public var description: String {
        guard !digits.isEmpty else { return "0" }
        let text = String(decoding: digits, as: UTF8.self)
        let sign = isNegative ? "-" : ""
        if (-8..<0).contains(magnitude) { return sign + "0." + String(repeating: "0", count: -1 - magnitude) + text }
        guard (0..<30).contains(magnitude) else {
            return sign + String(text.prefix(1)) + (text.utf8.count > 1 ? "." + text.dropFirst() : "") + "e\(magnitude)"
        }
        let whole = text.prefix(magnitude + 1) + String(repeating: "0", count: max(0, magnitude + 1 - text.utf8.count))
        let fraction = text.dropFirst(magnitude + 1)
        return sign + whole + (fraction.isEmpty ? "" : "." + fraction)
    }
}
