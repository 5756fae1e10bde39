/// Which consumer a token of one issuer belongs to, by its claims. Rules that look at the same claims are one table, so that a token is
/// matched in a time that does not depend on how many consumers there are.
///
/// 1. The rule that names more claims goes before one that names fewer. 2. Of equally many, the one that stands first.
/// 3. A claim that is a list has each of its values.
/// 4. Values are compared by code points (RFC 7519 §7.3), so by their bytes: strings of Swift are equal where they only look the same.
struct TokenRules: Sendable {
    private struct Table: Sendable {
        var claims: [ClaimPath]
        var consumers: [[[UInt8]]: String] = [:]
    }

    /// The combinations of listed values that one table is asked for.
    private static let maximumCombinations = 256

    private var tables: [Table] = []

    /// Adds a rule; false where the same stands there already.
    mutating func add(_ claims: [ClaimPath: String], consumer: String) -> Bool {
        let sorted = claims.sorted { $0.key.description < $1.key.description }
        let (paths, values) = (sorted.map(\.key), sorted.map { Array($0.value.utf8) })
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
            var combinations: [[[UInt8]]] = [[]]
            for claim in table.claims {
                let values = token.strings(claim) ?? []
                guard !values.isEmpty, values.count <= Self.maximumCombinations / combinations.count else {
                    combinations = []
                    break
                }
                combinations = combinations.flatMap { known in values.map { known + [Array($0.utf8)] } }
            }
            for values in combinations {
                if let consumer = table.consumers[values] { return consumer }
            }
        }
        return nil
    }
}
