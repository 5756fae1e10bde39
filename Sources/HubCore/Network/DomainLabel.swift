/// One label of a host name, in the one spelling that DNS is asked for.
///
/// 1. Letters, digits, `-` and `_` of ASCII, in lower case, with no hyphen at an end.
/// 2. A label that begins with `xn--` has to be what it says: Punycode for something that is not ASCII alone, in the spelling that
///    encoding gives, of characters that the standard leaves as they are (RFC 5891 §5.4).
/// 3. Where a URL is read, a label may be written in the letters of its own script and is turned into the form of 2. Of the ways in which
///    software maps characters to others none is followed: what mapping would change, or what is drawn with marks, has to be written in
///    the form of 2. So has a label of Latin and other letters, which look alike.
enum DomainLabel {
    private static let prefix = "xn--"

    /// The label as DNS has it; nil where it is none.
    ///
    /// - Parameter takesUnicode: whether rule 3 applies.
    static func ascii(_ label: Substring, takesUnicode: Bool) -> String? {
        let name: String
        if ASCIISet.word.covers(label) {
            name = label.lowercased()
            guard !name.hasPrefix(prefix) || isAnALabel(name) else { return nil }
        } else {
            guard takesUnicode, let encoded = encoded(label) else { return nil }
            name = encoded
        }
        guard (1...63).contains(name.utf8.count), !label.hasPrefix("-"), !label.hasSuffix("-") else { return nil }
        return name
    }

    private static func isAnALabel(_ name: String) -> Bool {
        guard let scalars = Punycode.decode(name.dropFirst(prefix.count)), scalars.contains(where: { !$0.isASCII }),
            Punycode.encode(scalars).map({ prefix + $0 }) == name
        else { return false }
        return scalars.allSatisfy { scalar in
            switch scalar {
            case "\u{DF}", "\u{3C2}", "\u{200C}", "\u{200D}": true  // RFC 5892 §2.6 and §2.7: stay as they are
            default: !scalar.properties.changesWhenNFKCCaseFolded && !isInvisible(scalar)
            }
        }
    }

    private static func isInvisible(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.properties.generalCategory {
        case .control, .format, .unassigned, .privateUse, .surrogate, .spaceSeparator, .lineSeparator, .paragraphSeparator: true
        default: false
        }
    }

    private static func encoded(_ label: Substring) -> String? {
        let scalars = label.unicodeScalars.map { $0.isASCII ? $0.properties.lowercaseMapping.unicodeScalars.first ?? $0 : $0 }
        // RFC 5891 §4.2.3.1: no hyphens where those of `xn--` are.
        guard scalars.count <= 63, scalars.contains(where: { !$0.isASCII }), !scalars.dropFirst(2).starts(with: ["-", "-"]),
            scalars.allSatisfy({ $0.isASCII ? ASCIISet.word.contains(UInt8(ascii: $0)) : isPlainLetter($0) })
        else {
            return nil
        }
        let letters = scalars.filter(\.properties.isAlphabetic)
        guard letters.allSatisfy(isLatin) || !letters.contains(where: isLatin) else { return nil }
        return Punycode.encode(scalars).map { prefix + $0 }
    }

    /// Whether it is a letter that every way of mapping leaves alone, and that composes with no other (RFC 5892 §2.1, §2.2, §2.6, §2.9).
    private static func isPlainLetter(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0x640, 0x7FA, 0x3031...0x3035, 0x303B: return false  // disallowed by name
        case 0x1100...0x11FF, 0xA960...0xA97F, 0xD7B0...0xD7FF: return false  // parts of Hangul syllables
        case 0x16D63...0x16D6A: return false  // vowels of Kirat Rai, which compose
        default: break
        }
        switch scalar.properties.generalCategory {
        case .lowercaseLetter, .otherLetter, .modifierLetter: return !scalar.properties.changesWhenNFKCCaseFolded
        default: return false
        }
    }

    private static func isLatin(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0...0x2AF, 0x1D00...0x1DBF, 0x1E00...0x1EFF, 0x2C60...0x2C7F, 0xA720...0xA7FF, 0xAB30...0xAB6F: true
        default: false
        }
    }
}
