import HubCore

/// Bounds what one reading of a description costs.
///
/// What a description shares among its parts is looked at again for each of them, so a short text may stand for any amount of work
/// and memory. Each repetition is paid for here, by its size. Once all is spent, references lead nowhere and operations are left out. Not
/// shared, not kept.
final class WorkBudget {
    /// What an argument of a tool costs: so many values in memory.
    static let argument = 100

    /// What is said of an operation when all is spent.
    static let refusal = "this and all that follow: the description repeats itself too often"

    private let values: Int
    private var remaining: Int

    /// - Parameter values: how many values of the document may be looked at again.
    init(values: Int = 40_000_000) {
        self.values = values
        remaining = values
    }

    /// What was there at first is there again: for the next pass over the operations.
    func renew() { remaining = values }

    /// Whether nothing is left.
    var isSpent: Bool { remaining <= 0 }

    /// Pays for `values`; false where nothing was left before.
    @discardableResult
    func spend(_ values: Int) -> Bool {
        guard !isSpent else { return false }
        remaining -= values
        return true
    }

    /// Pays for one more look at `node`: its members are searched for words, its texts copied, and little of the rest is touched.
    @discardableResult
    func spend(on node: JSONValue) -> Bool { spend(2 * node.count + node.extent / 8 + node.range.count / 256) }
}
