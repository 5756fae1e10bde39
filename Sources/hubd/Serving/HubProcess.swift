import A2ABridge
import ArgumentParser
import Crypto
import FoundationEssentials
import Glibc
import HubCore
import HubServer
import Logging
import MCPHub
import NIOConcurrencyHelpers
import UnixSignals

/// The process of `hubd serve`: settings, data folder, listeners, signals, and an end in order.
struct HubProcess {
    var overrides: SettingsOverrides
    var logLevel: Logger.Level
    /// Whether to take over from the hub that runs on the same data.
    var takesOver = false
    /// Called once both listeners accept.
    var announce: @Sendable (_ publicURL: String, _ adminAddress: String, _ tokenPath: String?) -> Void = { url, admin, tokenPath in
        Console.print("public listener: \(url)")
        Console.print("admin listener: http://\(admin)" + (tokenPath.map { " (token in \($0))" } ?? ""))
    }

    /// How long a stop waits for what is being answered.
    static let drainLimit = Duration.seconds(15)
    /// How long callers may go on using idle connections where another process serves new ones.
    static let idleGrace = Duration.seconds(2)

    func run() async throws {
        LoggingSystem.bootstrap { ClearLogHandler.standardError(label: $0) }
        var logger = Logger(label: "hubd")
        logger.logLevel = logLevel
        ProcessHardening.apply()
        EventLoops.matchProcessors()
        let passed = try PassedSockets.take(environment: ProcessInfo.processInfo.environment)
        let overrides = overrides
        let load: @Sendable () -> (settings: Settings?, findings: [ConfigFinding]) = {
            SettingsLoader.load(path: overrides.configPath, overrides: overrides)
        }
        let (loaded, findings) = load()
        findings.print()
        guard let settings = loaded else { throw ExitCode(1) }
        let signals = await UnixSignalsSequence(trapping: .sighup, .sigterm, .sigint)
        let ground = try await ground(settings, passed: passed, logger: logger)
        // MCP servers elsewhere are reached while the first snapshot is built, and let go when nobody calls any more.
        try await ground.builder.origins.servers.whileRunning {
            try await serve(settings, on: ground, passed: passed, signals: signals, load: load, logger: logger)
        }
    }

    private func serve(
        _ settings: Settings, on ground: Ground, passed: PassedSockets, signals: UnixSignalsSequence,
        load: @escaping @Sendable () -> (settings: Settings?, findings: [ConfigFinding]), logger: Logger
    ) async throws {
        var prepared = try await prepare(settings, on: ground, passed: passed, logger: logger)
        let certificates = CertificateKeeper(prepared.built.certificates, loader: ground.builder.certificateLoader, logger: logger)
        let hub = Hub(
            settings: settings, snapshot: prepared.snapshot, built: prepared.built, certificates: certificates, builder: ground.builder,
            loadSettings: load, logger: logger)
        let listeners = try await listen(settings, prepared: prepared, hub: hub, logger: logger)
        if let earlier = prepared.holdings.earlier {
            try await earlier.confirm()
            await listeners.resume()
        }
        prepared.holdings.settle()
        prepared.data.writeRunningHub(admin: listeners.admin.address)
        let publicURL = (certificates == nil ? "http://" : "https://") + listeners.public.address
        announce(publicURL, listeners.admin.address, settings.adminToken == nil ? prepared.data.adminTokenPath : nil)
        if settings.hasUnwrittenAuth {
            Console.error("note: entries without auth are open to every process on this machine")
        }
        let isTakenOver = await serve(hub, listeners: listeners, holdings: prepared.holdings, signals: signals, logger: logger)
        if !isTakenOver { prepared.data.removeRunningHub() }
        withExtendedLifetime(prepared.holdings.lock) {}  // until nothing of this hub is left in the folder
    }

    private enum Event: Sendable {
        case signal(UnixSignal)
        case takenOver
    }

    /// Serves until the process is told to stop or another one has taken over (true), then finishes what is being answered.
    private func serve(
        _ hub: Hub, listeners: Listeners, holdings: Holdings, signals: UnixSignalsSequence, logger: Logger
    ) async -> Bool {
        let isTakenOver = NIOLockedValueBox(false)
        let (events, happened) = AsyncStream.makeStream(of: Event.self, bufferingPolicy: .bufferingNewest(16))
        await withTaskGroup(of: Void.self) { group in
            // A hub that is taken over from is at work on its tasks until it has ended.
            let recoveryDelay = holdings.isInherited ? Self.drainLimit + Self.idleGrace : .zero
            group.addTask { await hub.run(recoveryDelay: recoveryDelay) }
            group.addTask { for await signal in signals { happened.yield(.signal(signal)) } }
            if let server = holdings.server(for: listeners, logger: logger) {
                group.addTask {
                    guard await server.run() else { return }
                    isTakenOver.withLockedValue { $0 = true }
                    happened.yield(.takenOver)
                }
            }
            for await event in events {
                guard case .signal(.sighup) = event else { break }
                // Not awaited here, so that a stop is heard during a slow reload; the group ends it.
                group.addTask { (await hub.reload()).findings.print() }
            }
            hub.runtime.drain()
            hub.agentRuntime.drain()
            let isShared = holdings.isInherited || isTakenOver.withLockedValue { $0 }
            await listeners.shutDown(idleGrace: isShared ? Self.idleGrace : .zero)
            group.cancelAll()
        }
        return isTakenOver.withLockedValue { $0 }
    }

