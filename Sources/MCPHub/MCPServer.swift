import HTTPTypes
public import HubCore
import Logging
import NIOCore

/// One MCP server of a snapshot: what it offers, spoken over every transport and in every revision on one address.
public struct MCPServer: HubEntry {
    /// The name in the configuration and the path.
    public let name: String
    /// All that it shows.
    public let offer: ServerOffer
    let title: String?
    let version: String
    let instructions: String?
    let hosts: HostRule
    let address: PublicAddress
    let runtime: MCPRuntime
    let listing: ToolListing
    let index: OfferIndex
    private let views: ScopedViews?
    private let permission: (any EntryPermission)?
    private let pages: PageLinks
    let flows: FlowGuard?

    /// The tools.
    public var tools: ToolSet { offer.tools }

    /// - Parameters:
    ///   - name: the name in the configuration.
    ///   - title: a name for people.
    ///   - version: of the API behind it; nil takes the hub's.
    ///   - instructions: what a model should know before it uses the tools.
    ///   - offer: all that it shows.
    ///   - hosts: whose pages may talk to the server.
    ///   - address: where callers find the hub.
    ///   - runtime: what outlives the snapshot.
    ///   - resource: what the server is to OAuth clients, and which tools their scopes open; nil where it takes no access tokens.
    ///   - permission: who may use what of it; nil: everybody who got in.
    ///   - flows: what may not be used after something else was read.
    public init(
        name: String, title: String?, version: String?, instructions: String?, offer: ServerOffer, hosts: HostRule,
        address: PublicAddress = PublicAddress(), runtime: MCPRuntime, resource: ProtectedResource? = nil,
        permission: (any EntryPermission)? = nil, flows: [FlowRule] = []
    ) {
        self.name = name
        self.title = title
        self.version = version ?? runtime.version
        self.instructions = instructions
        if let routing = offer.routing {
            runtime.findable.prepare(routing.tools, of: name)
            // Not for the first caller to wait for; without the tools that search, there may never be one.
            if routing.meta != nil { routing.tools.prepare() }
        }
        self.offer = offer
        self.hosts = hosts
        self.address = address
        self.runtime = runtime
        listing = ToolListing(offer.tools.tools.filter(\.isListed).map(\.definition))
        self.permission = permission
        views = ScopedViews(resource, permission: permission, of: offer.tools)
        pages = PageLinks(offer.tools)
        self.flows = FlowGuard(flows, tools: offer.tools)
        index = OfferIndex(offer, hasPages: !pages.isEmpty, listsPages: views == nil)
    }

    /// A server of tools alone.
    public init(
        name: String, title: String?, version: String?, instructions: String?, tools: ToolSet, hosts: HostRule,
        address: PublicAddress = PublicAddress(), runtime: MCPRuntime, resource: ProtectedResource? = nil,
        permission: (any EntryPermission)? = nil
    ) {
        self.init(
            name: name, title: title, version: version, instructions: instructions, offer: ServerOffer(tools: tools), hosts: hosts,
            address: address, runtime: runtime, resource: resource, permission: permission)
    }

    /// What a caller may see and use.
    func view(for principal: Principal) -> ServerView {
        views?.view(for: principal) ?? ServerView(tools: tools, listing: listing, isForAll: views == nil)
    }

    /// The scopes any of which opens a tool to access tokens; nil where scopes open nothing here.
    public func scopes(opening tool: String) -> [String]? { views?.scopes(opening: tool) }

    /// What the view of a caller depends on; nil where all have the same.
    func viewKey(of principal: Principal) -> ScopedViews.Key? { views?.key(of: principal) }

    /// The tool of that name, where the caller sees it.
    func tool(_ name: String, for principal: Principal) -> Tool? { views.map { $0.tool(name, for: principal) } ?? tools[name] }

    /// Whether a caller may call a tool that it sees with these arguments.
    func allows(_ tool: Tool, arguments: JSONValue?, by principal: Principal) -> Bool {
        views?.allows(tool, arguments: arguments, by: principal) ?? true
    }

    /// Whether every caller has the same prompts and resources.
    var hasSameItemsForAll: Bool { permission == nil }

    /// Whether a caller sees prompts and resources.
    func showsItems(to principal: Principal) -> Bool {
        permission.map { $0.showsItems(to: $0.standing(of: principal)) } ?? true
    }

    /// The prompt of that name, where the caller sees prompts.
    func prompt(_ name: String, for principal: Principal) -> ServerOffer.Item? {
        showsItems(to: principal) ? index.prompt(name) : nil
    }

    /// The template that reads so, where the caller sees resources.
    func template(_ uri: String, for principal: Principal) -> ServerOffer.Item? {
        showsItems(to: principal) ? index.template(uri) : nil
    }

    /// The tool that the parameters of `tools/call` are about; nil where they name none.
    func called(by params: JSONValue?) -> MetaTools.Called? {
        guard let name = params?["name"]?.string else { return nil }
        let arguments = params?["arguments"].flatMap { $0.isNull ? nil : $0 }
        return offer.routing?.meta?.called(name, arguments) ?? MetaTools.Called(name: name, arguments: arguments)
    }

