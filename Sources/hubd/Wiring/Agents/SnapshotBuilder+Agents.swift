import A2ABridge
import HubCore
import HubPolicy
import MCPHub

extension SnapshotBuilder {
    /// What is at `/a2a/`.
    struct AgentEntries {
        /// What answers.
        var entries: [EntryKey: any HubEntry] = [:]
        /// What cannot answer at present, with the reason.
        var unavailable: [EntryKey: String] = [:]
        /// What is known of each, in the order of the settings.
        var reports: [AgentReport] = []
    }

    /// The agents of `settings` whose skills are tools: there, or unavailable because the server is away whose tools they are.
    ///
    /// - Parameters:
    ///   - servers: the servers of the snapshot.
    ///   - elsewhere: the other agents.
    ///   - models: the Model APIs of the snapshot.
    func agents(
        _ settings: Settings, of servers: ServerEntries, beside elsewhere: AgentEntries, models: [EntryKey: any HubEntry],
        _ findings: inout FindingCollector
    ) -> AgentEntries {
        var result = elsewhere
        for entry in settings.agents {
            guard case .skills(let server, _) = entry.work, let skills = skills(of: entry, settings, servers, &findings) else { continue }
            let key = EntryKey(kind: .a2a, name: entry.name)
            result.reports.append(AgentReport(name: entry.name, skills: skills.tools.tools.count, isComplete: skills.isComplete))
            if skills.tools.tools.isEmpty {
                if !skills.isComplete {
                    result.unavailable[key] = "\(server.value) is not available"
                    continue
                }
                findings.warning("\(entry.name) has no skills", hint: "name tools of \(server.value)", at: entry.place)
            }
            let planner = entry.planner.map { use in
                ModelPlanner(
                    agent: entry.name, tools: skills.tools, model: use.model, target: Self.target(of: use, in: models),
                    instructions: use.instructions ?? "")
            }
            var agent = A2AAgent(
                name: entry.name, profile: AgentProfile(entry, of: server.value, settings), tools: skills.tools, planner: planner,
                hosts: settings.hostRule,
                address: settings.publicAddress, runtime: agentRuntime, credentials: AgentCredential.all(of: entry.auth),
                permission: permission(entry.access, of: entry.name, for: skills.tools, isComplete: skills.isComplete, &findings),
                asksBeforeHarm: entry.asksBeforeHarm)
            (agent.errors, agent.cardForm) = (entry.errors, entry.cardForm)
            if entry.isSigned { agent.signer = hubKey?.cardSigner(settings.publicURL) }
            result.entries[key] = agent
        }
        return result
    }

    /// The tools that are an agent's skills, and whether all that it could have is known: what a virtual server of the same would show.
    private func skills(
        of entry: AgentEntry, _ settings: Settings, _ servers: ServerEntries, _ findings: inout FindingCollector
    ) -> (tools: ToolSet, isComplete: Bool)? {
        guard case .skills(let server, let patterns) = entry.work, let virtual = entry.virtualServer else { return nil }
        guard var other = settings.virtualServers.first(where: { $0.name == server.value }) else {
            let composed = VirtualComposer.compose(
                virtual, of: servers.ingredients, pins: pins(settings, in: virtual), metrics: metrics, &findings)
            return (composed.offer.tools, servers.isComplete(virtual))
        }
        // The tools of a virtual server by the names that it shows, all of them listed. What is wrong with it has been said of it.
        other.routing = ToolRouting()
        (other.profile, other.list) = (nil, nil)
        var said = FindingCollector()
        let shown = VirtualComposer.compose(
            other, of: servers.ingredients, pins: pins(settings, in: other), metrics: metrics, &said
        ).offer.tools.tools
        let isComplete = servers.isComplete(other)
        guard let patterns else { return (ToolSet(shown), isComplete) }
        var chosen: [Tool] = []
        for written in patterns {
            let pattern = NamePattern(written.value)
            let fitting = shown.filter { pattern.matches($0.definition.name) }
            if fitting.isEmpty, isComplete {
                let near = NearestName.find(written.value, among: shown.map(\.definition.name)).map { "did you mean \"\($0)\"?" }
                findings.warning("\(server.value) has no tool \(ConfigFinding.quoted(written.value))", hint: near, at: written.place)
            }
            chosen += fitting
        }
        return (ToolSet(chosen), isComplete)
    }
}

/// What one agent shows, for `hubd check`.
struct AgentReport: Sendable {
    /// The name of the entry.
    var name: String
    /// How many skills it has; nil: what does its work says that.
    var skills: Int?
    /// Whether all that it could have is known.
    var isComplete: Bool

    /// One line for people.
    var description: String {
        "agent \(name): " + (skills.map { "\($0) \($0 == 1 ? "skill" : "skills")" } ?? "its work is done elsewhere")
            + (isComplete ? "" : "; not all is known at present")
    }
}

extension AgentProfile {
    /// What the card of an agent says: what is written, else what is written of the server that its skills are of.
    fileprivate init(_ entry: AgentEntry, of server: String, _ settings: Settings) {
        let purpose =
            settings.servers.first { $0.name == server }?.purpose ?? settings.virtualServers.first { $0.name == server }?.purpose
        self.init(entry, else: purpose ?? "The tools of \(server)")
    }

    /// What the card of an agent says.
    ///
    /// - Parameter description: what it does, where that is not written.
    init(_ entry: AgentEntry, else description: String) {
        self.init(
            name: entry.card.name ?? entry.name, description: entry.card.description ?? description, version: entry.card.version ?? "1")
        (organization, organizationURL) = (entry.card.organization, entry.card.organizationURL)
        (documentationURL, iconURL) = (entry.card.documentationURL, entry.card.iconURL)
    }
}

extension AgentCredential {
    /// The ways in that a card can tell of. The signatures of the hub are none of those.
    static func all(of auth: EntryAuth) -> [AgentCredential] {
        guard case .asked(let rules) = auth else { return [] }
        var credentials: [AgentCredential] = []
        if rules.kinds.contains(.apiKey) { credentials.append(.apiKey(header: rules.keyHeaders.first ?? "x-api-key")) }
        if rules.kinds.contains(.jwt) { credentials.append(.bearer(format: "JWT")) }
        return credentials
    }
}
