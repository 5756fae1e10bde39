/// What connecting to a host may reach.
public enum HostClass: String, Sendable, Hashable {
    /// A DNS name: only its addresses tell.
    case name
    /// This machine.
    case loopback
    /// A private, shared, link-local, multicast, reserved or documentation range, or a cloud's own service.
    case restricted
    /// The public internet.
    case `public`

    /// The class of a host as `HTTPAddress` writes it.
    public init(_ host: String) {
        if let address = IPAddress(host) {
            self = HostClass(address)
        } else {
            let isLocal = host == "localhost" || host.hasSuffix(".localhost")  // RFC 6761 §6.3
            self = isLocal ? .loopback : .name
        }
    }

    /// The class of an address.
    ///
    /// 1. What the IANA IPv4 and IPv6 Special-Purpose Address Registries do not call globally reachable is not public.
    /// 2. Nor is what they do where nobody serves HTTP there: the rest of 192.0.0.0/24 and 2001::/23.
    /// 3. Of IPv6 only global unicast (2000::/3) can be public. An IPv4-mapped address (`::ffff:0:0/96`) is what it embeds. The other forms
    ///    that lead to an IPv4 address, by whatever gateway there is (IPv4-compatible, translated, NAT64, 6to4, Teredo), are not public,
    ///    whatever they embed; of ISATAP (RFC 5214 §6.1) only those that embed a public one can be.
    /// 4. Nor is the one address in public space at which a cloud platform serves its machines.
    public init(_ address: IPAddress) {
        let bytes = address.bytes
        if address.isV4 {
            self = Self.classify(v4: bytes)
        } else if bytes.dropLast().allSatisfy({ $0 == 0 }), bytes[15] == 1 {
            self = .loopback
        } else if bytes[0..<10].allSatisfy({ $0 == 0 }), bytes[10] == 0xFF, bytes[11] == 0xFF {
            self = Self.classify(v4: Array(bytes[12...]))
        } else if Self.isGlobal(v6: bytes) {
            let isISATAP = bytes[8] & 0xFD == 0 && bytes[9] == 0 && bytes[10] == 0x5E && bytes[11] == 0xFE
            self = isISATAP ? Self.classify(v4: Array(bytes[12...])) : .public
        } else {
            self = .restricted
        }
    }

    private static func classify(v4 bytes: [UInt8]) -> HostClass {
        switch (bytes[0], bytes[1], bytes[2]) {
        case (127, _, _): .loopback
        case (0, _, _), (10, _, _), (100, 64...127, _), (169, 254, _), (172, 16...31, _), (192, 0, 0), (192, 0, 2), (192, 88, 99),
            (192, 168, _), (198, 18...19, _), (198, 51, 100), (203, 0, 113), (224..., _, _):
            .restricted
        case (168, 63, 129) where bytes[3] == 16: .restricted  // Azure's platform services, reached from each of its machines
        default: .public
        }
    }

    /// Whether an address is in 2000::/3 and in none of its special blocks.
    private static func isGlobal(v6 bytes: [UInt8]) -> Bool {
        switch (bytes[0], bytes[1], bytes[2], bytes[3]) {
        case (0x20, 0x01, 0...0x01, _): false  // IETF protocol assignments, Teredo among them
        case (0x20, 0x01, 0x0D, 0xB8): false  // documentation
        case (0x20, 0x02, _, _): false  // 6to4
        case (0x3F, 0xFF, 0...0x0F, _): false  // documentation
        default: bytes[0] & 0xE0 == 0x20
        }
    }
}
