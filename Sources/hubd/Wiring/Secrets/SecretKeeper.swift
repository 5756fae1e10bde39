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
    /// The most secrets that are kept; the configuration's own bounds come first.
    static let maximum = 16_384

    /// A secret, whichever places of the configuration name it.
    private struct Name: Hashable {
        var scheme: SecretReference.Scheme
        var name: String
        var field: String?

        init(_ reference: SecretReference) {
            (scheme, name, field) = (reference.scheme, reference.name, reference.field)
        }
    }

    /// Tells whether a local secret may have changed.
    private enum Stamp: Hashable {
        case fixed
        case file(FileStamp?)
        case store(Int?)
    }

    private struct Local {
        var reference: SecretReference
        var stamp: Stamp
        var value: Secret
    }

    private struct Remote {
        var reference: SecretReference
        var state = RemoteSecretState()
        var waiting: [CheckedContinuation<Void, Never>] = []
    }

    private struct State {
        var locals: [Name: Local] = [:]
        var remotes: [Name: Remote] = [:]
        var hasChanged = false
    }

    private let local: LocalSecrets
    private let store: (any VersionedSecrets)?
    private let backends: [SecretReference.Scheme: any SecretBackend]
    private let now: @Sendable () -> ContinuousClock.Instant
    private let logger: Logger
    private let state = NIOLockedValueBox(State())

    /// - Parameters:
    ///   - store: what `store:` names.
    ///   - backends: what the other schemes name; one without is not in this version.
    ///   - now: the time.
    init(
        local: LocalSecrets, store: (any VersionedSecrets)? = nil, backends: [SecretReference.Scheme: any SecretBackend] = [:],
        now: @escaping @Sendable () -> ContinuousClock.Instant = { .now }, logger: Logger
    ) {
        self.local = local
        self.store = store
        self.backends = backends
        self.now = now
        self.logger = logger
    }

    // MARK: Values

    /// The values of many references, each read at most once.
    ///
    /// - Parameter isForced: as on a reload: remote ones are asked for again, and a local one that cannot be read any more is an error.
    func resolve(_ references: some Sequence<SecretReference>, isForced: Bool) async -> ResolvedSecrets {
        var byName: [Name: [SecretReference]] = [:]
        for reference in references { byName[Name(reference), default: []].append(reference) }
        var resolved = ResolvedSecrets()
        await withTaskGroup(of: [(SecretReference, ResolvedSecrets.Outcome)].self) { group in
            for same in byName.values {
                group.addTask {
                    guard let first = same.first else { return [] }
                    let outcome = await self.outcome(of: first, isForced: isForced)
                    return same.map { ($0, outcome.moved(to: $0.place)) }
                }
            }
            for await outcomes in group {
                for (reference, outcome) in outcomes { resolved[reference] = outcome }
            }
        }
        return resolved
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
        case .environment, .file, .store: return await localOutcome(of: reference, isForced: isForced)
        case .vault, .awsSecrets, .awsKMS, .alibabaKMS:
            guard let backend = backends[reference.scheme] else { return .wrong(reference.notInThisVersion) }
            return await remoteOutcome(of: reference, from: backend, isForced: isForced)
        }
    }

    // MARK: Local ones

    private func localOutcome(of reference: SecretReference, isForced: Bool) async -> ResolvedSecrets.Outcome {
        let known = state.withLockedValue { $0.locals[Name(reference)] }
        let stamp = stamp(of: reference)
        if let known, known.stamp == stamp { return .value(known.value) }
        do throws(ConfigFinding) {
            let value = try await read(reference)
            keep(value, stamp: stamp, of: reference)
            return .value(value)
        } catch {
            if let known, !isForced { return .value(known.value) }
            return .wrong(error)
        }
    }

    /// Taken before the secret is read: one that changes meanwhile is read again.
    private func stamp(of reference: SecretReference) -> Stamp {
        switch reference.scheme {
        case .file: .file(local.stamp(reference.name))
        case .store: .store(store?.version())
        case .environment, .vault, .awsSecrets, .awsKMS, .alibabaKMS: .fixed
        }
    }

    private func read(_ reference: SecretReference) async throws(ConfigFinding) -> Secret {
        guard reference.scheme == .store else { return try local.value(of: reference) }
        guard let store else { throw reference.notInThisVersion }
        do throws(SecretError) {
            return try await store.read(reference.name, field: nil)
        } catch {
            throw reference.finding(error.description)
        }
    }

    private func keep(_ value: Secret, stamp: Stamp, of reference: SecretReference) {
        let name = Name(reference)
        state.withLockedValue { state in
            guard let known = state.locals[name] else {
                guard state.locals.count < Self.maximum else { return }  // read each time
                state.locals[name] = Local(reference: reference, stamp: stamp, value: value)
                return
            }
            if known.value != value { state.hasChanged = true }
            state.locals[name] = Local(reference: known.reference, stamp: stamp, value: value)
        }
    }

    /// Reads again what may have changed; what cannot be read stays as it was, and is said once for each change.
    ///
    /// To be called each second: it costs a look at each file, and one at the store.
    func refreshLocals() async {
        for known in state.withLockedValue({ Array($0.locals.values) }) {
            let stamp = stamp(of: known.reference)
            guard stamp != known.stamp else { continue }
            do throws(ConfigFinding) {
                keep(try await read(known.reference), stamp: stamp, of: known.reference)
            } catch {
                keep(known.value, stamp: stamp, of: known.reference)
                logger.error("a secret stays as it was", metadata: ["problem": "\(error)"])
            }
        }
    }

    // MARK: Remote ones

    private func remoteOutcome(
        of reference: SecretReference, from backend: any SecretBackend, isForced: Bool
    ) async -> ResolvedSecrets.Outcome {
        var isForced = isForced
        while !Task.isCancelled {
            switch demand(reference, isForced: isForced) {
            case .value(let value): return .value(value)
            case .failure(let error): return .away(reference.away(error))
            case .read:
                await ask(backend, for: reference)
                isForced = false
            case .wait: await waitForAnswer(reference)
            }
        }
        return .away(reference.away(SecretError(.unavailable, "the hub stops")))
    }

    private func demand(_ reference: SecretReference, isForced: Bool) -> RemoteSecretState.Demand {
        let name = Name(reference)
        return state.withLockedValue { state in
            if state.remotes[name] == nil, state.remotes.count >= Self.maximum {
                return .failure(SecretError(.unavailable, "more than \(Self.maximum) secrets are named"))
            }
            return state.remotes[name, default: Remote(reference: reference)].state.demand(now: now(), isForced: isForced)
        }
    }

    /// Asks the place, and tells those who wait.
    private func ask(_ backend: any SecretBackend, for reference: SecretReference) async {
        let answer: Result<Secret, SecretError>
        do throws(SecretError) {
            let value = try await backend.read(reference.name, field: reference.field)
            answer =
                value.revealed.utf8.count <= SecretReference.maximumFileBytes
                ? .success(value)
                : .failure(SecretError(.unavailable, "the value is larger than \(SecretReference.maximumFileBytes) bytes"))
        } catch {
            answer = .failure(error)
        }
        let isCancelled = Task.isCancelled
        let name = Name(reference)
        let (change, waiting) = state.withLockedValue { state in
            guard var remote = state.remotes[name] else { return (RemoteSecretState.Change(), [CheckedContinuation<Void, Never>]()) }
            defer { state.remotes[name] = remote }
            let waiting = remote.waiting
            remote.waiting = []
            if case .failure = answer, isCancelled {
                remote.state.giveUp()
                return (RemoteSecretState.Change(), waiting)
            }
            let change = remote.state.finish(answer, now: now())
            if change.isValueNew { state.hasChanged = true }
            return (change, waiting)
        }
        for continuation in waiting { continuation.resume() }
        let label: Logger.Metadata = ["secret": "\(reference.written)"]
        if let outage = change.outage {
            logger.warning("a secret cannot be read", metadata: label.merging(["problem": "\(outage)"]) { $1 })
        } else if change.isRecovery {
            logger.notice("a secret can be read again", metadata: label)
        }
    }

    private func waitForAnswer(_ reference: SecretReference) async {
        await withCheckedContinuation { continuation in
            let isOver = state.withLockedValue { state in
                guard state.remotes[Name(reference)]?.state.isReading == true else { return true }
                state.remotes[Name(reference)]?.waiting.append(continuation)
                return false
            }
            if isOver { continuation.resume() }
        }
    }

    /// Asks again for what is due, and gives up what could not be read for too long.
    func refreshRemotes() async {
        let (due, ended) = state.withLockedValue { state in
            var due: [SecretReference] = []
            var ended: [SecretReference] = []
            for (name, var remote) in state.remotes {
                if remote.state.expire(now: now()) { ended.append(remote.reference) }
                if remote.state.takeDue(now: now()) { due.append(remote.reference) }
                state.remotes[name] = remote
            }
            if !ended.isEmpty { state.hasChanged = true }
            return (due, ended)
        }
        for reference in ended {
            logger.error("a secret could not be read for too long and is given up", metadata: ["secret": "\(reference.written)"])
        }
        await withDiscardingTaskGroup { group in
            for reference in due {
                guard let backend = backends[reference.scheme] else { continue }
                group.addTask { await self.ask(backend, for: reference) }
            }
        }
    }

    // MARK: While the hub runs

    /// Asks for what is due over the network, until cancelled. It stands apart from `refreshLocals`, so that a slow place holds nothing else up.
    func run() async {
        while !Task.isCancelled {
            try? await Task.sleep(for: .seconds(1))  // cancelled: the loop's condition decides
            await refreshRemotes()
        }
    }

    /// Whether a value in force has become another one, has come or has gone, since this was last asked.
    func takeChange() -> Bool {
        state.withLockedValue { state in
            defer { state.hasChanged = false }
            return state.hasChanged
        }
    }

    /// Forgets all but these: those of the configuration in force.
    func retain(_ references: some Sequence<SecretReference>) {
        let names = Set(references.map(Name.init))
        state.withLockedValue { state in
            state.locals = state.locals.filter { names.contains($0.key) }
            state.remotes = state.remotes.filter { names.contains($0.key) || $0.value.state.isReading }
        }
    }
}

/// A back end that tells when any of its secrets may have changed, for less than it takes to read one.
protocol VersionedSecrets: SecretBackend {
    /// A number that moves with every change; nil where it cannot be told.
    func version() -> Int?
}

extension SecretReference {
    /// That the place which keeps it does not give it.
    fileprivate func away(_ error: SecretError) -> ConfigFinding {
        ConfigFinding(
            severity: .warning, message: "\(written) cannot be read: \(error)", hint: "it is tried again by itself", place: place)
    }
}

extension ResolvedSecrets.Outcome {
    /// The same of a reference that is written elsewhere.
    fileprivate func moved(to place: SourcePlace) -> Self {
        switch self {
        case .value: return self
        case .wrong(var finding):
            finding.place = place
            return .wrong(finding)
        case .away(var finding):
            finding.place = place
            return .away(finding)
        }
    }
}
