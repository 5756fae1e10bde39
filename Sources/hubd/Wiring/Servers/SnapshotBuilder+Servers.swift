import HubCore
import HubPolicy
import HubTelemetry
import MCPHub

extension SnapshotBuilder {
    /// What is at `/mcp/`.
    struct ServerEntries {
        /// What answers.
        var entries: [EntryKey: any HubEntry] = [:]
        /// What cannot answer at present, with the reason.
        var unavailable: [EntryKey: String] = [:]
        /// Those of them that cannot because a secret is away.
        var withoutSecrets: Set<EntryKey> = []
        /// The servers that do not answer at present and are served from what was known before, or are not exposed.
        var away: [String: String] = [:]
        /// What is known of each, in the order of the settings.
        var reports: [ServerReport] = []
        /// What each of `servers` has to show, for what is put together from them.
        var ingredients: [String: VirtualComposer.Part] = [:]

        /// Whether all is known that an entry includes.
        func isComplete(_ entry: VirtualServerEntry) -> Bool {
            entry.includes.allSatisfy { if case .there? = ingredients[$0.server.value] { true } else { false } }
        }
    }

    /// What came of an entry that is an MCP server.
    ///
    /// - Parameters:
    ///   - server: reaches it; nil where it cannot be reached or nothing is to be reached.
    ///   - away: why it cannot be let in.
    ///   - signedOut: why the hub is not signed in there, where it has to be.
    func part(of entry: ServerEntry, _ server: UpstreamServer?, away: ConfigFinding?, signedOut: String? = nil) -> ServerPart {
        if let away { return ServerPart(unavailable: away.message, isWithoutSecret: true, findings: [away]) }
        guard let server else { return ServerPart() }
        var findings = FindingCollector()
        var known = origins.known(of: server, at: entry)
        known.problem = (signedOut ?? known.problem).map { ConfigFinding.shown($0, atMost: 400) }
        if let problem = known.problem {
            var finding = unavailableFinding(entry, problem)
            if signedOut != nil { finding.hint = "sign in: hubd signin \(entry.name)" }
            findings.add([finding])
        }
        guard let catalogue = known.catalogue else {
            return ServerPart(unavailable: known.problem ?? "not connected yet", findings: findings.findings)
        }
        let ingredient = OriginComposer(entry: entry).ingredient(catalogue, origin: server, problem: known.problem, &findings)
        return ServerPart(ingredient: ingredient, findings: findings.findings)
    }

    /// The entries of servers and virtual servers.
    ///
    /// - Parameter agents: what agents have to show in virtual servers.
    func serverEntries(
        _ settings: Settings, _ parts: [String: ServerPart], agents: [String: VirtualComposer.Part], _ findings: inout FindingCollector
    ) -> ServerEntries {
        var result = ServerEntries()
        result.ingredients = agents
        for entry in settings.servers {
            guard let part = parts[entry.name] else { continue }
            findings.add(part.findings)
            // An exposed one of which nothing is known is unavailable, unless an earlier snapshot knows more.
            result.away[entry.name] = part.ingredient?.problem ?? (entry.isExposed ? nil : part.unavailable)
            result.ingredients[entry.name] = part.ingredient.map { .there($0) } ?? (part.unavailable == nil ? .unknown : .away)
            let key = EntryKey(kind: .mcp, name: entry.name)
            if entry.isExposed {
                result.unavailable[key] = part.unavailable
                if part.isWithoutSecret { result.withoutSecrets.insert(key) }
            }
            guard let ingredient = part.ingredient else { continue }
            let served = ComposedTool.list(
                ingredient.tools(under: entry.pin), of: entry.name, profile: entry.profile?.value, detail: entry.list?.value,
                purposes: [entry.name: ingredient.instructions].compactMapValues { $0 }, metrics: metrics)
            let (offer, list) = (ingredient.offer(served), served.report)
            result.reports.append(ServerReport(entry.name, offer, list: list, isExposed: entry.isExposed))
            guard entry.isExposed else { continue }
            report(list, of: ListedEntry(entry), &findings)
            result.entries[key] = MCPServer(
                name: entry.name, title: ingredient.title, version: ingredient.version, instructions: ingredient.instructions,
                offer: offer, hosts: settings.hostRule, address: settings.publicAddress, runtime: runtime,
                resource: ResourceDocuments.resource(of: entry.name, entry.auth, publicURL: settings.publicURL),
                permission: permission(entry.access, of: entry.name, for: offer.tools, isComplete: true, &findings),
                flows: entry.trust.flows)
        }
        for entry in settings.virtualServers {
            let (offer, list, unread) = VirtualComposer.compose(
                entry, of: result.ingredients, pins: pins(settings, in: entry), metrics: metrics, &findings)
            result.reports.append(ServerReport(entry.name, offer, list: list, unread: unread))
            report(list, of: ListedEntry(entry), &findings)
            result.entries[EntryKey(kind: .mcp, name: entry.name)] = MCPServer(
                name: entry.name, title: nil, version: nil, instructions: entry.purpose, offer: offer, hosts: settings.hostRule,
                address: settings.publicAddress, runtime: runtime,
                resource: ResourceDocuments.resource(of: entry.name, entry.auth, publicURL: settings.publicURL),
                permission: permission(
                    entry.access, of: entry.name, for: offer.tools,
                    isComplete: result.isComplete(entry),
                    &findings),
                flows: entry.trust.flows)
        }
        return result
    }

