/// An issuer of tokens as the configuration names it: what its tokens must be like, and where its keys are.
public struct TokenIssuer: Sendable {
    /// What `iss` is, byte for byte.
    public let issuer: String
    /// What its tokens may be signed with.
    public let algorithms: Set<TokenAlgorithm>
    /// Of whom one must be in `aud`, unless whoever asks wants others. Empty: `aud` may say anything, or nothing.
    public let audiences: Set<String>
    /// The claim that names the consumer, if one does.
    public let consumerClaim: ClaimPath?
    /// The claim with the groups of the consumer, if one has them.
    public let groupsClaim: ClaimPath?
    /// Its keys.
    public let keys: any KeySource

    /// An issuer.
    public init(
        issuer: String, algorithms: Set<TokenAlgorithm>, audiences: Set<String> = [], consumerClaim: ClaimPath? = nil,
        groupsClaim: ClaimPath? = nil, keys: any KeySource
    ) {
        self.issuer = issuer
        self.algorithms = algorithms
        self.audiences = audiences
        self.consumerClaim = consumerClaim
        self.groupsClaim = groupsClaim
        self.keys = keys
    }
}
