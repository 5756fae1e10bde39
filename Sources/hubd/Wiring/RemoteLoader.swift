import HubCore
import HubUpstream
import NIOConcurrencyHelpers
import NIOCore
import SpecIngest

/// The further files of a description that the operator named by URL: those in and below its folder, from the same host.
///
/// The query of the URL, which may hold a secret, is not sent for them. One load for each reading of a description.
final class RemoteLoader: DescriptionLoader {
    /// How long all further files together may take.
    private static let limit = Duration.seconds(60)

    private struct State {
        var wasAsked = false
        var failure: String?
    }

    /// The name of the description's own file.
    let name: String
    private let folder: String
    private let registry: UpstreamRegistry
    private let deadline = ContinuousClock.now + limit
    private let state = NIOLockedValueBox(State())

    init(beside url: String, registry: UpstreamRegistry) {
        let base = String(url.prefix { $0 != "?" })
        let hasPath = HTTPAddress(base)?.path.isEmpty == false
        let end = hasPath ? base.lastIndex(of: "/").map { base.index(after: $0) } ?? base.endIndex : base.endIndex
        name = PercentEncoding.decodeWherePossible(base[end...])
        folder = base[..<end] + (base[..<end].hasSuffix("/") ? "" : "/")
        self.registry = registry
    }

    /// Whether there was a further file to load.
    var wasAsked: Bool { state.withLockedValue { $0.wasAsked } }

    /// - Throws: `CommandFailure` where a file could not be reached: what was read without it is not what the description says.
    func check() throws(CommandFailure) {
        if let failure = state.withLockedValue({ $0.failure }) { throw CommandFailure(failure) }
    }

    func path(of address: String) -> String? {
        let base = address.prefix { $0 != "?" && $0 != "#" }
        guard base.lowercased().hasPrefix(folder.lowercased()), base.utf8.count > folder.utf8.count, address.utf8.count <= 1_024,
            address.utf8.allSatisfy({ 0x21...0x7E ~= $0 })
        else { return nil }
        return PercentEncoding.decodeWherePossible(base.dropFirst(folder.count)) + address.dropFirst(base.count).prefix { $0 != "#" }
    }

    func load(_ path: String) async throws(IngestError) -> ByteBuffer {
        let failure = state.withLockedValue { state in
            state.wasAsked = true
            return state.failure
        }
        let query = path.drop { $0 != "?" }
        let segments = path.prefix { $0 != "?" }.split(separator: "/")
        guard !segments.contains(where: { HTTPAddress.isDotSegment(String($0)) }) else {
            throw IngestError(.unreadable, "\(path) leads out of the folder")
        }
        guard failure == nil else { throw IngestError(.unreadable, "\(path) was not fetched") }
        do {
            guard ContinuousClock.now < deadline else { throw CommandFailure("its files take too long to fetch") }
            let url = folder + segments.map { PercentEncoding.encode(String($0)) }.joined(separator: "/") + query
            return try await RemoteDocument.fetch(url, limit: JSONLimits.description.maximumBytes, registry: registry)
        } catch is RemoteDocument.Missing {
            throw IngestError(.unreadable, "there is no file \(path)")
        } catch {
            state.withLockedValue { $0.failure = "\(error)" }
            throw IngestError(.unreadable, "\(path) could not be fetched")
        }
    }
}
