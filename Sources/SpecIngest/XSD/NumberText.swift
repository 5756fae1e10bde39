/// A number as it is written, in XML or JSON, so that none of its digits is lost.
struct NumberText {
    private var isNegative = false
    private var whole: [UInt8] = []
    private var fraction: [UInt8] = []
    private var exponent: Int?

    /// How many places an exponent may move the point where digits have to be written out.
    private static let maximumShift = 400

    /// The number in `text`, with spaces around it; nil where it is none.
    init?(_ text: String) {
        var bytes = Substring(text).utf8.drop { Self.isSpace($0) }
        while let last = bytes.last, Self.isSpace(last) { bytes.removeLast() }
        if let first = bytes.first, first == UInt8(ascii: "-") || first == UInt8(ascii: "+") {
            isNegative = first == UInt8(ascii: "-")
            bytes.removeFirst()
        }
        whole = Self.takeDigits(&bytes)
        if bytes.first == UInt8(ascii: ".") {
            bytes.removeFirst()
            fraction = Self.takeDigits(&bytes)
        }
        guard !whole.isEmpty || !fraction.isEmpty else { return nil }
        if let mark = bytes.first, mark | 0x20 == UInt8(ascii: "e") {
            bytes.removeFirst()
            let isDown = bytes.first == UInt8(ascii: "-")
            if isDown || bytes.first == UInt8(ascii: "+") { bytes.removeFirst() }
            let digits = Self.takeDigits(&bytes)
            guard !digits.isEmpty, let shift = Int(String(decoding: digits, as: UTF8.self)) else { return nil }
            exponent = isDown ? -shift : shift
        }
        guard bytes.isEmpty else { return nil }
    }

    /// The digits of an integer, an exponent written out; nil where it is none, or would be very long.
    var integerDigits: String? {
        guard let plain = plain, plain.fraction.allSatisfy({ $0 == UInt8(ascii: "0") }) else { return nil }
        return sign + Self.string(plain.whole)
    }

    /// The digits of a decimal number, an exponent written out; nil where that would be very long.
    var decimalDigits: String? {
        guard let plain = plain else { return nil }
        return sign + Self.string(plain.whole) + (plain.fraction.isEmpty ? "" : "." + String(decoding: plain.fraction, as: UTF8.self))
    }

    /// The number as JSON writes it.
    var json: String {
        let point = fraction.isEmpty ? "" : "." + String(decoding: fraction, as: UTF8.self)
        return sign + Self.string(Self.trimmed(whole)) + point + (exponent.map { "E\($0)" } ?? "")
    }

    /// Whether it has a point or an exponent.
    var isInteger: Bool { fraction.isEmpty && exponent == nil }
    /// Whether it has an exponent.
    var hasExponent: Bool { exponent != nil }
    /// How many digits it has, zeros before the first other one not counted.
    var significantDigits: Int { (whole + fraction).drop { $0 == UInt8(ascii: "0") }.count }

    private var sign: String { isNegative ? "-" : "" }

    private var plain: (whole: [UInt8], fraction: [UInt8])? {
        guard let exponent, exponent != 0 else { return (Self.trimmed(whole), fraction) }
        guard exponent.magnitude <= Self.maximumShift else { return nil }
        var (left, right) = (whole, fraction)
        if exponent > 0 {
            right += [UInt8](repeating: UInt8(ascii: "0"), count: max(0, exponent - right.count))
            left += right.prefix(exponent)
            right.removeFirst(exponent)
        } else {
            left = [UInt8](repeating: UInt8(ascii: "0"), count: max(0, -exponent - left.count)) + left
            right = left.suffix(-exponent) + right
            left.removeLast(-exponent)
        }
        return (Self.trimmed(left), right)
    }

    private static func trimmed(_ digits: [UInt8]) -> [UInt8] { Array(digits.drop { $0 == UInt8(ascii: "0") }) }

    private static func string(_ digits: [UInt8]) -> String { digits.isEmpty ? "0" : String(decoding: digits, as: UTF8.self) }

    private static func takeDigits(_ bytes: inout Substring.UTF8View) -> [UInt8] {
        let digits = bytes.prefix { $0 &- UInt8(ascii: "0") < 10 }
        bytes = bytes.dropFirst(digits.count)
        return Array(digits)
    }

    private static func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 || byte == 0x0A || byte == 0x0D }
}
