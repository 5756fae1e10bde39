import A2ABridge
import HubCore
import HubPolicy

/// One of `agents`, as written.
struct AgentEntry: Sendable, Hashable {
    /// What does its work.
    enum Work: Sendable, Hashable {
        /// Tools of a server or virtual server; without patterns all of them.
        case skills(server: Placed<String>, tools: [Placed<String>]?)
        /// An agent elsewhere.
        case remote([Release])
        /// An application of Dify.
        case dify(upstream: Placed<String>, key: SecretReference, kind: DifyApplication.Kind)
        /// An application of Alibaba Cloud Model Studio; at Alibaba's own address where no upstream is named.
        case modelStudio(id: String, workspace: String?, key: SecretReference, upstream: Placed<String>?)
        /// A model with instructions.
        case model(ModelUse)
    }

    /// Where a version of an agent elsewhere runs, and which conversations it gets.
    struct Release: Sendable, Hashable {
        var upstream: Placed<String>
        var weight = 1
        /// Headers and the values they must have.
        var headers: [String: String] = [:]
    }

    /// A model of a Model API of the hub.
    struct ModelUse: Sendable, Hashable {
        var api: Placed<String>
        var model: String
        /// What the model is told before anything else.
        var instructions: String?
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
    /// The model that turns plain language into calls of skills; nil: keywords do.
    var planner: ModelUse?
    /// What its card says.
    var card = Card()
    /// Who may call.
    var auth: EntryAuth
    /// Who may use what of it, in order; nil is everybody who may call.
    var access: [Placed<AccessRule>]?
    /// For whom its card is, where a client does not say which version it speaks.
    var cardForm = CardForm.both
    /// Whether its card is signed with the hub's key.
    var isSigned = false
    /// Whether skills that destroy something wait for the client's yes.
    var asksBeforeHarm = true
    /// The numbers that errors of 1.0 have over HTTP+JSON.
    var errors = A2AErrorProfile.v1_0_1
}

extension AgentEntry {
    /// The secrets of its own.
    var secrets: [SecretReference] {
        switch work {
        case .dify(_, let key, _), .modelStudio(_, _, let key, _): [key]
        case .skills, .remote, .model: []
        }
    }

    /// The upstreams that it cannot do without.
    var upstreams: [String] {
        switch work {
        case .dify(let upstream, _, _): [upstream.value]
        case .modelStudio(_, _, _, let upstream): upstream.map { [$0.value] } ?? []
        case .remote(let releases): releases.map(\.upstream.value)
        case .skills, .model: []
        }
    }

    /// The virtual server that has the agent's skills as its tools; nil where tools of another do its work.
    var virtualServer: VirtualServerEntry? {
        guard case .skills(let server, let tools) = work else { return nil }
        return VirtualServerEntry(
            name: name, place: place, purpose: card.description, includes: [VirtualServerEntry.Include(server: server, tools: tools)],
            auth: auth, access: access)
    }
}
