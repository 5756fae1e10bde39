import HubCore
import NIOConcurrencyHelpers
import Synchronization

/// Counts what a listener carries, and says when there is no room: before any work is done.
final class Admission: Sendable {
    private let bounds: ListenerBounds
    private let connections = Atomic<Int>(0)
    private let inFlight = Atomic<Int>(0)
    private let heldBytes = Atomic<Int>(0)
    private let unsentBytes = Atomic<Int>(0)
    private let lingering = Atomic<Int>(0)
    private let perAddress = NIOLockedValueBox<[String: Int]>([:])
    private let unsentPerAddress = NIOLockedValueBox<[String: Int]>([:])

    /// Connections that are being refused with an answer; past it they are closed without one.
    private static let maximumLingering = 256

    init(bounds: ListenerBounds) {
        self.bounds = bounds
    }

    /// Open connections.
    var connectionCount: Int { connections.load(ordering: .relaxed) }

    /// Counts a connection in, unless there are too many of all or of its address.
    func admitConnection(from address: String) -> Bool {
        guard connections.wrappingAdd(1, ordering: .relaxed).newValue <= bounds.connections else {
            connections.wrappingSubtract(1, ordering: .relaxed)
            return false
        }
        let hasRoom = perAddress.withLockedValue { counts in
            let count = counts[address, default: 0]
            guard count < bounds.perAddress else { return false }
            counts[address] = count + 1
            return true
        }
        if !hasRoom { connections.wrappingSubtract(1, ordering: .relaxed) }
        return hasRoom
    }

    /// The connection has closed.
    func releaseConnection(from address: String) {
        connections.wrappingSubtract(1, ordering: .relaxed)
        perAddress.withLockedValue { counts in
            let left = counts[address, default: 1] - 1
            counts[address] = left > 0 ? left : nil
        }
    }

    /// Whether a refused connection may stay for a moment, so that its answer arrives.
    func beginLinger() -> Bool {
        guard lingering.wrappingAdd(1, ordering: .relaxed).newValue <= Self.maximumLingering else {
            endLinger()
            return false
        }
        return true
    }

    func endLinger() { lingering.wrappingSubtract(1, ordering: .relaxed) }

    /// Counts a request in; false where it is one too many, which is to be refused and still counts until it ends.
    func beginRequest(from address: String) -> Bool {
        inFlight.wrappingAdd(1, ordering: .relaxed).newValue <= bounds.inFlight && hasRoomForAnswer(to: address)
    }

    /// Whether one more answer may come to wait. While the hub is crowded, who has it crowded gets no more; past twice the bound nobody does.
    func hasRoomForAnswer(to address: String) -> Bool {
        let unsent = unsentBytes.load(ordering: .relaxed)
        guard unsent > bounds.unsentBytes else { return true }
        guard unsent <= 2 * bounds.unsentBytes else { return false }
        return unsentPerAddress.withLockedValue { $0[address, default: 0] } <= bounds.unsentBytes / 16
    }

    func endRequest() { inFlight.wrappingSubtract(1, ordering: .relaxed) }

    /// Counts bytes of a body in; false, and nothing counted, where there is no room.
    func hold(_ bytes: Int) -> Bool {
        guard heldBytes.wrappingAdd(bytes, ordering: .relaxed).newValue <= bounds.heldBytes else {
            release(bytes)
            return false
        }
        return true
    }

    /// Whether too many bytes of answers wait for callers who do not take them.
    var isCrowded: Bool { unsentBytes.load(ordering: .relaxed) > bounds.unsentBytes }

    /// So many bytes more, or fewer, wait for a caller.
    func changeUnsent(by bytes: Int, to address: String) {
        unsentBytes.wrappingAdd(bytes, ordering: .relaxed)
        unsentPerAddress.withLockedValue { counts in
            let left = counts[address, default: 0] + bytes
            counts[address] = left == 0 ? nil : left
        }
    }

    func release(_ bytes: Int) { heldBytes.wrappingSubtract(bytes, ordering: .relaxed) }
}
