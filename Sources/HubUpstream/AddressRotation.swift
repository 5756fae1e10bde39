import Synchronization

/// Gives each address its share of the calls, in turn. The order is computed once: smooth weighted round robin.
final class AddressRotation: Sendable {
    /// Indexes of addresses.
    private let order: [Int]
    private let next = Atomic<UInt64>(0)

    /// - Parameter weights: each 1 or more, by index.
    init(weights: [Int]) {
        let divisor = weights.reduce(0, Self.greatestCommonDivisor)
        let weights = weights.map { $0 / max(1, divisor) }
        let total = weights.reduce(0, +)
        var credit = weights.map { _ in 0 }
        var order: [Int] = []
        for _ in 0..<min(total, 4096) {
            for index in credit.indices { credit[index] += weights[index] }
            guard let best = credit.indices.max(by: { credit[$0] < credit[$1] }) else { break }
            credit[best] -= total
            order.append(best)
        }
        self.order = order
    }

    /// Where one call begins; nil where there is no address.
    func turn() -> Int? {
        guard order.count > 1 else { return order.isEmpty ? nil : 0 }
        return Int(next.wrappingAdd(1, ordering: .relaxed).oldValue % UInt64(order.count))
    }

    /// The address whose turn it is.
    func address(at turn: Int) -> Int { order[turn] }

    /// The other addresses, in the order in which they are tried.
    func others(after turn: Int) -> [Int] {
        var seen: Set<Int> = [order[turn]]
        return order.indices.map { order[(turn + $0) % order.count] }.filter { seen.insert($0).inserted }
    }

    private static func greatestCommonDivisor(_ a: Int, _ b: Int) -> Int { b == 0 ? a : greatestCommonDivisor(b, a % b) }
}
