public import HubCore

/// Who may call, by what they show. Immutable; one per snapshot, shared by its entries. A look-up costs the same among ten consumers and
/// among a million.
public struct ConsumerDirectory: Sendable {
    /// A consumer of the configuration.
    public struct Consumer: Sendable, Hashable {
        /// The name.
        public var name: String
        /// The groups.
        public var groups: Set<ExactText>

        /// A consumer.
        public init(name: String, groups: Set<ExactText> = []) {
            self.name = name
            self.groups = groups
        }
    }

    private var consumers: [String: Consumer] = [:]
    private var principals: [Principal] = []
    private var keys: [KeyDigest: Int] = [:]
    private var credentials: [CredentialID: Int] = [:]
    private var tokens: [String: TokenRules] = [:]
    private var signingKeys: [[UInt8]: (secret: Secret, principal: Int)] = [:]

    /// A directory of nobody.
    public init() {}

    /// Whether a name is that of a consumer.
    public func consumer(named name: String) -> Consumer? { consumers[name] }

    /// Adds a consumer, or their groups to the one of that name.
    public mutating func add(_ consumer: Consumer) {
        consumers[consumer.name, default: Consumer(name: consumer.name)].groups.formUnion(consumer.groups)
    }

    /// Adds a key of a consumer that has been added.
    ///
    /// - Returns: false where the key is there already, whoever has it.
    public mutating func add(key: KeyDigest, of consumer: Consumer) -> Bool {
        guard keys[key] == nil else { return false }
        keys[key] = add(CredentialID(kind: .apiKey, name: key.name), of: consumer)
        return true
    }

    private mutating func add(_ credential: CredentialID, of consumer: Consumer) -> Int {
        principals.append(Principal(consumer: consumer.name, groups: consumer.groups, credential: credential))
        credentials[credential] = principals.count - 1
        return principals.count - 1
    }

    /// Adds tokens of a consumer that has been added: those of `issuer` whose claims have these values.
    ///
    /// - Returns: false where another consumer has the same already.
    public mutating func add(tokensOf issuer: String, with claims: [ClaimPath: String], of consumer: Consumer) -> Bool {
        tokens[issuer, default: TokenRules()].add(claims, consumer: consumer.name)
    }

    /// Adds a key that requests are signed with, of a consumer that has been added.
    ///
    /// - Returns: false where a key of that name is there already, whoever has it.
    public mutating func add(signingKey name: String, secret: Secret, of consumer: Consumer) -> Bool {
        let bytes = Array(name.utf8)
        guard signingKeys[bytes] == nil else { return false }
        signingKeys[bytes] = (secret, add(CredentialID(kind: .hmac, name: name), of: consumer))
        return true
    }

    /// The secret of a signing key and whose it is.
    ///
    /// By bytes: equal strings may have other ones, and a request that was seen could be sent again under another spelling of its key.
    func signer(_ name: String) -> (secret: Secret, principal: Principal)? {
        signingKeys[Array(name.utf8)].map { ($0.secret, principals[$0.principal]) }
    }

    /// Whose a token is: of those it was issued for by its claims, and otherwise the one that the issuer's claim names.
    public func consumer(of token: VerifiedToken) -> Consumer? {
        (tokens[token.issuer]?.consumer(of: token) ?? token.consumer).flatMap { consumers[$0] }
    }

    /// The caller with a key.
    public func principal(key: KeyDigest) -> Principal? { keys[key].map { principals[$0] } }

    /// The caller with a credential that is named in the configuration; nil where it is there no longer.
    public func principal(of credential: CredentialID) -> Principal? { credentials[credential].map { principals[$0] } }
}
