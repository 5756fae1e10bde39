import HubCore
import Testing

@Suite("Special-purpose addresses")
struct HostClassTests {
    struct Block: Sendable, CustomTestStringConvertible {
        /// The block.
        var range: String
        /// The registry's column "Globally Reachable": true, or false or not applicable.
        var isReachable: Bool
        /// Whether it is refused although it can be reached.
        var isRefusedAnyway = false
        var testDescription: String { range }
    }

    /// The IANA IPv4 Special-Purpose Address Registry, with multicast (RFC 5771).
    static let v4: [Block] = [
        Block(range: "0.0.0.0/8", isReachable: false), Block(range: "0.0.0.0/32", isReachable: false),
        Block(range: "10.0.0.0/8", isReachable: false), Block(range: "100.64.0.0/10", isReachable: false),
        Block(range: "127.0.0.0/8", isReachable: false), Block(range: "169.254.0.0/16", isReachable: false),
        Block(range: "172.16.0.0/12", isReachable: false), Block(range: "192.0.0.0/24", isReachable: false),
        Block(range: "192.0.0.0/29", isReachable: false), Block(range: "192.0.0.8/32", isReachable: false),
        Block(range: "192.0.0.9/32", isReachable: true, isRefusedAnyway: true),
        Block(range: "192.0.0.10/32", isReachable: true, isRefusedAnyway: true),
        Block(range: "192.0.0.170/32", isReachable: false), Block(range: "192.0.0.171/32", isReachable: false),
        Block(range: "192.0.2.0/24", isReachable: false), Block(range: "192.31.196.0/24", isReachable: true),
        Block(range: "192.52.193.0/24", isReachable: true), Block(range: "192.88.99.0/24", isReachable: false),
        Block(range: "192.88.99.2/32", isReachable: false), Block(range: "192.168.0.0/16", isReachable: false),
        Block(range: "192.175.48.0/24", isReachable: true), Block(range: "198.18.0.0/15", isReachable: false),
        Block(range: "198.51.100.0/24", isReachable: false), Block(range: "203.0.113.0/24", isReachable: false),
        Block(range: "224.0.0.0/4", isReachable: false), Block(range: "240.0.0.0/4", isReachable: false),
        Block(range: "255.255.255.255/32", isReachable: false),
    ]

    /// The IANA IPv6 Special-Purpose Address Registry, with site-local (RFC 3879), multicast (RFC 4291) and the forms that embed IPv4.
    static let v6: [Block] = [
        Block(range: "::1/128", isReachable: false), Block(range: "::/128", isReachable: false),
        Block(range: "::/96", isReachable: false), Block(range: "::ffff:0:0:0/96", isReachable: false),
        Block(range: "64:ff9b::/96", isReachable: true, isRefusedAnyway: true), Block(range: "64:ff9b:1::/48", isReachable: false),
        Block(range: "100::/64", isReachable: false), Block(range: "100:0:0:1::/64", isReachable: false),
        Block(range: "2001::/23", isReachable: false), Block(range: "2001::/32", isReachable: false),
        Block(range: "2001:1::1/128", isReachable: true, isRefusedAnyway: true),
        Block(range: "2001:1::2/128", isReachable: true, isRefusedAnyway: true),
        Block(range: "2001:1::3/128", isReachable: true, isRefusedAnyway: true), Block(range: "2001:2::/48", isReachable: false),
        Block(range: "2001:3::/32", isReachable: true, isRefusedAnyway: true),
        Block(range: "2001:4:112::/48", isReachable: true, isRefusedAnyway: true), Block(range: "2001:10::/28", isReachable: false),
        Block(range: "2001:20::/28", isReachable: true, isRefusedAnyway: true),
        Block(range: "2001:30::/28", isReachable: true, isRefusedAnyway: true), Block(range: "2001:db8::/32", isReachable: false),
        Block(range: "2002::/16", isReachable: false), Block(range: "2620:4f:8000::/48", isReachable: true),
        Block(range: "3fff::/20", isReachable: false), Block(range: "5f00::/16", isReachable: false),
        Block(range: "fc00::/7", isReachable: false), Block(range: "fe80::/10", isReachable: false),
        Block(range: "fec0::/10", isReachable: false), Block(range: "ff00::/8", isReachable: false),
    ]

