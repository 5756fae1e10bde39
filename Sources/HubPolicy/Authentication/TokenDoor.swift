public import HubCore

/// Lets callers with signed tokens into one entry, or to what tells of several: as consumers of the configuration, or as clients of an authorization server that the
/// entry names.
///
/// The rules, in order:
/// 1. A token of one of the entry's authorization servers must be for this entry and no other (RFC 8707 §2, RFC 9068 §4). It is the
///    consumer's that the configuration means by it; where the configuration says nothing of the server's tokens, the client's it was
///    issued to, which is then called `oauth:` and the client's id.
/// 2. Where the entry takes tokens of consumers, any other must be for whom its issuer's `audience` says.
/// 3. A good token that means nobody is refused otherwise than a bad one.
public struct TokenDoor: Sendable {
    /// The entry as a protected resource.
    public struct Resource: Sendable {
        /// For whom a token must be: the entry. The hub answers at its address with a slash at the end, too, and some clients name it as
        /// they were given it.
        let audiences: Set<String>
        /// The issuers whose access tokens open it.
        public var issuers: Set<String>
        /// Those of them of whose tokens the configuration says nothing else.
        public var openIssuers: Set<String>

        /// A resource.
        public init(resource: ProtectedResource, issuers: Set<String>, openIssuers: Set<String>) {
            audiences = [resource.identifier, resource.identifier + "/"]
            self.issuers = issuers
            self.openIssuers = openIssuers
        }
    }

    private let verifier: TokenVerifier
    private let consumerIssuers: Set<String>
    private let resources: [Resource]
    private let directory: ConsumerDirectory
    private let now: @Sendable () -> Int64

    /// - Parameters:
    ///   - verifier: checks tokens; knows all issuers of the hub.
    ///   - consumerIssuers: the issuers whose tokens are taken as consumers' (`jwt`); empty where the entry takes none.
    ///   - resources: what the entry is to OAuth clients; none where it takes no access tokens, several where it stands for several entries.
    ///   - directory: who may call.
    ///   - now: seconds since 1970.
    public init(
        verifier: TokenVerifier, consumerIssuers: Set<String>, resources: [Resource], directory: ConsumerDirectory,
        now: @escaping @Sendable () -> Int64
    ) {
        self.verifier = verifier
        self.consumerIssuers = consumerIssuers
        self.resources = resources
        self.directory = directory
        self.now = now
    }

    /// Whether what stands behind `Bearer` has the form of a token: three parts, of which the first begins like a JSON object.
    static func isToken(_ text: String) -> Bool {
        text.hasPrefix("ey") && text.utf8.count(where: { $0 == UInt8(ascii: ".") }) == 2
    }

    /// Who a token lets in; where no key fits, its issuer is asked for newer ones. Throws with the problem, for the log.
    func caller(_ text: Secret) async throws(Refusal) -> Principal {
        do {
            return try caller(byPresentKeys: text)
        } catch {
            guard error.kind == .unknownKey, let issuer = error.issuer else { throw error }
            await verifier.refreshKeys(of: issuer)
            return try caller(byPresentKeys: text)
        }
    }

    private func caller(byPresentKeys text: Secret) throws(Refusal) -> Principal {
        let now = now()
        var refusal: Refusal?
        for resource in resources {
            do throws(Refusal) {
                return try client(try token(text, for: resource.audiences, of: resource.issuers, now: now), of: resource, text)
            } catch {
                guard error.kind == .wrongAudience || error.kind == .unknownIssuer else { throw error }
                refusal = error
            }
        }
        if let refusal, consumerIssuers.isEmpty { throw refusal }
        let token = try token(text, for: nil, of: consumerIssuers, now: now)
        guard let consumer = directory.consumer(of: token) else {
            throw Refusal(reason: .unknownConsumer, problem: "means no consumer")
        }
        return principal(consumer.name, consumer.groups.union(token.groups), .jwt, token, scopes: nil, text)
    }

    private func token(
        _ text: Secret, for audiences: Set<String>?, of issuers: Set<String>, now: Int64
    ) throws(Refusal) -> VerifiedToken {
        do throws(TokenProblem) {
            let token = try verifier.verify(text.revealed, for: audiences, now: now)
            guard issuers.contains(token.issuer) else { throw TokenProblem(.unknownIssuer, "an issuer whose tokens are not for here") }
            return token
        } catch {
            throw Refusal(error, verifier)
        }
    }

    /// Whether there is not one key that a token could be checked with.
    var hasNoKeys: Bool { !consumerIssuers.union(resources.flatMap(\.issuers)).contains(where: verifier.hasKeys(of:)) }

    /// Whether a token was found good before, here or at another entry.
    func remembers(_ text: Secret) -> Bool { verifier.remembers(text.revealed) }

    /// Why a token lets nobody in.
    struct Refusal: Error {
        var reason: AuthenticationRefusal.Reason
        /// What was wrong with the token, if it was the token.
        var kind: TokenProblem.Kind?
        /// Whose token it was to be, once that is known to be one of the hub's issuers.
        var issuer: String?
        /// For the log.
        var problem: String

        init(reason: AuthenticationRefusal.Reason, problem: String) {
            self.reason = reason
            self.problem = problem
        }

        init(_ problem: TokenProblem, _ verifier: TokenVerifier) {
            let hasKeys = problem.issuer.map { verifier.hasKeys(of: $0) } ?? true
            self.init(reason: problem.kind == .unknownKey && !hasKeys ? .unavailable : .invalid, problem: "\(problem.kind): \(problem)")
            kind = problem.kind
            issuer = problem.issuer
        }
    }

    private func client(_ token: VerifiedToken, of resource: Resource, _ text: Secret) throws(Refusal) -> Principal {
        let scopes = token.scopes ?? []
        if let consumer = directory.consumer(of: token) {
            return principal(consumer.name, consumer.groups.union(token.groups), .oauth, token, scopes: scopes, text)
        }
        guard resource.openIssuers.contains(token.issuer), let name = Self.clientName(token) else {
            throw Refusal(reason: .unknownConsumer, problem: "means no consumer")
        }
        return principal(name, token.groups, .oauth, token, scopes: scopes, text)
    }

    private func principal(
        _ name: String, _ groups: Set<ExactText>, _ kind: CredentialID.Kind, _ token: VerifiedToken, scopes: Set<String>?, _ text: Secret
    ) -> Principal {
        Principal(
            consumer: name, groups: groups, credential: token.credential(kind), scopes: scopes, expiry: token.expiry + verifier.skew,
            claims: token.callerClaims, subjectToken: text)
    }

    private static let clientClaims = ["client_id", "azp"].compactMap { ClaimPath($0) }

    /// What a client of an authorization server is called: no name of the configuration has a colon.
    private static func clientName(_ token: VerifiedToken) -> String? {
        for claim in clientClaims {
            if let name = token.strings(claim)?.first, isName(name) { return "oauth:" + name }
        }
        return isName(token.subject) ? "oauth:" + token.subject : nil
    }

    private static func isName(_ text: String) -> Bool { (1...256).contains(text.utf8.count) && text.utf8.allSatisfy { 0x21...0x7E ~= $0 } }

    /// Whether a token would let in the same caller still, by the keys that are there.
    func stillAccepts(_ principal: Principal) -> Bool {
        guard let text = principal.subjectToken else { return false }
        do {
            return try caller(byPresentKeys: text) == principal
        } catch {
            return false
        }
    }
}
