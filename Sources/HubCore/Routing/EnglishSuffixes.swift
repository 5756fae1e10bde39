/// The tables of `EnglishStemmer`: what each step looks for at the end of a word, longest first.
enum EnglishSuffixes {
    /// What is done with a suffix.
    enum Action {
        /// It makes way for something shorter.
        case replace([UInt8])
        case delete
        /// "ies", "ied": to "i", or to "ie" in short words.
        case shortenTie
        case keep
        /// The step has a condition of its own.
        case check
    }

    /// A suffix and what is done with it.
    struct Rule {
        var suffix: [UInt8]
        var action: Action
    }

    private static func rules(_ table: KeyValuePairs<String, Action>) -> [Rule] {
        table.map { Rule(suffix: Array($0.key.utf8), action: $0.value) }.sorted { $0.suffix.count > $1.suffix.count }
    }

    private static func bytes(_ words: String) -> [[UInt8]] { words.split(separator: " ").map { Array($0.utf8) } }

    private static func to(_ text: StaticString) -> Action { .replace(Array("\(text)".utf8)) }

    /// Words that no rule gets right.
    static let exceptions: [[UInt8]: [UInt8]] = {
        let changed = bytes("skis ski skies sky idly idl gently gentl ugly ugli early earli only onli singly singl")
        let kept = bytes("andes atlas bias cosmos howe news sky")
        var table = Dictionary(kept.map { ($0, $0) }, uniquingKeysWith: { $1 })
        for place in stride(from: 0, to: changed.count - 1, by: 2) { table[changed[place]] = changed[place + 1] }
        return table
    }()

    static let regionPrefixes = bytes("arsen commun emerg gener inter later organ past univers")
    static let possessives = bytes("'s' 's '")
    static let past = Array("past".utf8)
    static let tie = Array("ie".utf8)

    static let plurals = rules(["sses": to("ss"), "ied": .shortenTie, "ies": .shortenTie, "us": .keep, "ss": .keep, "s": .delete])
    static let pasts = rules([
        "eedly": to("ee"), "ingly": .delete, "edly": .delete, "eed": to("ee"), "ing": .check, "ed": .delete,
    ])
    static let keptBeforeEED = bytes("succ proc exc")
    static let keptBeforeING = bytes("even cann inn earr herr out")
    static let endsThatTakeE = bytes("at bl iz")
    static let doubles = Array("bdfgmnprt".utf8)
    static let beforeKeptDouble = Array("aeo".utf8)
    static let beforeLI = Array("cdeghkmnrt".utf8)

    static let derivations = rules([
        "ization": to("ize"), "ational": to("ate"), "fulness": to("ful"), "ousness": to("ous"), "iveness": to("ive"), "tional": to("tion"),
        "biliti": to("ble"), "lessli": to("less"), "entli": to("ent"), "ation": to("ate"), "alism": to("al"), "aliti": to("al"),
        "ousli": to("ous"), "iviti": to("ive"), "fulli": to("ful"), "ogist": to("og"), "enci": to("ence"), "anci": to("ance"),
        "abli": to("able"), "izer": to("ize"), "ator": to("ate"), "alli": to("al"), "bli": to("ble"), "ogi": .check, "li": .delete,
    ])
    static let furtherDerivations = rules([
        "ational": to("ate"), "tional": to("tion"), "alize": to("al"), "icate": to("ic"), "iciti": to("ic"), "ical": to("ic"),
        "ative": .check, "ful": .delete, "ness": .delete,
    ])
    static let removed = rules([
        "ement": .delete, "ment": .delete, "ance": .delete, "ence": .delete, "able": .delete, "ible": .delete, "ant": .delete,
        "ent": .delete,
        "ism": .delete, "ate": .delete, "iti": .delete, "ous": .delete, "ive": .delete, "ize": .delete, "ion": .check, "al": .delete,
        "er": .delete, "ic": .delete,
    ])
}
