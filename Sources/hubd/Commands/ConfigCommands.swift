import ArgumentParser
import Crypto
import FoundationEssentials
import HTTPTypes
import HubCore
import HubServer
import HubUpstream
import Logging
import MCPHub
import NIOCore
import SpecIngest

struct CheckCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check", abstract: "Reads and validates everything the configuration names, without serving.",
        discussion: "Example: hubd check --config hub.yaml")

    @OptionGroup var options: ConfigOptions

    @Option(
        parsing: .upToNextOption,
        help: ArgumentHelp("Say which rule decides whether a consumer may use a tool, and why.", valueName: "consumer> <entry/tool"))
    var explain: [String] = []

    @Flag(help: "Leave out the network and secrets.")
    var offline = false

    @Flag(help: "Print the findings as JSON, one object a line, on standard output.")
    var json = false

    func validate() throws {
        guard [0, 2].contains(explain.count) else { throw ValidationError("--explain takes two words: CONSUMER ENTRY/TOOL") }
        guard explain.isEmpty || !json else { throw ValidationError("--explain is for people: leave --json out") }
    }

    func run() async throws {
        let overrides = options.overrides()
        var snapshot: HubSnapshot?
        var (settings, findings) = SettingsLoader.load(path: overrides.configPath, overrides: overrides)
        var reports: [ServerReport] = []
        var agentReports: [AgentReport] = []
        var away: Set<String> = []
        if let settings {
            let logger = Logger(label: "hubd") { _ in SwiftLogNoOpLogHandler() }
            let access = SecretAccess(for: settings, environment: ProcessInfo.processInfo.environment, logger: logger)
            if !offline {
                findings += await access.open(settings.secretStores, isForced: true)
                findings += await secretFindings(settings, access).filter { !findings.contains($0) }
            }
            findings += settings.masterKeyFindings
            let builder = SnapshotBuilder(masterKey: SymmetricKey(size: .bits256), access: access, logger: logger)
            let isOffline = offline
            let result = try await builder.origins.servers.whileRunning {
                await builder.build(settings, fetching: isOffline ? .never : .always, patience: settings.longestListLimit)
            }
            findings += result.findings.filter { !findings.contains($0) }
            (reports, agentReports) = (result.reports, result.agents)
            snapshot = result.snapshot
            if let snapshot = result.snapshot { away = Set(snapshot.unavailable.keys.map(\.name)).union(snapshot.away.keys) }
        }
        let hasErrors = findings.contains { $0.severity == .error }
        if json {
            for finding in findings {
                var json = JSONWriter()
                finding.write(to: &json)
                Console.print(String(buffer: json.buffer))
            }
        } else {
            for finding in findings { Console.print("\(finding)") }
            if !hasErrors {
                let models = settings.map(\.models.count).flatMap { $0 > 0 ? ", \($0) Model APIs" : nil } ?? ""
                let agents = settings.map(\.agents.count).flatMap { $0 > 0 ? ", \($0) agents" : nil } ?? ""
                let virtual = settings.map(\.virtualServers.count).flatMap { $0 > 0 ? ", \($0) virtual servers" : nil } ?? ""
                let names = Set(settings?.servers.map(\.name) ?? [])
                let tools = reports.filter { names.contains($0.server) }.reduce(0) { $0 + $1.list.tools }
                let unavailable = away.isEmpty ? "" : ", \(away.count) not available at present"
                Console.print(
                    "\(overrides.configPath): ok, \(names.count) servers, \(tools) tools\(virtual)\(agents)\(models)\(unavailable)")
                for report in reports { Console.print(report.description) }
                for agent in agentReports { Console.print(agent.description) }
            }
        }
        if hasErrors { throw ExitCode(1) }
        if explain.count == 2, let settings, let snapshot {
            do throws(AccessReport.Problem) {
                let report = try AccessReport(explain[0], explain[1], settings: settings, snapshot: snapshot)
                Console.print(report.description)
            } catch {
                throw CommandFailure(error.message)
            }
        }
    }

    private func secretFindings(_ settings: Settings, _ access: SecretAccess) async -> [ConfigFinding] {
        var findings: [ConfigFinding] = []
        do {
            try await access.masterKey.attempt()
        } catch {
            findings.append(error as? ConfigFinding ?? settings.masterKeyProblem("\(error)"))
        }
        // The hub does not start without these two, wherever they are: it tries no other time.
        if let token = settings.adminToken {
            do throws(ConfigFinding) {
                _ = try await access.keeper.value(of: token)
            } catch {
                findings.append(error)
            }
        }
        let others = settings.secrets.filter { $0 != settings.masterKey && $0 != settings.adminToken }
        let resolved = await access.keeper.resolve(others, isForced: false)
        return findings
            + others.compactMap { reference in
                switch resolved[reference] {
                case .wrong(let finding), .away(let finding): finding
                case .value, nil: nil
                }
            }
    }
}

