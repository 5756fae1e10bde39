/// Text as a person may read it: what could not be seen, moves other text about or pretends to be another letter is written `\u{E0041}`.
///
/// For terminals, logs and pages; what it came from cannot be had back from it, and need not.
public enum VisibleText {
    /// The text, readable.
    ///
    /// - Parameters:
    ///   - text: anything.
    ///   - keepsLines: whether line feeds stay.
    ///   - limit: how many characters of the text are shown at most; a cut is told by how many are left out.
    public static func escape(_ text: String, keepsLines: Bool = false, limit: Int = 4_096) -> String {
        escape(Array(text.unicodeScalars), keepsLines: keepsLines, limit: limit)
    }

    /// The scalars as text. Of what is too long the beginning and the end are shown: an addition at the end is the usual one.
    static func escape(_ scalars: [Unicode.Scalar], keepsLines: Bool = false, limit: Int = 4_096) -> String {
        guard scalars.count > limit else { return escapeAll(scalars, keepsLines: keepsLines) }
        let head = limit - limit / 4
        return escapeAll(Array(scalars.prefix(head)), keepsLines: keepsLines) + "… (\(scalars.count - limit) characters left out) …"
            + escapeAll(Array(scalars.suffix(limit - head)), keepsLines: keepsLines)
    }

    /// The surroundings of a place: an excerpt of at most `limit` characters on one line.
    static func excerpt(of scalars: [Unicode.Scalar], around place: Range<Int>, limit: Int = 160) -> String {
        let start = max(0, min(place.lowerBound - 24, scalars.count - limit))
        let end = min(scalars.count, max(start + limit, start))
        let text = escapeAll(Array(scalars[min(start, end)..<end]), keepsLines: false)
        return (start > 0 ? "…" : "") + text + (end < scalars.count ? "…" : "")
    }

    private static func escapeAll(_ scalars: [Unicode.Scalar], keepsLines: Bool) -> String {
        var result = String.UnicodeScalarView()
        var pretenders = LookAlikes.pretenders(in: scalars)[...]
        for (place, scalar) in scalars.enumerated() {
            while let next = pretenders.first, next.upperBound <= place { pretenders.removeFirst() }
            let isPretender = scalar.value >= 0x80 && pretenders.first?.contains(place) == true && LookAlikes.find(scalar) != nil
            let opensEscape = scalar == "\\" && scalars[(place + 1)...].first == "u" && scalars[(place + 1)...].dropFirst().first == "{"
            guard isPretender || opensEscape || !isPlain(scalar, at: place, in: scalars, keepsLines: keepsLines) else {
                result.append(scalar)
                continue
            }
            result.append(contentsOf: "\\u{\(String(scalar.value, radix: 16, uppercase: true))}".unicodeScalars)
        }
        return String(result)
    }

    private static func isPlain(_ scalar: Unicode.Scalar, at place: Int, in scalars: [Unicode.Scalar], keepsLines: Bool) -> Bool {
        if scalar.value < 0x80 { return scalar.value >= 0x20 && scalar.value != 0x7F || keepsLines && scalar == "\n" }
        switch HiddenCharacter(scalar) {
        case nil: break
        // A person sees them by what they do: emoji, and letters that join or do not.
        case .joiner, .variationSelector, .tag: return HiddenText.isFitting(at: place, in: scalars)
        case .control, .bidirectional, .mark, .zeroWidth, .privateUse: return false
        }
        switch scalar.properties.generalCategory {
        case .spaceSeparator, .lineSeparator, .paragraphSeparator: return scalar == "\u{3000}"
        case .unassigned, .surrogate, .control, .format, .privateUse: return false
        default: return true
        }
    }
}
