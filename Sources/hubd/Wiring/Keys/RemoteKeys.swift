import HubCore
import HubPolicy
import HubUpstream
import Logging
import NIOConcurrencyHelpers
import NIOCore

/// The keys of one issuer, fetched over the network: the last good set is kept for as long as nothing better comes. Outlives snapshots.
final class RemoteKeys: KeySource {
    /// Where the keys are.
    enum Location: Sendable, Hashable {
        /// A key set, by the operator's word.
        case keySet(String)
        /// An issuer whose metadata says where its key set is (RFC 8414, OpenID Connect Discovery).
        case issuer(String)
    }

    /// How often keys are looked at without a reason.
    static let refreshInterval = Duration.seconds(600)
    /// How soon after a look another may follow, whatever tokens say: one with an invented key must not have the issuer asked.
    static let minimumGap = Duration.seconds(60)
    /// How soon it is tried again where there are no keys at all yet; twice as long after each failure, up to `minimumGap`.
    static let retryGap = Duration.seconds(2)

    private struct State {
        var keys = KeySet([])
        var problem: String?
        var failures = 0
        var isFetching = false
        var lastFetch: ContinuousClock.Instant?
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

    /// Looks for newer keys, unless that was done a moment ago or is being done.
    func refresh() async { await fetch(notWithin: Self.minimumGap) }

    /// Looks for keys where it is time to.
    func refreshIfDue() async { await fetch(notWithin: Self.refreshInterval) }

    private func fetch(notWithin gap: Duration) async {
        let now = ContinuousClock.now
        let isTurn = state.withLockedValue { state in
            let gap = state.keys.keys.isEmpty ? min(Self.minimumGap, Self.retryGap * (1 << min(state.failures, 5))) : gap
            guard !state.isFetching, state.lastFetch.map({ now - $0 >= gap }) ?? true else { return false }
            state.isFetching = true
            state.lastFetch = now
            return true
        }
        guard isTurn else { return }
        let fetched: Result<KeySet, CommandFailure>
        do {
            fetched = .success(try await load())
        } catch {
            fetched = .failure(CommandFailure("\(error)"))
        }
        state.withLockedValue { state in
            state.isFetching = false
            switch fetched {
            case .success(let keys): (state.keys, state.problem, state.failures) = (keys, nil, 0)
            case .failure(let failure): (state.problem, state.failures) = (failure.description, state.failures + 1)
            }
        }
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
            return try KeySet(parsing: bytes)
        } catch {
            throw CommandFailure("\(url.prefix { $0 != "?" }): \(error)")
        }
    }
}
