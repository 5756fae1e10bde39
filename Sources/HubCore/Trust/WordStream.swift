/// A text as the words of its sentences, folded: in one spelling whatever letters it was written in, with what cannot be seen left out.
struct WordStream {
    /// One word.
    struct Word {
        /// Its number in the lexicon; 0 where it is in none.
        var number: UInt16 = 0
        var classes: WordClass = []
        /// Where it stands, in scalars.
        var place: Range<Int>
        var sentence: Int
        var marks: Marks
    }

    /// How a word stands among its neighbours.
    struct Marks: OptionSet {
        let rawValue: UInt16
        /// It may begin an order: at the start of a sentence or clause, or behind "then", "must", "please".
        static let beginsClause = Marks(rawValue: 1)
        static let beginsSentence = Marks(rawValue: 2)
        static let isQuoted = Marks(rawValue: 4)
        static let isUpper = Marks(rawValue: 8)
        /// Behind `<`.
        static let isTag = Marks(rawValue: 16)
        /// Behind `</`.
        static let isClosingTag = Marks(rawValue: 32)
        /// Behind `[`.
        static let isBracketed = Marks(rawValue: 64)
        /// Before a colon.
        static let hasColon = Marks(rawValue: 128)
        /// Behind `<|`.
        static let isSpecial = Marks(rawValue: 256)
        /// Behind `<!--`.
        static let isComment = Marks(rawValue: 512)
    }

    /// A longer sentence is taken for several.
    private static let longestSentence = 120
    private static let longestWord = 128

    /// The words in the order of the text.
    private(set) var words: [Word] = []

    private let lexicon = Lexicon.shared
    private let splitsNames: Bool
    private var scalars: [Unicode.Scalar] = []
    private var pretenders: ArraySlice<Range<Int>> = []
    private var bytes: [UInt8] = []
    /// The first scalar of the open word.
    private var start: Int?
    /// Where the parts of the open word begin, in bytes.
    private var cuts: [Int] = []
    private var hasDot = false
    private var hasAt = false
    private var isUpper = true
    private var wasLower = false
    private var ideographs: [(byte: Int, place: Int)] = []
    private var sentence = 0
    private var sentenceStart = 0
    private var marks: Marks = [.beginsClause, .beginsSentence]
    private var isQuoted = false

    /// The words of a text.
    ///
    /// - Parameter splitsNames: whether `read_file` is two words, as in names.
    init(_ scalars: [Unicode.Scalar], splitsNames: Bool) {
        self.scalars = scalars
        self.splitsNames = splitsNames
        if scalars.contains(where: { $0.value >= 0x80 }) { pretenders = LookAlikes.pretenders(in: scalars)[...] }
        var place = 0
        while place < scalars.count { place = take(scalars[place], at: place) }
        endWord(at: scalars.count)
    }

    private func scalar(_ place: Int) -> Unicode.Scalar? { scalars.indices.contains(place) ? scalars[place] : nil }

    private static func isWordByte(_ scalar: Unicode.Scalar?) -> Bool {
        guard let scalar else { return false }
        switch scalar {
        case "a"..."z", "A"..."Z", "0"..."9", "_": return true
        default: return scalar.value >= 0x80 && LetterFolding.kind(of: scalar) != .separator
        }
    }

    // MARK: Characters

    /// Takes a character, and says where the next one is.
    private mutating func take(_ scalar: Unicode.Scalar, at place: Int) -> Int {
        if scalar.value >= 0x80 { return takeOther(scalar, at: place) }
        switch scalar {
        case "a"..."z", "0"..."9": add(UInt8(truncatingIfNeeded: scalar.value), isUpper: false, at: place)
        case "A"..."Z": add(UInt8(truncatingIfNeeded: scalar.value | 0x20), isUpper: true, at: place)
        case "_":
            if splitsNames {
                endWord(at: place)
            } else if start != nil {
                cut()
                add(UInt8(ascii: "_"), isUpper: nil, at: place)
                cut()
            }
        case ".", "@": takeDot(scalar, at: place)
        case "'": return takeApostrophe(at: place)
        case "-", "+":
            if bytes.first == UInt8(ascii: "."), start != nil, Self.isWordByte(self.scalar(place + 1)) {
                add(UInt8(ascii: "-"), isUpper: nil, at: place)
            } else {
                endWord(at: place)
                if scalar == "+", let next = self.scalar(place + 1), ("0"..."9").contains(next) { return takeNumber(from: place) }
            }
        case ":":
            if start != nil, self.scalar(place + 1) == "/", self.scalar(place + 2) == "/" { return takeAddress(at: place) }
            endWord(at: place)
            if let last = words.indices.last, words[last].place.upperBound == place { words[last].marks.insert(.hasColon) }
            marks.insert(.beginsClause)
        case "<", "[": return takeBracket(scalar, at: place)
        case ">":
            endWord(at: place)
            if let last = words.last, !last.marks.isDisjoint(with: [.isTag, .isClosingTag]) { endSentence() }
        case "\"", "`":
            endWord(at: place)
            isQuoted.toggle()
            marks.insert(.beginsClause)
        case "!", "?":
            endWord(at: place)
            // `![…](…)` is a picture.
            if self.scalar(place + 1) != "[" { endSentence() }
        case "\n": endLine(at: place)
        case ",", ";", "(", ")", "|", "{", "}", "*", "#":
            endWord(at: place)
            marks.insert(.beginsClause)
        default: endWord(at: place)
        }
        return place + 1
    }

