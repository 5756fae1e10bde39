public import HubCore

/// What a token says, once its signature has been found to be its issuer's.
public struct VerifiedToken: Sendable {
    /// Who issued it: one of the hub's issuers.
    public let issuer: String
    /// Whom it speaks of (`sub`).
    public let subject: String
    /// Whom it was issued for (`aud`).
    public let audiences: [String]
    /// What it was issued for; nil where it does not say.
    public let scopes: Set<String>?
    /// The value of the issuer's consumer claim; nil where the issuer has none, or the token has not that claim.
    public let consumer: String?
    /// The groups that the issuer's groups claim has.
    public let groups: Set<ExactText>
    /// When it ends, in seconds since 1970.
    public let expiry: Int64

    /// When it begins, in seconds since 1970: the later of `nbf` and `iat`.
    let beginning: Int64
    /// The key that its signature was checked with.
    let key: KeyDigest
    private let claims: JSONValue

    /// A token whose signature has been checked.
    init(_ claims: TokenClaims, of issuer: TokenIssuer, key: KeyDigest) throws(TokenProblem) {
        self.issuer = issuer.issuer
        subject = claims.subject
        audiences = claims.audiences
        scopes = claims.scopes
        expiry = claims.expiry
        beginning = max(claims.notBefore ?? 0, claims.issuedAt ?? 0)
        self.key = key
        self.claims = claims.root
        let consumer = issuer.consumerClaim?.value(in: claims.root)
        guard consumer.map({ $0.kind == .string }) ?? true else { throw TokenProblem(.malformed, "the consumer's claim is no string") }
        self.consumer = consumer?.string
        // Fewer groups than were meant could be more than a rule with `effect: deny` allows.
        guard let groups = issuer.groupsClaim?.value(in: claims.root).map({ $0.stringList }) ?? [] else {
            throw TokenProblem(.malformed, "the groups' claim is no list of strings")
        }
        self.groups = Set(groups.map { ExactText($0) })
    }

    /// The strings of any claim, such as `azp` or `client_id`; nil where it is not there, or has other things than strings.
    public func strings(_ path: ClaimPath) -> [String]? { path.value(in: claims)?.stringList }

    /// All that it says of its holder.
    var callerClaims: CallerClaims { CallerClaims(claims) }

    /// Names the token's holder as a credential: the issuer and the subject.
    public func credential(_ kind: CredentialID.Kind = .jwt) -> CredentialID { CredentialID(kind: kind, name: "\(issuer) \(subject)") }

    /// Whether it is for one of `wanted`, byte for byte.
    func isFor(_ wanted: Set<String>) -> Bool {
        audiences.contains { audience in wanted.contains { $0.utf8.elementsEqual(audience.utf8) } }
    }
}