    @Test("every block of IANA's registries has its class from its first address to its last", arguments: v4 + v6)
    func blocks(block: Block) throws {
        let range = try #require(AddressRange(block.range))
        let isPublic = block.isReachable && !block.isRefusedAnyway
        for address in range.samples { #expect((HostClass(address) == .public) == isPublic, "\(address)") }
    }

    @Test("an address beside a block is public, unless it is in another", arguments: v4 + v6)
    func neighbours(block: Block) throws {
        let range = try #require(AddressRange(block.range))
        let refused = try (Self.v4 + Self.v6).filter { !$0.isReachable || $0.isRefusedAnyway }.map { try #require(AddressRange($0.range)) }
        for address in range.neighbours {
            let isUnicast = address.bytes.count == 4 || address.bytes[0] & 0xE0 == 0x20
            #expect((HostClass(address) == .public) == (isUnicast && !refused.contains { $0.contains(address) }), "\(address)")
        }
    }

    @Test(
        "an IPv4 address inside an IPv6 address leads nowhere that it would not lead alone",
        arguments: ["127.0.0.1", "10.0.0.1", "169.254.169.254", "168.63.129.16", "0.0.0.0"])
    func embedded(address: String) throws {
        let v4 = try #require(IPAddress(address)).bytes
        let (high, low) = (Array(v4[0..<2]), Array(v4[2...]))
        let forms: [[UInt8]] = [
            zeros(10) + [0xFF, 0xFF] + v4,  // mapped
            zeros(12) + v4,  // compatible
            zeros(8) + [0xFF, 0xFF, 0, 0] + v4,  // translated
            [0, 0x64, 0xFF, 0x9B] + zeros(8) + v4,  // NAT64, well known
            [0, 0x64, 0xFF, 0x9B, 0, 1] + high + [0] + low + zeros(5),  // NAT64, local, RFC 6052 §2.2
            [0x20, 0x02] + v4 + zeros(10),  // 6to4
            [0x20, 0x01, 0, 0] + v4 + zeros(8),  // Teredo's server
            [0x20, 0x01, 0, 0] + zeros(8) + v4.map { ~$0 },  // Teredo's client
            [0x26, 0x06, 0x47, 0] + zeros(6) + [0x5E, 0xFE] + v4,  // ISATAP
            [0x26, 0x06, 0x47, 0] + zeros(4) + [0x02, 0, 0x5E, 0xFE] + v4,
        ]
        for form in forms {
            let address = try #require(IPAddress(bytes: form))
            #expect(HostClass(address) != .public, "\(address)")
        }
    }

    @Test("a public address in the forms that any host takes is public", arguments: ["::ffff:8.8.8.8", "2606:4700::5efe:808:808"])
    func embeddedPublic(host: String) {
        #expect(HostClass(host) == .public)
    }

    private func zeros(_ count: Int) -> [UInt8] { Array(repeating: 0, count: count) }
}

extension AddressRange {
    private var last: [UInt8] {
        base.bytes.indices.map { index in
            base.bytes[index] | ~UInt8(truncatingIfNeeded: 0xFF00 >> min(8, max(0, prefixLength - index * 8)))
        }
    }

    /// The first address, the last, and one between.
    fileprivate var samples: [IPAddress] {
        let middle = zip(base.bytes, last).map { $0 | ($1 & 0x5A) }
        return [base.bytes, middle, last].compactMap { IPAddress(bytes: $0) }
    }

    /// The addresses before the first and after the last, where there are any.
    fileprivate var neighbours: [IPAddress] {
        var (before, after) = (base.bytes, last)
        for index in before.indices.reversed() {
            before[index] &-= 1
            if before[index] != 0xFF { break }
        }
        for index in after.indices.reversed() {
            after[index] &+= 1
            if after[index] != 0 { break }
        }
        return [before, after].compactMap { IPAddress(bytes: $0) }
    }
}