    private mutating func takeOther(_ scalar: Unicode.Scalar, at place: Int) -> Int {
        guard HiddenCharacter(scalar) == nil, !(0x0300...0x036F).contains(scalar.value) else { return place + 1 }
        while let next = pretenders.first, next.upperBound <= place { pretenders.removeFirst() }
        if let look = LookAlikes.find(scalar), look.kind != .letter || pretenders.first?.contains(place) == true {
            for byte in look.text.utf8 { add(byte | (byte >= 0x41 && byte <= 0x5A ? 0x20 : 0), isUpper: byte < 0x61, at: place) }
            return place + 1
        }
        switch scalar {
        case "’": return takeApostrophe(at: place)
        case "“", "”", "„", "«", "»", "「", "」", "『", "』":
            endWord(at: place)
            isQuoted = scalar == "“" || scalar == "„" || scalar == "«" || scalar == "「" || scalar == "『"
            marks.insert(.beginsClause)
        case "。", "！", "？", "¡", "¿", "…":
            endWord(at: place)
            endSentence()
        case "，", "；", "、", "：", "（", "）", "—", "–", "•", "《", "》", "＜", "＞":
            endWord(at: place)
            if scalar == "：", let last = words.indices.last { words[last].marks.insert(.hasColon) }
            marks.insert(.beginsClause)
        default: takeLetter(scalar, at: place)
        }
        return place + 1
    }

    private mutating func takeLetter(_ scalar: Unicode.Scalar, at place: Int) {
        switch LetterFolding.kind(of: scalar) {
        case .ideograph, .syllable:
            if ideographs.isEmpty { endWord(at: place) }
            guard ideographs.count < 4_096 else { return endWord(at: place) }
            ideographs.append((bytes.count, place))
            LetterFolding.append(scalar, to: &bytes)
        case .lower, .digit:
            var folded: [UInt8] = []
            LetterFolding.append(scalar, to: &folded)
            for byte in folded { add(byte, isUpper: false, at: place) }
        case .upper:
            var folded: [UInt8] = []
            LetterFolding.append(scalar, to: &folded)
            for byte in folded { add(byte, isUpper: true, at: place) }
        case .mark, .apostrophe: break
        case .separator: endWord(at: place)
        }
    }

    private mutating func add(_ byte: UInt8, isUpper upper: Bool?, at place: Int) {
        if !ideographs.isEmpty { endWord(at: place) }
        if start == nil { start = place }
        guard bytes.count < Self.longestWord else { return }
        if let upper {
            if upper, wasLower {
                if splitsNames {
                    endWord(at: place)
                    start = place
                } else {
                    cut()
                }
            }
            if !upper, byte >= UInt8(ascii: "a") { isUpper = false }
            wasLower = !upper
        }
        bytes.append(byte)
    }

    private mutating func cut() { if cuts.count < 16 { cuts.append(bytes.count) } }

