/// Unicode text in the letters, digits and hyphens of host names (RFC 3492).
package enum Punycode {
    // RFC 3492 §5.
    private static let base = 36
    private static let minimumThreshold = 1
    private static let maximumThreshold = 26
    private static let skew = 38
    private static let damping = 700
    private static let initialBias = 72
    private static let firstNonBasic = 0x80
    /// The most characters that are looked at: a host name's label has 63, and no text of it stands for more.
    static let maximumLength = 128

    /// The encoded text, without a prefix; nil where it has more than 128 characters.
    package static func encode(_ text: some Sequence<Unicode.Scalar>) -> String? {
        let scalars = Array(text.prefix(maximumLength + 1))
        guard scalars.count <= maximumLength else { return nil }
        var output = scalars.filter(\.isASCII).map { UInt8(truncatingIfNeeded: $0.value) }
        let basicCount = output.count
        if basicCount > 0 { output.append(UInt8(ascii: "-")) }
        var (handled, lowest, delta, bias) = (basicCount, firstNonBasic, 0, initialBias)
        // No sum overflows: there are at most 128 characters, each below 0x110000.
        while handled < scalars.count, let next = scalars.lazy.map({ Int($0.value) }).filter({ $0 >= lowest }).min() {
            delta += (next - lowest) * (handled + 1)
            lowest = next
            for scalar in scalars {
                if scalar.value < lowest { delta += 1 }
                guard scalar.value == lowest else { continue }
                append(delta, bias: bias, to: &output)
                bias = adapted(delta, count: handled + 1, isFirst: handled == basicCount)
                delta = 0
                handled += 1
            }
            delta += 1
            lowest += 1
        }
        return String(decoding: output, as: UTF8.self)
    }

    /// The text that was encoded; nil where it encodes none, or more than 128 characters.
    package static func decode(_ text: some StringProtocol) -> [Unicode.Scalar]? {
        let bytes = Array(text.utf8.prefix(maximumLength + 1))
        guard bytes.count <= maximumLength, bytes.allSatisfy({ $0 < 0x80 }) else { return nil }
        let delimiter = bytes.lastIndex(of: UInt8(ascii: "-")).flatMap { $0 > 0 ? $0 : nil }
        var output = bytes[..<(delimiter ?? 0)].map { Unicode.Scalar($0) }
        var (rest, position, value, bias) = (bytes[(delimiter.map { $0 + 1 } ?? 0)...], 0, firstNonBasic, initialBias)
        while !rest.isEmpty {
            let before = position
            guard let step = takeNumber(&rest, bias: bias) else { return nil }
            position += step
            let count = output.count + 1
            bias = adapted(position - before, count: count, isFirst: before == 0)
            value += position / count
            position %= count
            guard let scalar = UInt32(exactly: value).flatMap({ Unicode.Scalar($0) }) else { return nil }
            output.insert(scalar, at: position)
            position += 1
        }
        return output
    }

    private static func append(_ delta: Int, bias: Int, to output: inout [UInt8]) {
        var (rest, place) = (delta, base)
        while true {
            let threshold = threshold(at: place, bias: bias)
            guard rest >= threshold else { break }
            output.append(digit(threshold + (rest - threshold) % (base - threshold)))
            rest = (rest - threshold) / (base - threshold)
            place += base
        }
        output.append(digit(rest))
    }

    /// A generalized variable-length integer (RFC 3492 §3.3); nil where it does not end, or is larger than any text needs.
    private static func takeNumber(_ rest: inout ArraySlice<UInt8>, bias: Int) -> Int? {
        var (number, weight, place) = (0, 1, base)
        while let digit = rest.popFirst().flatMap({ value(of: $0) }) {
            number += digit * weight
            guard number <= 0x10FFFF * (maximumLength + 1) else { return nil }
            let threshold = threshold(at: place, bias: bias)
            if digit < threshold { return number }
            weight *= base - threshold
            // A digit past here that is not zero would make the number too large; zeros go on for at most 128 places.
            weight = min(weight, 1 << 40)
            place += base
        }
        return nil
    }

    private static func threshold(at place: Int, bias: Int) -> Int {
        min(max(place - bias, minimumThreshold), maximumThreshold)
    }

    private static func adapted(_ delta: Int, count: Int, isFirst: Bool) -> Int {
        var delta = delta / (isFirst ? damping : 2)
        delta += delta / count
        var bias = 0
        while delta > ((base - minimumThreshold) * maximumThreshold) / 2 {
            delta /= base - minimumThreshold
            bias += base
        }
        return bias + (base - minimumThreshold + 1) * delta / (delta + skew)
    }

    private static func digit(_ value: Int) -> UInt8 {
        UInt8(truncatingIfNeeded: value < 26 ? 0x61 + value : 0x30 + value - 26)
    }

    private static func value(of byte: UInt8) -> Int? {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"): Int(byte - UInt8(ascii: "a"))
        case UInt8(ascii: "A")...UInt8(ascii: "Z"): Int(byte - UInt8(ascii: "A"))
        case UInt8(ascii: "0")...UInt8(ascii: "9"): Int(byte - UInt8(ascii: "0")) + 26
        default: nil
        }
    }
}
