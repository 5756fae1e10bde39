import HubCore
import HubUpstream
import NIOConcurrencyHelpers
import NIOCore
import SpecIngest

/// The descriptions that are reached over the network: fetched with a limit, kept as long as nothing better comes, retried with
/// growing pauses. Outlives snapshots.
final class RemoteDescriptions: Sendable {
    /// What is read, and how.
    struct Source: Sendable, Hashable {
        /// Where it is.
        var url: String
        /// The version of SOAP, where a WSDL offers both.
        var soap: SOAPVersion?
    }

    private struct Remote {
        var bytes: ByteBuffer?
        /// Whether the text above is all there is.
        var isWhole = true
        var api: IngestedAPI?
        var error: String?
        var failures = 0
        var due: ContinuousClock.Instant
        var refresh: Duration?
    }

    /// The largest pause between two attempts.
    static let maximumPause = Duration.seconds(60)

    private let registry: UpstreamRegistry
    private let remotes = NIOLockedValueBox<[Source: Remote]>([:])

    init(registry: UpstreamRegistry) {
        self.registry = registry
    }

    /// The description of `source`: the one known, or a fresh one where it is due or `isForced`. The error says why there is none.
    func api(of source: Source, refresh: Duration?, isForced: Bool) async -> Result<IngestedAPI, CommandFailure> {
        let now = ContinuousClock.now
        let url = source.url
        let known = remotes.withLockedValue { $0[source] }
        if let known, !isForced, now < known.due {
            return known.api.map { .success($0) } ?? .failure(CommandFailure(known.error ?? "not fetched yet"))
        }
        var remote = known ?? Remote(due: now)
        remote.refresh = refresh
        do {
            let bytes = try await RemoteDocument.fetch(url, limit: JSONLimits.description.maximumBytes, registry: registry)
            if remote.api == nil || remote.bytes != bytes || !remote.isWhole {
                let loader = RemoteLoader(beside: url, registry: registry)
                let api = try await DescriptionReader.read(bytes, named: loader.name, soap: source.soap, loader: loader)
                try loader.check()
                (remote.api, remote.bytes, remote.isWhole) = (api, bytes, !loader.wasAsked)
            }
            remote.error = nil
            remote.failures = 0
            remote.due = refresh.map { ContinuousClock.now + $0 } ?? ContinuousClock.now + .seconds(365 * 86_400)
        } catch {
            remote.failures += 1
            remote.error = (error as? CommandFailure)?.description ?? "\(error)"
            remote.due = ContinuousClock.now + min(.seconds(1 << min(remote.failures, 6)), Self.maximumPause)
        }
        let result = remote
        remotes.withLockedValue { $0[source] = result }
        return result.api.map { .success($0) } ?? .failure(CommandFailure(result.error ?? "not fetched"))
    }

    /// Whether any of these is due to be fetched again.
    func isAnyDue(of sources: some Sequence<Source>) -> Bool {
        let now = ContinuousClock.now
        return remotes.withLockedValue { remotes in sources.contains { source in remotes[source].map { $0.due <= now } ?? true } }
    }
}
