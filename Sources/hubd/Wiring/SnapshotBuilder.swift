import A2ABridge
import Crypto
import FoundationEssentials
import HubCore
import HubStore
import HubTelemetry
import HubUpstream
import Logging
import MCPHub
import ModelProxy
import NIOCore
import SpecIngest

/// The only maker of snapshots: reads what the settings name, checks it whole, and composes entries.
struct SnapshotBuilder: Sendable {
    /// Whether descriptions are fetched over the network.
    enum Fetching: Sendable {
        /// All of them.
        case always
        /// Those whose time has come. Local ones are taken as they were read: a file that is being changed comes with a reload.
        case whenDue(local: [String: IngestedAPI])
        /// None, and no secret is read: `hubd check --offline`.
        case never

        var usesSecretsAndNetwork: Bool { if case .never = self { false } else { true } }
        var isForced: Bool { if case .always = self { true } else { false } }
    }

    /// What came of it. Without a snapshot there is an error among the findings.
    struct Result: Sendable {
        var snapshot: HubSnapshot?
        var findings: [ConfigFinding]
        /// The local descriptions that were read, by `ServerEntry.localDescription`.
        var descriptions: [String: IngestedAPI] = [:]
        /// The entries that are unavailable because a secret is.
        var withoutSecrets: Set<EntryKey> = []
        /// The certificates of the public listener.
        var certificates: [LoadedCertificate] = []
        /// What is known of the servers, in the order of the settings, for `hubd check`.
        var reports: [ServerReport] = []
        /// What is known of the agents, in the order of the settings, for `hubd check`.
        var agents: [AgentReport] = []
        /// What agents elsewhere had to show in it, by their names.
        var agentTools: [String: [ToolDefinition]] = [:]
        /// The MCP servers elsewhere that it was built with, by name.
        var origins: [String: UpstreamServerSettings] = [:]
    }

    let timers: TimerTable
    let registry: UpstreamRegistry
    let remotes: RemoteDescriptions
    let runtime: MCPRuntime
    let agentRuntime: A2ARuntime
    let webhooks: Webhooks
    let hubKey: HubKey?
    let metrics: HubMetrics
    let modelHealth = ModelServiceHealth()
    let modelCache = ModelCache()
    let remoteAgents = RemoteAgents()
    let composer: CallerComposer
    let origins: Origins
    let recordsApprovals: Bool
    private let access: SecretAccess

    /// How long a start and a reload wait for MCP servers elsewhere; those that have not answered by then come when they do.
    static let patience = Duration.milliseconds(800)

    /// What was decided about the tools of servers elsewhere.
    var approvals: ToolApprovals { access.approvals }

    /// Whether there is a store already.
    var hasStore: Bool { (try? access.stored.store.database()) != nil }

    /// Forgets tasks of agents that are too old. A store that cannot be opened says so where somebody needs it.
    func forgetOldTasks() async {
        guard hasStore, let tasks = try? access.stored.agentTasks() else { return }
        await tasks.forgetOld(now: Timekeeper.millisecondsSince1970)
    }

    /// The sign-ins at MCP servers.
    var signIns: SignIns { access.signIns }

    /// What references to secrets are.
    var secrets: SecretKeeper { access.keeper }

