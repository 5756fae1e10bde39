/// What is looked for in an index: the words of a request, and those that stand for them.
///
/// Every number in it counts the tools that the caller may see, and no others.
struct QueryTerms {
    /// How a word came to be looked for.
    enum Origin {
        case written
        case synonym
        /// It was guessed at, or put together from two.
        case near
    }

    /// A word of the index.
    struct Term {
        var number: Int
        /// The word of the request it stands for.
        var word: Int
        var origin: Origin
        /// What it counts for, 0…1, and the same with what it tells (BM25's idf).
        var share: Float
        var weight: Float
        var clauses: UInt8
    }

    private(set) var terms: [Term] = []
    private let index: ToolIndex
    private let visible: VisibleTools
    /// Of each term that was looked at, how much it tells; nil for those that no visible tool has.
    private var idfs: [Int: Float?] = [:]
    private var places: [Int: Int] = [:]

    /// How many words of a request are guessed at: the others are names and numbers more often than mistakes.
    private static let mostGuesses = 4

    init(_ query: RoutingQuery, in index: ToolIndex, among visible: VisibleTools) {
        self.index = index
        self.visible = visible
        let unknown = addWritten(query)
        addJoined(query, unknown)
        addGuesses(query, unknown)
        addSynonyms(query)
    }

    /// How much it tells that a tool has a word.
    private func idf(ofFrequency frequency: Int) -> Float {
        (1 + (Float(visible.count - frequency) + 0.5) / (Float(frequency) + 0.5)).naturalLogarithm
    }

    private mutating func idf(of term: Int) -> Float? {
        if let known = idfs[term] { return known }
        let column = index.column(of: term)
        var frequency = column.count
        if !visible.isEverything {
            frequency = 0
            for place in column where visible.contains(Int(index.postings[place])) { frequency += 1 }
        }
        let value = frequency == 0 ? nil : idf(ofFrequency: frequency)
        idfs[term] = .some(value)
        return value
    }

    private mutating func add(_ number: Int, for word: Int, of query: RoutingQuery, _ origin: Origin, share: Float, idf: Float) {
        let clauses = query.words[word].clauses
        if let place = places[number] {
            terms[place].clauses |= clauses
            if terms[place].origin != .written, share * idf > terms[place].weight {
                (terms[place].share, terms[place].weight) = (share, share * idf)
            }
            return
        }
        places[number] = terms.count
        terms.append(Term(number: number, word: word, origin: origin, share: share, weight: share * idf, clauses: clauses))
    }

    /// Looks up the words themselves; gives those that no tool has.
    private mutating func addWritten(_ query: RoutingQuery) -> Set<Int> {
        var unknown: Set<Int> = []
        var compounds: [Range<Int>] = []
        for (place, word) in query.words.enumerated() {
            guard let term = index.terms.find(word.stem[...]), let idf = idf(of: term) else {
                unknown.insert(place)
                continue
            }
            if word.kind == .compound { compounds.append(word.source) }
            add(term, for: place, of: query, .written, share: word.weight, idf: idf)
        }
        for place in terms.indices {
            let word = query.words[terms[place].word]
            guard word.kind == .word, compounds.contains(where: { $0.contains(word.source.lowerBound) }) else { continue }
            terms[place].share *= index.ranking.part
            terms[place].weight *= index.ranking.part
        }
        return unknown
    }

    /// "time zone" where tools say "timezone".
    private mutating func addJoined(_ query: RoutingQuery, _ unknown: Set<Int>) {
        let plain = query.words.indices.filter { query.words[$0].kind == .word }
        for (first, second) in zip(plain, plain.dropFirst()) where query.words[second].place == query.words[first].place + 1 {
            guard unknown.contains(first) || unknown.contains(second) else { continue }
            let joined = EnglishStemmer.stem(query.words[first].stem + query.words[second].stem)
            guard let term = index.terms.find(joined[...]), let idf = idf(of: term) else { continue }
            add(term, for: unknown.contains(second) ? second : first, of: query, .near, share: 1, idf: idf)
        }
    }

    /// Known words for mistyped ones.
    private mutating func addGuesses(_ query: RoutingQuery, _ unknown: Set<Int>) {
        var left = Self.mostGuesses
        for place in unknown.sorted() where left > 0 {
            let word = query.words[place]
            guard word.kind == .word, index.synonyms.groups(of: word.stem[...]).isEmpty, !terms.contains(where: { $0.word == place }) else {
                continue
            }
            left -= 1
            guard let term = index.trigrams.nearest(to: word.stem, in: index.terms, where: { isVisible($0) }), let idf = idf(of: term)
            else { continue }
            add(term, for: place, of: query, .near, share: word.weight * index.ranking.guess, idf: idf)
        }
    }

    private func isVisible(_ term: Int) -> Bool { index.column(of: term).contains { visible.contains(Int(index.postings[$0])) } }

    private mutating func addSynonyms(_ query: RoutingQuery) {
        let written = Dictionary(
            terms.filter { $0.origin == .written }.map { ($0.word, $0.number) }, uniquingKeysWith: { first, _ in first })
        for (place, word) in query.words.enumerated() {
            // A synonym never tells more than the word it stands for.
            let most = written[place].flatMap { idf(of: $0) } ?? idf(ofFrequency: 0)
            for number in index.synonyms.groups(of: word.stem[...]) {
                let group = index.synonyms.groups[number]
                for other in group.words {
                    guard let term = index.terms.find(index.synonyms.terms[other]), term != written[place], let idf = idf(of: term) else {
                        continue
                    }
                    add(term, for: place, of: query, .synonym, share: word.weight * group.weight, idf: min(idf, most))
                }
            }
        }
    }
}
