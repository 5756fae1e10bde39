import HubCore
import NIOConcurrencyHelpers

/// Slows down who shows bad credentials: guessing is hopeless anyhow, and must not cost those who have good ones.
///
/// Of the refusals that one address gets within ten seconds:
/// 1. The first three hundred are given at once. 2. Each further one takes 1 ms more than the one before, a quarter of a second at most.
/// 3. Past five thousand, or while a thousand of all addresses wait, the address hears that it was too much, at once.
///
/// A good API key, and a token that was found good before, are let in all the same: to look one up costs next to nothing, and many people may
/// share an address.
public final class FailureBrake: Sendable {
    /// What becomes of a refusal.
    public enum Verdict: Sendable, Hashable {
        /// It is given now.
        case now
        /// It is given after a while.
        case after(Duration)
        /// The address hears that it was too much.
        case tooMany
    }

    private struct State {
        var end: ContinuousClock.Instant?
        var failures: [String: Int] = [:]
        var waiting = 0
    }

    private static let window = Duration.seconds(10)
    private static let free = 300
    private static let most = 5000
    private static let longest = 250
    private static let maximumWaiting = 1000
    /// Addresses that are remembered at once; those that come after are not slowed.
    private static let maximumAddresses = 20_000

    private let state = NIOLockedValueBox(State())

    /// A brake that has seen nothing.
    public init() {}

    /// Whether an address has failed so often that nothing costly is done for it.
    public func isPressed(by address: String, now: ContinuousClock.Instant) -> Bool {
        state.withLockedValue { state in
            guard let end = state.end, now < end else { return false }
            return state.failures[Self.network(of: address), default: 0] >= Self.most
        }
    }

    /// Counts a refusal. After `.after`, `waited` is to be called.
    public func failed(_ address: String, now: ContinuousClock.Instant) -> Verdict {
        state.withLockedValue { state in
            if state.end.map({ now >= $0 }) ?? true {
                state.end = now + Self.window
                state.failures.removeAll(keepingCapacity: true)
            }
            let network = Self.network(of: address)
            guard state.failures[network] != nil || state.failures.count < Self.maximumAddresses else { return .now }
            let count = state.failures[network, default: 0] + 1
            state.failures[network] = count
            guard count > Self.free else { return .now }
            guard count <= Self.most, state.waiting < Self.maximumWaiting else { return .tooMany }
            state.waiting += 1
            return .after(.milliseconds(min(Self.longest, count - Self.free)))
        }
    }

    /// A refusal that was put off has been given.
    public func waited() {
        state.withLockedValue { $0.waiting -= 1 }
    }

    /// Who has an IPv6 address has all of its /64; but not all of IPv4, which a socket for both kinds reports as one /64.
    private static func network(of address: String) -> String {
        guard address.contains(":"), let ip = IPAddress(address)?.unmapped else { return address }
        guard ip.bytes.count == 16 else { return ip.description }
        return IPAddress(bytes: Array(ip.bytes[..<8]) + [UInt8](repeating: 0, count: 8))?.description ?? address
    }
}
