import HTTPTypes
public import HubCore
import NIOCore

/// One A2A agent of a snapshot: both versions and bindings of the protocol at one address.
public struct A2AAgent: HubEntry {
    /// The name in the configuration and the path.
    public let name: String
    /// What its card says.
    public let profile: AgentProfile
    let address: PublicAddress
    let runtime: A2ARuntime
    let performer: any AgentPerformer
    let sendsPush: Bool
    let credentials: [AgentCredential]
    private let hosts: HostRule
    private let skills: @Sendable (Principal) -> ShownSkills
    let hasExtendedCard: Bool
    /// When this was, in milliseconds since 1970: its card may be as old.
    private let made: Int64
    /// The numbers of errors towards clients of 1.0.
    public var errors = A2AErrorProfile.v1_0_1
    /// For whom its card is, where a client does not say which version it speaks.
    public var cardForm = CardForm.both
    /// Signs its card; nil: it is not signed.
    public var signer: CardSigner?
    /// The application that it is; nil: it is none.
    var application: AgentApplication?
    /// The agent elsewhere that it is, and what the operator says of that; nil: it works here.
    var elsewhere: (agent: RemoteAgent, words: CardWords)?

    /// - Parameters:
    ///   - name: the name in the configuration.
    ///   - profile: what its card says.
    ///   - tools: the skills.
    ///   - planner: turns text into calls; nil takes keywords.
    ///   - hosts: whose pages may talk to the agent.
    ///   - address: where callers find the hub.
    ///   - runtime: what outlives the snapshot.
    ///   - credentials: how callers may say who they are; none: it asks for nothing.
    ///   - permission: who may use what of it; nil: everybody who got in.
    ///   - asksBeforeHarm: whether destructive tools are called only when the client has said yes.
    public init(
        name: String, profile: AgentProfile, tools: ToolSet, planner: (any Planner)? = nil, hosts: HostRule,
        address: PublicAddress = PublicAddress(), runtime: A2ARuntime, credentials: [AgentCredential] = [],
        permission: (any EntryPermission)? = nil, asksBeforeHarm: Bool = true
    ) {
        let performer = SkillPerformer(
            agent: name, tools: tools, planner: planner ?? KeywordPlanner(tools), permission: permission, asksBeforeHarm: asksBeforeHarm,
            pause: { [timers = runtime.timers] in try await timers.pause(for: $0) })
        self.init(
            name: name, profile: profile, performer: performer, hosts: hosts, address: address, runtime: runtime, credentials: credentials,
            hasExtendedCard: permission != nil && !credentials.isEmpty
        ) { principal in
            ShownSkills(performer.tools(for: principal))
        }
    }

    /// An agent of any performer, with the skills that each caller sees.
    init(
        name: String, profile: AgentProfile, performer: any AgentPerformer, hosts: HostRule, address: PublicAddress = PublicAddress(),
        runtime: A2ARuntime, credentials: [AgentCredential] = [], hasExtendedCard: Bool = false, sendsPush: Bool = true,
        skills: @escaping @Sendable (Principal) -> ShownSkills
    ) {
        (self.name, self.profile, self.performer, self.hosts, self.address) = (name, profile, performer, hosts, address)
        (self.runtime, self.credentials, self.hasExtendedCard) = (runtime, credentials, hasExtendedCard)
        made = runtime.millisecondsSince1970()
        (self.sendsPush, self.skills) = (sendsPush && runtime.push != nil, skills)
    }

    /// Answers below `/a2a/{agent}`.
    public func respond(to request: InboundRequest, subpath: Substring, writer: any ResponseWriter) async throws {
        if Self.isCard(subpath) { return try await respondCard(to: request, writer: writer) }
        if let origin = request.head.headerFields.value(.origin), !request.hasAllowedOrigin, !hosts.allows(origin: origin) {
            // As at MCP servers: DNS rebinding.
            let failure = A2AFailure(.invalidRequest, "Pages of this origin may not use this agent")
            return try await writer.answer(403, json: failure.http(errors).body)
        }
        if subpath.isEmpty || subpath == "/" {
            try await JSONRPCTransport(agent: self).respond(to: request, writer: writer)
        } else {
            try await HTTPTransport(agent: self).respond(to: request, subpath: subpath, writer: writer)
        }
    }

    /// Every operation below an agent's address, as `METHOD /path`, with names in braces for what stands there: JSON-RPC, HTTP+JSON of both
    /// versions, and the card.
    public static var operations: [String] {
        ["POST ", "GET \(cardPath)", "GET \(olderCardPath)"] + A2ARoute.all.map { "\($0.method) \($0.path)" }
    }

    /// What rules of permission are about: the tools that are its skills, or its one skill.
    public var ruledSkills: [(name: String, risk: Risk)] {
        guard let performer = performer as? SkillPerformer else { return [(name, .write)] }
        return performer.tools.tools.map { ($0.definition.name, $0.definition.risk) }
    }

    /// What the methods need for a request.
    func methods(for request: InboundRequest, _ version: A2AVersion) throws(A2AFailure) -> AgentMethods {
        guard let base = address.base(for: request) else { throw A2AFailure(.invalidRequest, "The host cannot be read") }
        return AgentMethods(agent: self, context: request.context, base: base, version: version, fields: request.head.headerFields)
    }

