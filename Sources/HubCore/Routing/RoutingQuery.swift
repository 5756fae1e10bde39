/// A request, read: its words that count, and the parts it has.
struct RoutingQuery {
    /// A word that counts.
    struct Word {
        var kind: WordScanner.Kind
        var stem: [UInt8]
        /// Where it stands in the request.
        var source: Range<Int>
        /// The parts of the request it is in, a bit each.
        var clauses: UInt8
        /// What it counts for, 0…1.
        var weight: Float
        /// The how many-th word of the request it is, to see what stands beside it.
        var place: Int
    }

    /// The request, as far as it is read.
    let text: [UInt8]
    private(set) var words: [Word] = []

    /// How much of a request is read, how many different words of it count, and into how many parts it is split.
    static let longestText = 4 << 10
    static let mostWords = 64
    static let mostClauses = 8

    /// A request as somebody wrote it.
    init(_ text: String, ranking: RankingWeights) {
        var scanner = WordScanner()
        scanner.scan(text, limit: Self.longestText)
        self.text = Array(text.utf8.prefix(Self.longestText + 3))  // a character may end beyond the limit
        read(scanner, keepsLeft: false, ranking)
        // "get", "make use of": there may be tools of such names.
        if words.isEmpty { read(scanner, keepsLeft: true, ranking) }
    }

    private mutating func read(_ scanner: WordScanner, keepsLeft: Bool, _ ranking: RankingWeights) {
        var (clause, end, place) = (0, 0, 0)
        var isClauseBegun = false
        var numbers: [[UInt8]: Int] = [:]
        for word in scanner.words {
            let bytes = scanner.bytes[word.bytes]
            if word.source.lowerBound >= end {
                place += 1
                if isClauseBegun, ClauseEnds.isEnd(text[end..<word.source.lowerBound]) { (clause, isClauseBegun) = (clause + 1, false) }
            }
            end = max(end, word.source.upperBound)
            let traits = RequestWords.traits(of: bytes)
            if isClauseBegun, traits.contains(.connective) { (clause, isClauseBegun) = (clause + 1, false) }
            guard keepsLeft || !WordForm.isLeftOut(bytes, word.kind) else { continue }
            isClauseBegun = true
            let stem = WordForm.stem(bytes, word.kind)
            let bit = UInt8(1) << UInt8(min(clause, Self.mostClauses - 1))
            if let number = numbers[stem] {
                words[number].clauses |= bit
                continue
            }
            guard words.count < Self.mostWords else { return }
            numbers[stem] = words.count
            let weight = (traits.contains(.faint) ? ranking.faint : 1) * (word.kind == .ideograph ? ranking.ideograph : 1)
            words.append(Word(kind: word.kind, stem: stem, source: word.source, clauses: bit, weight: weight, place: place))
        }
    }
}

/// Tells where a request goes on to its next part.
enum ClauseEnds {
    /// Marks that end a part wherever they stand.
    private static let marks: Set<Unicode.Scalar> = ["\n", ";", "?", "!", "。", "！", "？", "；", "，", "、"]
    /// Marks that do before a space: not in `example.com`, not in `10:30`.
    private static let marksBeforeSpace: Set<Unicode.Scalar> = [".", ":"]

    /// Whether what stands between two words ends a part.
    static func isEnd(_ gap: ArraySlice<UInt8>) -> Bool {
        var wasMark = false
        for scalar in String(decoding: gap, as: UTF8.self).unicodeScalars {
            if marks.contains(scalar) || wasMark && scalar.properties.isWhitespace { return true }
            wasMark = marksBeforeSpace.contains(scalar)
        }
        return false
    }
}
