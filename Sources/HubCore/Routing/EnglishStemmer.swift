/// Cuts English words down to their stems: "searching" and "searches" become "search".
///
/// Porter's second algorithm as the Snowball project publishes it (english, version 3.1; https://snowballstem.org/algorithms/english/stemmer.html).
/// Words come in lower case as bytes; those that hold anything but `a`–`z` and `'` are left as they are.
struct EnglishStemmer {
    private var word: [UInt8]
    /// Where the regions R1 and R2 begin.
    private var (first, second) = (0, 0)

    /// The stem of a word.
    static func stem(_ word: [UInt8]) -> [UInt8] {
        guard word.count > 2, word.allSatisfy({ isLetter($0) || $0 == apostrophe }) else { return word }
        if let stem = EnglishSuffixes.exceptions[word] { return stem }
        var stemmer = EnglishStemmer(word: word)
        stemmer.markConsonants()
        stemmer.findRegions()
        stemmer.removePlural()
        stemmer.removePast()
        stemmer.replaceFinalY()
        stemmer.shortenDerivation()
        stemmer.shortenFurther()
        stemmer.removeSuffix()
        stemmer.removeFinalLetter()
        return stemmer.word.map { $0 == consonantY ? y : $0 }
    }

    private init(word: [UInt8]) { self.word = word }

    private static let apostrophe = UInt8(ascii: "'")
    private static let y = UInt8(ascii: "y")
    /// A `y` that stands for a consonant.
    private static let consonantY = UInt8(ascii: "Y")

    private static func isLetter(_ byte: UInt8) -> Bool { byte >= UInt8(ascii: "a") && byte <= UInt8(ascii: "z") }