    /// - Parameters:
    ///   - masterKey: seals sessions.
    ///   - access: the ways to secrets, and what all that is wired shares.
    ///   - recordsApprovals: whether tools that are seen for the first time are kept in the store, as a hub does that serves.
    ///   - logger: hears of MCP servers elsewhere that come and go.
    init(masterKey: SymmetricKey, access: SecretAccess, recordsApprovals: Bool = false, logger: Logger) {
        self.recordsApprovals = recordsApprovals
        timers = access.timers
        registry = access.registry
        composer = CallerComposer(registry: registry, timers: timers)
        remotes = RemoteDescriptions(registry: registry)
        metrics = HubMetrics(version: Version.number)
        let runtime = MCPRuntime(masterKey: masterKey, timers: timers, version: Version.number) { Timekeeper.secondsSince1970 }
        let servers = UpstreamServers(timers: timers, version: Version.number, logger: logger) { [weak runtime] server, uri in
            runtime?.resourceUpdated(server: server, uri: uri)
        }
        runtime.tellOfEndedSessions { [weak servers] in servers?.endSession($0) }
        runtime.tellOfChangedRoots { [weak servers] in servers?.rootsChanged(ofClient: $0) }
        self.runtime = runtime
        let stored = access.stored
        let tasks: any AgentTaskStore =
            recordsApprovals
            ? StoredAgentTasks({ () throws(StoreError) in try stored.agentTasks() }) { Timekeeper.secondsSince1970 } : InMemoryTaskStore()
        let key = HubKey(masterKey)
        webhooks = Webhooks(registry: registry, logger: logger)
        let push = PushSender(webhooks, key: key, timers: timers, logger: logger) { Timekeeper.secondsSince1970 }
        agentRuntime = A2ARuntime(store: tasks, timers: timers, push: push) { Timekeeper.millisecondsSince1970 }
        hubKey = key
        origins = Origins(registry: registry, servers: servers)
        self.access = access
    }

    var certificateLoader: CertificateLoader { CertificateLoader(secrets: secrets) }

    /// Builds the snapshot for `settings`. Servers are read at once; what fails locally is an error, what fails over the network makes only
    /// its entry unavailable.
    ///
    /// - Parameter patience: how long MCP servers elsewhere are waited for that have not been reached yet.
    func build(_ settings: Settings, fetching: Fetching, patience: Duration = Self.patience) async -> Result {
        var findings = FindingCollector()
        if fetching.usesSecretsAndNetwork { findings.add(await access.open(settings.secretStores, isForced: fetching.isForced)) }
        let resolved =
            fetching.usesSecretsAndNetwork ? await secrets.resolve(settings.entrySecrets, isForced: fetching.isForced) : nil
        let credentials =
            if let resolved { await upstreamCredentials(settings, resolved, &findings) } else { [String: UpstreamCredential]() }
        let schemeSecrets = resolved.map { readSchemeSecrets(settings, $0, &findings) }
        let authorities = readAuthorities(settings, &findings)
        let upstreams = settings.upstreams.mapValues { entry in
            upstreamSettings(entry, credential: credentials[entry.name], authorities: authorities[entry.name])
        }
        let certificates = await certificates(settings, fetching, &findings)
        let standings = fetching.usesSecretsAndNetwork ? await signIns.standings(of: settings.servers) : [:]
        let origins = originServers(settings, upstreams: upstreams, standings: standings, secrets: resolved, &findings)
        var parts: [String: ServerPart] = [:]
        await withTaskGroup(of: (String, ServerPart)?.self) { group in
            for entry in settings.servers where !entry.description.value.isMCP {
                let away = resolved?.firstAway(of: settings.secrets(of: entry))
                group.addTask {
                    let part = await self.server(entry, upstreams: upstreams, secrets: schemeSecrets, away: away, fetching: fetching)
                    return (entry.name, part)
                }
            }
            group.addTask {
                await self.origins.servers.wait(for: Array(origins.values), limit: patience)
                return nil
            }
            for await case (let name, let part)? in group { parts[name] = part }
        }
        for entry in settings.servers where entry.description.value.isMCP {
            parts[entry.name] = part(
                of: entry, origins[entry.name], away: resolved?.firstAway(of: settings.secrets(of: entry)),
                signedOut: standings[entry.name]?.problem)
        }
        if !findings.hasErrors { judge(&parts, settings, &findings) }
        let models = await models(settings, upstreams: upstreams, secrets: resolved, &findings)
        let elsewhere = agentsElsewhere(settings, upstreams: upstreams, models: models.entries, secrets: resolved, &findings)
        let agentTools = Self.tools(ofAgentsIn: elsewhere.entries)  // before they are put to use: what changes meanwhile is seen to next
        let servers = serverEntries(settings, parts, agents: ingredients(of: elsewhere), &findings)
        var descriptions: [String: IngestedAPI] = [:]
        for entry in settings.servers {
            if let key = entry.localDescription { descriptions[key] = parts[entry.name]?.api }
        }
        let doors = await composer.authenticators(
            settings, secrets: schemeSecrets, reason: fetching.isForced ? .configuration : .time, &findings)
        let agents = agents(settings, of: servers, beside: elsewhere, models: models.entries, &findings)
        let snapshot =
            findings.hasErrors
            ? nil
            : HubSnapshot(
                entries: servers.entries.merging(agents.entries) { first, _ in first }.merging(models.entries) { first, _ in first },
                hosts: settings.hostRule,
                callers: settings.callerRule, cors: settings.cors, authenticators: doors.entries,
                documents: ResourceDocuments.documents(of: settings).merging(keyDocuments(settings)) { first, _ in first },
                discovery: Discovery(
                    address: settings.publicAddress, listings: settings.discoveryListings, authenticator: doors.catalogue,
                    agent: settings.defaultAgent),
                unavailable: servers.unavailable.merging(agents.unavailable) { first, _ in first }
                    .merging(models.unavailable) { first, _ in first },
                away: servers.away,
                signedOut: Set(standings.filter { $0.value.problem != nil }.keys))
        return Result(
            snapshot: snapshot, findings: findings.findings, descriptions: descriptions,
            withoutSecrets: servers.withoutSecrets.union(models.unavailable.keys).union(elsewhere.unavailable.keys),
            certificates: certificates, reports: servers.reports,
            agents: agents.reports, agentTools: agentTools,
            origins: origins.mapValues(\.settings))
    }

