import ArgumentParser
import Crypto
import FoundationEssentials
import Glibc
import HubCore
import HubServer
import Logging
import MCPHub
import SpecIngest
import UnixSignals

/// The process of `hubd serve`: settings, data folder, listeners, signals, and an end in order.
struct HubProcess {
    var overrides: SettingsOverrides
    var logLevel: Logger.Level
    /// Called once both listeners accept.
    var announce: @Sendable (_ publicAddress: String, _ adminAddress: String, _ tokenPath: String?) -> Void = { address, admin, tokenPath in
        Console.print("public listener: http://\(address)")
        Console.print("admin listener: http://\(admin)" + (tokenPath.map { " (token in \($0))" } ?? ""))
    }

    /// How long a stop waits for what is being answered.
    static let drainLimit = Duration.seconds(15)

    func run() async throws {
        LoggingSystem.bootstrap { StreamLogHandler.standardError(label: $0) }
        var logger = Logger(label: "hubd")
        logger.logLevel = logLevel
        ProcessHardening.apply()
        let overrides = overrides
        let load: @Sendable () -> (settings: Settings?, findings: [ConfigFinding]) = {
            SettingsLoader.load(path: overrides.configPath, overrides: overrides)
        }
        let (loaded, findings) = load()
        findings.print()
        guard let settings = loaded else { throw ExitCode(1) }
        let signals = await UnixSignalsSequence(trapping: .sighup, .sigterm, .sigint)
        let prepared = try await prepare(settings)
        let hub = Hub(
            settings: settings, snapshot: prepared.snapshot, descriptions: prepared.descriptions, builder: prepared.builder,
            loadSettings: load, logger: logger)
        let bounds = ListenerBounds(settings.bounds)
        let publicListener = try await listen(
            settings.listen, option: "--listen", bounds: bounds, responder: PublicResponder(store: hub.store), observer: hub.metrics,
            logger: logger)
        let adminListener = try await listen(
            settings.adminListen, option: "--admin", bounds: ListenerBounds(connections: 1000, inFlight: 200),
            responder: AdminResponder(hub: hub, token: prepared.adminToken, metricsAreOpen: settings.isMetricsOpen), observer: nil,
            logger: logger)
        prepared.data.writeRunningHub(admin: adminListener.address)
        announce(publicListener.address, adminListener.address, settings.adminToken == nil ? prepared.data.adminTokenPath : nil)
        if settings.hasUnwrittenAuth {
            Console.error("note: entries without auth are open to every process on this machine")
        }
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await hub.run() }
            for await signal in signals {
                guard signal == .sighup else { break }
                // Not awaited here, so that a stop is heard during a slow reload; the group ends it.
                group.addTask { (await hub.reload()).findings.print() }
            }
            hub.runtime.drain()
            async let publicEnd: Void = publicListener.shutDown(limit: Self.drainLimit)
            async let adminEnd: Void = adminListener.shutDown(limit: .seconds(1))
            _ = await (publicEnd, adminEnd)
            group.cancelAll()
        }
        prepared.data.removeRunningHub()
    }

    private struct Prepared {
        var data: DataDirectory
        var adminToken: Secret
        var builder: SnapshotBuilder
        var snapshot: HubSnapshot
        var descriptions: [String: IngestedAPI]
    }

    private func prepare(_ settings: Settings) async throws -> Prepared {
        let environment = ProcessInfo.processInfo.environment
        do {
            let data = try DataDirectory(path: settings.dataDirectory)
            try data.lock()
            let masterKey = try data.masterKey(from: settings.masterKey?.resolve(environment: environment).revealed)
            let adminToken = try settings.adminToken?.resolve(environment: environment) ?? data.adminToken()
            let builder = SnapshotBuilder(masterKey: masterKey, environment: environment)
            let result = await builder.build(settings, fetching: .always)
            result.findings.print()
            guard let snapshot = result.snapshot else { throw ExitCode(1) }
            return Prepared(data: data, adminToken: adminToken, builder: builder, snapshot: snapshot, descriptions: result.descriptions)
        } catch let error as DataDirectory.DataError {
            throw CommandFailure(error.description)
        } catch let finding as ConfigFinding {
            [finding].print()
            throw ExitCode(1)
        }
    }

    private func listen(
        _ address: ListenAddress, option: String, bounds: ListenerBounds, responder: any HTTPResponder, observer: (any ExchangeObserver)?,
        logger: Logger
    ) async throws -> Listener {
        do {
            return try await Listener.start(
                on: .bind(host: address.host, port: address.port), bounds: bounds, responder: responder, observer: observer, logger: logger)
        } catch {
            let isInUse = "\(error)".contains("errno: \(EADDRINUSE)")
            throw CommandFailure(
                isInUse
                    ? "\(address) is in use by another program; stop that, or choose another with \(option) \(address.host):0, which takes a free port"
                    : "cannot listen on \(address): \(error); choose another address with \(option)")
        }
    }
}

extension ListenerBounds {
    init(_ bounds: Settings.Bounds) {
        self.init(
            headerBytes: bounds.headerBytes, bodyBytes: bounds.bodyBytes, heldBytes: bounds.heldBytes, connections: bounds.connections,
            perAddress: bounds.perAddress, inFlight: bounds.inFlight)
    }
}

extension [ConfigFinding] {
    /// Prints each on its own line of standard error.
    func print() {
        for finding in self { Console.error("\(finding)") }
    }
}

/// What the process gives up so that secrets stay in it.
enum ProcessHardening {
    /// No core dumps; a closed pipe is an error, not the end; as many files as may be open.
    static func apply() {
        var none = rlimit(rlim_cur: 0, rlim_max: 0)
        _ = unsafe setrlimit(__rlimit_resource_t(4), &none)  // RLIMIT_CORE
        signal(SIGPIPE, SIG_IGN)
        var files = rlimit()
        if unsafe getrlimit(__rlimit_resource_t(7), &files) == 0 {  // RLIMIT_NOFILE
            files.rlim_cur = files.rlim_max
            _ = unsafe setrlimit(__rlimit_resource_t(7), &files)
        }
    }
}