    private static func isVowel(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a"), UInt8(ascii: "e"), UInt8(ascii: "i"), UInt8(ascii: "o"), UInt8(ascii: "u"), y: true
        default: false
        }
    }

    // MARK: Regions

    private mutating func markConsonants() {
        if word.first == Self.apostrophe { word.removeFirst() }
        for place in word.indices where word[place] == Self.y && (place == 0 || Self.isVowel(word[place - 1])) {
            word[place] = Self.consonantY
        }
    }

    private mutating func findRegions() {
        first = EnglishSuffixes.regionPrefixes.first { word.starts(with: $0) }?.count ?? region(after: 0)
        second = region(after: first)
    }

    /// The place behind the first consonant that follows a vowel.
    private func region(after start: Int) -> Int {
        guard start < word.count, let vowel = word[start...].firstIndex(where: Self.isVowel),
            let consonant = word[vowel...].firstIndex(where: { !Self.isVowel($0) })
        else { return word.count }
        return consonant + 1
    }

    // MARK: Looking

    private func ends(with suffix: [UInt8], before end: Int? = nil) -> Bool {
        let start = (end ?? word.count) - suffix.count
        guard start >= 0 else { return false }
        // Backwards: most words differ in the last letter.
        for place in suffix.indices.reversed() where word[start + place] != suffix[place] { return false }
        return true
    }

    private func longest(_ suffixes: [EnglishSuffixes.Rule]) -> EnglishSuffixes.Rule? {
        suffixes.first { ends(with: $0.suffix) }
    }

    private func holdsVowel(before end: Int) -> Bool { end > 0 && word[..<end].contains(where: Self.isVowel) }

    private mutating func replace(_ count: Int, by text: [UInt8] = []) {
        word.removeLast(min(count, word.count))
        word += text
    }

    /// Whether what is left ends in a short syllable.
    private func endsShort(at end: Int) -> Bool {
        if ends(with: EnglishSuffixes.past, before: end) { return true }
        guard end >= 2, !Self.isVowel(word[end - 1]), Self.isVowel(word[end - 2]) else { return false }
        guard end > 2 else { return true }
        let last = word[end - 1]
        let isOpen = last == UInt8(ascii: "w") || last == UInt8(ascii: "x") || last == Self.consonantY
        return !isOpen && !Self.isVowel(word[end - 3])
    }

    // MARK: Steps

    private mutating func removePlural() {
        if let possessive = EnglishSuffixes.possessives.first(where: { ends(with: $0) }) { replace(possessive.count) }
        switch longest(EnglishSuffixes.plurals)?.action {
        case .replace(let text): replace(4, by: text)
        case .shortenTie: word.count >= 5 ? replace(2) : replace(1)
        case .delete where holdsVowel(before: word.count - 2): replace(1)
        default: break
        }
    }

    private mutating func removePast() {
        guard let rule = longest(EnglishSuffixes.pasts) else { return }
        let start = word.count - rule.suffix.count
        switch rule.action {
        case .replace(let text):
            if start >= first, !EnglishSuffixes.keptBeforeEED.contains(where: word[..<start].elementsEqual) {
                replace(rule.suffix.count, by: text)
            }
            return
        case .check:
            if start == 2, word[1] == Self.y, !Self.isVowel(word[0]) { return replace(4, by: EnglishSuffixes.tie) }
            if EnglishSuffixes.keptBeforeING.contains(where: word[..<start].elementsEqual) { return }
        default: break
        }
        guard holdsVowel(before: start) else { return }
        replace(rule.suffix.count)
        repairEnd()
    }

    /// Puts an `e` back or takes a doubled consonant away.
    private mutating func repairEnd() {
        if EnglishSuffixes.endsThatTakeE.contains(where: { ends(with: $0) }) { return word.append(UInt8(ascii: "e")) }
        if let last = word.last, word.count >= 2, word[word.count - 2] == last, EnglishSuffixes.doubles.contains(last) {
            let isWhole = word.count == 3 && EnglishSuffixes.beforeKeptDouble.contains(word[0])
            if !isWhole { word.removeLast() }
        } else if word.count == first, endsShort(at: word.count) {
            word.append(UInt8(ascii: "e"))
        }
    }

    private mutating func replaceFinalY() {
        guard word.count > 2, let last = word.last, last == Self.y || last == Self.consonantY, !Self.isVowel(word[word.count - 2]) else {
            return
        }
        word[word.count - 1] = UInt8(ascii: "i")
    }

    private mutating func shortenDerivation() {
        guard let rule = longest(EnglishSuffixes.derivations), word.count - rule.suffix.count >= first else { return }
        let start = word.count - rule.suffix.count
        switch rule.action {
        case .replace(let text): replace(rule.suffix.count, by: text)
        case .check where start > 0 && word[start - 1] == UInt8(ascii: "l"): replace(1)
        case .delete where start > 0 && EnglishSuffixes.beforeLI.contains(word[start - 1]): replace(2)
        default: break
        }
    }

    private mutating func shortenFurther() {
        guard let rule = longest(EnglishSuffixes.furtherDerivations) else { return }
        let start = word.count - rule.suffix.count
        guard start >= first else { return }
        switch rule.action {
        case .replace(let text): replace(rule.suffix.count, by: text)
        case .delete: replace(rule.suffix.count)
        case .check where start >= second: replace(rule.suffix.count)
        default: break
        }
    }

    private mutating func removeSuffix() {
        guard let rule = longest(EnglishSuffixes.removed) else { return }
        let start = word.count - rule.suffix.count
        guard start >= second else { return }
        if case .check = rule.action {
            guard start > 0, word[start - 1] == UInt8(ascii: "s") || word[start - 1] == UInt8(ascii: "t") else { return }
        }
        replace(rule.suffix.count)
    }

    private mutating func removeFinalLetter() {
        let start = word.count - 1
        switch word.last {
        case UInt8(ascii: "e") where start >= second || start >= first && !endsShort(at: start): word.removeLast()
        case UInt8(ascii: "l") where start >= second && start > 0 && word[start - 1] == UInt8(ascii: "l"): word.removeLast()
        default: break
        }
    }
}