    /// When a virtual server takes the definitions of each that it includes.
    func pins(_ settings: Settings, in virtual: VirtualServerEntry) -> [String: TrustEntry.Pin] {
        let included = Set(virtual.includes.map(\.server.value))
        return settings.servers.filter { included.contains($0.name) }
            .reduce(into: [:]) { $0[$1.name] = settings.pin(of: $1, in: virtual) }
    }

    /// The rules of an entry, made ready for its tools. Those that tell of others need no rule.
    ///
    /// - Parameter isComplete: whether all that it could have is known: a name that is no tool's is then most likely a slip, and a rule that
    ///   was to deny denies nothing.
    func permission(
        _ rules: [Placed<AccessRule>]?, of entry: String, for tools: ToolSet, isComplete: Bool, _ findings: inout FindingCollector
    ) -> CompiledAccess? {
        guard let rules else { return nil }
        let named = tools.tools.filter { !$0.tellsOfOthers }.map { (name: $0.definition.name, risk: $0.definition.risk) }
        for rule in rules where isComplete {
            for pattern in rule.value.tools ?? [] where !pattern.fitsAll && !named.contains(where: { pattern.matches($0.name) }) {
                let near = NearestName.find(pattern.description, among: named.map(\.name)).map { "did you mean \"\($0)\"?" }
                findings.warning("\(entry) has no tool \(ConfigFinding.quoted(pattern.description))", hint: near, at: rule.place)
            }
        }
        return CompiledAccess(rules.map(\.value), tools: named)
    }

    /// An entry whose tools are listed.
    private struct ListedEntry {
        var name: String
        var place: SourcePlace
        var profile: Placed<ClientProfile>?
        var list: Placed<ListDetail>?

        init(_ entry: ServerEntry) { (name, place, profile, list) = (entry.name, entry.place, entry.profile, entry.list) }
        init(_ entry: VirtualServerEntry) { (name, place, profile, list) = (entry.name, entry.place, entry.profile, entry.list) }
    }

    /// What a client will not take of a list is the operator's to decide, so that it is a warning.
    private func report(_ list: ListReport, of entry: ListedEntry, _ findings: inout FindingCollector) {
        if let profile = entry.profile {
            if let most = profile.value.maximumTools, list.tools > most {
                findings.warning(
                    "\(entry.name) lists \(list.tools) tools, of which \(profile.value.rawValue) takes \(most)",
                    hint: "leave some out with `tools: { NAME: { hidden: true } }`", at: profile.place)
            }
            if !profile.value.hasRoom(besideServer: entry.name) {
                findings.warning(
                    "\(profile.value.rawValue) counts the name of the server with those of its tools, and \(entry.name) leaves little room",
                    hint: "give the server a shorter name", at: profile.place)
            }
        }
        if list.isOverBudget, let tokens = list.tokens {
            let found = ListReport.tokens(ofBytes: list.bytes)
            findings.warning(
                "the list of \(entry.name) has about \(found) tokens though it is no more than names, more than \(tokens)",
                hint: "leave tools out with `tools: { NAME: { hidden: true } }`, or allow more", at: entry.list?.place ?? entry.place)
        }
    }
}
