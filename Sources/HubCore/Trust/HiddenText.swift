/// A character that shows nothing of its own, by what it can be used for.
enum HiddenCharacter {
    /// C0 without tab and line ends, DEL, C1: terminals obey them.
    case control
    /// Embeddings, overrides and isolates and their ends (UAX #9; "Trojan Source", CVE-2021-42574).
    case bidirectional
    /// A mark of direction: LRM, RLM, ALM.
    case mark
    /// Tags (U+E0000 to U+E007F), which spell ASCII unseen.
    case tag
    /// U+FE00 to U+FE0F and U+E0100 to U+E01EF: 256 values, enough for a byte each.
    case variationSelector
    /// ZWJ and ZWNJ, which emoji and many scripts need.
    case joiner
    /// Everything else of no width: zero-width space, word joiner, soft hyphen, byte order mark, fillers.
    case zeroWidth
    /// Private use and noncharacters: nobody knows what they show.
    case privateUse

    /// What `scalar` is; nil for what can be seen, and for white space.
    init?(_ scalar: Unicode.Scalar) {
        switch scalar.value {
        case 0x09, 0x0A, 0x0D, 0x20...0x7E: return nil
        case 0...0x1F, 0x7F...0x9F: self = .control
        case 0xAD, 0x034F, 0x115F, 0x1160, 0x17B4, 0x17B5, 0x180B...0x180F, 0x200B, 0x2060...0x2064, 0x206A...0x206F, 0x2800, 0x3164,
            0xFEFF, 0xFFA0, 0xFFF9...0xFFFB, 0x1BCA0...0x1BCA3, 0x1D173...0x1D17A:
            self = .zeroWidth
        case 0x200C, 0x200D: self = .joiner
        case 0x200E, 0x200F, 0x061C: self = .mark
        case 0x202A...0x202E, 0x2066...0x2069: self = .bidirectional
        case 0xFE00...0xFE0F, 0xE0100...0xE01EF: self = .variationSelector
        case 0xE0000...0xE0FFF: self = .tag
        case 0xE000...0xF8FF, 0xF0000...0x10FFFF, 0xFDD0...0xFDEF: self = .privateUse
        case let value where value & 0xFFFE == 0xFFFE: self = .privateUse
        default: return nil
        }
    }
}

/// Finds text that is there for a model and not for a person: characters that show nothing, and text moved out of sight.
enum HiddenText {
    /// What was found at a place of a text, in scalars.
    struct Sign {
        var rule: DefinitionFinding.Rule
        var severity: DefinitionFinding.Severity
        var place: Range<Int>
        var message: String
    }

    /// So much white space between two words puts the second out of sight.
    private static let (wideGap, tallGap) = (200, 20)

    /// The signs, in the order of the text; at most one of each kind.
    ///
    /// - Parameter isName: whether it is the name of a tool or an argument, in which no such character has business.
    static func signs(in scalars: [Unicode.Scalar], isName: Bool) -> [Sign] {
        var search = Search(scalars: scalars, isName: isName)
        search.run()
        return search.signs
    }

    /// Whether a joiner, variation selector or tag stands where writing needs it.
    static func isFitting(at place: Int, in scalars: [Unicode.Scalar]) -> Bool {
        guard place > 0, place < scalars.count else { return false }
        let before = scalars[place - 1]
        switch HiddenCharacter(scalars[place]) {
        case .variationSelector: return isBase(before, of: scalars[place])
        case .tag: return isInFlag(place, scalars)
        case .joiner:
            if joins(before) { return true }
            guard scalars[place].value == 0x200D, place + 1 < scalars.count else { return false }
            return isEmojiPart(before) && isEmojiPart(scalars[place + 1])
        case nil, .control, .bidirectional, .mark, .zeroWidth, .privateUse: return false
        }
    }

    /// One selector after a character that has variants: emoji and signs, ideographs, Mongolian.
    private static func isBase(_ scalar: Unicode.Scalar, of selector: Unicode.Scalar) -> Bool {
        if selector.value >= 0xE0100 { return scalar.properties.isIdeographic }
        guard HiddenCharacter(scalar) == nil else { return false }
        return scalar.properties.isEmoji || scalar.value > 0x2000 || (0x1000...0x1FFF).contains(scalar.value)
    }

