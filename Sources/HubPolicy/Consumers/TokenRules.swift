/// Which consumer a token of one issuer belongs to, by its claims. Rules that look at the same claims are one table, so that a token is
/// matched in a time that does not depend on how many consumers there are.
///
/// 1. The rule that names more claims goes before one that names fewer. 2. Of equally many, the one that stands first.
/// 3. A claim that is a list has each of its values.
struct TokenRules: Sendable {
    private struct Table: Sendable {
        var claims: [ClaimPath]
        var consumers: [[String]: String] = [:]
    }

    /// The combinations of listed values that one table is asked for.
    private static let maximumCombinations = 256

    private var tables: [Table] = []

    /// Adds a rule; false where the same stands there already.
    mutating func add(_ claims: [ClaimPath: String], consumer: String) -> Bool {
        let sorted = claims.sorted { $0.key.description < $1.key.description }
        let (paths, values) = (sorted.map(\.key), sorted.map(\.value))
        let index: Int
        if let known = tables.firstIndex(where: { $0.claims == paths }) {
            index = known
        } else {
            index = tables.firstIndex { $0.claims.count < paths.count } ?? tables.endIndex
            tables.insert(Table(claims: paths), at: index)
        }
        guard tables[index].consumers[values] == nil else { return false }
        tables[index].consumers[values] = consumer
        return true
    }

    /// The consumer of a token.
    func consumer(of token: VerifiedToken) -> String? {
        for table in tables {
            var combinations: [[String]] = [[]]
            for claim in table.claims {
                let values = token.strings(claim) ?? []
                combinations = combinations.flatMap { known in values.map { known + [$0] } }
                guard !combinations.isEmpty, combinations.count <= Self.maximumCombinations else {
                    combinations = []
                    break
                }
            }
            for values in combinations {
                if let consumer = table.consumers[values] { return consumer }
            }
        }
        return nil
    }
}
