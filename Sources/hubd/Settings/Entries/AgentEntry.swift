import A2ABridge
import HubCore
import HubPolicy

/// One of `agents`, as written.
struct AgentEntry: Sendable, Hashable {
    /// What does its work.
    enum Work: Sendable, Hashable {
        /// Tools of a server or virtual server; without patterns all of them.
        case skills(server: Placed<String>, tools: [Placed<String>]?)
    }

    /// What its card says, as far as it is written.
    struct Card: Sendable, Hashable {
        var name: String?
        var description: String?
        var version: String?
        var organization: String?
        var organizationURL: String?
        var documentationURL: String?
        var iconURL: String?
    }

    /// The name, which stands in the path.
    var name: String
    /// Where the entry stands.
    var place: SourcePlace
    /// What does its work.
    var work: Work
    /// What its card says.
    var card = Card()
    /// Who may call.
    var auth: EntryAuth
    /// Who may use what of it, in order; nil is everybody who may call.
    var access: [Placed<AccessRule>]?
    /// Whether skills that destroy something wait for the client's yes.
    var asksBeforeHarm = true
    /// The numbers that errors of 1.0 have over HTTP+JSON.
    var errors = A2AErrorProfile.v1_0_1
}

extension AgentEntry {
    /// The virtual server that has the agent's skills as its tools; nil where tools of another do its work.
    var virtualServer: VirtualServerEntry? {
        guard case .skills(let server, let tools) = work else { return nil }
        return VirtualServerEntry(
            name: name, place: place, purpose: card.description, includes: [VirtualServerEntry.Include(server: server, tools: tools)],
            auth: auth, access: access)
    }
}