    /// A dot inside a word (`mcp.json`, `collect.example`) or before one (`.env`); else it ends the sentence.
    private mutating func takeDot(_ scalar: Unicode.Scalar, at place: Int) {
        if !ideographs.isEmpty { endWord(at: place) }
        let continues = Self.isWordByte(self.scalar(place + 1))
        if start != nil, continues {
            if scalar == "@" { hasAt = true } else { hasDot = true }
            return add(UInt8(truncatingIfNeeded: scalar.value), isUpper: nil, at: place)
        }
        if scalar == ".", continues, !Self.isWordByte(self.scalar(place - 1)), self.scalar(place - 1) != "." {
            endWord(at: place)
            return add(UInt8(ascii: "."), isUpper: nil, at: place)
        }
        // "e.g." and "A." go on.
        let isAbbreviation = bytes.count == 1 || bytes.count == 3 && bytes[1] == UInt8(ascii: ".")
        endWord(at: place)
        if scalar == ".", !isAbbreviation { endSentence() }
    }

    /// "don't" is "dont", "user's" is "user".
    private mutating func takeApostrophe(at place: Int) -> Int {
        let isOwner = scalar(place + 1) == "s" && !Self.isWordByte(scalar(place + 2))
        guard isOwner || !Self.isWordByte(scalar(place + 1)) else { return place + 1 }
        endWord(at: place)
        return place + (isOwner ? 2 : 1)
    }

    /// `https://…`, up to what cannot be in an address.
    private mutating func takeAddress(at colon: Int) -> Int {
        let isFile = bytes == Array("file".utf8)
        let first = start ?? colon
        dropWord()
        guard !isFile else { return colon + 3 }
        var place = colon + 3
        while let scalar = scalar(place), scalar.value > 0x20, scalar.value < 0x3000, !"\"'<>`()[]{}".unicodeScalars.contains(scalar) {
            place += 1
        }
        append(Word(classes: .destination, place: first..<place, sentence: sentence, marks: marks))
        if let last = scalar(place - 1), last == ".", scalar(place).map({ $0.value <= 0x20 }) ?? true { endSentence() }
        return place
    }

    /// A number to call.
    private mutating func takeNumber(from plus: Int) -> Int {
        var place = plus + 1
        var digits = 0
        while let scalar = scalar(place), ("0"..."9").contains(scalar) || scalar == "-" || scalar == " ", place < plus + 24 {
            if ("0"..."9").contains(scalar) { digits += 1 }
            place += 1
        }
        append(Word(classes: digits >= 8 ? .destination : [], place: plus..<place, sentence: sentence, marks: marks))
        return place
    }

    private mutating func takeBracket(_ bracket: Unicode.Scalar, at place: Int) -> Int {
        endWord(at: place)
        marks.insert(.beginsClause)
        guard bracket == "<" else {
            if Self.isWordByte(scalar(place + 1)) { marks.insert(.isBracketed) }
            return place + 1
        }
        switch scalar(place + 1) {
        case "/":
            marks.insert(.isClosingTag)
            return place + 2
        case "|":
            marks.insert(.isSpecial)
            return place + 2
        case "!":
            endSentence()
            marks.insert(.isComment)
            return place + 2
        case "<": return place + 1
        case let next:
            if Self.isWordByte(next) {
                endSentence()
                marks.insert(.isTag)
            }
            return place + 1
        }
    }

    /// A line ends a sentence where what follows looks like a new one: an empty line, a list, a capital.
    private mutating func endLine(at place: Int) {
        endWord(at: place)
        marks.insert(.beginsClause)
        guard let next = scalar(place + 1) else { return }
        switch next {
        case "A"..."Z", "\n", "\r", "-", "*", "#", "<", "0"..."9": endSentence()
        default: break
        }
    }

    private mutating func endSentence() {
        marks.formUnion([.beginsClause, .beginsSentence])
        guard words.count > sentenceStart else { return }
        sentence += 1
        sentenceStart = words.count
    }

    // MARK: Words

    private mutating func dropWord() {
        bytes.removeAll(keepingCapacity: true)
        cuts.removeAll(keepingCapacity: true)
        ideographs.removeAll(keepingCapacity: true)
        (start, hasDot, hasAt, isUpper, wasLower) = (nil, false, false, true, false)
    }

