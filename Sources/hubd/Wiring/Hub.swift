import A2ABridge
import HubCore
import HubTelemetry
import HubUpstream
import Logging
import MCPHub
import ModelProxy
import NIOConcurrencyHelpers
import NIOCore
import SpecIngest

/// The hub that runs: the snapshot in force and what lives beside it. A reload builds another snapshot and puts it in force, or changes nothing.
final class Hub: Sendable {
    /// What a reload did.
    struct ReloadOutcome: Sendable {
        var isSuccess: Bool
        var findings: [ConfigFinding]

        /// The hub stops, or too many reloads wait already.
        static let noRoom = ReloadOutcome(
            isSuccess: false,
            findings: [
                ConfigFinding(severity: .error, message: "the hub takes no reload at present", hint: nil, place: SourcePlace(file: "hubd"))
            ])
    }

    let store: SnapshotStore
    let metrics: HubMetrics
    let runtime: MCPRuntime
    let agentRuntime: A2ARuntime
    let callers = LiveCallers()
    let adminHosts: HostRule
    let certificates: CertificateKeeper?
    private let builder: SnapshotBuilder
    private let inForce: NIOLockedValueBox<InForce>
    private let isTickWaiting = NIOLockedValueBox(false)
    private let loadSettings: @Sendable () -> (settings: Settings?, findings: [ConfigFinding])
    private let logger: Logger
    private let requests: AsyncStream<Request>
    private let requestsContinuation: AsyncStream<Request>.Continuation

    /// What the snapshot in force was built from.
    private struct InForce: Sendable {
        var settings: Settings
        var descriptions: [String: IngestedAPI]
        /// The MCP servers elsewhere, by name, that entries of the snapshot lead to.
        var origins: [String: UpstreamServerSettings]
        /// What agents elsewhere had to show in it, by their names.
        var agentTools: [String: [ToolDefinition]]
        /// What was found when it was built.
        var findings: Set<ConfigFinding>
    }

    private enum Request: Sendable {
        case reload(CheckedContinuation<ReloadOutcome, Never>)
        case tick
    }

    /// - Parameters:
    ///   - snapshot: the first one, built from `settings`.
    ///   - built: what else came of building it.
    ///   - certificates: those of the public listener, if it has any.
    ///   - loadSettings: reads the file again.
    init(
        settings: Settings, snapshot: HubSnapshot, built: SnapshotBuilder.Result, certificates: CertificateKeeper? = nil,
        builder: SnapshotBuilder,
        loadSettings: @escaping @Sendable () -> (settings: Settings?, findings: [ConfigFinding]),
        logger: Logger
    ) {
        store = SnapshotStore(snapshot)
        metrics = builder.metrics
        runtime = builder.runtime
        agentRuntime = builder.agentRuntime
        builder.webhooks.allow(settings.webhooks)
        if builder.hasStore { builder.agentRuntime.expectRecovery() }
        adminHosts = HostRule(names: [settings.adminListen.host], allowsLoopback: settings.adminListen.isLoopback)
        self.certificates = certificates
        self.builder = builder
        builder.origins.retain(built.origins.values, entries: settings.servers)
        inForce = NIOLockedValueBox(
            InForce(
                settings: settings, descriptions: built.descriptions, origins: built.origins, agentTools: built.agentTools,
                findings: Set(built.findings)))
        self.loadSettings = loadSettings
        self.logger = logger
        // Bounded: past it a reload is answered with a refusal, a tick is one of many.
        (requests, requestsContinuation) = AsyncStream.makeStream(bufferingPolicy: .bufferingOldest(32))
    }

    /// How each MCP server elsewhere is that the configuration names, in the order of the configuration.
    var serverHealth: [(name: String, health: UpstreamHealth)] {
        let (entries, origins) = inForce.withLockedValue { ($0.settings.servers, $0.origins) }
        return entries.filter(\.description.value.isMCP).map { entry in
            (entry.name, origins[entry.name].flatMap { builder.origins.health(of: $0, at: entry) } ?? .unreachable)
        }
    }

    /// All metrics in Prometheus' text format.
    var metricsText: String {
        metrics.prometheusText { text in
            text.write(serverHealth)
            text.write(held: builder.approvals.held)
            text.write(runtime.usage)
            text.write(builder.modelCache, agentRuntime)
        }
    }

