/// Finds the tools that a request in words is about, among very many.
///
/// An inverted index over the texts of tools: for each word the tools it is in, as flat columns. Made once for a set of tools, immutable, shared by
/// all who search; it refers to tools by their place in the list it was made from.
///
/// What a caller may not see has no influence on what it gets: every number that goes into a ranking (how many tools there are, how many hold a
/// word, which server suits best) counts the visible tools alone, and lengths are held against fixed ones.
public struct ToolIndex: Sendable {
    /// Words, and for each where its column begins; one more for the end.
    var terms = TermTable()
    var starts: [UInt32] = [0]
    /// The tools that hold each word, ascending, and how much the word weighs in them: BM25F's
    /// tf' / (tf' + k1), 0…1, in steps of 1/`steps`.
    var postings: [UInt32] = []
    var weights: [UInt16] = []
    static let steps = Float(UInt16.max)

    /// The words of each tool's name, and where they begin; one more for the end.
    var nameTerms: [UInt32] = []
    var nameStarts: [UInt32] = [0]
    var names = NameTable()
    /// The server of each tool, counted from 1; 0 for none.
    var serverOfTool: [UInt32] = []
    var serverCount = 0
    var trigrams = TrigramTable()
    let synonyms: SynonymTable
    let ranking: RankingWeights

    /// The number of tools.
    public var count: Int { serverOfTool.count }

    init(synonyms: SynonymTable, ranking: RankingWeights) {
        self.synonyms = synonyms
        self.ranking = ranking
    }

    /// An index of tools. It takes a while: some 20 µs a tool.
    ///
    /// - Parameters:
    ///   - tools: in the order of the catalogue.
    ///   - synonyms: the words that may stand for each other, with those that the operator adds.
    public init(_ tools: some Sequence<RoutableTool>, synonyms: SynonymTable = .standard) {
        var builder = ToolIndexBuilder(synonyms: synonyms, ranking: .standard)
        for tool in tools { builder.add(tool) }
        self = builder.finish()
    }

    /// The memory it takes, in bytes.
    public var byteCount: Int {
        terms.byteCount + names.byteCount + trigrams.byteCount
            + 4 * (starts.capacity + postings.capacity + nameTerms.capacity + nameStarts.capacity + serverOfTool.capacity) + 2
            * weights.capacity
    }

    /// Where the column of a word is.
    func column(of term: Int) -> Range<Int> { Int(starts[term])..<Int(starts[term + 1]) }
}