    private mutating func endWord(at end: Int) {
        guard !bytes.isEmpty else { return dropWord() }
        defer { dropWord() }
        guard ideographs.isEmpty else { return endIdeographs(at: end) }
        guard let start else { return }
        var word = Word(place: start..<max(end, start + 1), sentence: sentence, marks: marks)
        if isUpper, bytes.count > 2 { word.marks.insert(.isUpper) }
        if let entry = lexicon.entry(bytes[...]) {
            word.number = entry.number
            word.classes = entry.classes
        } else if hasAt {
            if let at = bytes.firstIndex(of: UInt8(ascii: "@")), bytes[at...].contains(UInt8(ascii: ".")) { word.classes = .destination }
        } else if hasDot {
            if bytes.starts(with: ".env".utf8) {
                word.classes = .place
            } else if DomainShape.isAddress(bytes) {
                word.classes = .destination
            } else if !bytes.reversed().starts(with: ".pub".utf8.reversed()) {  // the public half of a key
                return endParts(start..<max(end, start + 1))
            }
        }
        if !cuts.isEmpty { lend(to: &word) }
        append(word)
    }

    /// Words that only a missing blank joins: `numbers.Ignore`; and members: `user.name`.
    ///
    /// A letter beyond ASCII has more bytes than places: then the parts are where they are about, and never beyond the whole.
    private mutating func endParts(_ whole: Range<Int>) {
        let start = whole.lowerBound
        var place = start
        for part in bytes.split(separator: UInt8(ascii: ".")) {
            let own = min(place, whole.upperBound)..<min(place + part.count, whole.upperBound)
            var word = Word(place: own, sentence: sentence, marks: marks)
            if let entry = lexicon.entry(part) {
                word.number = entry.number
                word.classes = entry.classes
            }
            if place > start, let first = scalar(place), ("A"..."Z").contains(first) {
                endSentence()
                word.sentence = sentence
                word.marks.formUnion([.beginsClause, .beginsSentence])
            }
            append(word)
            place += part.count + 1
        }
    }

    /// An identifier is what its parts say: `read_file` reads.
    private func lend(to word: inout Word) {
        word.classes.insert(.identifier)
        var start = 0
        for end in cuts + [bytes.count] where end >= start {
            word.classes.formUnion(lexicon.entry(bytes[start..<end])?.classes.intersection(.lent) ?? [])
            start = end
        }
    }

    /// Scripts without spaces: the longest words that the lexicon has, and single characters between them.
    private mutating func endIdeographs(at end: Int) {
        let letters = ideographs
        var index = 0
        while index < letters.count {
            var found: (length: Int, entry: Lexicon.Entry)?
            var hash = FNV1a()
            for length in 1...Lexicon.longestIdeographs where index + length <= letters.count {
                let from = letters[index + length - 1].byte
                let to = index + length < letters.count ? letters[index + length].byte : bytes.count
                hash.combine(bytes[from..<to])
                if let entry = lexicon.entry(hash: hash.value) { found = (length, entry) }
            }
            let length = found?.length ?? 1
            let last = letters[index + length - 1].place
            append(
                Word(
                    number: found?.entry.number ?? 0, classes: found?.entry.classes ?? [], place: letters[index].place..<last + 1,
                    sentence: sentence,
                    marks: marks))
            index += length
        }
    }

    private mutating func append(_ word: Word) {
        var word = word
        if isQuoted { word.marks.insert(.isQuoted) }
        words.append(word)
        marks = word.classes.contains(.lead) ? .beginsClause : []
        if word.classes == .filler { marks.formUnion(word.marks.intersection([.beginsClause])) }
        if words.count - sentenceStart >= Self.longestSentence { endSentence() }
    }

    /// Changes what is known of a word, once its neighbours are known.
    mutating func insert(_ classes: WordClass, at index: Int) { words[index].classes.formUnion(classes) }
    /// Takes from what is known of a word.
    mutating func remove(_ classes: WordClass, at index: Int) { words[index].classes.subtract(classes) }
}

/// Words with dots in them that are addresses.
enum DomainShape {
    private static let endings = Set(
        """
        com net org io dev ai app xyz info biz me ru cn de uk eu us tv cc site online top test example invalid cloud link click tk ml ga
        live pro store tech space icu work shop fun gg ly su onion page run sh
        """.split { $0 == " " || $0 == "\n" }.map { Array($0.utf8) })

    /// Whether folded bytes are a domain name with one of the common endings, or an IPv4 address.
    static func isAddress(_ bytes: [UInt8]) -> Bool {
        let labels = bytes.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        guard let last = labels.last, labels.count > 1, let first = labels.first, !first.isEmpty else { return false }
        if labels.count == 4, labels.allSatisfy({ (1...3).contains($0.count) && $0.allSatisfy { $0 &- 0x30 < 10 } }) { return true }
        return endings.contains(Array(last)) && !labels.contains { $0.contains(UInt8(ascii: "_")) }
    }
}
