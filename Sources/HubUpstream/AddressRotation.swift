import HubCore
import Synchronization

/// Gives each endpoint its share of the calls, in turn. The order is computed once: smooth weighted round robin.
final class AddressRotation: Sendable {
    private let order: [HTTPAddress]
    private let next = Atomic<UInt64>(0)

    init(_ addresses: [UpstreamAddress]) {
        let divisor = addresses.map(\.weight).reduce(0, Self.greatestCommonDivisor)
        let weights = addresses.map { $0.weight / max(1, divisor) }
        let total = weights.reduce(0, +)
        var credit = weights.map { _ in 0 }
        var order: [HTTPAddress] = []
        for _ in 0..<min(total, 4096) {
            for index in credit.indices { credit[index] += weights[index] }
            guard let best = credit.indices.max(by: { credit[$0] < credit[$1] }) else { break }
            credit[best] -= total
            order.append(addresses[best].address)
        }
        self.order = order
    }

    /// Distinct addresses to try for one call, the one whose turn it is first.
    func candidates() -> [HTTPAddress] {
        guard order.count > 1 else { return order }
        let start = Int(next.wrappingAdd(1, ordering: .relaxed).oldValue % UInt64(order.count))
        var seen: Set<HTTPAddress> = []
        return (0..<order.count).map { order[(start + $0) % order.count] }.filter { seen.insert($0).inserted }
    }

    private static func greatestCommonDivisor(_ a: Int, _ b: Int) -> Int { b == 0 ? a : greatestCommonDivisor(b, a % b) }
}
