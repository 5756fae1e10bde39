/// A block of addresses in CIDR notation; a single address is a block of one.
public struct AddressRange: Sendable, Hashable, CustomStringConvertible {
    /// The first address.
    public let base: IPAddress
    /// How many leading bits all addresses of the block share.
    public let prefixLength: Int

    /// Reads `10.0.0.0/8`, `2001:db8::/32` or `10.1.2.3`; nil where bits are set beyond the prefix, which hides a mistake.
    public init?(_ text: String) {
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

    /// Whether an address is in the block. One of IPv4 written as IPv6 is not in a block of IPv4: see `AddressRanges`.
    public func contains(_ address: IPAddress) -> Bool {
        guard address.bytes.count == base.bytes.count else { return false }
        return base.bytes.indices.allSatisfy { base.bytes[$0] == address.bytes[$0] & mask(of: $0) }
    }

    /// CIDR notation.
    public var description: String { "\(base)/\(prefixLength)" }

    private func mask(of index: Int) -> UInt8 {
        let bits = min(8, max(0, prefixLength - index * 8))
        return UInt8(truncatingIfNeeded: 0xFF00 >> bits)
    }
}

/// Some blocks of addresses. An IPv4 address in IPv6 clothes (`::ffff:10.0.0.1`, as a socket for both reports it) is in the blocks of
/// either spelling.
public struct AddressRanges: Sendable, Hashable {
    private let ranges: [AddressRange]

    /// These blocks.
    public init(_ ranges: [AddressRange] = []) {
        self.ranges = ranges
    }

    /// Whether there is none.
    public var isEmpty: Bool { ranges.isEmpty }

    /// Whether an address is in one of the blocks.
    public func contains(_ address: IPAddress) -> Bool {
        let plain = address.unmapped
        return ranges.contains { $0.contains(address) || $0.contains(plain) }
    }
}

extension IPAddress {
    /// The IPv4 address that an IPv4-mapped IPv6 address stands for (RFC 4291 §2.5.5.2); itself for every other.
    public var unmapped: IPAddress {
        guard bytes.count == 16, bytes[0..<10].allSatisfy({ $0 == 0 }), bytes[10] == 0xFF, bytes[11] == 0xFF else { return self }
        return IPAddress(bytes: Array(bytes[12...])) ?? self
    }
}
