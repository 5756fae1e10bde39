import HubCore

/// Lets callers at the one skill of an agent that is an application.
struct SkillGate: Sendable {
    /// The skill.
    let skill: String
    /// Who may use it; nil: everybody who got in.
    let permission: (any EntryPermission)?

    /// Whether a caller sees the skill.
    func shows(_ principal: Principal) -> Bool {
        permission.map { $0.shows(tool: skill, to: $0.standing(of: principal)) } ?? true
    }

    /// A caller must see the skill, and a message may name no other.
    func check(_ message: AgentMessage, context: CallContext) throws(A2AFailure) {
        let named = MessageContent.namedSkill(message) ?? skill
        guard named == skill, shows(context.principal) else { throw A2AFailure(.taskNotFound, "There is no such skill") }
    }
}
