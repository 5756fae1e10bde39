public import HubCore
import NIOCore

/// What stands behind an agent that is one application, instead of tools of the hub.
public enum AgentApplication: Sendable {
    /// An application of Dify.
    case dify(DifyApplication)
    /// An application of Alibaba Cloud Model Studio.
    case modelStudio(ModelStudioApplication)
    /// A model with instructions.
    case model(ModelEndpoint)
}

extension A2AAgent {
    /// An agent that is an application: it has one skill, of the agent's name.
    ///
    /// - Parameters:
    ///   - name: the name in the configuration.
    ///   - profile: what its card says, where the application says nothing.
    ///   - application: what stands behind it.
    ///   - hosts: whose pages may talk to the agent.
    ///   - address: where callers find the hub.
    ///   - runtime: what outlives the snapshot.
    ///   - credentials: how callers may say who they are; none: it asks for nothing.
    ///   - permission: who may use the skill; nil: everybody who got in.
    public init(
        name: String, profile: AgentProfile, application: AgentApplication, hosts: HostRule, address: PublicAddress = PublicAddress(),
        runtime: A2ARuntime, credentials: [AgentCredential] = [], permission: (any EntryPermission)? = nil
    ) {
        let gate = SkillGate(skill: name, permission: permission)
        self.init(
            name: name, profile: profile, performer: application.performer(name, gate), hosts: hosts, address: address, runtime: runtime,
            credentials: credentials, hasExtendedCard: permission != nil && !credentials.isEmpty
        ) { principal in
            gate.shows(principal) ? application.skills(name, profile) : ShownSkills(skills: [], schemas: nil)
        }
        self.application = application
    }
}

extension AgentApplication {
    fileprivate func performer(_ name: String, _ gate: SkillGate) -> any AgentPerformer {
        switch self {
        case .dify(let application):
            DifyPerformer(
                application: application, client: ApplicationClient(agent: name, tool: name, target: application.target), gate: gate)
        case .modelStudio(let application):
            ModelStudioPerformer(
                application: application, client: ApplicationClient(agent: name, tool: name, target: application.target), gate: gate)
        case .model(let endpoint):
            ModelEndpointPerformer(
                endpoint: endpoint, client: ApplicationClient(agent: name, tool: endpoint.model, target: endpoint.target), gate: gate)
        }
    }

    fileprivate func skills(_ name: String, _ profile: AgentProfile) -> ShownSkills {
        var plain = AgentSkill(id: name, name: profile.name, description: profile.description, tags: [], examples: [])
        switch self {
        case .dify(let application):
            guard let known = application.description else { return ShownSkills(skills: [plain], schemas: nil) }
            var skill = known.skill(name, profile)
            skill.tags = ["dify", application.kind.rawValue] + skill.tags
            return ShownSkills(
                skills: [skill], schemas: Self.schemas(name, known.form.schema(and: application.kind.chats ? [DifyIntent.query] : [])))
        case .modelStudio: break
        case .model: plain.inputModes = ["text/plain", "application/json", "image/png", "image/jpeg", "audio/wav", "audio/mpeg"]
        }
        return ShownSkills(skills: [plain], schemas: nil)
    }

    private static func schemas(_ skill: String, _ schema: JSONTree) -> ByteBuffer {
        JSONTree.object(["skills": .object([skill: schema])]).bytes
    }
}