    /// The numbers that a version's failures have.
    func profile(_ version: A2AVersion) -> A2AErrorProfile { version == .v1_0 ? errors : .v0_3 }

    /// What an answer says of extensions: the agent knows those of its card.
    func activated(_ request: InboundRequest, _ version: A2AVersion) -> HTTPFields {
        let known = elsewhere.map { Set($0.agent.knownCard?.capabilities.extensions.map(\.uri) ?? []) } ?? [Self.schemasExtension]
        return A2AHeaders.activated(A2AHeaders.requestedExtensions(request.head.headerFields).filter(known.contains), version)
    }

    // MARK: Cards

    /// The extension under which the card tells which arguments each skill takes: `{"skills": {id: JSON Schema}}`. A client that knows it sends a
    /// data part `{"skill": …, "arguments": {…}}`.
    static let schemasExtension = "urn:hubd:a2a:skill-schemas:1"

    /// Whether a path below an agent's is its card: that of 1.0 and 0.3, or that of before.
    public static func isCard(_ subpath: Substring) -> Bool { subpath == cardPath || subpath == olderCardPath }
    /// Where clients looked before 0.3.
    private static let olderCardPath = "/.well-known/agent.json"

    /// The card that a caller sees.
    func card(at base: HTTPAddress, for principal: Principal) -> AgentCard {
        let url = "\(base)/a2a/\(name)"
        let interfaces = [A2AVersion.v1_0, .v0_3].filter(cardForm.includes).flatMap { version in
            [AgentInterface.Binding.jsonRPC, AgentInterface.Binding.http].map {
                AgentInterface(url: url, binding: $0, version: version.rawValue)
            }
        }
        var card = AgentCard(name: profile.name, description: profile.description, interfaces: interfaces, version: profile.version)
        card.provider = profile.organization.map { AgentProvider(organization: $0, url: profile.organizationURL ?? "\(base)") }
        (card.documentationURL, card.iconURL) = (profile.documentationURL, profile.iconURL)
        card.capabilities = AgentCapabilities(streaming: true, pushNotifications: sendsPush, extendedCard: hasExtendedCard)
        card.securitySchemes = credentials.map(\.scheme)
        card.security = card.securitySchemes.map { SecurityRequirement(schemes: [RequiredScheme(name: $0.name, scopes: [])]) }
        (card.defaultInputModes, card.defaultOutputModes) = (["text/plain", "application/json"], ["application/json", "text/plain"])
        let shown = skills(principal)
        card.skills = shown.skills
        if let schemas = shown.schemas {
            card.capabilities.extensions = [
                AgentExtension(uri: Self.schemasExtension, description: "Which arguments each skill takes", parameters: schemas)
            ]
        }
        return card
    }
}

extension A2AAgent: DescribedEntry {
    /// That of agent cards.
    public static var cardType: String { "application/a2a-agent-card+json" }
    /// The place that both versions reserve for it.
    public static var cardPath: String { "/.well-known/agent-card.json" }

    /// Answers with the card for the version that is asked for, or for either.
    func respondCard(to request: InboundRequest, writer: any ResponseWriter) async throws {
        guard let base = address.base(for: request) else {
            return try await writer.answer(400, json: A2AFailure(.invalidRequest, "The host cannot be read").http(errors).body)
        }
        let named = request.head.headerFields.value(.a2aVersion) ?? CallQuery.object(of: request.query)?.root["A2A-Version"]?.string
        let form: CardForm =
            switch named.flatMap({ A2AVersion(named: $0) }) {
            case .v1_0: .v1_0
            case .v0_3: .v0_3
            case nil: cardForm
            }
        let card: AgentCard
        do {
            card = try await shownCard(at: base, for: request.context)
        } catch {
            let failure = try A2AFailure(of: error, in: request)
            let answer = A2AFailure(.overloaded, failure.message)
            return try await writer.answer(503, json: answer.http(errors).body, fields: answer.fields)
        }
        let document = PublicDocument(json: card.json(form))
        guard var answer = document.answer(to: request.head, caching: request.principal.credential == nil ? .open : .own) else {
            return try await writer.refuseMethod(["GET", "HEAD"])
        }
        answer.head.headerFields[.vary] = "a2a-version"
        answer.head.headerFields[.lastModified] = HTTPDate.text(secondsSince1970: made / 1000)
        try await writer.respond(answer.head, body: answer.body)
    }
}

/// The skills that a caller sees.
struct ShownSkills: Sendable {
    /// As a card has them.
    var skills: [AgentSkill]
    /// The schemas of their arguments by their ids, the parameters of `A2AAgent.schemasExtension`; nil: not known.
    var schemas: ByteBuffer?
}

extension ShownSkills {
    /// Tools as skills.
    init(_ tools: ToolSet) {
        let definitions = tools.tools.map(\.definition)
        skills = definitions.map { tool in
            AgentSkill(
                id: tool.name, name: tool.title ?? tool.name, description: tool.description, tags: [tool.risk.rawValue],
                examples: tool.examples)
        }
        var json = JSONWriter()
        json.object { json in
            json.object("skills") { json in
                for tool in definitions { json.member(tool.name, raw: tool.inputSchema) }
            }
        }
        schemas = json.buffer
    }
}
