import HubCore

/// The parameters of a query and a form as the `X-Ca-…` form signs them: decoded, in the order of the names, joined with `=` and `&`.
///
/// Joined without being encoded again, two requests can have the same text, and of parameters with one name only the first is in it. What
/// that would leave unsigned is refused: a name with `=` or `&`, a value with `&`, a second parameter of a name.
struct FormParameters {
    /// In which of its two ways Higress writes them.
    enum Style {
        /// `name=value`, also where there is no value, or no `=` was there; `+` stays.
        case all
        /// `name` where the value is empty; `+` is a space.
        case older
    }

    /// `?` and the parameters; empty where there are none.
    let text: [UInt8]

    /// Reads and writes them.
    ///
    /// - Parameter hasDigest: whether the form is signed by its digest, too, so that it may have two parameters of one name.
    init(query: [UInt8], form: [UInt8], style: Style, hasDigest: Bool) throws(SignatureProblem) {
        var values: [[UInt8]: [UInt8]] = [:]
        for (source, isForm) in [(query, false), (form, true)] {
            for pair in Self.pairs(source) {
                guard values.count < CAFieldsText.maximumParameters else { throw SignatureProblem(.malformed, "too many parameters") }
                let (name, value) = Self.decode(pair, style, isForm: isForm)
                guard !name.contains(where: { Self.separators.contains($0) }), !value.contains(UInt8(ascii: "&")) else {
                    throw SignatureProblem(.malformed, "a parameter that can be signed as two")
                }
                if values[name] == nil {
                    values[name] = value
                } else if !isForm || !hasDigest {
                    throw SignatureProblem(.malformed, "two parameters of one name, of which only the first is signed")
                }
            }
        }
        var text: [UInt8] = []
        for name in values.keys.sorted(by: { $0.lexicographicallyPrecedes($1) }) {
            let value = values[name] ?? []
            text.append(text.isEmpty ? UInt8(ascii: "?") : UInt8(ascii: "&"))
            text += name
            if style == .all || !value.isEmpty { text += [UInt8(ascii: "=")] + value }
        }
        self.text = text
    }

    private static let separators: [UInt8] = Array("=&".utf8)

    /// What is between `&`s; nothing after the last one.
    private static func pairs(_ source: [UInt8]) -> ArraySlice<ArraySlice<UInt8>> {
        let pairs = source.split(
            separator: UInt8(ascii: "&"), maxSplits: CAFieldsText.maximumParameters + 1, omittingEmptySubsequences: false)
        return pairs.last?.isEmpty == true ? pairs.dropLast() : pairs[...]
    }

    private static func decode(_ pair: ArraySlice<UInt8>, _ style: Style, isForm: Bool) -> (name: [UInt8], value: [UInt8]) {
        let name = pair.prefix { $0 != UInt8(ascii: "=") }
        guard name.endIndex < pair.endIndex else {
            return (style == .older && !isForm ? decode(name, style) : Array(name), [])
        }
        return (decode(name, style), decode(pair[(name.endIndex + 1)...], style))
    }

    private static func decode(_ bytes: ArraySlice<UInt8>, _ style: Style) -> [UInt8] {
        let spaced = style == .older ? bytes.map { $0 == UInt8(ascii: "+") ? 0x20 : $0 } : Array(bytes)
        // Bytes that are not UTF-8 change here, and then the signature is not valid; a client of this form writes UTF-8.
        return PercentEncoding.bytesWherePossible(String(decoding: spaced, as: UTF8.self))
    }
}
