import Synchronization

/// A number that only grows, shared by every thread.
public final class Counter: Sendable {
    private let count = Atomic<UInt64>(0)

    /// A counter at zero.
    public init() {}

    /// How far it is.
    public var value: UInt64 { count.load(ordering: .relaxed) }

    /// Counts one more, or several.
    public func increment(by amount: UInt64 = 1) {
        count.wrappingAdd(amount, ordering: .relaxed)
    }
}
