import HubCore
import Logging
import NIOConcurrencyHelpers

/// A back end that tells when any of its secrets may have changed, for less than it takes to read one.
protocol VersionedSecrets: SecretBackend {
    /// A number that moves with every change; nil where it cannot be told.
    func version() -> Int?
}

/// The secrets of this machine as they were last read: variables, files, the hub's own store. One belongs to a `SecretKeeper`.
final class LocalSecretCache: Sendable {
    /// The most secrets that are kept; any more are read each time. The configuration's own bounds come first.
    static let maximum = 16_384

    /// Tells whether a secret may have changed.
    private enum Stamp: Hashable {
        case fixed
        case file(FileStamp?)
        case store(Int?)
    }

    private struct Known {
        var reference: SecretReference
        var stamp: Stamp
        var value: Secret
    }

    private struct State {
        var known: [SecretReference.Identity: Known] = [:]
        var hasChanged = false
    }

    private let local: LocalSecrets
    private let store: (any VersionedSecrets)?
    private let logger: Logger
    private let state = NIOLockedValueBox(State())

    /// A cache in which nothing is known.
    init(_ local: LocalSecrets, store: (any VersionedSecrets)?, logger: Logger) {
        self.local = local
        self.store = store
        self.logger = logger
    }

    /// The value as it is now.
    ///
    /// - Parameter isForced: where it cannot be read any more, that is said, and not covered by what it was.
    func outcome(of reference: SecretReference, isForced: Bool) async -> ResolvedSecrets.Outcome {
        let known = state.withLockedValue { $0.known[reference.identity] }
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

    /// Reads again what may have changed; what cannot be read stays as it was, and is said once for each change.
    func refresh() async {
        for known in state.withLockedValue({ Array($0.known.values) }) {
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

    /// Whether a known value has become another one since this was last asked.
    func takeChange() -> Bool {
        state.withLockedValue { state in
            defer { state.hasChanged = false }
            return state.hasChanged
        }
    }

    /// Forgets all but these.
    func retain(_ identities: Set<SecretReference.Identity>) {
        state.withLockedValue { state in state.known = state.known.filter { identities.contains($0.key) } }
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
        let identity = reference.identity
        state.withLockedValue { state in
            guard let known = state.known[identity] else {
                guard state.known.count < Self.maximum else { return }
                state.known[identity] = Known(reference: reference, stamp: stamp, value: value)
                return
            }
            if known.value != value { state.hasChanged = true }
            state.known[identity] = Known(reference: known.reference, stamp: stamp, value: value)
        }
    }
}