    private static func isEmojiPart(_ scalar: Unicode.Scalar) -> Bool {
        scalar.value == 0xFE0F || scalar.value > 0xFF && (scalar.properties.isEmoji || scalar.properties.isEmojiModifier)
    }

    /// Whether a letter is of a script in which joiners change how letters look: Arabic, those of India and of South-East Asia, Mongolian.
    private static func joins(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0x0600...0x08FF, 0x0900...0x109F, 0x1780...0x18AF, 0xA840...0xAAFF, 0xFB50...0xFDCF, 0xFE70...0xFEFC, 0x10A00...0x11FFF:
            HiddenCharacter(scalar) == nil
        default: false
        }
    }

    /// The flags that emoji have tags for (emoji 16, `emoji-sequences.txt`): England, Scotland, Wales. More would be an alphabet.
    private static let flags = ["gbeng", "gbsct", "gbwls"].map { flag in flag.unicodeScalars.map { $0.value + 0xE0000 } + [0xE007F] }

    private static func isInFlag(_ place: Int, _ scalars: [Unicode.Scalar]) -> Bool {
        for start in max(0, place - 6)..<place where scalars[start].value == 0x1F3F4 {
            let tags = scalars[(start + 1)...].prefix(6).map(\.value)
            if flags.contains(tags), place <= start + tags.count { return true }
        }
        return false
    }
}

extension HiddenText {
    /// One pass over a text.
    private struct Search {
        let scalars: [Unicode.Scalar]
        let isName: Bool
        var signs: [Sign] = []
        private var kinds: Set<String> = []

        /// The open embeddings and isolates of the line, and whether each turns the direction to the left.
        private var open: [(isIsolate: Bool, place: Int, turnsLeft: Bool, hasLeftward: Bool)] = []
        private var zeroWidths = (count: 0, run: 0, first: 0)
        private var gap = (start: 0, count: 0, lines: 0)
        private var hasLeftward = false

        init(scalars: [Unicode.Scalar], isName: Bool) {
            self.scalars = scalars
            self.isName = isName
            hasLeftward = scalars.contains { Self.isLeftward($0) }
        }

        mutating func run() {
            for (place, scalar) in scalars.enumerated() {
                take(scalar, at: place)
                if scalar.value >= 0x21, scalar.value < 0x7F { continue }
                guard let kind = HiddenCharacter(scalar) else { continue }
                take(kind, scalar, at: place)
            }
            endLine()
            if zeroWidths.count > 0 {
                let isMuch = isName || zeroWidths.count >= 8
                add(.hiddenText, isMuch ? .hold : .flag, zeroWidths.first..<zeroWidths.first + 1, "has characters of no width in it")
            }
        }

        private mutating func take(_ scalar: Unicode.Scalar, at place: Int) {
            if isBlank(scalar) {
                if gap.count == 0 { gap.start = place }
                gap.count += 1
                if scalar == "\n" || scalar.value == 0x2028 || scalar.value == 0x2029 {
                    gap.lines += 1
                    endLine()
                }
                return
            }
            if gap.count >= HiddenText.wideGap || gap.lines >= HiddenText.tallGap, place > gap.count {
                add(.hiddenText, .hold, place..<place + 1, "goes on far out of sight, behind \(gap.count) blank characters")
            }
            gap = (0, 0, 0)
            if Self.isLeftward(scalar) { for index in open.indices { open[index].hasLeftward = true } }
        }

