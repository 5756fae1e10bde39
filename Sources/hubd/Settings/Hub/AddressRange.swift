import HubCore

/// A block of addresses in CIDR notation; a single address is a block of one.
struct AddressRange: Sendable, Hashable, CustomStringConvertible {
    /// The first address.
    let base: IPAddress
    /// How many leading bits all addresses of the block share.
    let prefixLength: Int

    /// Reads `10.0.0.0/8`, `2001:db8::/32` or `10.1.2.3`; nil where bits are set beyond the prefix, which hides a mistake.
    init?(_ text: String) {
        let parts = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        guard let first = parts.first, let base = IPAddress(String(first)) else { return nil }
        let bits = base.bytes.count * 8
        var prefixLength = bits
        if parts.count == 2 {
            guard (1...3).contains(parts[1].utf8.count), parts[1].utf8.allSatisfy({ $0 &- 0x30 < 10 }), let length = Int(parts[1]),
                length <= bits
            else { return nil }
            prefixLength = length
        }
        self.base = base
        self.prefixLength = prefixLength
        for index in base.bytes.indices where base.bytes[index] & ~mask(of: index) != 0 { return nil }
    }

    /// Whether an address is in the block.
    func contains(_ address: IPAddress) -> Bool {
        guard address.bytes.count == base.bytes.count else { return false }
        return base.bytes.indices.allSatisfy { base.bytes[$0] == address.bytes[$0] & mask(of: $0) }
    }

    /// CIDR notation.
    var description: String { "\(base)/\(prefixLength)" }

    private func mask(of index: Int) -> UInt8 {
        let bits = min(8, max(0, prefixLength - index * 8))
        return UInt8(truncatingIfNeeded: 0xFF00 >> bits)
    }
}
