import HubCore
import HubUpstream
import Logging

/// The ways to every secret of a configuration: made before all that needs one, and the same when the configuration changes.
struct SecretAccess: Sendable {
    /// Keeps limits of time.
    let timers: TimerTable
    /// Where what is asked over the network is.
    let registry: UpstreamRegistry
    /// The secrets.
    let keeper: SecretKeeper
    /// The key that seals what the hub stores.
    let masterKey: MasterKeySource
    /// The sign-ins at MCP servers.
    let signIns: SignIns
    /// What was decided about the tools of servers elsewhere.
    let approvals: ToolApprovals
    /// What else is in the store.
    let stored: StoredSecrets
    private let table = BackendTable()
    private let backends: SecretBackends?

    /// The ways of a hub that is configured so. Nothing is read or made yet.
    init(for settings: Settings, environment: [String: String], logger: Logger) {
        timers = Timekeeper.start()
        registry = UpstreamRegistry(timers: timers)
        backends = SecretBackends(registry: registry, logger: logger)
        let source = MasterKeySource(for: settings, environment: environment, backends: table)
        masterKey = source
        let stored = StoredSecrets(path: source.data.storePath, masterKey: source)
        self.stored = stored
        signIns = SignIns(StoredSignIns(stored, folder: source.data.path))
        approvals = ToolApprovals(stored.store)
        keeper = SecretKeeper(local: source.local, store: stored, backends: table, logger: logger)
    }

    /// Ways that stay as they are, whatever settings say of places that keep secrets.
    init(keeper: SecretKeeper) {
        timers = Timekeeper.start()
        registry = UpstreamRegistry(timers: timers)
        backends = nil
        let source = MasterKeySource(for: Settings(), environment: [:], backends: table)
        masterKey = source
        let stored = StoredSecrets(path: source.data.storePath, masterKey: source)
        self.stored = stored
        signIns = SignIns(StoredSignIns(stored, folder: source.data.path))
        approvals = ToolApprovals(stored.store)
        self.keeper = keeper
    }

    /// Puts in force what the settings say of the places that keep secrets.
    ///
    /// - Parameter isForced: as on a reload: what opens them is read again, and an error where it cannot be.
    /// - Returns: what is wrong with what opens them.
    func open(_ stores: SecretStores, isForced: Bool) async -> [ConfigFinding] {
        guard let backends else { return [] }
        var findings = FindingCollector()
        let resolved = await keeper.resolve(stores.secrets, isForced: isForced)
        table.replace(with: await backends.backends(stores, read: resolved.reading, findings: &findings), of: stores)
        return findings.findings
    }
}
