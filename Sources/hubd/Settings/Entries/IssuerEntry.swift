import HubPolicy

/// One of `identity.jwt`, as written.
struct IssuerEntry: Sendable, Hashable {
    /// Where the keys are.
    enum Keys: Sendable, Hashable {
        /// A key set at a URL.
        case url(String)
        /// A key set in a file, as the process can open it.
        case file(Placed<String>)
        /// A secret that issuer and hub share.
        case secret(SecretReference)
    }

    /// What `iss` is.
    var issuer: String
    /// Where the entry stands.
    var place: SourcePlace
    /// Where the keys are.
    var keys: Keys
    /// For whom tokens must be, any of them; empty: for anybody.
    var audiences: Set<String> = []
    /// The algorithms that are taken.
    var algorithms: Set<TokenAlgorithm>
    /// The claim that names the consumer.
    var consumer: ClaimPath?
    /// The claim that lists groups.
    var groups: ClaimPath?

    /// The secret, where there is one.
    var secret: SecretReference? { if case .secret(let reference) = keys { reference } else { nil } }

    /// What is taken where nothing is written: every algorithm that the kind of keys is for. Each key is still for its own alone.
    static let asymmetric: Set<TokenAlgorithm> = Set(TokenAlgorithm.allCases.filter { $0.minimumSecretLength == nil })
}
