import Crypto
import HubCore

/// One row of `secrets`: a value under a data key of its own (envelope encryption), the data key under a master key.
///
/// Both are bound to everything else in the row, so that no part of it can take the place of another row's.
struct SealedSecret: Sendable, Hashable {
    /// What is written today.
    static let format = 1

    /// The name.
    var name: String
    /// What the value is for: rows for different uses do not open as each other.
    var purpose: String
    /// How the row is sealed.
    var format: Int
    /// The id of the master key.
    var keyID: String
    /// The data key.
    var sealedKey: [UInt8]
    /// The value.
    var sealedValue: [UInt8]
    /// When the name was first set, in seconds since 1970.
    var createdAt: Int64
    /// When the value was last set, in seconds since 1970.
    var changedAt: Int64

    /// A row as it was stored.
    init(
        name: String, purpose: String, format: Int, keyID: String, sealedKey: [UInt8], sealedValue: [UInt8], createdAt: Int64,
        changedAt: Int64
    ) {
        self.name = name
        self.purpose = purpose
        self.format = format
        self.keyID = keyID
        self.sealedKey = sealedKey
        self.sealedValue = sealedValue
        self.createdAt = createdAt
        self.changedAt = changedAt
    }

    /// Seals a value under a new data key.
    init(
        sealing value: Secret, name: String, purpose: String, under key: MasterKey, createdAt: Int64, changedAt: Int64
    ) throws(StoreError) {
        self.init(
            name: name, purpose: purpose, format: Self.format, keyID: key.id, sealedKey: [], sealedValue: [], createdAt: createdAt,
            changedAt: changedAt)
        let dataKey = SymmetricKey(size: .bits256)
        sealedKey = try AuthenticatedSeal.seal(
            unsafe dataKey.withUnsafeBytes { unsafe Array($0) }, under: key.sealing, boundTo: context(of: "key"))
        sealedValue = try AuthenticatedSeal.seal(Array(value.revealed.utf8), under: dataKey, boundTo: context(of: "value"))
    }

    /// The value.
    func open(with keys: MasterKeyRing) throws(StoreError) -> Secret {
        guard format == Self.format else {
            throw StoreError(.newer, "the secret \(name) was sealed by a newer version of hubd (format \(format)); use that version")
        }
        guard let key = keys[keyID] else { throw .wrongKey("the secret \(name) is", sealedUnder: keyID, keys) }
        guard let dataKey = AuthenticatedSeal.open(sealedKey, under: key.sealing, boundTo: context(of: "key")), dataKey.count == 32,
            let bytes = AuthenticatedSeal.open(sealedValue, under: SymmetricKey(data: dataKey), boundTo: context(of: "value")),
            let value = String(validating: bytes, as: UTF8.self)
        else {
            throw StoreError(
                .damaged,
                "the secret \(name) does not open under the master key \(keyID) that it names: the store was changed; "
                    + "\(remedy)")
        }
        return Secret(value)
    }

    private var remedy: String {
        let purpose = SecretRepository.Purpose.named(purpose)
        return "\(purpose.remedy) \(name.dropFirst(purpose.prefix.count))"
    }

    /// What a layer is bound to: every field with its length before it, so that no two rows have the same.
    private func context(of layer: String) -> [UInt8] {
        var context: [UInt8] = []
        for field in ["hubd", String(format), "secrets", layer, name, purpose, keyID, String(createdAt), String(changedAt)] {
            let bytes = Array(field.utf8)
            context += withBigEndianBytes(of: UInt32(truncatingIfNeeded: bytes.count))
            context += bytes
        }
        return context
    }

    private func withBigEndianBytes(of number: UInt32) -> [UInt8] {
        [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: number >> $0) }
    }
}

extension StoreError {
    /// What is sealed under a key that is not at hand.
    static func wrongKey(_ subject: String, sealedUnder id: String, _ keys: MasterKeyRing) -> StoreError {
        StoreError(
            .wrongKey,
            "\(subject) sealed under the master key \(id), and the key at hand is \(keys.ids.joined(separator: ", ")); "
                + "put the earlier key back, or move the store to this one with hubd secrets rotate --from REFERENCE, "
                + "where REFERENCE is the earlier key, such as file:old.key")
    }
}
