import HubCore
import HubTelemetry
import HubUpstream
import Logging
import MCPHub
import NIOConcurrencyHelpers
import NIOCore

/// The hub that runs: the snapshot in force and what lives beside it. A reload builds another snapshot and puts it in force, or changes nothing.
final class Hub: Sendable {
    /// What a reload did.
    struct ReloadOutcome: Sendable {
        var isSuccess: Bool
        var findings: [ConfigFinding]
    }

    let store: SnapshotStore
    let metrics: HubMetrics
    let runtime: MCPRuntime
    let adminHosts: HostRule
    private let builder: SnapshotBuilder
    private let settings: NIOLockedValueBox<Settings>
    private let loadSettings: @Sendable () -> (settings: Settings?, findings: [ConfigFinding])
    private let logger: Logger
    private let requests: AsyncStream<Request>
    private let requestsContinuation: AsyncStream<Request>.Continuation

    private enum Request: Sendable {
        case reload(CheckedContinuation<ReloadOutcome, Never>)
        case tick
    }

    /// - Parameters:
    ///   - snapshot: the first one, built from `settings`.
    ///   - loadSettings: reads the file again.
    init(
        settings: Settings, snapshot: HubSnapshot, builder: SnapshotBuilder,
        loadSettings: @escaping @Sendable () -> (settings: Settings?, findings: [ConfigFinding]),
        logger: Logger
    ) {
        store = SnapshotStore(snapshot)
        metrics = builder.metrics
        runtime = builder.runtime
        adminHosts = HostRule(names: [settings.adminListen.host], allowsLoopback: settings.adminListen.isLoopback)
        self.builder = builder
        self.settings = NIOLockedValueBox(settings)
        self.loadSettings = loadSettings
        self.logger = logger
        // Bounded: past it a reload is answered with a refusal, a tick is one of many.
        (requests, requestsContinuation) = AsyncStream.makeStream(bufferingPolicy: .bufferingOldest(32))
    }

    /// Serves reloads one after another and fetches what is due, until cancelled.
    func run() async {
        await withDiscardingTaskGroup { group in
            group.addTask { await self.runtime.run() }
            group.addTask {
                while !Task.isCancelled {
                    try? await Task.sleep(for: .seconds(1))  // cancelled: the loop's condition decides
                    self.requestsContinuation.yield(.tick)
                }
                self.requestsContinuation.finish()
            }
            for await request in requests {
                switch request {
                case .tick: await refreshIfDue()
                case .reload(let continuation): continuation.resume(returning: await performReload())
                }
            }
        }
    }

    /// Reads the configuration again and puts it in force if nothing is wrong with it.
    func reload() async -> ReloadOutcome {
        await withCheckedContinuation { continuation in
            switch requestsContinuation.yield(.reload(continuation)) {
            case .enqueued: break
            case .dropped, .terminated: continuation.resume(returning: ReloadOutcome(isSuccess: false, findings: []))
            @unknown default: continuation.resume(returning: ReloadOutcome(isSuccess: false, findings: []))
            }
        }
    }

    private func performReload() async -> ReloadOutcome {
        let (loaded, findings) = loadSettings()
        guard let next = loaded else { return refused(findings) }
        let current = settings.withLockedValue { $0 }
        let restarts = next.findingsForRestart(since: current)
        guard restarts.isEmpty else { return refused(findings + restarts) }
        let result = await builder.build(next, fetching: .always)
        guard !result.findings.contains(where: { $0.severity == .error }), let snapshot = result.snapshot else {
            return refused(findings + result.findings)
        }
        settings.withLockedValue { $0 = next }
        replace(with: snapshot)
        metrics.reloaded(successfully: true)
        logger.notice("reloaded", metadata: ["servers": "\(snapshot.entries.count)"])
        return ReloadOutcome(isSuccess: true, findings: findings + result.findings)
    }

    private func refused(_ findings: [ConfigFinding]) -> ReloadOutcome {
        metrics.reloaded(successfully: false)
        for finding in findings { logger.error("the configuration is unchanged", metadata: ["problem": "\(finding)"]) }
        return ReloadOutcome(isSuccess: false, findings: findings)
    }

    private func refreshIfDue() async {
        let current = settings.withLockedValue { $0 }
        guard builder.isAnyDescriptionDue(current) else { return }
        if let snapshot = await builder.build(current, fetching: .whenDue).snapshot { replace(with: snapshot) }
    }

    private func replace(with snapshot: HubSnapshot) {
        let old = store.current
        store.replace(with: snapshot)
        runtime.announceChanges(from: old, to: snapshot)
    }
}