    /// Has secrets read from the places of these settings again, after others were refused.
    func returnToPlaces(of settings: Settings) async {
        _ = await access.open(settings.secretStores, isForced: false)  // what was wrong with them has been said
        secrets.retain(settings.secrets)
    }

    /// Whether a description that the settings name by URL is to be fetched.
    func isAnyDescriptionDue(_ settings: Settings) -> Bool {
        remotes.isAnyDue(of: settings.servers.compactMap(\.remoteDescription))
    }

    private func certificates(
        _ settings: Settings, _ fetching: Fetching, _ findings: inout FindingCollector
    ) async -> [LoadedCertificate] {
        if case .whenDue = fetching { return [] }  // they have a keeper of their own
        let loaded = await certificateLoader.load(settings.tls, readsKeys: fetching.usesSecretsAndNetwork)
        findings.add(loaded.findings)
        return loaded.certificates
    }

    // MARK: Servers

    /// What came of one of `servers`.
    struct ServerPart: Sendable {
        var ingredient: Ingredient?
        var api: IngestedAPI?
        var unavailable: String?
        /// Whether it is unavailable because a secret is.
        var isWithoutSecret = false
        var findings: [ConfigFinding] = []
    }

    private func server(
        _ entry: ServerEntry, upstreams: [String: UpstreamSettings], secrets: [SecretReference: Secret]?, away: ConfigFinding?,
        fetching: Fetching
    ) async -> ServerPart {
        var findings = FindingCollector()
        var api: IngestedAPI
        switch await description(of: entry, fetching: fetching) {
        case .api(let read): api = read
        case .failed(let finding): return ServerPart(findings: [finding])
        case .unavailable(let reason): return ServerPart(unavailable: reason, findings: [unavailableFinding(entry, reason)])
        case .left: return ServerPart()
        }
        report(api, of: entry, &findings)
        if let away {
            return ServerPart(api: api, unavailable: away.message, isWithoutSecret: true, findings: findings.findings + [away])
        }
        let upstream = entry.upstream.flatMap { upstreams[$0.value] }.map { registry.service(for: $0) }
        let hasOwnCredential = entry.upstream.flatMap { upstreams[$0.value] }?.credential != nil
        let message = entry.soap.security.flatMap { security in secrets?[security.password].map { MessageSecurity(security, password: $0) }
        }
        if let message { api = api.secured(by: message.token) }
        var chooser = CredentialChooser(entry, api.securitySchemes, secrets: secrets, registry: registry, &findings)
        var composer = ToolComposer(entry: entry)
        let servers = ServerChooser(entry, api, &findings)
        for operation in api.operations {
            let server = servers.server(of: operation)
            guard let placement = placement(at: server, upstream: upstream, entry: entry, &findings) else { continue }
            composer.add(
                operation,
                to: Destination(
                    service: placement.service, credentials: message?.credentials ?? chooser.credentials(for: operation),
                    basePath: placement.basePath,
                    publicAddress: server.address(relativeTo: nil)))
        }
        chooser.finish(&findings, isLetInAnyway: hasOwnCredential)
        let tools = composer.finish(&findings)
        if findings.hasErrors {
            guard case .url = entry.description.value else { return ServerPart(findings: findings.findings) }
            // What comes over the network may change at any time: it costs its own entry, not the hub.
            return ServerPart(unavailable: "its description does not fit the configuration", findings: findings.findings.map(\.asWarning))
        }
        let ingredient = Ingredient(
            name: entry.name, title: api.title.isEmpty ? nil : api.title, version: api.version.isEmpty ? nil : api.version,
            instructions: entry.purpose, tools: tools, isRemote: entry.description.value.isRemote)
        return ServerPart(ingredient: ingredient, api: api, findings: findings.findings)
    }

