/// The words and phrases of a review, made for looking up. One for the process.
struct Lexicon: Sendable {
    /// The only one.
    static let shared = Lexicon()
    /// A longer word of a script without spaces is not looked for.
    static let longestIdeographs = 6

    /// What is known of a word.
    struct Entry {
        /// Its number; phrases know it by that.
        var number: UInt16
        var classes: WordClass
    }

    /// A phrase, ready to be matched.
    struct Phrase {
        /// One word of it.
        struct Step {
            var words: [UInt16] = []
            var classes: WordClass = []
            /// How many words that do not belong to it may stand before it.
            var gap = 0
        }

        var group: Int
        var steps: [Step]
        var beginsOrder = false
        var needed: WordClass = []
        var unwanted: WordClass = []
    }

    private var entries: [UInt64: Entry] = [:]
    /// The phrases in the order of their groups.
    private(set) var phrases: [Phrase] = []
    /// The phrases that begin with a word, by its number.
    private(set) var phrasesByWord: [[Int]] = [[]]
    /// The phrases that begin with a class, by its bit.
    private(set) var phrasesByClass = [[Int]](repeating: [], count: 64)

    private init() {
        var classes: [Substring: WordClass] = [:]
        for (name, value, list) in WordClass.table {
            classes[name[...]] = value
            for word in list.split(whereSeparator: { $0 == " " || $0 == "\n" }) { add(word, value) }
        }
        for (name, value) in WordClass.found { classes[name[...]] = value }
        for (number, group) in PhraseGroup.all.enumerated() {
            for text in group.phrases { compile(text, group: number, classes) }
        }
        for (number, phrase) in phrases.enumerated() {
            guard let first = phrase.steps.first else { continue }
            for word in first.words { phrasesByWord[Int(word)].append(number) }
            for bit in 0..<64 where first.classes.rawValue >> UInt64(bit) & 1 == 1 { phrasesByClass[bit].append(number) }
        }
    }

    /// What is known of the word that folded bytes spell.
    func entry(_ bytes: ArraySlice<UInt8>) -> Entry? {
        var hash = FNV1a()
        hash.combine(bytes)
        return entries[hash.value]
    }

    /// What is known of a word by its hash.
    func entry(hash: UInt64) -> Entry? { entries[hash] }

    /// A word as texts are folded.
    static func fold(_ word: some StringProtocol) -> [UInt8] {
        var bytes: [UInt8] = []
        for scalar in word.unicodeScalars { LetterFolding.append(scalar, to: &bytes) }
        return bytes
    }

    @discardableResult
    private mutating func add(_ word: some StringProtocol, _ classes: WordClass) -> UInt16 {
        var hash = FNV1a()
        hash.combine(Self.fold(word))
        var entry = entries[hash.value] ?? Entry(number: UInt16(clamping: phrasesByWord.count), classes: [])
        if entries[hash.value] == nil { phrasesByWord.append([]) }
        entry.classes.formUnion(classes)
        entries[hash.value] = entry
        return entry.number
    }

    /// The form is told at `PhraseGroup`. A mistake in the table is one of ours, and a test finds it.
    private mutating func compile(_ text: Substring, group: Int, _ classes: [Substring: WordClass]) {
        var phrase = Phrase(group: group, steps: [])
        var gap = 0
        for part in text.split(separator: " ") {
            switch part {
            case "^": phrase.beginsOrder = true
            case "..": gap = 4
            case "...": gap = 14
            default:
                if part.hasPrefix("(") {
                    let name = part.dropFirst().dropLast()
                    if name.hasPrefix("!") {
                        phrase.unwanted.formUnion(classes[name.dropFirst()] ?? [])
                    } else {
                        phrase.needed.formUnion(classes[name] ?? [])
                    }
                    continue
                }
                var step = Phrase.Step(gap: gap)
                for choice in part.split(separator: "|") {
                    if choice.hasPrefix("{") {
                        step.classes.formUnion(classes[choice.dropFirst().dropLast()] ?? [])
                    } else {
                        step.words.append(add(choice, []))
                    }
                }
                phrase.steps.append(step)
                gap = 0
            }
        }
        phrases.append(phrase)
    }

    /// The names in the phrases that are of no class: there are none, says a test.
    static var unknownNames: [String] {
        let known = Set(WordClass.table.map(\.name) + WordClass.found.map(\.name))
        return PhraseGroup.all.flatMap(\.phrases).flatMap { $0.split { " |".contains($0) } }
            .filter { $0.hasPrefix("{") || $0.hasPrefix("(") }
            .map { String($0.filter { !"{}()!".contains($0) }) }
            .filter { !known.contains($0) }
    }
}
