import HubCore
import Logging
import NIOConcurrencyHelpers

/// What the hub knows of the agents elsewhere, by their names and those of their releases: their cards, and whether they answer.
///
/// One per hub; outlives every snapshot, so that a reload forgets nothing.
public final class RemoteAgents: Sendable {
    private struct Key: Hashable {
        var agent: String
        var release: String
    }

    /// Who may have signed the cards.
    let keys: CardKeys
    private let standings = NIOLockedValueBox<[Key: RemoteStanding]>([:])

    /// Nothing is known yet.
    ///
    /// - Parameter keys: those of who signs cards; none: signatures are not verified.
    public init(keys: CardKeys = CardKeys()) { self.keys = keys }

    /// What is known of a release.
    func standing(agent: String, release: String) -> RemoteStanding {
        standings.withLockedValue { standings in
            let key = Key(agent: agent, release: release)
            if let known = standings[key] { return known }
            let standing = RemoteStanding(keys: keys)
            standings[key] = standing
            return standing
        }
    }

    /// Forgets agents that are in no configuration any more.
    ///
    /// - Parameter agents: those that are.
    public func keep(only agents: Set<String>) {
        standings.withLockedValue { standings in standings = standings.filter { agents.contains($0.key.agent) } }
    }
}

/// What is known of one release. Shared by every snapshot that has it.
final class RemoteStanding: Sendable {
    private struct State {
        var health = RemoteAgentHealth()
        var card: RemoteCard?
    }

    private let keys: CardKeys
    private let state = NIOLockedValueBox(State())

    init(keys: CardKeys) { self.keys = keys }

    /// The card, the last good one; nil where none was read yet.
    var card: RemoteCard? { state.withLockedValue { $0.card } }
    /// Whether it answers.
    var health: RemoteAgentHealth { state.withLockedValue { $0.health } }
    /// Whether it does not.
    var isAway: Bool { health.state == .away }

    /// It answered a request.
    func answered() { state.withLockedValue { $0.health.answered() } }
    /// It did not.
    func failed() { state.withLockedValue { $0.health.failed() } }

    /// Reads the card again where it is time for it.
    func refresh(_ release: RemoteRelease, agent: String, now: ContinuousClock.Instant, context: CallContext) async throws {
        guard state.withLockedValue({ $0.health.isDue(now: now) }) else { return }
        // What went wrong stands in the health, and in the log of the upstream.
        do { _ = try await read(release, agent: agent, now: now, context: context) } catch is CancellationError {
            throw CancellationError()
        } catch {
            context.logger.info("the card of an agent cannot be read", metadata: ["agent": "\(agent)", "release": "\(release.name)"])
        }
    }

    /// The card, read where it is not known yet.
    func card(_ release: RemoteRelease, agent: String, now: ContinuousClock.Instant, context: CallContext) async throws -> RemoteCard {
        if let card { return card }
        return try await read(release, agent: agent, now: now, context: context)
    }

    private func read(
        _ release: RemoteRelease, agent: String, now: ContinuousClock.Instant, context: CallContext
    ) async throws -> RemoteCard {
        do {
            let card = try await RemoteCard.read(from: release, agent: agent, known: card, keys: keys, context: context)
            state.withLockedValue { state in
                state.card = card
                state.health.looked(isThere: true, now: now)
            }
            return card
        } catch {
            if !(error is CancellationError) { state.withLockedValue { $0.health.looked(isThere: false, now: now) } }
            throw error
        }
    }
}
