/// Characters that look like ASCII letters and are none (Unicode UTS #39, `confusables.txt`, the common scripts), and the ones that are ASCII
/// letters in another dress (compatibility forms, UAX #15).
enum LookAlikes {
    /// What stands for an ASCII letter.
    enum Kind {
        /// A letter of another script that has the same shape: Cyrillic, Greek, Armenian, Cherokee, and Latin letters of phonetics.
        case letter
        /// A full-width form, which Chinese, Japanese and Korean texts use.
        case fullWidth
        /// A mathematical, circled, squared or Roman-numeral form, or a ligature.
        case form
    }

    /// What `scalar` looks like, if it is not what it looks like; the text is of small or large ASCII letters or digits.
    static func find(_ scalar: Unicode.Scalar) -> (text: String, kind: Kind)? {
        let value = scalar.value
        guard value >= 0x131 else { return nil }
        switch value {
        case 0xFF10...0xFF19, 0xFF21...0xFF3A, 0xFF41...0xFF5A: return (ascii(value - 0xFEE0), .fullWidth)
        case 0x1D400...0x1D6A3: return (letter((value - 0x1D400) % 52), .form)
        case 0x1D7CE...0x1D7FF: return (ascii(0x30 + (value - 0x1D7CE) % 10), .form)
        case 0x24B6...0x24E9: return (letter(value - 0x24B6), .form)
        case 0x249C...0x24B5: return (letter(26 + value - 0x249C), .form)
        case 0x1F110...0x1F129: return (letter(value - 0x1F110), .form)
        case 0x1F130...0x1F149: return (letter(value - 0x1F130), .form)
        case 0x1F150...0x1F169: return (letter(value - 0x1F150), .form)
        case 0x1F170...0x1F189: return (letter(value - 0x1F170), .form)
        default: break
        }
        if let form = forms[value] { return (form, .form) }
        return letters[value].map { ($0, .letter) }
    }

    /// A large letter for 0 to 25, a small one for 26 to 51.
    private static func letter(_ number: UInt32) -> String { ascii(number < 26 ? 0x41 + number : 0x61 + number - 26) }

    private static func ascii(_ value: UInt32) -> String { String(Character(Unicode.Scalar(UInt8(truncatingIfNeeded: value)))) }

    private static let letters = table([
        // Cyrillic
        ("аеорсухіјѕһԁԛԝѵӏ", "aeopcyxijshdqwvl"), ("АВЕНІЈКМОРЅТХСҮѴԜԌԚ", "ABEHIJKMOPSTXCYVWGQ"),
        // Greek
        ("αγικνορσυϲϳ", "ayiKvopouCj"), ("ΑΒΕΖΗΙΚΜΝΟΡΤΥΧϹͿ", "ABEZHIKMNOPTYXCJ"),
        // Armenian
        ("օոսհցզյա", "onuhgqjw"), ("ՕՍՏ", "OUS"),
        // Cherokee
        ("ᎪᎬᎻᎷᏚᎢᏔᏟᏢᏞᏀᏴᎠᏒᏦᏙᏃᎫ", "AEHMSTWCPLGBDRKVZJ"),
        // Latin letters of phonetics and small capitals
        ("ıɑɡɪᴏᴀʙᴄᴅᴇɢʜᴊᴋʟᴍɴᴘʀᴛᴜᴠᴡʏᴢꜱ", "iagioabcdeghjklmnprtuvwyzs"),
    ])

    private static let forms = {
        var forms = table([
            ("ℎℊℯℴℬℰℱℋℐℒℳℛℭℌℑℜℨℂℍℕℙℚℝℤ", "hgeoBEFHILMRCHIRZCHNPQRZ"), ("ⅠⅤⅩⅬⅭⅮⅯⅰⅴⅹⅼⅽⅾⅿ", "IVXLCDMivxlcdm"),
        ])
        for (value, text) in [
            (0xFB00, "ff"), (0xFB01, "fi"), (0xFB02, "fl"), (0xFB03, "ffi"), (0xFB04, "ffl"), (0xFB05, "st"), (0xFB06, "st"),
        ] {
            forms[UInt32(value)] = text
        }
        return forms
    }()

    private static func table(_ pairs: [(String, String)]) -> [UInt32: String] {
        var result: [UInt32: String] = [:]
        for (others, ascii) in pairs {
            for (other, letter) in zip(others.unicodeScalars, ascii.unicodeScalars) { result[other.value] = String(Character(letter)) }
        }
        return result
    }
}

extension LookAlikes {
    /// Where in a text characters pretend to be ASCII letters: the ranges of words, in scalars.
    ///
    /// 1. A word of ASCII letters and look-alikes and nothing else pretends: `get_uѕer`. `Cтатус` does not, it has a letter that is
    ///    plainly Cyrillic.
    /// 2. A word of look-alikes alone pretends where no word of the text is plainly of another script: `ѕсоре` does in English, and `она` never.
    /// 3. Full-width letters alone, and a single Greek letter, pretend nothing; nor do signs of units and formulas.
    static func pretenders(in scalars: [Unicode.Scalar]) -> [Range<Int>] {
        var found: [(range: Range<Int>, isMixed: Bool)] = []
        var isForeign = false
        var word = Word()
        for (place, scalar) in scalars.enumerated() {
            // ASCII first: most texts are nothing else.
            if scalar.value < 0x80 {
                if word.addASCII(UInt8(truncatingIfNeeded: scalar.value), at: place) { continue }
            } else if word.add(scalar, at: place) {
                continue
            }
            word.end(at: place, into: &found, isForeign: &isForeign)
        }
        word.end(at: scalars.count, into: &found, isForeign: &isForeign)
        return found.filter { $0.isMixed || !isForeign }.map(\.range)
    }

    private struct Word {
        var start: Int?
        var letters = 0
        var others = 0
        var plain = 0
        var forms = 0
        var greek = 0

        mutating func addASCII(_ byte: UInt8, at place: Int) -> Bool {
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"): letters += 1
            case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"): if start == nil { return false }
            default: return false
            }
            start = start ?? place
            return true
        }

        mutating func add(_ scalar: Unicode.Scalar, at place: Int) -> Bool {
            guard let look = LookAlikes.find(scalar) else {
                guard scalar.value > 0x24F, scalar.properties.isAlphabetic else { return scalar.value > 0xBF && scalar.value <= 0x24F }
                plain += 1
                start = start ?? place
                return true
            }
            switch look.kind {
            case .letter:
                others += 1
                if (0x370...0x3FF).contains(scalar.value) { greek += 1 }
            case .fullWidth: others += 1
            case .form: forms += 1
            }
            start = start ?? place
            return true
        }

        mutating func end(at place: Int, into found: inout [(range: Range<Int>, isMixed: Bool)], isForeign: inout Bool) {
            defer { self = Word() }
            guard let start else { return }
            if plain > 0, place - start > 1 || letters == 0 { isForeign = true }
            guard plain == 0, others + forms > 0 else { return }
            let isMixed = letters > 0
            // "Ωm", "ρg" and "ⅳ" are no words, and a Greek letter before or after a word is a formula.
            guard place - start >= (isMixed && others > greek ? 2 : 3), isMixed || others + forms > 2 else { return }
            guard !(greek == others && forms == 0 && isMixed && letters < 3) else { return }
            found.append((start..<place, isMixed))
        }
    }
}