    /// 1. Whoever wrote endpoints by hand is there to mend them: each finding is an error.
    /// 2. Of a description, an operation that is left out is a warning, and all else that was found one line.
    private func report(_ api: IngestedAPI, of entry: ServerEntry, _ findings: inout FindingCollector) {
        if case .endpoints = entry.description.value {
            for finding in api.findings { findings.error(finding.message, at: place(finding.position, in: entry)) }
            return
        }
        for finding in api.findings where finding.kind == .skippedOperation {
            findings.warning(
                "\(finding.operation ?? ""): left out: \(finding.message)", at: place(finding.position, file: finding.file, in: entry))
        }
        if api.findings.contains(where: { $0.kind != .skippedOperation }) {
            findings.warning(api.summary, hint: "hubd tools names each of them", at: place(nil, in: entry))
        }
    }

    private enum Description {
        case api(IngestedAPI)
        case failed(ConfigFinding)
        case unavailable(String)
        /// Not looked at.
        case left
    }

    private func description(of entry: ServerEntry, fetching: Fetching) async -> Description {
        switch entry.description.value {
        case .file(let path):
            if case .whenDue(let local) = fetching, let known = entry.localDescription.flatMap({ local[$0] }) { return .api(known) }
            do {
                let bytes = try FileAccess.read(path, limit: JSONLimits.description.maximumBytes)
                let loader = try FolderLoader(of: path, root: entry.root?.value)
                return .api(try await DescriptionReader.read(bytes, named: loader.name, soap: entry.soap.version, loader: loader))
            } catch let error as FileAccess.FileError {
                return .failed(
                    ConfigFinding(severity: .error, message: "cannot be read: \(error)", hint: nil, place: entry.description.place))
            } catch let error as IngestError {
                return .failed(
                    ConfigFinding(
                        severity: .error, message: error.message, hint: error.hint,
                        place: SourcePlace(
                            file: FolderLoader.path(of: error.file, beside: path, root: entry.root?.value), position: error.position)
                    ))
            } catch let error as SourceError {
                return .failed(
                    ConfigFinding(
                        severity: .error, message: error.message, hint: nil, place: SourcePlace(file: path, position: error.position)))
            } catch {
                return .failed(ConfigFinding(severity: .error, message: "\(error)", hint: nil, place: entry.description.place))
            }
        case .mcp, .command: return .left  // says by itself what it has
        case .endpoints(let endpoints):
            return .api(EndpointReader.read(endpoints.list.json, in: endpoints.list.file.document))
        case .url(let url):
            guard fetching.usesSecretsAndNetwork else { return .left }
            switch await remotes.api(
                of: RemoteDescriptions.Source(url: url, soap: entry.soap.version), refresh: entry.refresh, isForced: fetching.isForced)
            {
            case .success(let api): return .api(api)
            case .failure(let error): return .unavailable(error.description)
            }
        }
    }

