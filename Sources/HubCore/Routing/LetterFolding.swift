/// Makes letters that people write in several ways one: `Ä`, `A` and the full-width `Ａ` become `a`.
enum LetterFolding {
    /// What a character is to whoever splits a text into words.
    enum Kind: UInt8 {
        case lower, upper, digit
        /// Han: a character is nearly a word.
        case ideograph
        /// Kana, Hangul, and scripts that are written without spaces.
        case syllable
        /// Written above or below the letter before it, and left out.
        case mark
        case apostrophe
        case separator
    }

    /// What a character is, full-width forms taken for what they stand for.
    static func kind(of scalar: Unicode.Scalar) -> Kind {
        let value = halfWidth(scalar.value)
        if value < 0x80 { return asciiKind(UInt8(truncatingIfNeeded: value)) }
        switch value {
        case 0x2019, 0x02BC: return .apostrophe
        case 0x0300...0x036F, 0x200C...0x200D, 0xFE00...0xFE0F: return .mark
        case 0x3400...0x4DBF, 0x4E00...0x9FFF, 0xF900...0xFAFF, 0x20000...0x323AF, 0x3005: return .ideograph
        case 0x3041...0x3096, 0x30A1...0x30FA, 0x30FC, 0x31F0...0x31FF, 0x1100...0x11FF, 0xAC00...0xD7A3,
            0x0E00...0x0EFF, 0x1000...0x109F, 0x1780...0x17DD:
            return .syllable
        default: break
        }
        let properties = scalar.properties
        if properties.numericType != nil { return .digit }
        if properties.isUppercase { return .upper }
        switch properties.generalCategory {
        case .nonspacingMark, .spacingMark: return .lower  // vowels of the scripts of India
        default: return properties.isAlphabetic ? .lower : .separator
        }
    }

    /// Adds a letter, folded, as UTF-8.
    static func append(_ scalar: Unicode.Scalar, to bytes: inout [UInt8]) {
        let value = halfWidth(scalar.value)
        if value < 0x80 {
            let byte = UInt8(truncatingIfNeeded: value)
            return bytes.append(byte >= UInt8(ascii: "A") && byte <= UInt8(ascii: "Z") ? byte | 0x20 : byte)
        }
        if let letter = plainLetter(value) { return bytes.append(letter) }
        switch value {
        case 0xDF: bytes += [UInt8(ascii: "s"), UInt8(ascii: "s")]
        case 0xC6, 0xE6: bytes += [UInt8(ascii: "a"), UInt8(ascii: "e")]
        case 0x152, 0x153: bytes += [UInt8(ascii: "o"), UInt8(ascii: "e")]
        case 0x4E00...0x9FFF: bytes += UTF8.encode(SimplifiedHan.simplified(scalar)).map(Array.init) ?? []
        default:
            if scalar.properties.changesWhenLowercased {
                bytes += scalar.properties.lowercaseMapping.utf8
            } else {
                bytes += UTF8.encode(scalar).map(Array.init) ?? []
            }
        }
    }

    private static func asciiKind(_ byte: UInt8) -> Kind {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"): .lower
        case UInt8(ascii: "A")...UInt8(ascii: "Z"): .upper
        case UInt8(ascii: "0")...UInt8(ascii: "9"): .digit
        case UInt8(ascii: "'"): .apostrophe
        default: .separator
        }
    }

    /// The ASCII character that a full-width form stands for.
    private static func halfWidth(_ value: UInt32) -> UInt32 { value >= 0xFF01 && value <= 0xFF5E ? value - 0xFEE0 : value }

    /// The letter without its accents.
    private static func plainLetter(_ value: UInt32) -> UInt8? {
        let letter: UInt8
        switch value {
        case 0xC0...0x17F: letter = latin[Int(value - 0xC0)]
        case 0x1E00...0x1EFF: letter = latinAdditional[Int(value - 0x1E00)]
        default: return nil
        }
        return letter == UInt8(ascii: ".") ? nil : letter
    }

    private static let latin = Array(
        """
        aaaaaa.ceeeeiiiidnooooo.ouuuuy..aaaaaa.ceeeeiiiidnooooo.ouuuuy.y\
        aaaaaaccccccccddddeeeeeeeeeegggggggghhhhiiiiiiiiii..jjkk.lllllll\
        lllnnnnnn...oooooo..rrrrrrssssssssttttttuuuuuuuuuuuuwwyyyzzzzzzs
        """.utf8)

    private static let latinAdditional = Array(
        """
        aabbbbbbccddddddddddeeeeeeeeeeffgghhhhhhhhhhiiiikkkkkkllllllllmm\
        mmmmnnnnnnnnoooooooopppprrrrrrrrssssssssssttttttttuuuuuuuuuuvvvv\
        wwwwwwwwwwxxxxyyzzzzzzhtwy......aaaaaaaaaaaaaaaaaaaaaaaaeeeeeeee\
        eeeeeeeeiiiioooooooooooooooooooooooouuuuuuuuuuuuuuyyyyyyyy......
        """.utf8)
}
