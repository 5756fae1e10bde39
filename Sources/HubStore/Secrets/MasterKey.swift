public import Crypto

/// The key under which the store's data keys are sealed (a key-encryption key): 256 bits that are kept outside the store.
public struct MasterKey: Sendable, Hashable {
    /// Names the key without giving it away: 16 hexadecimal digits that follow from it.
    public let id: String
    /// What seals: derived, so that nothing else that the hub makes of its master key is sealed under the same bits.
    let sealing: SymmetricKey

    /// A master key; nil where `key` has not 256 bits.
    public init?(_ key: SymmetricKey) {
        guard key.bitCount == 256 else { return nil }
        sealing = HKDF<SHA256>.deriveKey(inputKeyMaterial: key, info: Array("hubd store key v1".utf8), outputByteCount: 32)
        let name = HKDF<SHA256>.deriveKey(inputKeyMaterial: key, info: Array("hubd store key id v1".utf8), outputByteCount: 8)
        id = unsafe name.withUnsafeBytes { bytes in
            unsafe bytes.reduce(into: "") { text, byte in text += (byte < 16 ? "0" : "") + String(byte, radix: 16) }
        }
    }

    /// Equal ids are equal keys: an id is a pseudo-random function of the key, and a hub meets few.
    public static func == (a: MasterKey, b: MasterKey) -> Bool { a.id == b.id }
    /// By id.
    public func hash(into hasher: inout Hasher) { hasher.combine(id) }
}

/// The master keys that are at hand: the one that seals, and earlier ones that only open.
public struct MasterKeyRing: Sendable, Hashable {
    /// Seals, and opens.
    public let current: MasterKey
    /// Open what was sealed before.
    public let earlier: [MasterKey]

    /// A ring.
    public init(_ current: MasterKey, earlier: [MasterKey] = []) {
        self.current = current
        self.earlier = earlier
    }

    /// The key with this id.
    subscript(id: String) -> MasterKey? { current.id == id ? current : earlier.first { $0.id == id } }

    /// This ring with the keys of an older one behind its own; four in all, so that a hub that runs for years keeps few.
    func keeping(_ older: MasterKeyRing?) -> MasterKeyRing {
        let others = (earlier + (older.map { [$0.current] + $0.earlier } ?? [])).reduce(into: [MasterKey]()) { others, key in
            if key != current, !others.contains(key) { others.append(key) }
        }
        return MasterKeyRing(current, earlier: Array(others.prefix(3)))
    }

    /// The ids, the current one first.
    public var ids: [String] { [current.id] + earlier.map(\.id).filter { $0 != current.id } }
}