    /// Where a caller reads a resource; nil where there is none for it.
    ///
    /// 1. A page (`ui://`) that was chosen as a resource is one. 2. Any other page is read where a tool leads to it that the caller sees, and
    /// nowhere else. 3. All else is read by everybody who sees resources.
    func origin(ofResource uri: String, for principal: Principal) -> (any MCPOrigin)? {
        let isOpen = showsItems(to: principal)
        guard PageLinks.isPage(uri) else { return isOpen ? index.origin(ofResource: uri) : nil }
        return (isOpen ? index.origin(ofChosenPage: uri) : nil) ?? pages.origin(ofPage: uri, in: view(for: principal).tools)
    }

    /// The lists that read otherwise for a caller than before.
    func changes(since before: MCPServer, for principal: Principal) -> [ChangeKind] {
        var kinds: [ChangeKind] = []
        if !view(for: principal).listing.isSame(as: before.view(for: principal).listing) { kinds.append(.tools) }
        let (shown, wasShown) = (showsItems(to: principal), before.showsItems(to: principal))
        guard shown || wasShown else { return kinds }
        let isOther = shown != wasShown
        if isOther || !index.prompts.isSame(as: before.index.prompts) { kinds.append(.prompts) }
        if isOther || !index.resources.isSame(as: before.index.resources) || !index.templates.isSame(as: before.index.templates) {
            kinds.append(.resources)
        }
        return kinds
    }

    /// The refusal of a call for which the caller's token lacks a scope (RFC 6750 §3.1); nil where it lacks none, or there is no such tool.
    func scopeRefusal(
        of envelope: JSONRPCEnvelope, from principal: Principal, id: JSONValue?
    ) -> (error: JSONRPCError, challenge: String)? {
        guard let views, envelope.method == "tools/call", let called = called(by: envelope.params),
            let challenge = views.challenge(forCallOf: called.name, by: principal)
        else { return nil }
        return (JSONRPCError(.forbidden, "The access token has not the scope that this tool needs", id: id), challenge)
    }

    /// Answers below `/mcp/{name}`.
    public func respond(to request: InboundRequest, subpath: Substring, writer: any ResponseWriter) async throws {
        let route = MCPRoute(subpath: subpath)
        if let origin = request.head.headerFields.value(.origin), route != .card, !request.hasAllowedOrigin, !hosts.allows(origin: origin) {
            // Every revision since 2025-03-26, transports, "Security Warning": DNS rebinding.
            return try await writer.answer(.forbidden, JSONRPCError(.invalidRequest, "Pages of this origin may not use this server"))
        }
        switch route {
        case .streamable: try await respondStreamable(to: request, writer: writer)
        case .sse: try await LegacySSETransport(server: self).open(request, writer: writer)
        case .messages: try await LegacySSETransport(server: self).receive(request, writer: writer)
        case .card: try await respondCard(to: request, writer: writer)
        case nil: try await writer.answer(.notFound, JSONRPCError(.invalidRequest, "There is nothing here"))
        }
    }

    /// The era is the header's: absent, or one of the handshake versions, or else the modern way, which refuses what it does not know.
    private func respondStreamable(to request: InboundRequest, writer: any ResponseWriter) async throws {
        let version = request.head.headerFields.value(.mcpProtocolVersion)
        let isHandshake = version.map { ProtocolRevision(rawValue: $0).map { !$0.isModern } ?? false } ?? true
        if request.head.method == .post {
            let type = request.head.headerFields.value(.contentType)
            guard type == "application/json" || type.flatMap({ MediaType($0) })?.essence == "application/json" else {
                return try await writer.answer(
                    .unsupportedMediaType, JSONRPCError(.invalidRequest, "The body must be application/json"))
            }
        }
        if isHandshake {
            try await HandshakeTransport(server: self).respond(to: request, writer: writer)
        } else {
            try await ModernTransport(server: self).respond(to: request, writer: writer)
        }
    }
}

extension ResponseWriter {
    /// Answers with one JSON message.
    func answer(_ status: HTTPResponse.Status, json: ByteBuffer, fields: HTTPFields = [:]) async throws {
        var head = HTTPResponse(status: status, headerFields: fields)
        head.headerFields[.contentType] = "application/json"
        try await respond(head, body: json)
    }

    /// Answers with a JSON-RPC error.
    func answer(_ status: HTTPResponse.Status, _ error: JSONRPCError, fields: HTTPFields = [:]) async throws {
        try await answer(status, json: error.bytes, fields: fields)
    }

    /// Begins a stream of events.
    func beginEvents(fields: HTTPFields = [:]) async throws {
        var head = HTTPResponse(status: .ok, headerFields: fields)
        head.headerFields[.contentType] = "text/event-stream"
        head.headerFields[.cacheControl] = "no-cache, no-transform"
        head.headerFields[.accelBuffering] = "no"
        try await begin(head)
    }

    /// Sends one event with a JSON message.
    func send(event: String = "message", json: ByteBuffer) async throws {
        var frame = ByteBuffer()
        SSEEncoder.write(event: event, json: json, to: &frame)
        try await write(frame)
    }
}
