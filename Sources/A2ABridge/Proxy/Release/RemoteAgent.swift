import HubCore

/// An agent elsewhere in its releases, with what is known of each. Lives as long as the snapshot that has it.
struct RemoteAgent: Sendable {
    /// Its name in the configuration.
    let name: String
    /// Its releases.
    let chooser: ReleaseChooser
    private let standings: [String: RemoteStanding]

    /// - Parameter agents: what outlives the snapshot.
    init(name: String, releases: [RemoteRelease], known agents: RemoteAgents) {
        self.name = name
        chooser = ReleaseChooser(releases: releases)
        standings = Dictionary(releases.map { ($0.name, agents.standing(agent: name, release: $0.name)) }) { first, _ in first }
    }

    /// What is known of a release.
    func standing(_ release: RemoteRelease) -> RemoteStanding? { standings[release.name] }

    /// What the agent says of itself: by the card of its main release, or of another whose card is known.
    var knownCard: AgentCard? {
        let releases = (chooser.main.map { [$0] } ?? []) + chooser.releases
        return releases.lazy.compactMap { standing($0)?.card?.card }.first
    }

    /// What the agent says of itself, asked for where nothing is known of it yet.
    ///
    /// - Throws: why it cannot be told: `HubError`, `A2AFailure`, `CancellationError`.
    func card(context: CallContext) async throws -> AgentCard {
        if let knownCard { return knownCard }
        guard let main = chooser.main, let standing = standing(main) else { throw HubError(.upstreamFailed, "The agent has no release") }
        return try await standing.card(main, agent: name, now: .now, context: context).card
    }

    /// Reads the cards again for which it is time, one after another.
    func refresh(now: ContinuousClock.Instant, context: CallContext) async throws {
        var looked: Set<String> = []
        for release in chooser.releases where looked.insert(release.name).inserted {
            try await standing(release)?.refresh(release, agent: name, now: now, context: context)
        }
    }
}
