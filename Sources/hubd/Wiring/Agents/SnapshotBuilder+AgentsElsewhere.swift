import A2ABridge
import HTTPTypes
import HubCore
import HubPolicy
import HubUpstream

extension SnapshotBuilder {
    /// The agents of `settings` that are not made of tools: agents elsewhere, applications, models with instructions.
    ///
    /// - Parameters:
    ///   - models: the Model APIs of the snapshot.
    ///   - secrets: nil: none is read, and nobody is asked.
    func agentsElsewhere(
        _ settings: Settings, upstreams: [String: UpstreamSettings], models: [EntryKey: any HubEntry], secrets: ResolvedSecrets?,
        _ findings: inout FindingCollector
    ) -> AgentEntries {
        var result = AgentEntries()
        for entry in settings.agents {
            if case .skills = entry.work { continue }
            let key = EntryKey(kind: .a2a, name: entry.name)
            if let away = secrets?.firstAway(of: settings.secrets(of: entry)) {
                result.unavailable[key] = away.message
                findings.add([away])
                continue
            }
            do throws(ConfigFinding) {
                guard var agent = try agent(entry, settings, upstreams: upstreams, models: models, secrets) else { continue }
                (agent.errors, agent.cardForm) = (entry.errors, entry.cardForm)
                if entry.isSigned { agent.signer = hubKey?.cardSigner(settings.publicURL) }
                result.entries[key] = agent
                result.reports.append(AgentReport(name: entry.name, skills: nil, isComplete: true))
            } catch {
                findings.add([error])
            }
        }
        return result
    }

    private func agent(
        _ entry: AgentEntry, _ settings: Settings, upstreams: [String: UpstreamSettings], models: [EntryKey: any HubEntry],
        _ secrets: ResolvedSecrets?
    ) throws(ConfigFinding) -> A2AAgent? {
        let credentials = AgentCredential.all(of: entry.auth)
        let application: AgentApplication
        let description: String
        switch entry.work {
        case .skills: return nil
        case .remote(let releases):
            return A2AAgent(
                name: entry.name, releases: releases.compactMap { release($0, settings, upstreams) }, known: remoteAgents,
                words: CardWords(name: entry.card.name, description: entry.card.description, version: entry.card.version),
                hosts: settings.hostRule, address: settings.publicAddress, runtime: agentRuntime, credentials: credentials, sendsPush: true)
        case .dify(let upstream, let key, let kind):
            guard let service = try service(upstream.value, key: key, settings, upstreams, secrets) else { return nil }
            application = .dify(DifyApplication(kind: kind, target: MessageTarget(service: service, basePath: "/v1")))
            description = "An application of Dify."
        case .modelStudio(let id, let workspace, let key, let upstream):
            guard let service = try service(upstream?.value, key: key, settings, upstreams, secrets) else { return nil }
            let target = MessageTarget(service: service, basePath: "/api/v1")
            application = .modelStudio(ModelStudioApplication(id: id, target: target, workspace: workspace))
            description = "An application of Model Studio."
        case .model(let use):
            application = .model(
                ModelEndpoint(model: use.model, target: Self.target(of: use, in: models), instructions: use.instructions))
            description = "The model \(use.model)."
        }
        let access = entry.access.map { CompiledAccess($0.map(\.value), tools: [(name: entry.name, risk: .write)]) }
        return A2AAgent(
            name: entry.name, profile: AgentProfile(entry, else: description), application: application, hosts: settings.hostRule,
            address: settings.publicAddress, runtime: agentRuntime, credentials: credentials, permission: access)
    }

    private func release(
        _ written: AgentEntry.Release, _ settings: Settings, _ upstreams: [String: UpstreamSettings]
    ) -> RemoteRelease? {
        guard let upstream = Self.patient(written.upstream.value, settings, upstreams) else { return nil }
        let fields = written.headers.reduce(into: HTTPFields()) { fields, header in
            if let name = HTTPField.Name(header.key) { fields[name] = header.value }
        }
        return RemoteRelease(
            name: written.upstream.value, target: MessageTarget(service: registry.service(for: upstream), basePath: ""),
            path: upstream.addresses.first?.address.path ?? "", weight: written.weight, when: fields)
    }

    /// The service of an application, which is let in by its own key; without a name that of Alibaba Cloud.
    private func service(
        _ name: String?, key: SecretReference, _ settings: Settings, _ upstreams: [String: UpstreamSettings], _ secrets: ResolvedSecrets?
    ) throws(ConfigFinding) -> UpstreamService? {
        var upstream: UpstreamSettings
        if let name {
            guard let named = Self.patient(name, settings, upstreams) else { return nil }
            upstream = named
        } else {
            guard let address = HTTPAddress("https://dashscope.aliyuncs.com") else { return nil }
            upstream = UpstreamSettings(
                name: "modelStudio", addresses: [UpstreamAddress(address: address)], timeouts: ModelComposer.timeouts,
                isOperatorDefined: true)
            upstream.asksForCompression = false
        }
        if let secrets { upstream.credential = try secrets.sendable(key).map { .bearer($0) } }
        return registry.service(for: upstream)
    }

    /// An upstream with limits for work that takes its time.
    private static func patient(_ name: String, _ settings: Settings, _ upstreams: [String: UpstreamSettings]) -> UpstreamSettings? {
        guard let written = settings.upstreams[name], var upstream = upstreams[name] else { return nil }
        upstream.timeouts = written.timeouts.over(ModelComposer.timeouts)
        upstream.asksForCompression = false  // a compressor between holds events back
        return upstream
    }

    /// What the agents elsewhere of a snapshot have to show now, by their names: the cards say it, and may change.
    static func tools(ofAgentsIn entries: [EntryKey: any HubEntry]) -> [String: [ToolDefinition]] {
        entries.reduce(into: [:]) { tools, entry in
            guard let agent = entry.value as? A2AAgent, agent.releases != nil else { return }
            tools[entry.key.name] = agent.tools().map(\.definition)
        }
    }

    /// What reaches a Model API of the same snapshot.
    static func target(of use: AgentEntry.ModelUse, in models: [EntryKey: any HubEntry]) -> any CallTarget {
        models[EntryKey(kind: .models, name: use.api.value)].map { EntryTarget($0, below: "/v1") } ?? AwayTarget()
    }

    /// What agents have to show in virtual servers: their skills as tools.
    func ingredients(of agents: AgentEntries) -> [String: VirtualComposer.Part] {
        var parts: [String: VirtualComposer.Part] = [:]
        for (key, entry) in agents.entries {
            guard let agent = entry as? A2AAgent else { continue }
            let name = VirtualServerEntry.Include.agent + key.name
            let tools = agent.tools().map {
                ComposedTool(definition: $0.definition, of: $0.definition, target: $0.target, fill: nil, server: name)
            }
            parts[name] = .there(
                Ingredient(
                    name: name, title: agent.profile.name, instructions: agent.profile.description, tools: tools, isRemote: true,
                    problem: agent.problem))
        }
        for key in agents.unavailable.keys { parts[VirtualServerEntry.Include.agent + key.name] = .away }
        return parts
    }
}