    func unavailableFinding(_ entry: ServerEntry, _ reason: String) -> ConfigFinding {
        ConfigFinding(
            severity: .warning, message: "\(entry.name) is not available: \(reason)", hint: "it is tried again by itself",
            place: entry.description.place)
    }

    /// Where an operation's calls go: the named upstream under the description's path, or the description's own server if that is public.
    private func placement(
        at server: ServerReference, upstream: UpstreamService?, entry: ServerEntry, _ findings: inout FindingCollector
    ) -> (service: UpstreamService, basePath: String)? {
        if let upstream { return (upstream, server.pathPrefix) }
        var own: HTTPAddress?
        if case .url(let url) = entry.description.value { own = HTTPAddress(String(url.prefix { $0 != "?" })) }
        if case .unusable(let url, let reason) = server {
            findings.addOnce(
                "the description of \(entry.name) names the server \(ConfigFinding.quoted(url)), which cannot be used: \(reason)",
                hint:
                    "name where the API is: add `upstreams: { \(entry.name): { addresses: [\"http://HOST:PORT\"] } }` and `upstream: \(entry.name)` here",
                at: entry.place)
            return nil
        }
        guard let address = server.address(relativeTo: own), let origin = HTTPAddress(address.origin) else {
            findings.addOnce(
                "the description of \(entry.name) does not say where the API is",
                hint:
                    "name it: add `upstreams: { \(entry.name): { addresses: [\"http://HOST:PORT\"] } }` and `upstream: \(entry.name)` here",
                at: entry.place)
            return nil
        }
        guard address.hostClass == .public || address.hostClass == .name else {
            findings.addOnce(
                "the description of \(entry.name) names the private address \(address.origin), which only you can allow",
                hint:
                    "add `upstreams: { \(entry.name): { addresses: [\"\(address.origin)\"] } }` and `upstream: \(entry.name)` here, or try it with `hubd call … --base-url \(address.origin)`",
                at: entry.place)
            return nil
        }
        let service = registry.service(
            for: UpstreamSettings(name: entry.name, addresses: [UpstreamAddress(address: origin)], isOperatorDefined: false))
        return (service, address.path)
    }

    private func place(_ position: SourcePosition?, file: String? = nil, in entry: ServerEntry) -> SourcePlace {
        switch entry.description.value {
        case .file(let path), .url(let path):
            SourcePlace(file: FolderLoader.path(of: file, beside: path, root: entry.root?.value), position: position)
        case .endpoints(let endpoints): SourcePlace(file: endpoints.list.file.name, position: position)
        case .mcp, .command: entry.description.place
        }
    }
}

extension ConfigFinding {
    fileprivate var asWarning: ConfigFinding { ConfigFinding(severity: .warning, message: message, hint: hint, place: place) }
}

extension FindingCollector {
    mutating func add(_ others: [ConfigFinding]) {
        for finding in others {
            switch finding.severity {
            case .error: error(finding.message, hint: finding.hint, at: finding.place)
            case .warning: warning(finding.message, hint: finding.hint, at: finding.place)
            }
        }
    }

    /// Adds an error unless it has been added: many operations of one description fail alike.
    mutating func addOnce(_ message: String, hint: String, at place: SourcePlace) {
        guard !findings.contains(where: { $0.message == message && $0.place == place }) else { return }
        error(message, hint: hint, at: place)
    }
}
