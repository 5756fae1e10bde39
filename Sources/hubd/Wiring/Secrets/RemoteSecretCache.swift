import HubCore
import Logging
import NIOConcurrencyHelpers

/// The secrets that are kept elsewhere, each by the rules of `RemoteSecretState`. One belongs to a `SecretKeeper`.
///
/// One name at two places is two secrets: a configuration that names another place, and is refused in the end, changes nothing of what is known.
final class RemoteSecretCache: Sendable {
    /// The most secrets that are kept; the configuration's own bounds come first.
    static let maximum = 16_384

    private struct Key: Hashable {
        var identity: SecretReference.Identity
        var place: SecretStores.PlaceID?
    }

    private struct Known {
        var reference: SecretReference
        var state = RemoteSecretState()
        /// Who waits for the one that asks; no more than builds and certificates that are being read.
        var waiting: [CheckedContinuation<Void, Never>] = []
    }

    private struct State {
        var known: [Key: Known] = [:]
        var hasChanged = false
    }

    private let backends: BackendTable
    private let now: @Sendable () -> ContinuousClock.Instant
    private let logger: Logger
    private let state = NIOLockedValueBox(State())

    /// A cache in which nothing is known. What a back end takes to answer, it bounds itself.
    init(_ backends: BackendTable, now: @escaping @Sendable () -> ContinuousClock.Instant, logger: Logger) {
        self.backends = backends
        self.now = now
        self.logger = logger
    }

    /// The value, asked for where nobody has yet.
    ///
    /// - Parameter isForced: a value that is known is asked for again; it serves on where that fails.
    func outcome(of reference: SecretReference, isForced: Bool) async -> ResolvedSecrets.Outcome {
        let backend: any SecretBackend
        let key: Key
        do throws(ConfigFinding) {
            let found = try backends.backend(for: reference)
            backend = found.backend
            key = Key(identity: reference.identity, place: found.place)
        } catch {
            return .wrong(error)
        }
        var isForced = isForced
        while !Task.isCancelled {
            switch demand(reference, key, isForced: isForced) {
            case .value(let value): return .value(value)
            case .failure(let error): return .away(reference.away(error))
            case .read:
                await ask(backend, for: reference, key)
                isForced = false
            case .wait: await waitForAnswer(key)
            }
        }
        return .away(reference.away(SecretError(.unavailable, "the hub stops")))
    }

    /// Asks again for what is due, and gives up what could not be read for too long.
    func refresh() async {
        let (due, ended) = state.withLockedValue { state in
            var due: [(key: Key, reference: SecretReference)] = []
            var ended: [SecretReference] = []
            for (key, var known) in state.known {
                if known.state.expire(now: now()) { ended.append(known.reference) }
                if known.state.takeDue(now: now()) { due.append((key, known.reference)) }
                state.known[key] = known
            }
            if !ended.isEmpty { state.hasChanged = true }
            return (due, ended)
        }
        for reference in ended {
            logger.error("a secret could not be read for too long and is given up", metadata: ["secret": "\(reference.written)"])
        }
        await SecretKeeper.forEach(due) { key, reference in
            // Where the place is not there, the reference is about to go, or the place to come back: either way, the next may ask.
            guard let backend = self.backends.backend(for: reference, at: key.place) else { return self.giveUp(key) }
            await self.ask(backend, for: reference, key)
        }
    }

    /// Whether a known value has become another one, has come back or has gone, since this was last asked.
    func takeChange() -> Bool {
        state.withLockedValue { state in
            defer { state.hasChanged = false }
            return state.hasChanged
        }
    }

    /// Forgets all but these at the places that are written, and those that are being asked for.
    func retain(_ identities: Set<SecretReference.Identity>) {
        state.withLockedValue { state in
            state.known = state.known.filter { key, known in
                known.state.isReading
                    || identities.contains(key.identity) && key.place == backends.place(of: known.reference.scheme)
            }
        }
    }

    private func demand(_ reference: SecretReference, _ key: Key, isForced: Bool) -> RemoteSecretState.Demand {
        state.withLockedValue { state in
            if state.known[key] == nil, state.known.count >= Self.maximum {
                return .failure(SecretError(.unavailable, "more than \(Self.maximum) secrets are named"))
            }
            return state.known[key, default: Known(reference: reference)].state.demand(now: now(), isForced: isForced)
        }
    }

    /// Nobody asks after all.
    private func giveUp(_ key: Key) {
        let waiting = state.withLockedValue { state in
            state.known[key]?.state.giveUp()
            defer { state.known[key]?.waiting = [] }
            return state.known[key]?.waiting ?? []
        }
        for continuation in waiting { continuation.resume() }
    }

    /// Asks the place, and tells those who wait.
    private func ask(_ backend: any SecretBackend, for reference: SecretReference, _ key: Key) async {
        let answer = await Self.answer(of: backend, to: reference)
        let isCancelled = Task.isCancelled
        let (change, waiting) = state.withLockedValue { state in
            guard var known = state.known[key] else {
                return (RemoteSecretState.Change(), [CheckedContinuation<Void, Never>]())
            }
            defer { state.known[key] = known }
            let waiting = known.waiting
            known.waiting = []
            if case .failure = answer, isCancelled {
                known.state.giveUp()
                return (RemoteSecretState.Change(), waiting)
            }
            let change = known.state.finish(answer, now: now())
            if change.isValueNew { state.hasChanged = true }
            return (change, waiting)
        }
        for continuation in waiting { continuation.resume() }
        if let outage = change.outage {
            logger.warning("a secret cannot be read", metadata: ["secret": "\(reference.written)", "problem": "\(outage)"])
        } else if change.isRecovery {
            logger.notice("a secret can be read again", metadata: ["secret": "\(reference.written)"])
        }
    }

    private static func answer(of backend: any SecretBackend, to reference: SecretReference) async -> Result<Secret, SecretError> {
        do throws(SecretError) {
            let value = try await backend.read(reference.name, field: reference.field)
            guard value.revealed.utf8.count <= SecretReference.maximumFileBytes else {
                return .failure(SecretError(.unavailable, "the value is larger than \(SecretReference.maximumFileBytes) bytes"))
            }
            return .success(value)
        } catch {
            return .failure(error)
        }
    }

    private func waitForAnswer(_ key: Key) async {
        await withCheckedContinuation { continuation in
            let isOver = state.withLockedValue { state in
                guard state.known[key]?.state.isReading == true else { return true }
                state.known[key]?.waiting.append(continuation)
                return false
            }
            if isOver { continuation.resume() }
        }
    }
}

extension SecretReference {
    /// That the place which keeps it does not give it.
    fileprivate func away(_ error: SecretError) -> ConfigFinding {
        ConfigFinding(
            severity: .warning, message: "\(written) cannot be read: \(error)", hint: "it is tried again by itself", place: place)
    }
}
