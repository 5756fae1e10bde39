/// The parameters of a query and a form as the `X-Ca-…` form signs them: decoded, in the order of the names, joined with `=` and `&`.
///
/// Joined without being encoded again, two requests can have the same text, and of parameters with one name only the first is in it. What
/// that would leave unsigned is refused: a name with `=` or `&`, a value with `&`, a second parameter of a name, a `%` that is no triplet.
enum FormParameters {
    /// In which of its two ways Higress writes them. A `+` is a space in both; where Higress leaves it, it would read like an escaped one.
    enum Style {
        /// `name=value`, also where there is no value, or no `=` was there.
        case all
        /// `name` where the value is empty.
        case older
    }

    /// The most parameters of query and form together.
    static let maximumCount = 1000

    /// `?` and the parameters; empty where there are none. Nil where the style leaves a `+` or a triplet as it is, in a name without a
    /// value, so that its text would be that of other parameters, too.
    ///
    /// - Parameter hasDigest: whether the form is signed by its digest, too, so that it may have two parameters of one name.
    static func text(query: [UInt8], form: [UInt8], style: Style, hasDigest: Bool) throws(SignatureProblem) -> [UInt8]? {
        var values: [[UInt8]: [UInt8]] = [:]
        for (source, isForm) in [(query, false), (form, true)] {
            for pair in pairs(source) {
                guard values.count < maximumCount else { throw SignatureProblem(.malformed, "too many parameters") }
                let name = pair.prefix { $0 != equals }
                let value = pair[name.endIndex...].dropFirst()
                let staysRaw = name.endIndex == pair.endIndex && (style == .all || isForm)
                if staysRaw, name.contains(where: { $0 == percent || $0 == plus }) { return nil }
                let (decodedName, decodedValue) = (try decode(name), try decode(value))
                guard !decodedName.contains(equals), !decodedName.contains(ampersand), !decodedValue.contains(ampersand) else {
                    throw SignatureProblem(.malformed, "a parameter that can be signed as two")
                }
                if values[decodedName] == nil {
                    values[decodedName] = decodedValue
                } else if !isForm || !hasDigest {
                    throw SignatureProblem(.malformed, "two parameters of one name, of which only the first is signed")
                }
            }
        }
        var text: [UInt8] = []
        for (name, value) in values.sorted(by: { $0.key.lexicographicallyPrecedes($1.key) }) {
            text.append(text.isEmpty ? UInt8(ascii: "?") : ampersand)
            text += name
            if style == .all || !value.isEmpty { text += [equals] + value }
        }
        return text
    }

    private static let (ampersand, equals, percent, plus) = (UInt8(ascii: "&"), UInt8(ascii: "="), UInt8(ascii: "%"), UInt8(ascii: "+"))

    /// What is between `&`s; nothing after the last one.
    private static func pairs(_ source: [UInt8]) -> ArraySlice<ArraySlice<UInt8>> {
        let pairs = source.split(separator: ampersand, maxSplits: maximumCount + 1, omittingEmptySubsequences: false)
        return pairs.last?.isEmpty == true ? pairs.dropLast() : pairs[...]
    }

    /// The bytes that stand for themselves or in a triplet, with spaces for `+`.
    private static func decode(_ bytes: ArraySlice<UInt8>) throws(SignatureProblem) -> [UInt8] {
        var (result, rest) = ([UInt8](), bytes)
        while let byte = rest.popFirst() {
            guard byte == percent else {
                result.append(byte == plus ? 0x20 : byte)
                continue
            }
            guard let high = rest.popFirst().flatMap(digit), let low = rest.popFirst().flatMap(digit) else {
                throw SignatureProblem(.malformed, "an escape that is none")
            }
            result.append(high << 4 | low)
        }
        return result
    }

    private static func digit(_ byte: UInt8) -> UInt8? { Character(Unicode.Scalar(byte)).hexDigitValue.map { UInt8($0) } }
}
