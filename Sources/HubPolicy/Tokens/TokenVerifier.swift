/// Checks the tokens of the hub's issuers (RFC 7519 §7.2, RFC 8725). Made with a snapshot; shared by all calls; waits for nothing.
///
/// In this order, so that what costs comes last:
/// 1. A token that was found good before is taken, if the key that it was checked with is still one of its issuer's.
/// 2. The token is taken apart, within its limits.
/// 3. `iss` must be an issuer's, byte for byte. Until its signature is checked, that is all that is believed of it.
/// 4. `alg` must be one of the issuer's, `typ` that of an access token, and one key must fit.
/// 5. The signature is checked, then what is said of claims: subject, consumer, groups.
/// 6. Its time and its audience are looked at, of a token that is remembered too.
public final class TokenVerifier: Sendable {
    /// Types of tokens that let somebody in, in lower case (RFC 7519 §5.1, RFC 9068 §2.1). Others, such as those of a logout, are for
    /// something else (RFC 8725 §3.11).
    private static let types: Set<String> = ["jwt", "at+jwt"]

    /// How many seconds an issuer's clock may be off.
    public let skew: Int64
    private let issuers: [String: TokenIssuer]
    private let cache: TokenCache

    /// A verifier.
    ///
    /// - Parameters:
    ///   - issuers: of two with one name the first counts; configuration refuses them.
    ///   - skew: how many seconds the issuer's clock may be off.
    ///   - cacheCapacity: how many good tokens are remembered.
    public init(issuers: [TokenIssuer], skew: Int64 = 60, cacheCapacity: Int = 10_000) {
        self.issuers = Dictionary(issuers.map { ($0.issuer, $0) }) { first, _ in first }
        self.skew = max(0, skew)
        cache = TokenCache(capacity: cacheCapacity)
    }

    /// Checks a token.
    ///
    /// - Parameters:
    ///   - token: what stands behind `Bearer`.
    ///   - audiences: of whom one must be in `aud`, so that none at all lets nobody in; nil for those of the issuer, if it has any.
    ///   - now: seconds since 1970.
    /// - Throws: `TokenProblem`; `.unknownKey` where newer keys might help (`refreshKeys`).
    public func verify(_ token: String, for audiences: Set<String>? = nil, now: Int64) throws(TokenProblem) -> VerifiedToken {
        guard token.utf8.count <= CompactToken.maximumLength else {
            throw TokenProblem(.malformed, "longer than \(CompactToken.maximumLength) bytes")
        }
        let digest = KeyDigest(of: token)
        let (verified, issuer, isRemembered) = try verified(token, digest)
        if now >= verified.expiry + skew {
            if isRemembered { cache.remove(digest) }
            throw TokenProblem(.expired, "ended \(now - verified.expiry) s ago", issuer: issuer.issuer)
        }
        guard verified.beginning <= now + skew else {
            throw TokenProblem(.notYetValid, "begins in \(verified.beginning - now) s", issuer: issuer.issuer)
        }
        if !isRemembered { cache.insert(verified, for: digest) }
        let isFitting = audiences.map(verified.isFor) ?? (issuer.audiences.isEmpty || verified.isFor(issuer.audiences))
        guard isFitting else {
            throw TokenProblem(.wrongAudience, "for somebody else", issuer: issuer.issuer)
        }
        return verified
    }

    /// Asks an issuer for newer keys, where one of its tokens names a key that is not there.
    func refreshKeys(of issuer: String) async { await issuers[issuer]?.keys.refresh() }

    /// Whether a token was found good before; to be told costs next to nothing.
    func remembers(_ token: String) -> Bool { cache.token(KeyDigest(of: token)) != nil }

    /// Whether an issuer has any keys at present.
    func hasKeys(of issuer: String) -> Bool { issuers[issuer].map { !$0.keys.current.keys.isEmpty } ?? false }

    private typealias Verified = (token: VerifiedToken, issuer: TokenIssuer, isRemembered: Bool)

    /// The token, remembered or with its signature checked; its time and audience are still to be looked at.
    private func verified(_ text: String, _ digest: KeyDigest) throws(TokenProblem) -> Verified {
        if let token = cache.token(digest), let issuer = issuers[token.issuer] {
            if issuer.keys.current.contains(token.key) { return (token, issuer, true) }
            cache.remove(digest)
        }
        let compact = try CompactToken(text)
        let claims = try TokenClaims(compact.payload)
        guard let issuer = issuers[claims.issuer], issuer.issuer.utf8.elementsEqual(claims.issuer.utf8) else {
            throw TokenProblem(.unknownIssuer, "an issuer that is not known")
        }
        do throws(TokenProblem) {
            return (try check(compact, claims, of: issuer), issuer, false)
        } catch {
            var problem = error
            problem.issuer = issuer.issuer
            throw problem
        }
    }

    private func check(_ token: CompactToken, _ claims: TokenClaims, of issuer: TokenIssuer) throws(TokenProblem) -> VerifiedToken {
        guard issuer.algorithms.contains(token.algorithm) else {
            throw TokenProblem(.unsupported, "\(token.algorithm.rawValue) is not one of the issuer's algorithms")
        }
        guard token.type.map(Self.types.contains) ?? true else { throw TokenProblem(.unsupported, "the type of another kind of token") }
        let key = try issuer.keys.current.key(id: token.keyID, algorithm: token.algorithm)
        guard key.isValid(token.signature, for: token.signingInput, by: token.algorithm) else {
            throw TokenProblem(.badSignature, "the signature is not the key's")
        }
        return try VerifiedToken(claims, of: issuer, key: key.fingerprint)
    }
}
