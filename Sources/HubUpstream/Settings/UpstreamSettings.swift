public import HubCore

/// How long the hub waits for an upstream, at each stage and in all.
public struct UpstreamTimeouts: Sendable, Hashable {
    /// To connect, TLS included.
    public var connect: Duration
    /// From the request to the head of the answer.
    public var firstByte: Duration
    /// Between two pieces of the answer.
    public var idle: Duration
    /// For the whole exchange, to the last byte.
    public var total: Duration

    /// Time limits; the defaults suit interactive use.
    public init(
        connect: Duration = .seconds(5), firstByte: Duration = .seconds(30), idle: Duration = .seconds(60), total: Duration = .seconds(120)
    ) {
        self.connect = connect
        self.firstByte = firstByte
        self.idle = idle
        self.total = total
    }
}

/// One address of an upstream and its share of the calls.
public struct UpstreamAddress: Sendable, Hashable {
    /// The address.
    public var address: HTTPAddress
    /// Its share, 1 … 1000.
    public var weight: Int

    /// An address.
    public init(address: HTTPAddress, weight: Int = 1) {
        self.address = address
        self.weight = min(max(1, weight), 1000)
    }
}

/// All that is configured about one upstream. Two equal values are the same upstream, whose connections a reload keeps.
public struct UpstreamSettings: Sendable, Hashable {
    /// The name in the configuration, for logs and metrics.
    public var name: String
    /// Where it runs; not empty.
    public var addresses: [UpstreamAddress]
    /// How the hub is let in.
    public var credential: UpstreamCredential?
    /// Time limits.
    public var timeouts: UpstreamTimeouts
    /// The largest answer that is taken, in bytes after decompression.
    public var maximumResponseBytes: Int
    /// Whether the operator wrote the addresses. Those that only a document names may not be private (checked on the
    /// address really connected to).
    public var isOperatorDefined: Bool
    /// Whether HTTP/2 is spoken. For https alone.
    public var usesHTTP2 = false
    /// Who vouches for the upstream's certificates; nil means the system's authorities.
    public var authorities: CertificateAuthorities?
    /// Whether compressed answers are asked for. Those that come are unfolded anyway.
    public var asksForCompression = true
    /// Whether what the hub shows is taken out of answers; not where an answer is for the hub itself, which may keep the very same value
    /// there.
    var hidesCredentials = true
    /// What it may use of the hub.
    package var bounds = PoolBounds()

    /// Settings of an upstream.
    public init(
        name: String, addresses: [UpstreamAddress], credential: UpstreamCredential? = nil, timeouts: UpstreamTimeouts = UpstreamTimeouts(),
        maximumResponseBytes: Int = 8 << 20, isOperatorDefined: Bool
    ) {
        self.name = name
        self.addresses = addresses
        self.credential = credential
        self.timeouts = timeouts
        self.maximumResponseBytes = maximumResponseBytes
        self.isOperatorDefined = isOperatorDefined
    }
}
