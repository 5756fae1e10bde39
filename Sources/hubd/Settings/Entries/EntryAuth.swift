import HubCore
import HubPolicy

/// Who may call an entry, as written.
enum EntryAuth: Sendable, Hashable {
    /// Nothing is written: open, because the hub listens on loopback only.
    case unwritten
    /// `auth: none`: open on purpose.
    case none
    /// A credential is asked for.
    case asked(Rules)

    /// Whether the scopes of a token say which tools its caller may use.
    var opensToolsByScope: Bool {
        if case .asked(let rules) = self { rules.oauth?.scopes.isEmpty == false } else { false }
    }

    /// What is asked for.
    struct Rules: Sendable, Hashable {
        /// The ways in, any of which will do.
        var kinds: Set<CredentialID.Kind> = []
        /// Further headers that API keys may stand in.
        var keyHeaders: [String] = []
        /// Query parameters that API keys may stand in.
        var keyParameters: [String] = []
        /// What the entry is to OAuth clients.
        var oauth: OAuthEntry?
        /// Where `auth` stands.
        var place: SourcePlace
    }
}

/// What an entry is to OAuth clients, as written.
struct OAuthEntry: Sendable, Hashable {
    /// A scope and the tools that it opens.
    struct Scope: Sendable, Hashable {
        var name: String
        var tools: [NamePattern]
    }

    /// The issuers that clients are sent to, as they call themselves.
    var authorizationServers: [String] = []
    /// The scopes in the order written.
    var scopes: [Scope] = []
}

/// One of `consumers`, as written.
struct ConsumerEntry: Sendable, Hashable {
    /// The name.
    var name: String
    /// Where the entry stands.
    var place: SourcePlace
    /// The groups.
    var groups: Set<ExactText> = []
    /// The API keys.
    var keys: [Key] = []
    /// The tokens.
    var tokens: [Tokens] = []

    /// The keys that requests are signed with.
    var signingKeys: [SigningKey] = []

    /// A key that requests are signed with.
    struct SigningKey: Sendable, Hashable {
        var name: Placed<String>
        var secret: SecretReference
    }

    /// Tokens of an issuer with certain claims.
    struct Tokens: Sendable, Hashable {
        var issuer: Placed<String>
        var claims: [ClaimPath: String]
    }

    /// The secrets that have to be read to know the consumer's credentials.
    var secrets: [SecretReference] {
        keys.compactMap { if case .value(let reference) = $0 { reference } else { nil } } + signingKeys.map(\.secret)
    }

    /// An API key: what is kept of it here, or where it is kept whole.
    enum Key: Sendable, Hashable {
        /// Its SHA-256 in hexadecimal digits.
        case sha256(Placed<String>)
        /// Where the key itself is.
        case value(SecretReference)
    }
}