    /// What there is before anything is read that entries need.
    private struct Ground {
        var data: DataDirectory
        /// What this hub holds where it takes over from none.
        var fresh: Holdings?
        var adminToken: Secret
        var builder: SnapshotBuilder
    }

    private struct Prepared {
        var data: DataDirectory
        var adminToken: Secret
        var snapshot: HubSnapshot
        var built: SnapshotBuilder.Result
        var holdings: Holdings
    }

    /// Opens the data folder and the ways to secrets.
    private func ground(_ settings: Settings, passed: PassedSockets, logger: Logger) async throws -> Ground {
        try await reporting {
            let data = try DataDirectory(path: settings.dataDirectory)
            let fresh = takesOver ? nil : try Holdings(data: data, settings: settings, passed: passed, logger: logger)
            let access = SecretAccess(for: settings, environment: ProcessInfo.processInfo.environment, logger: logger)
            let wrong = await access.open(settings.secretStores, isForced: true)
            guard wrong.isEmpty else {
                wrong.print()
                throw ExitCode(1)
            }
            let masterKey = try await access.masterKey.inForce()
            let adminToken =
                if let reference = settings.adminToken { try await access.keeper.value(of: reference) } else { try data.adminToken() }
            let builder = SnapshotBuilder(masterKey: masterKey, access: access, recordsApprovals: true, logger: logger)
            return Ground(data: data, fresh: fresh, adminToken: adminToken, builder: builder)
        }
    }

    /// Builds all that will be served, and takes what it is served on: the lock first, so that a second hub is refused at once, or last, so
    /// that a hub that is to be taken over goes on whatever is wrong here.
    private func prepare(_ settings: Settings, on ground: Ground, passed: PassedSockets, logger: Logger) async throws -> Prepared {
        try await reporting {
            let result = await ground.builder.build(settings, fetching: .always)
            result.findings.print()
            guard let snapshot = result.snapshot else { throw ExitCode(1) }
            let holdings: Holdings
            if let fresh = ground.fresh {
                holdings = fresh
            } else if let client = try TakeoverClient(data: ground.data) {
                holdings = try await Holdings(takingOver: client, settings: settings)
            } else {
                Console.error("note: no hub runs on \(ground.data.path) to take over from; this one starts as usual")
                holdings = try Holdings(data: ground.data, settings: settings, passed: passed, logger: logger)
            }
            return Prepared(
                data: ground.data, adminToken: ground.adminToken, snapshot: snapshot, built: result, holdings: holdings)
        }
    }

    /// Turns what is wrong with the data folder or a secret into what the command prints.
    private func reporting<Value>(_ body: () async throws -> Value) async throws -> Value {
        do {
            return try await body()
        } catch let error as DataDirectory.DataError {
            throw CommandFailure(error.description)
        } catch let finding as ConfigFinding {
            [finding].print()
            throw ExitCode(1)
        }
    }

    private func listen(_ settings: Settings, prepared: Prepared, hub: Hub, logger: Logger) async throws -> Listeners {
        let isPaused = prepared.holdings.earlier != nil  // until that one has let go
        let door = ListenerDoor(certificates: hub.certificates?.store) { hub.store.current.callers.admitsConnection(from: $0) }
        let publicListener = try await listen(
            settings.listen, on: prepared.holdings.publicSocket, isPaused: isPaused, option: "--listen",
            bounds: ListenerBounds(settings.bounds), door: door, responder: PublicResponder(store: hub.store, callers: hub.callers),
            observer: hub.metrics,
            logger: logger)
        let adminListener = try await listen(
            settings.adminListen, on: prepared.holdings.adminSocket, isPaused: isPaused, option: "--admin",
            bounds: ListenerBounds(connections: 1000, inFlight: 200),
            responder: AdminResponder(hub: hub, token: prepared.adminToken, metricsAreOpen: settings.isMetricsOpen), observer: nil,
            logger: logger)
        return Listeners(public: publicListener, admin: adminListener)
    }

    private func listen(
        _ address: ListenAddress, on socket: Descriptor?, isPaused: Bool, option: String, bounds: ListenerBounds,
        door: ListenerDoor = ListenerDoor(), responder: any HTTPResponder, observer: (any ExchangeObserver)?, logger: Logger
    ) async throws -> Listener {
        do {
            let socket = try socket.map { .inherited(try $0.duplicate()) } ?? ListenerSocket.bind(host: address.host, port: address.port)
            return try await Listener.start(
                on: socket, isPaused: isPaused, bounds: bounds, door: door, responder: responder, observer: observer, logger: logger)
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
