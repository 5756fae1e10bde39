import HubCore
import Logging
import NIOConcurrencyHelpers

/// The one place that turns references to secrets into their values while the hub runs. Outlives snapshots.
///
/// - `env:` is what it was when the process started.
/// - `file:` is read again when the file is another one, or was written to.
/// - `store:` is read again when anybody has written to the hub's store.
/// - All others come from back ends, by the rules of `RemoteSecretState`.
///
/// A value that was read and cannot be read again stays in force: what is wrong is logged, never the value.
final class SecretKeeper: Sendable {
    /// How many secrets are read at the same time.
    static let parallelReads = 8

    private let local: LocalSecretCache
    private let remote: RemoteSecretCache

    /// - Parameters:
    ///   - store: what `store:` names.
    ///   - backends: what the other schemes name; one without is not in this version.
    ///   - now: the time.
    init(
        local: LocalSecrets, store: (any VersionedSecrets)? = nil, backends: BackendTable = BackendTable(),
        now: @escaping @Sendable () -> ContinuousClock.Instant = { .now }, logger: Logger
    ) {
        self.local = LocalSecretCache(local, store: store, logger: logger)
        remote = RemoteSecretCache(backends, now: now, logger: logger)
    }

    /// The values of many references, each read at most once.
    ///
    /// - Parameter isForced: as on a reload: remote ones are asked for again, and a local one that cannot be read any more is an error.
    func resolve(_ references: some Sequence<SecretReference>, isForced: Bool) async -> ResolvedSecrets {
        let same = Dictionary(grouping: references, by: \.identity)
        let outcomes = NIOLockedValueBox(ResolvedSecrets())
        await Self.forEach(Array(same.values)) { references in
            guard let first = references.first else { return }
            let outcome = await self.outcome(of: first, isForced: isForced)
            outcomes.withLockedValue { outcomes in
                for reference in references { outcomes[reference] = outcome.moved(to: reference.place) }
            }
        }
        return outcomes.withLockedValue { $0 }
    }

    /// The value of a reference that nothing can be done without.
    func value(of reference: SecretReference) async throws(ConfigFinding) -> Secret {
        switch await outcome(of: reference, isForced: false) {
        case .value(let secret): return secret
        case .wrong(let finding): throw finding
        case .away(let finding): throw reference.finding(finding.message, hint: "start again when it is there")
        }
    }

    private func outcome(of reference: SecretReference, isForced: Bool) async -> ResolvedSecrets.Outcome {
        switch reference.scheme {
        case .environment, .file, .store: await local.outcome(of: reference, isForced: isForced)
        case .vault, .awsSecrets, .awsKMS, .alibabaKMS: await remote.outcome(of: reference, isForced: isForced)
        }
    }

    // MARK: While the hub runs

    /// Reads local secrets again that may have changed. To be called each second: it costs a look at each file, and one at the store.
    func refreshLocals() async { await local.refresh() }

    /// Asks again for remote secrets that are due, and gives up those that could not be read for too long.
    func refreshRemotes() async { await remote.refresh() }

    /// Keeps remote secrets fresh until cancelled. It stands apart from `refreshLocals`, so that a slow place holds nothing else up.
    func run() async {
        while !Task.isCancelled {
            try? await Task.sleep(for: .seconds(1))  // cancelled: the loop's condition decides
            await refreshRemotes()
        }
    }

    /// Whether a value in force has become another one, has come or has gone, since this was last asked.
    func takeChange() -> Bool {
        let isLocal = local.takeChange()
        let isRemote = remote.takeChange()
        return isLocal || isRemote
    }

    /// Forgets all but these: those of the configuration in force.
    func retain(_ references: some Sequence<SecretReference>) {
        let identities = Set(references.map(\.identity))
        local.retain(identities)
        remote.retain(identities)
    }

    /// Does something for each element, for a few at a time.
    static func forEach<Element: Sendable>(_ elements: [Element], do body: @escaping @Sendable (Element) async -> Void) async {
        await withTaskGroup(of: Void.self) { group in
            for (index, element) in elements.enumerated() {
                if index >= parallelReads { await group.next() }
                group.addTask { await body(element) }
            }
        }
    }
}
