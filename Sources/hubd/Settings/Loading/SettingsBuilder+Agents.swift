import A2ABridge
import HubCore

extension SettingsBuilder {
    /// Reads one agent.
    mutating func readAgent(_ key: ConfigValue, _ value: ConfigValue) {
        guard let name = key.string, agentNames.insert(name).inserted else { return }
        guard let server = placed(value["skills"]?["server"]) else { return }
        let tools = value["skills"]?["tools"].map { $0.elements.compactMap { placed($0) } }
        let card = value["card"]
        settings.agents.append(
            AgentEntry(
                name: name, place: key.place, work: .skills(server: server, tools: tools),
                card: AgentEntry.Card(
                    name: card?["name"]?.string, description: card?["description"]?.string, version: card?["version"]?.string,
                    organization: card?["organization"]?.string, organizationURL: card?["organizationUrl"]?.string,
                    documentationURL: card?["documentationUrl"]?.string, iconURL: card?["iconUrl"]?.string),
                auth: auth(value), access: access(value), asksBeforeHarm: value["confirm"]?.string != "never",
                errors: value["errors"]?.string.flatMap { A2AErrorProfile(rawValue: $0) } ?? .v1_0_1))
        if let given = value["default"], given.json.bool == true {
            if let first = settings.defaultAgent {
                findings.error("only one agent can be the default, and \(first) is", hint: "leave one of them out", at: given.place)
            }
            settings.defaultAgent = settings.defaultAgent ?? name
        }
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