    /// Serves reloads one after another and fetches what is due, until cancelled.
    ///
    /// - Parameter recoveryDelay: while which an earlier process may still be at work on tasks.
    func run(recoveryDelay: Duration = .zero) async {
        await withDiscardingTaskGroup { group in
            group.addTask { await self.runtime.run() }
            if let certificates { group.addTask { await certificates.run() } }
            group.addTask { await self.builder.composer.keySets.run() }
            group.addTask { await self.builder.secrets.run() }
            group.addTask { await self.watchAgents() }
            group.addTask {
                await self.recoverTasks(after: recoveryDelay)
                await self.forgetOldTasks()
            }
            group.addTask {
                while !Task.isCancelled {
                    try? await Task.sleep(for: .seconds(1))  // cancelled: the loop's condition decides
                    // One at a time: a slow reload must not find the queue full of ticks.
                    guard
                        !self.isTickWaiting.withLockedValue({ isWaiting in
                            defer { isWaiting = true }
                            return isWaiting
                        })
                    else { continue }
                    self.requestsContinuation.yield(.tick)
                }
                self.requestsContinuation.finish()
            }
            for await request in requests {
                switch request {
                case .tick:
                    isTickWaiting.withLockedValue { $0 = false }
                    callers.endExpired(now: Timekeeper.secondsSince1970)
                    builder.origins.endLeft()
                    await refreshIfDue()
                case .reload(let continuation): continuation.resume(returning: await performReload())
                }
            }
        }
    }

    /// Sees to the tasks that were at work when an earlier process ended: what only reads begins anew, all else has failed. Whose they are is not
    /// known by name, so that those begin anew for which that makes no difference.
    ///
    /// - Parameter delay: while which an earlier process may still be at work on them.
    private func recoverTasks(after delay: Duration) async {
        let started = Timekeeper.millisecondsSince1970
        guard builder.hasStore, (try? await Task.sleep(for: delay)) != nil else { return }
        let snapshot = store.current
        let open = Set(inForce.withLockedValue { $0.settings }.agents.filter { $0.access == nil }.map(\.name))
        do {
            let outcome = try await agentRuntime.recover(snapshot.entries.values.compactMap { $0 as? A2AAgent }, logger: logger) { task in
                guard task.changed < started, open.contains(task.agent) else { return nil }
                return CallContext(requestID: "recovered", logger: logger)
            }
            guard outcome.begunAnew + outcome.failed > 0 else { return }
            logger.notice(
                "took up tasks of before", metadata: ["begunAnew": "\(outcome.begunAnew)", "failed": "\(outcome.failed)"])
        } catch {
            logger.error("tasks of before cannot be taken up", metadata: ["error": "\(error)"])
        }
    }

    /// Forgets tasks that are too old, now and every hour.
    private func forgetOldTasks() async {
        while !Task.isCancelled {
            await builder.forgetOldTasks()
            try? await Task.sleep(for: .seconds(3600))  // cancelled: the loop's condition decides
        }
    }

    /// Reads the cards of agents elsewhere when it is time for each, for as long as the hub runs. One that does not answer holds up no other.
    private func watchAgents() async {
        let asked = NIOLockedValueBox<Set<String>>([])
        await withDiscardingTaskGroup { group in
            while !Task.isCancelled {
                for agent in store.current.entries.values.compactMap({ $0 as? A2AAgent })
                where asked.withLockedValue({ $0.insert(agent.name).inserted }) {
                    group.addTask {
                        // What went wrong stands in the agent's health.
                        try? await agent.refresh(context: CallContext(requestID: "", logger: self.logger))
                        asked.withLockedValue { _ = $0.remove(agent.name) }
                    }
                }
                try? await Task.sleep(for: .seconds(1))  // cancelled: the loop's condition decides
            }
        }
    }

    /// Reads the configuration again and puts it in force if nothing is wrong with it.
    func reload() async -> ReloadOutcome {
        await withCheckedContinuation { continuation in
            switch requestsContinuation.yield(.reload(continuation)) {
            case .enqueued: break
            case .dropped, .terminated: continuation.resume(returning: .noRoom)
            @unknown default: continuation.resume(returning: .noRoom)
            }
        }
    }

