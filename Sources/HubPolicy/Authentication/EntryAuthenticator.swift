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
    private let brake: FailureBrake
    private let timers: TimerTable
    private let challenge: String?

    /// - Parameters:
    ///   - rules: what the entry takes.
    ///   - directory: who may call.
    ///   - brake: slows down who shows bad credentials; one for the hub.
    ///   - timers: does the slowing; must be driven.
    public init(_ rules: Rules, directory: ConsumerDirectory, brake: FailureBrake, timers: TimerTable) {
        self.rules = rules
        self.directory = directory
        self.brake = brake
        self.timers = timers
        challenge = #"Bearer realm="hubd""#
    }

    /// Who sent the request, or why it is refused.
    public func authenticate(_ request: InboundRequest) async -> Authentication {
        do throws(AuthenticationRefusal) {
            return .caller(try await caller(of: request))
        } catch {
            var refusal = error
            if error.reason == .invalid { refusal.reason = await slowed(request.remoteAddress) }
            request.logger.info("a caller is refused", metadata: ["reason": "\(refusal.reason)", "address": "\(request.remoteAddress)"])
            return .refused(refusal)
        }
    }

    /// Whether the credential is still there and still the same consumer's.
    public func stillAccepts(_ principal: Principal, now: Int64) -> Bool {
        guard let credential = principal.credential, rules.kinds.contains(credential.kind) else { return false }
        guard principal.expiry.map({ now < $0 }) ?? true else { return false }
        switch credential.kind {
        case .apiKey, .hmac: return directory.principal(of: credential) == principal
        case .jwt, .oauth: return false
        }
    }

    private func caller(of request: InboundRequest) async throws(AuthenticationRefusal) -> Principal {
        switch rules.places.credential(in: request.head) {
        case .none: throw AuthenticationRefusal(.missing, challenge: challenge)
        case .several: throw AuthenticationRefusal(.ambiguous)
        case .unsupported, .signature: throw AuthenticationRefusal(.invalid, challenge: challenge)
        case .bearer(let text), .key(let text): return try caller(key: text)
        }
    }

    private func caller(key: Secret) throws(AuthenticationRefusal) -> Principal {
        guard rules.kinds.contains(.apiKey), let principal = directory.principal(key: KeyDigest(of: key.revealed)) else {
            throw AuthenticationRefusal(.invalid, challenge: challenge)
        }
        return principal
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
