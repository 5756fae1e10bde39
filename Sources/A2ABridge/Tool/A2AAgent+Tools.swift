public import HubCore

extension A2AAgent {
    /// The agent's skills as tools: one for each that the card of an agent elsewhere names, as it was read last; a single one, of the agent's own
    /// name, where none are known, and of one that is an application. Agents of tools have none: the tools are there already.
    ///
    /// - Parameters:
    ///   - policies: what stands around each.
    ///   - isDistrusted: whether its words are not to be trusted, which is said before them.
    public func tools(policies: [any Policy] = [], isDistrusted: Bool = false) -> [Tool] {
        guard let elsewhere else {
            return performer is SkillPerformer
                ? [] : [tool(Self.toolName(name), title: profile.name, profile.description, skill: nil, policies, isDistrusted)]
        }
        let card = elsewhere.agent.knownCard
        var names: Set<String> = []
        let tools = (card?.skills ?? []).map { skill in
            var name = Self.toolName(skill.id)
            if !names.insert(name).inserted {
                name = Self.toolName(name + "_" + FNV1a.digits(of: skill.id))
                names.insert(name)
            }
            let words = [skill.description, skill.examples.isEmpty ? "" : "For example: " + skill.examples.joined(separator: "; ")]
            return tool(name, title: skill.name, words.filter { !$0.isEmpty }.joined(separator: "\n"), skill: skill, policies, isDistrusted)
        }
        guard tools.isEmpty else { return tools }
        let description = elsewhere.words.description ?? card?.description ?? ""
        return [tool(Self.toolName(name), title: card?.name ?? name, description, skill: nil, policies, isDistrusted)]
    }

    private func tool(
        _ name: String, title: String, _ description: String, skill: AgentSkill?, _ policies: [any Policy], _ isDistrusted: Bool
    ) -> Tool {
        // What an agent does it alone knows; it may change things, and goes out into the world.
        var definition = ToolDefinition(
            name: name, title: title.isEmpty ? nil : title, description: description, inputSchema: AgentTool.inputSchema,
            annotations: ToolAnnotations(openWorld: true), risk: .write, operation: "agent \(self.name)")
        definition.examples = skill?.examples ?? []
        let target = PolicyChain(policies, around: AgentTool(agent: self, skill: skill?.id))
        return Tool(definition: definition, target: target, distrusted: isDistrusted ? self.name : nil)
    }

    /// A skill's id in the letters of tools' names.
    private static func toolName(_ id: String) -> String {
        let letters = String(
            String.UnicodeScalarView(id.unicodeScalars.map { $0.isASCII && ($0.properties.isAlphabetic || isDigit($0)) ? $0 : "_" }))
        return NameBudget(besideServer: "").fit(letters)
    }

    private static func isDigit(_ scalar: Unicode.Scalar) -> Bool { ("0"..."9").contains(scalar) }
}