    private func performReload() async -> ReloadOutcome {
        let (loaded, findings) = loadSettings()
        guard let next = loaded else { return refused(findings) }
        let restarts = next.findingsForRestart(since: inForce.withLockedValue { $0.settings })
        guard restarts.isEmpty else { return refused(findings + restarts) }
        let result = await builder.build(next, fetching: .always)
        guard !result.findings.contains(where: { $0.severity == .error }), let snapshot = result.snapshot else {
            let current = inForce.withLockedValue { $0 }
            builder.origins.retain(current.origins.values, entries: current.settings.servers)  // those that it would have had
            await builder.returnToPlaces(of: current.settings)
            return refused(findings + result.findings)
        }
        inForce.withLockedValue {
            $0 = InForce(
                settings: next, descriptions: result.descriptions, origins: result.origins, agentTools: result.agentTools,
                findings: Set(result.findings))
        }
        builder.secrets.retain(next.secrets)
        builder.webhooks.allow(next.webhooks)
        builder.remoteAgents.keep(only: Set(next.agents.map(\.name)))
        certificates?.replace(with: result.certificates)
        replace(with: snapshot)
        builder.origins.retain(result.origins.values, entries: next.servers)
        metrics.reloaded(successfully: true)
        logger.notice("reloaded", metadata: ["entries": "\(snapshot.entries.count)"])
        return ReloadOutcome(isSuccess: true, findings: findings + result.findings)
    }

    private func refused(_ findings: [ConfigFinding]) -> ReloadOutcome {
        metrics.reloaded(successfully: false)
        for finding in findings { logger.error("the configuration is unchanged", metadata: ["problem": "\(finding)"]) }
        return ReloadOutcome(isSuccess: false, findings: findings)
    }

    private func refreshIfDue() async {
        let current = inForce.withLockedValue { $0 }
        await builder.secrets.refreshLocals()
        await builder.signIns.refresh()
        builder.approvals.refresh()
        let isSecretChanged = builder.secrets.takeChange()
        let isSignInChanged = builder.signIns.takeChange()
        let isDecided = builder.approvals.takeChange()
        let isOriginChanged = builder.origins.servers.takeChange()
        let areAgentsChanged =
            current.settings.includesAgents && SnapshotBuilder.tools(ofAgentsIn: store.current.entries) != current.agentTools
        guard
            isSecretChanged || isSignInChanged || isDecided || isOriginChanged || areAgentsChanged
                || builder.isAnyDescriptionDue(current.settings)
        else {
            return
        }
        let result = await builder.build(current.settings, fetching: .whenDue(local: current.descriptions))
        for finding in result.findings where !current.findings.contains(finding) {
            logger.warning("a refresh found a problem", metadata: ["problem": "\(finding)"])
        }
        inForce.withLockedValue { $0.findings = Set(result.findings) }
        guard let snapshot = result.snapshot else { return }
        if isSecretChanged { logger.notice("took up a changed secret") }
        if isDecided { logger.notice("took up what was decided about tools") }
        if isSignInChanged { logger.notice("took up a changed sign-in") }
        inForce.withLockedValue { ($0.origins, $0.agentTools) = (result.origins, result.agentTools) }
        replace(with: snapshot.keeping(store.current, except: result.withoutSecrets))
        builder.origins.retain(result.origins.values, entries: current.settings.servers)
    }

    private func replace(with snapshot: HubSnapshot) {
        let old = store.current
        store.replace(with: snapshot)
        callers.endRevoked(in: snapshot, now: Timekeeper.secondsSince1970)
        runtime.announceChanges(from: old, to: snapshot)
    }
}

extension HubSnapshot {
    /// This snapshot with the entries of an earlier one in place of those that became unavailable: the last good is kept, except of entries
    /// whose secret has been given up.
    func keeping(_ earlier: HubSnapshot, except ended: Set<EntryKey>) -> HubSnapshot {
        let kept = unavailable.keys.filter { !ended.contains($0) }
            .reduce(into: entries) { entries, key in entries[key] = entries[key] ?? earlier.entries[key] }
        return HubSnapshot(
            entries: kept, hosts: hosts, callers: callers, cors: cors, authenticators: authenticators, documents: documents,
            discovery: discovery, unavailable: unavailable.filter { kept[$0.key] == nil }, away: away,
            signedOut: signedOut)
    }
}
