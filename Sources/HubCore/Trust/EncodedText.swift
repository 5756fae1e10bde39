/// Text that a model reads and a person does not: base64, hexadecimal digits, percent-encoding, character references, escapes of programs.
enum EncodedText {
    /// A decoded text.
    struct Decoded {
        var scalars: [Unicode.Scalar]
        /// Where the encoded one stood, in scalars.
        var place: Range<Int>
    }

    /// A shorter run of digits of base64 is a word.
    private static let shortestRun = 20
    /// So many runs of one text are decoded.
    private static let maximumRuns = 64

    /// What a text has encoded in it, if it reads as text again.
    static func find(in scalars: [Unicode.Scalar]) -> [Decoded] {
        var found = runs(in: scalars)
        if let spelled = spelled(scalars) { found.append(spelled) }
        if let text = withEscapes(scalars) { found.append(Decoded(scalars: text, place: 0..<scalars.count)) }
        return found
    }

    // MARK: Runs of digits

    private static func runs(in scalars: [Unicode.Scalar]) -> [Decoded] {
        var found: [Decoded] = []
        var start: Int?
        for place in 0...scalars.count {
            if place < scalars.count, isDigit(scalars[place]) {
                start = start ?? place
                continue
            }
            guard let first = start else { continue }
            start = nil
            guard place - first >= shortestRun, found.count < maximumRuns else { continue }
            let digits = scalars[first..<place].map { UInt8(truncatingIfNeeded: $0.value) }
            if let text = hexadecimal(digits) ?? base64(digits) { found.append(Decoded(scalars: text, place: first..<place)) }
        }
        return found
    }

    private static func isDigit(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar {
        case "a"..."z", "A"..."Z", "0"..."9", "+", "/", "-", "_": true
        default: false
        }
    }

    private static func base64(_ digits: [UInt8]) -> [Unicode.Scalar]? {
        // What is left of the last group is a byte or two of the text.
        text(Base64.decode(utf8: digits.prefix(digits.count / 4 * 4).map(Base64.standardDigit)))
    }

    private static func hexadecimal(_ digits: [UInt8]) -> [Unicode.Scalar]? {
        guard digits.count >= 2 * shortestRun, digits.count % 2 == 0 else { return nil }
        var bytes: [UInt8] = []
        for index in stride(from: 0, to: digits.count, by: 2) {
            guard let value = Character(Unicode.Scalar(digits[index])).hexDigitValue,
                let low = Character(Unicode.Scalar(digits[index + 1])).hexDigitValue
            else { return nil }
            bytes.append(UInt8(value << 4 | low))
        }
        return text(bytes)
    }

    /// Bytes that read as text: UTF-8 of several words, and next to no control characters.
    private static func text(_ bytes: [UInt8]?) -> [Unicode.Scalar]? {
        guard let bytes, let string = String(validating: bytes.prefix(65_536), as: UTF8.self) ?? prefix(bytes) else { return nil }
        let scalars = Array(string.unicodeScalars)
        let controls = scalars.count { $0.value < 0x20 && $0.value != 0x0A && $0.value != 0x0D && $0.value != 0x09 }
        return controls == 0 && scalars.contains { $0 == " " || $0.value >= 0x3000 } ? scalars : nil
    }

    /// A text of which the last character is cut off.
    private static func prefix(_ bytes: [UInt8]) -> String? {
        for cut in 1...3 where bytes.count > cut {
            if let text = String(validating: bytes.prefix(65_536).dropLast(cut), as: UTF8.self) { return text }
        }
        return nil
    }

    // MARK: Spelling

    /// A long row of single letters with one blank or mark between each two, `i g n o r e   a l l`; wider gaps are between words.
    private static func spelled(_ scalars: [Unicode.Scalar]) -> Decoded? {
        func isLetter(_ place: Int) -> Bool { place >= 0 && place < scalars.count && scalars[place].isLetter }
        var place = 0
        while place < scalars.count {
            guard isLetter(place), !isLetter(place - 1), !isLetter(place + 1) else {
                place += 1
                continue
            }
            let start = place
            var letters: [Unicode.Scalar] = []
            while isLetter(place), !isLetter(place + 1) {
                letters.append(scalars[place])
                place += 1
                let gap = scalars[place...].prefix(5).prefix { !$0.isLetter }.count
                guard isLetter(place + gap) else { break }
                if gap > 1 { letters.append(" ") }
                place += gap
            }
            if letters.count >= shortestRun { return Decoded(scalars: letters, place: start..<place) }
        }
        return nil
    }

    // MARK: Escapes

    /// The text with `%49`, `&#x49;`, `&#73;`, `\u0049`, `\u{49}` and `\x49` read; nil where there are none of letters.
    private static func withEscapes(_ scalars: [Unicode.Scalar]) -> [Unicode.Scalar]? {
        guard scalars.contains(where: { $0 == "%" || $0 == "\\" || $0 == "&" }) else { return nil }
        var result: [Unicode.Scalar] = []
        var letters = 0
        var place = 0
        while place < scalars.count {
            guard let (scalar, end) = escape(in: scalars, at: place) else {
                result.append(scalars[place])
                place += 1
                continue
            }
            if scalar.isLetter { letters += 1 }
            result.append(scalar)
            place = end
        }
        return letters > 0 ? result : nil
    }

    private static func escape(in scalars: [Unicode.Scalar], at place: Int) -> (Unicode.Scalar, Int)? {
        func at(_ offset: Int) -> Unicode.Scalar? { place + offset < scalars.count ? scalars[place + offset] : nil }
        switch (scalars[place], at(1), at(2)) {
        case ("%", _?, _?): return number(in: scalars, at: place + 1, radix: 16, length: 2)
        case ("\\", "x", _?): return number(in: scalars, at: place + 2, radix: 16, length: 2)
        case ("\\", "u", "{"), ("&", "#", "x"), ("&", "#", "X"):
            return number(in: scalars, at: place + 3, radix: 16, length: nil)
        case ("\\", "u", _?): return number(in: scalars, at: place + 2, radix: 16, length: 4)
        case ("&", "#", _?): return number(in: scalars, at: place + 2, radix: 10, length: nil)
        default: return nil
        }
    }

    /// The character of so many digits, or of up to seven of them and what ends them.
    private static func number(in scalars: [Unicode.Scalar], at start: Int, radix: Int, length: Int?) -> (Unicode.Scalar, Int)? {
        var value: UInt32 = 0
        var place = start
        while place < scalars.count, place - start < length ?? 7, let digit = Character(scalars[place]).hexDigitValue, digit < radix {
            value = value * UInt32(radix) + UInt32(digit)
            place += 1
        }
        guard place > start, length.map({ $0 == place - start }) ?? true, let scalar = Unicode.Scalar(value) else { return nil }
        if length == nil, place < scalars.count, scalars[place] == ";" || scalars[place] == "}" { place += 1 }
        return (scalar, place)
    }
}

extension Unicode.Scalar {
    /// Whether it is a letter of any script; most are of ASCII, for which no table is asked.
    fileprivate var isLetter: Bool { isASCII ? (0x41...0x5A).contains(value & 0xDF) : properties.isAlphabetic }
}
