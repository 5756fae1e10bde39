import HubServer
import Logging
import NIOConcurrencyHelpers

/// Keeps the certificates of the public listener as their files are: looks at them every few seconds, and takes up what changed. Outlives
/// snapshots. A file that cannot be used changes nothing: it is logged once, and tried again when it changes.
final class CertificateKeeper: Sendable {
    private struct State {
        var certificates: [LoadedCertificate]
        /// How often the configuration replaced them: what was read before counts for nothing then.
        var generation = 0
    }

    /// What handshakes read.
    let store: CertificateStore
    private let loader: CertificateLoader
    private let logger: Logger
    private let state: NIOLockedValueBox<State>

    /// A keeper; nil where there are no certificates, and the listener speaks plain HTTP.
    init?(_ certificates: [LoadedCertificate], loader: CertificateLoader, logger: Logger) {
        guard let identities = TLSIdentitySet(certificates.map(\.identity)) else { return nil }
        store = CertificateStore(identities)
        self.loader = loader
        self.logger = logger
        state = NIOLockedValueBox(State(certificates: certificates))
    }

    /// Looks at the files until cancelled.
    func run() async {
        while !Task.isCancelled {
            try? await Task.sleep(for: .seconds(3))  // cancelled: the loop's condition decides
            await renewChanged()
        }
    }

    /// Puts the certificates of another configuration in force.
    func replace(with certificates: [LoadedCertificate]) {
        guard let identities = TLSIdentitySet(certificates.map(\.identity)) else { return }
        state.withLockedValue {
            $0.certificates = certificates
            $0.generation += 1
            store.replace(with: identities)
        }
    }

    /// Reads again what changed; whether others are in force then.
    @discardableResult
    func renewChanged() async -> Bool {
        let known = state.withLockedValue { $0 }
        var certificates = known.certificates
        var isAnyRenewed = false
        for index in certificates.indices {
            let entry = certificates[index].entry
            let stamps = entry.files.map { FileStamp($0) }
            guard await loader.isChanged(certificates[index], stamps: stamps) else { continue }
            do throws(ConfigFinding) {
                certificates[index] = try await loader.load(entry)
                isAnyRenewed = true
                logger.notice("renewed a certificate", metadata: ["certificate": "\(entry.certificate.value)"])
            } catch {
                certificates[index].stamps = stamps
                logger.error("a certificate stays as it was", metadata: ["problem": "\(error)"])
            }
        }
        let identities = isAnyRenewed ? TLSIdentitySet(certificates.map(\.identity)) : nil
        return state.withLockedValue {
            guard $0.generation == known.generation else { return false }
            $0.certificates = certificates
            if let identities { store.replace(with: identities) }
            return identities != nil
        }
    }
}
