import Crypto
import HubCore
import HubUpstream
import NIOConcurrencyHelpers

/// The master keys that AWS KMS made for the hub: in the data folder wrapped, plain in the memory of this process alone.
///
/// 1. Where the data folder has none for a reference, KMS makes one. It is kept only when KMS has opened it again: one that could not be
///    opened would take everything with it that is sealed under it.
/// 2. Of several processes that make one at the same time, the first to keep its own wins, and the others take that one.
/// 3. One that was opened is not asked for again: what KMS opens never becomes another key.
final class WrappedMasterKeys: Sendable {
    /// What is done where the data folder has none yet.
    enum Absence: Sendable {
        /// One is made and kept.
        case making
        /// One is made to see whether that can be done, and forgotten.
        case trying
        /// It is an error.
        case failing
    }

    private struct Wrapped: Hashable {
        var id: String
        var bytes: [UInt8]
    }

    /// A process meets one or two; a file that is changed all the time must not fill the memory.
    private static let maximum = 8

    private let data: DataDirectory
    private let backends: BackendTable
    private let opened = NIOLockedValueBox<[Wrapped: SymmetricKey]>([:])

    /// The keys of a data folder.
    init(data: DataDirectory, backends: BackendTable) {
        self.data = data
        self.backends = backends
    }

    /// The key that an `aws-kms:` reference names.
    func key(_ reference: SecretReference, whereMissing absence: Absence) async throws -> SymmetricKey {
        let id = reference.name
        if let known = try data.wrappedKey(of: id) { return try await open(known, reference) }
        if case .failing = absence {
            throw reference.finding(
                "there is no master key of \(reference.written) at \(data.wrappedKeyPath(of: id)); put it back there, or, where the secrets are "
                    + "under another key, move them with hubd secrets rotate --from REFERENCE, where REFERENCE is that key")
        }
        let service = try backends.keyService(for: reference)
        let fresh: AWSKeyService.DataKey
        do throws(SecretError) {
            fresh = try await service.makeKey(under: id)
        } catch {
            throw reference.finding("no master key can be made under \(reference.written): \(error)", hint: error.masterKeyHint)
        }
        guard try await open(fresh.wrapped, reference) == fresh.key else {
            throw reference.finding("\(reference.written) does not open what it made: AWS KMS does not answer as AWS KMS does")
        }
        if case .trying = absence { return fresh.key }
        return try await open(try data.keepWrappedKey(fresh.wrapped, of: id), reference)
    }

    private func open(_ bytes: [UInt8], _ reference: SecretReference) async throws -> SymmetricKey {
        let wrapped = Wrapped(id: reference.name, bytes: bytes)
        if let key = opened.withLockedValue({ $0[wrapped] }) { return key }
        let service = try backends.keyService(for: reference)
        let key: SymmetricKey
        do throws(SecretError) {
            key = try await service.open(bytes, under: reference.name)
        } catch {
            throw reference.finding(
                "the master key at \(data.wrappedKeyPath(of: reference.name)) cannot be opened by \(reference.written): \(error)",
                hint: error.masterKeyHint)
        }
        opened.withLockedValue { opened in
            if opened.count >= Self.maximum { opened.removeAll() }
            opened[wrapped] = key
        }
        return key
    }
}

extension SecretError {
    /// What to do where the place that keeps the master key does not give it.
    var masterKeyHint: String? {
        switch kind {
        case .unavailable: "start again when it is there"
        case .missing, .refused: nil
        }
    }
}
