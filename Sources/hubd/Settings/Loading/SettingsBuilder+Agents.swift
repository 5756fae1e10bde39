import A2ABridge
import HTTPTypes
import HubCore

extension SettingsBuilder {
    /// Reads one agent.
    mutating func readAgent(_ key: ConfigValue, _ value: ConfigValue) {
        guard let name = key.string, agentNames.insert(name).inserted else { return }
        guard let work = work(value) else { return }
        let planner = value["planner"].flatMap { modelUse($0) }
        for (field, isMeant) in [("planner", work.hasTools), ("confirm", work.hasTools), ("access", work.hasAccess)] where !isMeant {
            if let given = value[field] {
                findings.error("\"\(field)\" is for agents whose skills are here", hint: "leave it out", at: given.place)
            }
        }
        let card = value["card"]
        settings.agents.append(
            AgentEntry(
                name: name, place: key.place, work: work, planner: planner,
                card: AgentEntry.Card(
                    name: card?["name"]?.string, description: card?["description"]?.string, version: card?["version"]?.string,
                    organization: card?["organization"]?.string, organizationURL: card?["organizationUrl"]?.string,
                    documentationURL: card?["documentationUrl"]?.string, iconURL: card?["iconUrl"]?.string),
                auth: auth(value), access: access(value),
                cardForm: card?["for"]?.string.flatMap { CardForm(rawValue: $0) } ?? .both, isSigned: card?["signed"]?.json.bool ?? false,
                asksBeforeHarm: value["confirm"]?.string != "never",
                errors: value["errors"]?.string.flatMap { A2AErrorProfile(rawValue: $0) } ?? .v1_0_1))
        if let given = value["default"], given.json.bool == true {
            if let first = settings.defaultAgent {
                findings.error("only one agent can be the default, and \(first) is", hint: "leave one of them out", at: given.place)
            }
            settings.defaultAgent = settings.defaultAgent ?? name
        }
    }

    private mutating func work(_ value: ConfigValue) -> AgentEntry.Work? {
        if let skills = value["skills"], let server = placed(skills["server"]) {
            return .skills(server: server, tools: skills["tools"].map { $0.elements.compactMap { placed($0) } })
        }
        if let releases = value["a2a"]?["releases"] {
            let read = releases.elements.compactMap { release($0) }
            if !read.isEmpty, read.allSatisfy({ $0.weight == 0 }) {
                findings.error("all weights are 0", hint: "give one of them a share", at: releases.place)
            }
            return .remote(read)
        }
        if let dify = value["dify"], let upstream = placed(dify["upstream"]), let key = secret(dify["key"]) {
            refuseCredential(of: upstream, beside: dify["key"])
            return .dify(
                upstream: upstream, key: key, kind: dify["app"]?.string.flatMap { DifyApplication.Kind(rawValue: $0) } ?? .chat)
        }
        if let studio = value["modelStudio"], let id = studio["appId"]?.string, let key = secret(studio["key"]) {
            let upstream = placed(studio["upstream"])
            if let upstream { refuseCredential(of: upstream, beside: studio["key"]) }
            return .modelStudio(id: id, workspace: studio["workspace"]?.string, key: key, upstream: upstream)
        }
        return value["model"].flatMap { modelUse($0) }.map { .model($0) }
    }

    /// Only one of them lets the hub in.
    private mutating func refuseCredential(of upstream: Placed<String>, beside key: ConfigValue?) {
        guard let key, settings.upstreams[upstream.value]?.credential != nil else { return }
        findings.error(
            "there is a key here, and the upstream \(ConfigFinding.quoted(upstream.value)) has a credential", hint: "keep one of them",
            at: key.place)
    }

    private func modelUse(_ value: ConfigValue) -> AgentEntry.ModelUse? {
        guard let api = placed(value["api"]) else { return nil }
        return AgentEntry.ModelUse(api: api, model: value["model"]?.string ?? "default", instructions: value["instructions"]?.string)
    }

    private mutating func release(_ value: ConfigValue) -> AgentEntry.Release? {
        guard let upstream = placed(value["upstream"]) else { return nil }
        var release = AgentEntry.Release(upstream: upstream, weight: value["weight"]?.json.int ?? 1)
        for (key, wanted) in value["when"]?["header"]?.members ?? [] {
            guard let name = key.string, let wanted = wanted.string else { continue }
            if HTTPField.Name(name) == nil { findings.error("not the name of a header", at: key.place) }
            release.headers[name] = wanted
        }
        return release
    }

    /// Cards are read before anybody calls, also through proxies: where others than this machine can call, the hub does not take a caller's
    /// word for its own address.
    mutating func checkAgents() {
        guard let first = settings.agents.first, !settings.listen.isLoopback, settings.publicURL == nil else { return }
        findings.error(
            "the cards of agents name the URL by which clients know the hub, which listens on \(settings.listen)", hint: "write publicUrl",
            at: first.place)
    }
}

extension AgentEntry.Work {
    /// Whether its skills are tools of the hub.
    fileprivate var hasTools: Bool { if case .skills = self { true } else { false } }
    /// Whether rules can say who may use which of its skills.
    fileprivate var hasAccess: Bool { if case .remote = self { false } else { true } }
}