        private mutating func take(_ kind: HiddenCharacter, _ scalar: Unicode.Scalar, at place: Int) {
            let here = place..<place + 1
            switch kind {
            case .control:
                // What came from an old Windows code page is in C1 as well; the ones that begin a sequence for terminals are not in such texts.
                let isOrder = scalar.value < 0x80 || [0x90, 0x98, 0x9B, 0x9D, 0x9E, 0x9F].contains(scalar.value)
                let isPageBreak = scalar.value == 0x0B || scalar.value == 0x0C
                add(.controlCharacter, isName || isOrder && !isPageBreak ? .hold : .flag, here, "has a control character in it")
            case .bidirectional: takeDirection(scalar, at: place)
            case .mark:
                if isName || !hasLeftward {
                    add(.bidirectionalText, isName ? .hold : .flag, here, "has a mark of direction in it, and no text from right to left")
                }
            case .tag:
                if !HiddenText.isFitting(at: place, in: scalars) {
                    add(.hiddenText, .hold, here, "has tag characters in it, which spell text that nobody sees")
                }
            case .variationSelector:
                guard !HiddenText.isFitting(at: place, in: scalars) else { return }
                let follows = place > 0 && HiddenCharacter(scalars[place - 1]) == .variationSelector
                add(.hiddenText, isName || follows ? .hold : .flag, here, "has variation selectors that select nothing")
            case .joiner, .zeroWidth:
                guard isName || kind == .zeroWidth || !HiddenText.isFitting(at: place, in: scalars) else { return }
                let follows = place > 0 && [.joiner, .zeroWidth].contains(HiddenCharacter(scalars[place - 1]))
                if zeroWidths.count == 0 { zeroWidths.first = place }
                // Soft hyphens are good manners in long words, one at a time; a byte order mark begins a text.
                if scalar.value != 0xAD || follows || isName { zeroWidths.count += place == 0 && scalar.value == 0xFEFF && !isName ? 0 : 1 }
                zeroWidths.run = follows ? zeroWidths.run + 1 : 1
                if zeroWidths.run >= 3 { add(.hiddenText, .hold, here, "has a row of characters of no width in it") }
            case .privateUse:
                add(.hiddenText, isName ? .hold : .flag, here, "has characters in it that no font need show")
            }
        }

        /// Overrides have no business in a description. The rest is fine where it ends on its line, and where what turns to the left has
        /// something in it that is written so ("Trojan Source", Boucher and Anderson 2021).
        private mutating func takeDirection(_ scalar: Unicode.Scalar, at place: Int) {
            let here = place..<place + 1
            if isName { add(.bidirectionalText, .hold, here, "has a control of direction in it") }
            switch scalar.value {
            case 0x202D, 0x202E: add(.bidirectionalText, .hold, here, "turns the direction of its text around")
            case 0x202A, 0x202B, 0x2066, 0x2067, 0x2068:
                guard open.count < 64 else { return add(.bidirectionalText, .hold, here, "opens directions without end") }
                open.append((scalar.value >= 0x2066, place, scalar.value == 0x202B || scalar.value == 0x2067, false))
            default:
                let isIsolate = scalar.value == 0x2069
                guard let last = open.last, last.isIsolate == isIsolate else {
                    return add(.bidirectionalText, open.isEmpty ? .flag : .hold, here, "ends a direction that was not begun")
                }
                open.removeLast()
                if last.turnsLeft, !last.hasLeftward {
                    add(.bidirectionalText, .hold, last.place..<last.place + 1, "turns text around that is written from left to right")
                }
            }
        }

        private mutating func endLine() {
            if let last = open.last {
                add(.bidirectionalText, .hold, last.place..<last.place + 1, "begins a direction and does not end it")
            }
            open.removeAll()
        }

        private mutating func add(
            _ rule: DefinitionFinding.Rule, _ severity: DefinitionFinding.Severity, _ place: Range<Int>, _ message: String
        ) {
            guard kinds.insert("\(rule.id) \(severity)").inserted else { return }
            signs.append(Sign(rule: rule, severity: severity, place: place, message: message))
        }

        private func isBlank(_ scalar: Unicode.Scalar) -> Bool {
            switch scalar.value {
            case 0x20, 0x09, 0x0A, 0x0B, 0x0C, 0x0D, 0x85, 0xA0, 0x1680, 0x2000...0x200B, 0x2028, 0x2029, 0x202F, 0x205F, 0x2800, 0x3000,
                0x3164:
                true
            default: false
            }
        }

        /// Whether a letter is written from right to left: Hebrew, Arabic and their neighbours.
        private static func isLeftward(_ scalar: Unicode.Scalar) -> Bool {
            switch scalar.value {
            case 0x0590...0x08FF, 0xFB1D...0xFDFF, 0xFE70...0xFEFC, 0x10800...0x10FFF, 0x1E800...0x1EFFF: HiddenCharacter(scalar) == nil
            default: false
            }
        }
    }
}