struct ReloadCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "reload", abstract: "Asks the running hub to read its configuration again.",
        discussion: "Example: hubd reload --config hub.yaml")

    @OptionGroup var options: ConfigOptions

    private static func value(of reference: SecretReference, _ settings: Settings) async throws -> Secret {
        let access = SecretAccess(
            for: settings, environment: ProcessInfo.processInfo.environment, logger: Logger(label: "hubd") { _ in SwiftLogNoOpLogHandler() }
        )
        if reference.scheme.isRemote, let wrong = await access.open(settings.secretStores, isForced: true).first { throw wrong }
        return try await access.keeper.value(of: reference)
    }

    func run() async throws {
        let overrides = options.overrides()
        let (loaded, findings) = SettingsLoader.load(path: overrides.configPath, overrides: overrides)
        guard let settings = loaded else {
            findings.print()
            throw ExitCode(1)
        }
        let token: Secret
        let running: DataDirectory.RunningHub
        do {
            let data = try DataDirectory(path: settings.dataDirectory)
            guard let hub = data.runningHub() else {
                throw CommandFailure("no hub runs on \(settings.dataDirectory); start one with hubd serve")
            }
            running = hub
            token =
                if let reference = settings.adminToken {
                    try await Self.value(of: reference, settings)
                } else {
                    try data.adminToken()
                }
        } catch let error as DataDirectory.DataError {
            throw CommandFailure(error.description)
        } catch let finding as ConfigFinding {
            throw CommandFailure(finding.description)
        }
        guard let address = HTTPAddress("http://\(running.admin)") else { throw CommandFailure("the running hub's address is unreadable") }
        let service = UpstreamRegistry(timers: Timekeeper.start()).service(
            for: UpstreamSettings(
                name: "admin", addresses: [UpstreamAddress(address: address)], credential: .bearer(token), isOperatorDefined: true))
        let response: CollectedResponse
        do {
            response = try await service.collect(
                OutboundRequest(method: .post, path: "/api/v1/reload"), basePath: "",
                logger: Logger(label: "hubd") { _ in SwiftLogNoOpLogHandler() })
        } catch {
            throw CommandFailure("the hub at \(address) does not answer; is process \(running.process) still there?")
        }
        let root = try? JSONDocument(parsing: response.body, limits: .payload).root  // printed as it is where it is not JSON
        for finding in root?["findings"]?.elements ?? JSONValue.Elements.none {
            let place = [finding["file"]?.string, finding["line"]?.numberText, finding["column"]?.numberText].compactMap { $0 }.joined(
                separator: ":")
            let hint = finding["hint"]?.string.map { " — \($0)" } ?? ""
            Console.error("\(place): \(finding["severity"]?.string ?? "error"): \(finding["message"]?.string ?? "")\(hint)")
        }
        guard response.status == 200 else {
            throw CommandFailure(root?["findings"] == nil ? "the hub refused: HTTP \(response.status)" : "nothing was changed")
        }
        Console.print("reloaded")
    }
}

