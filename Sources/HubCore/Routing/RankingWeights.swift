/// The numbers of the ranking: one set for every catalogue.
struct RankingWeights: Sendable {
    /// A part of a tool: what a word in it is worth, and how much its length takes away.
    struct Field: Sendable {
        var weight: Float
        /// How much the length counts, 0…1.
        var lengthShare: Float
        /// The number of words at which length takes nothing away. Fixed, not the mean of the catalogue: a ranking must not depend on tools that
        /// the caller may not see.
        var length: Float
    }

    var name = Field(weight: 3, lengthShare: 0.5, length: 3)
    var title = Field(weight: 1.5, lengthShare: 0.5, length: 3)
    var description = Field(weight: 1, lengthShare: 0.35, length: 12)
    var argumentNames = Field(weight: 1, lengthShare: 0.5, length: 4)
    var argumentDescriptions = Field(weight: 0.5, lengthShare: 0.5, length: 20)
    var argumentValues = Field(weight: 0.3, lengthShare: 0.5, length: 10)
    var tags = Field(weight: 1, lengthShare: 0.75, length: 4)
    var examples = Field(weight: 1, lengthShare: 0.75, length: 10)
    var server = Field(weight: 1.5, lengthShare: 0.4, length: 2)
    var serverDescription = Field(weight: 0.6, lengthShare: 0.4, length: 15)

    /// BM25's k1: how soon more of the same word adds nothing.
    var saturation: Float = 2
    /// What a word counts for that many requests have, whatever they ask for.
    var faint: Float = 0.4
    /// What a single ideograph counts for beside the pairs it is in.
    var ideograph: Float = 0.3
    /// What a part of a compound counts for when the compound is known: "hub" in "GitHub".
    var part: Float = 0.5
    /// What a known word counts for that is near one that is not known.
    var guess: Float = 0.5
    /// How much of the score is that of the request as a whole, where it has several parts; the rest is that of the part that suits best.
    var whole: Float = 0.7
    /// What it adds that the request has all words of the tool's name, and what a synonym counts for there.
    var nameCoverage: Float = 0.15
    var nameSynonym: Float = 0.3
    /// What it adds to be a tool of the server that suits best.
    var serverPrior: Float = 0.3

    static let standard = RankingWeights()
}
