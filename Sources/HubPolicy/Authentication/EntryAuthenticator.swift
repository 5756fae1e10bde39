import HTTPTypes
public import HubCore
import Logging

/// Lets callers into one entry: reads the one credential of a request, checks it in the way of its kind, and finds out whose it is.
///
/// The rules, in order:
/// 1. Two credentials, or none, are refused; and so is a kind that the entry does not take.
/// 2. What follows `Bearer` is a token where it has the form of one (RFC 7515 §7.1) and the entry takes tokens, and a key otherwise.
/// 3. A good credential that nobody in the configuration is meant by is told apart from a bad one (403 against 401).
/// 4. Bad credentials are answered more slowly the more of them come from one address.
public struct EntryAuthenticator: Authenticator {
    /// What an entry takes.
    public struct Rules: Sendable, Hashable {
        /// The ways in.
        public var kinds: Set<CredentialID.Kind>
        /// Where credentials may stand.
        public var places: CredentialPlaces

        /// Rules.
        public init(kinds: Set<CredentialID.Kind>, places: CredentialPlaces = CredentialPlaces()) {
            self.kinds = kinds
            self.places = places
        }
    }

    private let rules: Rules
    private let directory: ConsumerDirectory
    private let tokens: TokenDoor?
    private let signatures: SignatureVerifier?
    private let now: @Sendable () -> Int64
    private let brake: FailureBrake
    private let timers: TimerTable
    private let challenge: @Sendable (_ error: String?) -> String

    /// - Parameters:
    ///   - rules: what the entry takes.
    ///   - directory: who may call.
    ///   - tokens: lets in who has a token; nil where the entry takes none.
    ///   - signatures: checks signed requests; nil where the entry takes none.
    ///   - resource: what the entry is to OAuth clients; nil where it takes no access tokens.
    ///   - brake: slows down who shows bad credentials; one for the hub.
    ///   - timers: does the slowing; must be driven.
    ///   - now: seconds since 1970.
    public init(
        _ rules: Rules, directory: ConsumerDirectory, tokens: TokenDoor? = nil, signatures: SignatureVerifier? = nil,
        resource: ProtectedResource? = nil, brake: FailureBrake, timers: TimerTable, now: @escaping @Sendable () -> Int64
    ) {
        self.rules = rules
        self.directory = directory
        self.brake = brake
        self.timers = timers
        self.tokens = tokens
        self.signatures = signatures
        self.now = now
        challenge = { error in
            if let resource { return resource.challenge(error: error, scopes: resource.scopes.map(\.name)) }
            return #"Bearer realm="hubd""# + (error.map { #", error="\#($0)""# } ?? "")
        }
    }

    /// Who sent the request, or why it is refused.
    public func authenticate(_ request: InboundRequest) async -> Authentication {
        do throws(Refusal) {
            return .caller(try await caller(of: request))
        } catch {
            var reason = error.reason
            if reason == .invalid { reason = await slowed(request.remoteAddress) }
            request.logger.info(
                "a caller is refused",
                metadata: ["reason": "\(reason)", "problem": "\(error.problem)", "address": "\(request.remoteAddress)"])
            let challenge: String? =
                switch reason {
                case .missing: challenge(nil)
                case .invalid: challenge("invalid_token")
                case .ambiguous, .unknownConsumer, .unavailable, .tooMany: nil
                }
            return .refused(AuthenticationRefusal(reason, challenge: challenge))
        }
    }

    /// Whether the credential is still there and still the same consumer's.
    public func stillAccepts(_ principal: Principal, now: Int64) -> Bool {
        guard let credential = principal.credential, rules.kinds.contains(credential.kind) else { return false }
        guard principal.expiry.map({ now < $0 }) ?? true else { return false }
        switch credential.kind {
        case .apiKey, .hmac: return directory.principal(of: credential) == principal
        case .jwt, .oauth: return tokens?.stillAccepts(principal) ?? false
        }
    }

    /// Whether the entry takes tokens alone, and no issuer of them has any keys.
    public var isUnavailable: Bool { rules.kinds.isSubset(of: [.jwt, .oauth]) && tokens?.hasNoKeys ?? false }

    private func caller(of request: InboundRequest) async throws(Refusal) -> Principal {
        switch rules.places.credential(in: request.head) {
        case .none: throw Refusal(.missing)
        case .several: throw Refusal(.ambiguous)
        case .unsupported: throw Refusal(.invalid, "of no kind that is known")
        case .signature: return try signer(of: request)
        case .key(let text): return try caller(key: text)
        case .bearer(let text):
            guard let tokens, TokenDoor.isToken(text.revealed) else { return try caller(key: text) }
            guard tokens.remembers(text) || !brake.isPressed(by: request.remoteAddress, now: .now) else { throw Refusal(.tooMany) }
            do throws(TokenDoor.Refusal) {
                return try await tokens.caller(text)
            } catch {
                throw Refusal(error.reason, error.problem)
            }
        }
    }

    private func signer(of request: InboundRequest) throws(Refusal) -> Principal {
        guard let signatures else { throw Refusal(.invalid, "signatures are not taken") }
        guard !brake.isPressed(by: request.remoteAddress, now: .now) else { throw Refusal(.tooMany) }
        do throws(SignatureProblem) {
            guard let signed = try SignedRequest.detect(request.head) else {
                throw SignatureProblem(.malformed, "no signature of a known form")
            }
            let signer = directory.signer(signed.key)
            try signatures.verify(
                signed, head: request.head, body: request.body, secret: signer?.secret, now: now(), instant: .now)
            guard let signer else { throw SignatureProblem(.unknownKey, "nobody has a key of that name") }
            return signer.principal
        } catch {
            let reason: AuthenticationRefusal.Reason =
                switch error.kind {
                case .ambiguous: .ambiguous
                case .full: .unavailable
                case .malformed, .unsupported, .unsigned, .unknownKey, .badSignature, .badDigest, .outsideWindow, .replayed: .invalid
                }
            throw Refusal(reason, "\(error.kind): \(error)")
        }
    }

    private func caller(key: Secret) throws(Refusal) -> Principal {
        guard rules.kinds.contains(.apiKey), let principal = directory.principal(key: KeyDigest(of: key.revealed)) else {
            throw Refusal(.invalid, "no such key")
        }
        return principal
    }

    /// Why a caller is not let in, and for the log what was wrong with what they showed.
    private struct Refusal: Error {
        var reason: AuthenticationRefusal.Reason
        var problem: String

        init(_ reason: AuthenticationRefusal.Reason, _ problem: String = "") {
            self.reason = reason
            self.problem = problem
        }
    }

    /// Waits as long as the address has earned.
    private func slowed(_ address: String) async -> AuthenticationRefusal.Reason {
        switch brake.failed(address, now: .now) {
        case .now: return .invalid
        case .tooMany: return .tooMany
        case .after(let delay):
            await withCheckedContinuation { continuation in
                _ = timers.add(due: .now + delay) { continuation.resume() }
            }
            brake.waited()
            return .invalid
        }
    }
}
