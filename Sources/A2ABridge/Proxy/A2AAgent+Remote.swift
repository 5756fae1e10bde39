public import HubCore

extension A2AAgent {
    /// An agent elsewhere, behind the hub: its tasks are the hub's, so that they can be listed, followed and taken up again in either version and
    /// binding, whatever the agent can do of that.
    ///
    /// - Parameters:
    ///   - name: the name in the configuration.
    ///   - releases: where the agent is.
    ///   - known: what is known of agents elsewhere; outlives the snapshot.
    ///   - words: what the operator says of it, in place of what it says of itself.
    ///   - hosts: whose pages may talk to the agent.
    ///   - address: where callers find the hub.
    ///   - runtime: what outlives the snapshot.
    ///   - credentials: how callers may say who they are; none: it asks for nothing.
    ///   - sendsPush: whether the hub sends notifications of its tasks.
    public init(
        name: String, releases: [RemoteRelease], known: RemoteAgents, words: CardWords = CardWords(), hosts: HostRule,
        address: PublicAddress = PublicAddress(), runtime: A2ARuntime, credentials: [AgentCredential] = [], sendsPush: Bool = false
    ) {
        let timers = runtime.timers
        self.init(
            name: name, remote: RemoteAgent(name: name, releases: releases, known: known), words: words, hosts: hosts, address: address,
            runtime: runtime, credentials: credentials, sendsPush: sendsPush
        ) { try await timers.pause(for: $0) }
    }

    /// - Parameter pause: waits.
    init(
        name: String, remote: RemoteAgent, words: CardWords = CardWords(), hosts: HostRule, address: PublicAddress = PublicAddress(),
        runtime: A2ARuntime, credentials: [AgentCredential] = [], sendsPush: Bool = false,
        pause: @escaping @Sendable (Duration) async throws -> Void
    ) {
        let profile = AgentProfile(name: words.name ?? name, description: words.description ?? "", version: words.version ?? "")
        self.init(
            name: name, profile: profile, performer: RemoteAgentPerformer(remote: remote, pause: pause), hosts: hosts, address: address,
            runtime: runtime, credentials: credentials, sendsPush: sendsPush
        ) { _ in ShownSkills(skills: []) }
        elsewhere = (remote, words)
    }

    /// How the releases of an agent elsewhere are, by their names; nil: it is none.
    public var releases: [String: RemoteAgentHealth]? {
        guard let remote = elsewhere?.agent else { return nil }
        return Dictionary(remote.chooser.releases.map { ($0.name, remote.standing($0)?.health ?? RemoteAgentHealth()) }) { first, _ in first
        }
    }

    /// Why an agent elsewhere cannot be used at present, in words for the hub's operator; nil: it can.
    public var problem: String? {
        guard let remote = elsewhere?.agent else { return nil }
        let standings = remote.chooser.releases.compactMap(remote.standing)
        if standings.allSatisfy({ $0.card == nil }) { return "its card has not been read yet" }
        return standings.allSatisfy(\.isAway) ? "it does not answer" : nil
    }

    /// What the signatures of its card are worth; nil: it is no agent elsewhere, or its card is not known.
    public var provenance: CardProvenance? {
        guard let remote = elsewhere?.agent, let main = remote.chooser.main else { return nil }
        return remote.standing(main)?.card?.provenance
    }

    /// Reads the cards of an agent elsewhere, or what an application says of itself, where it is time for it: to be called every few seconds while
    /// the snapshot is in force. It does nothing for any other agent.
    ///
    /// - Throws: `CancellationError`.
    public func refresh(context: CallContext) async throws {
        if case .dify(let dify) = application { await dify.refreshIfDue(agent: name, context: context) }
        try await elsewhere?.agent.refresh(now: .now, context: context)
    }

    /// The card that a caller sees.
    ///
    /// - Throws: why that of an agent elsewhere cannot be told.
    func shownCard(at base: HTTPAddress, for context: CallContext) async throws -> AgentCard {
        var card = card(at: base, for: context.principal)
        if let elsewhere {
            let theirs = try await elsewhere.agent.card(context: context)
            card = ProxiedAgentCard(theirs: theirs, own: card, words: elsewhere.words).card
        }
        return signer.map { $0.signed(card) } ?? card
    }
}
