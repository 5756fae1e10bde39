/// How a Model API uses the cache.
public struct ModelCaching: Sendable {
    /// Where answers are kept.
    public let cache: ModelCache
    /// How long an answer is good for.
    public let lifetime: Duration
    /// Whether a consumer may be given what another one asked for.
    public let isShared: Bool

    /// Use of a cache.
    public init(_ cache: ModelCache, lifetime: Duration, isShared: Bool = false) {
        self.cache = cache
        self.lifetime = lifetime
        self.isShared = isShared
    }
}
