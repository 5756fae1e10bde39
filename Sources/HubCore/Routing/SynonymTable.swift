/// Words that may stand for each other in a request and in a description of a tool.
public struct SynonymTable: Sendable {
    /// Words of one meaning, by their numbers in `terms`.
    struct Group: Sendable {
        var words: [Int]
        /// What one of them counts for in the place of another.
        var weight: Float
    }

    private(set) var terms = TermTable()
    private(set) var groups: [Group] = []
    private var groupsOfTerm: [[Int]] = []

    /// What a word counts for in the place of another: verbs are less alike than nouns, and who operates the hub knows best.
    private static let (verbWeight, nounWeight, operatorWeight): (Float, Float, Float) = (0.2, 0.4, 0.5)
    /// How much of a group is read.
    private static let longestGroup = 4 << 10

    /// The hub's own table: common verbs and nouns of requests, in English and Chinese.
    public static let standard: SynonymTable = {
        var table = SynonymTable()
        for line in SynonymGroups.verbs { table.add(line, weight: verbWeight) }
        for line in SynonymGroups.nouns { table.add(line, weight: nounWeight) }
        return table
    }()

    /// The hub's own table with groups of the operator.
    public init(adding groups: [[String]]) {
        self = .standard
        for group in groups { add(group.joined(separator: " "), weight: Self.operatorWeight) }
    }

    private init() {}

    /// The groups that a word is in.
    func groups(of word: ArraySlice<UInt8>) -> [Int] { terms.find(word).map { groupsOfTerm[$0] } ?? [] }

    private mutating func add(_ text: String, weight: Float) {
        var scanner = WordScanner()
        scanner.scan(text, limit: Self.longestGroup)
        var words: [Int] = []
        for word in scanner.words where word.kind.isWhole {
            guard let number = terms.add(WordForm.stem(scanner.bytes[word.bytes], word.kind)[...]) else { continue }
            if number == groupsOfTerm.count { groupsOfTerm.append([]) }
            if !words.contains(number) { words.append(number) }
        }
        guard words.count > 1 else { return }
        for word in words { groupsOfTerm[word].append(groups.count) }
        groups.append(Group(words: words, weight: weight))
    }
}
