/// From where callers come, and from where they may.
///
/// The caller's address:
/// 1. The address of the connection, unless that is a trusted proxy.
/// 2. Behind trusted proxies, `X-Forwarded-For` is read from its right end: the first hop that is no trusted proxy is the caller.
///    What stands left of it, the caller may have made up.
/// 3. Where every hop is a trusted proxy, the leftmost.
/// 4. A hop on the way that is no address, or more than 32 hops: the address of the connection.
///
/// Nothing else a caller or a proxy can write is believed: not `Forwarded`, `X-Real-IP`, `X-Forwarded-Host` or `X-Forwarded-Proto`.
///
/// Whether it may call:
/// 1. An address in `deny` may not.
/// 2. Where `allow` has blocks, only an address in one of them may.
public struct CallerRule: Sendable, Hashable {
    /// The most hops that are looked at.
    static let maximumHops = 32

    private let trustedProxies: AddressRanges
    private let allow: AddressRanges
    private let deny: AddressRanges

    /// A rule; by default nobody is a proxy, and everybody may call.
    public init(trustedProxies: [AddressRange] = [], allow: [AddressRange] = [], deny: [AddressRange] = []) {
        self.trustedProxies = AddressRanges(trustedProxies)
        self.allow = AddressRanges(allow)
        self.deny = AddressRanges(deny)
    }

    /// Whether a connection is worth accepting. Where there are trusted proxies, only its requests tell who calls.
    public func admitsConnection(from peer: String) -> Bool {
        !trustedProxies.isEmpty || admits(peer)
    }

    /// Whether an address may call.
    public func admits(_ address: String) -> Bool {
        guard !allow.isEmpty || !deny.isEmpty else { return true }
        // What is no address is in no block: not denied by one, but not allowed by one either.
        guard let address = IPAddress(address) else { return allow.isEmpty }
        return !deny.contains(address) && (allow.isEmpty || allow.contains(address))
    }

    /// The caller's address.
    ///
    /// - Parameters:
    ///   - peer: the address of the connection.
    ///   - forwardedFor: the values of `X-Forwarded-For`, in order.
    public func caller(peer: String, forwardedFor: [String]) -> String {
        guard !forwardedFor.isEmpty, !trustedProxies.isEmpty, let address = IPAddress(peer), trustedProxies.contains(address) else {
            return peer
        }
        let hops = forwardedFor.flatMap { $0.split(separator: ",", omittingEmptySubsequences: false) }
        var last = peer
        for hop in hops.suffix(Self.maximumHops).reversed() {
            guard let address = Self.address(hop)?.unmapped else { return peer }
            last = address.description
            guard trustedProxies.contains(address) else { return last }
        }
        return hops.count > Self.maximumHops ? peer : last
    }

    /// An address as proxies write it: alone, or with the port of the connection behind it.
    private static func address(_ hop: Substring) -> IPAddress? {
        let text = hop.trimmingSpaces
        if let address = IPAddress(String(text)) { return address }
        guard text.utf8.count <= 64, let (host, _) = HTTPAddress.splitAuthority(text) else { return nil }
        return IPAddress(host)
    }
}
