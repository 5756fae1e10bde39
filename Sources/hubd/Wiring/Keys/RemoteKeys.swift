import HubCore
import HubPolicy
import HubUpstream
import Logging
import NIOConcurrencyHelpers
import NIOCore

/// The keys of one issuer, fetched over the network: the last good set is kept for as long as nothing better comes. Lives as long as a snapshot
/// uses it.
final class RemoteKeys: KeySource {
    /// Where the keys are.
    enum Location: Sendable, Hashable {
        /// A key set, by the operator's word.
        case keySet(String)
        /// An issuer whose metadata says where its key set is (RFC 8414, OpenID Connect Discovery).
        case issuer(String)
    }

    /// Those who may wait for one fetch; who comes after them makes do with what is there.
    private static let maximumWaiting = 256

    private struct State {
        var keys = KeySet([])
        var problem: String?
        var schedule = FetchSchedule()
        var waiting: [CheckedContinuation<Void, Never>] = []
    }

    let location: Location
    private let registry: UpstreamRegistry
    private let logger: Logger
    private let state = NIOLockedValueBox(State())

    init(_ location: Location, registry: UpstreamRegistry, logger: Logger) {
        self.location = location
        self.registry = registry
        self.logger = logger
    }

    /// The last good set; empty until there was one.
    var current: KeySet { state.withLockedValue { $0.keys } }

    /// Why there are no keys; nil where there are some.
    var problem: String? { state.withLockedValue { $0.keys.keys.isEmpty ? $0.problem ?? "not fetched yet" : nil } }

    /// Looks for newer keys for a token that names one that is not there, and waits for them, also where another token had them fetched.
    func refresh() async { await fetch(for: .token) }

    /// Looks for keys where there is reason to, and waits for them.
    func fetch(for reason: FetchSchedule.Reason) async {
        await withCheckedContinuation { continuation in
            let step = state.withLockedValue { state in
                let step = state.schedule.step(for: reason, now: .now)
                guard step == .fetch || step == .wait && state.waiting.count < Self.maximumWaiting else {
                    return FetchSchedule.Step.nothing
                }
                state.waiting.append(continuation)
                return step
            }
            switch step {
            case .fetch:
                // A task of its own, which its limits of time end: a caller who leaves must not take the fetch along, for which others wait.
                Task { await self.fetch() }
            case .wait: break
            case .nothing: continuation.resume()
            }
        }
    }

    private func fetch() async {
        let fetched: Result<KeySet, CommandFailure>
        do {
            fetched = .success(try await load())
        } catch {
            fetched = .failure(CommandFailure("\(error)"))
        }
        let waiting = state.withLockedValue { state in
            switch fetched {
            case .success(let keys):
                (state.keys, state.problem) = (keys, nil)
                state.schedule.ended(well: true)
            case .failure(let failure):
                state.problem = failure.description
                state.schedule.ended(well: false)
            }
            defer { state.waiting = [] }
            return state.waiting
        }
        for continuation in waiting { continuation.resume() }
        switch fetched {
        case .success(let keys):
            for problem in keys.problems { logger.info("a key is left out", metadata: ["keys": "\(name)", "problem": "\(problem)"]) }
        case .failure(let failure): logger.warning("keys could not be fetched", metadata: ["keys": "\(name)", "error": "\(failure)"])
        }
    }

    private var name: String {
        switch location {
        case .keySet(let url), .issuer(let url): String(url.prefix { $0 != "?" })
        }
    }

    private func load() async throws -> KeySet {
        switch location {
        case .keySet(let url): return try await keySet(at: url, isOperatorNamed: true)
        case .issuer(let issuer):
            let url = try await IssuerMetadata.fetch(of: issuer, registry: registry).keySetURL
            // The operator named the issuer; where else its metadata leads is a stranger's word.
            let isOwn = HTTPAddress(issuer)?.origin == HTTPAddress(String(url.prefix { $0 != "?" }))?.origin
            return try await keySet(at: url, isOperatorNamed: isOwn)
        }
    }

    private func keySet(at url: String, isOperatorNamed: Bool) async throws -> KeySet {
        let bytes = try await RemoteDocument.fetch(
            url, limit: KeySet.maximumLength, isOperatorNamed: isOperatorNamed, registry: registry)
        do throws(KeyProblem) {
            let keys = try KeySet(parsing: bytes)
            // Such a set is somebody's mistake more often than the end of all keys: the last good set is kept.
            guard !keys.keys.isEmpty else { throw KeyProblem(keys.problems.first ?? "no keys") }
            return keys
        } catch {
            throw CommandFailure("\(url.prefix { $0 != "?" }): \(error)")
        }
    }
}