struct StdioCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "stdio", abstract: "Speaks MCP for one server over standard input and output.",
        discussion: "Example: hubd stdio orders --config hub.yaml")

    @Argument(help: "The name of a server of the configuration.")
    var server: String

    @OptionGroup var options: ConfigOptions

    func run() async throws {
        ProcessHardening.apply()
        let overrides = options.overrides()
        let (loaded, findings) = SettingsLoader.load(path: overrides.configPath, overrides: overrides)
        findings.print()
        guard let settings = loaded else { throw ExitCode(1) }
        let logger = Logger(label: "hubd") { ClearLogHandler.standardError(label: $0) }
        let access = SecretAccess(for: settings, environment: ProcessInfo.processInfo.environment, logger: logger)
        let builder = SnapshotBuilder(masterKey: SymmetricKey(size: .bits256), access: access, recordsApprovals: true, logger: logger)
        let needed = settings.only(server)
        if needed.servers.contains(where: { needed.strictestPin(of: $0) != .off }) {
            try await StoreAccess.explaining { _ = try DataDirectory(path: settings.dataDirectory) }  // what is listed is kept there
        }
        try await builder.origins.servers.whileRunning {
            let result = await builder.build(needed, fetching: .always, patience: needed.longestListLimit)
            result.findings.print()
            guard let snapshot = result.snapshot else { throw ExitCode(1) }
            guard let entry = entry(of: snapshot) else {
                throw CommandFailure("the configuration has no server \"\(server)\" that can be used; \(hint(settings))")
            }
            let store = SnapshotStore(snapshot)
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { await follow(needed, builder, store, descriptions: result.descriptions) }
                try await StdioChannel.withLines { lines, write in
                    // An entry that is gone for a while is spoken for as it was.
                    try await StdioTransport(logger: logger) { self.entry(of: store.current) ?? entry }.serve(lines, write: write)
                }
                group.cancelAll()
            }
        }
    }

    private func entry(of snapshot: HubSnapshot) -> MCPServer? { snapshot.entries[EntryKey(kind: .mcp, name: server)] as? MCPServer }

    /// Builds the server again whenever what it is made of has changed elsewhere, until cancelled. The file is read once.
    private func follow(
        _ settings: Settings, _ builder: SnapshotBuilder, _ store: SnapshotStore, descriptions: [String: IngestedAPI]
    ) async {
        while !Task.isCancelled {
            try? await Task.sleep(for: .seconds(1))  // cancelled: the loop's condition decides
            builder.approvals.refresh()
            let isDecided = builder.approvals.takeChange()
            guard builder.origins.servers.takeChange() || isDecided else { continue }
            let result = await builder.build(settings, fetching: .whenDue(local: descriptions))
            guard let built = result.snapshot else { continue }
            let next = built.keeping(store.current, except: result.withoutSecrets)
            let before = store.current
            store.replace(with: next)
            builder.runtime.announceChanges(from: before, to: next)
        }
    }

    private func hint(_ settings: Settings) -> String {
        let names = settings.exposedServers.map(\.name)
        if names.contains(server) { return "what is wrong with it is said above" }
        if settings.servers.contains(where: { $0.name == server }) { return "it is there for others alone: expose is false" }
        return NearestName.find(server, among: names).map { "did you mean \($0)?" } ?? "there is \(ConfigFinding.listed(names))"
    }
}

extension Settings {
    /// The longest that any of the MCP servers may take to be reached and listed.
    fileprivate var longestListLimit: Duration {
        servers.filter(\.description.value.isMCP).map { $0.timeouts.connect ?? .seconds(30) }.max() ?? .zero
    }

    /// The settings without what one server has nothing to do with: no other is started or fetched for it.
    fileprivate func only(_ name: String) -> Settings {
        var only = self
        only.virtualServers = virtualServers.filter { $0.name == name }
        let ingredients = Set(only.virtualServers.flatMap(\.includes).map(\.server.value))
        only.servers = servers.filter { $0.name == name || ingredients.contains($0.name) }
        only.models = []
        return only
    }
}
