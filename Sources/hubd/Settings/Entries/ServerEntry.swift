import HubCore
import HubPolicy
import MCPHub
import SpecIngest

/// One of `servers`, as written.
struct ServerEntry: Sendable, Hashable {
    /// The name, which stands in the path.
    var name: String
    /// Where the entry stands.
    var place: SourcePlace
    /// What the server is for.
    var purpose: String?
    /// Where it is found out what the server has.
    var description: Placed<DescriptionLocation>
    /// The folder that the files of the description may refer to; nil is the description's own.
    var root: Placed<String>?
    /// The upstream that calls go to; nil is the description's own servers.
    var upstream: Placed<String>?
    /// Which of the description's servers is meant: name, URL or number, as text.
    var server: Placed<String>?
    /// Values of the variables of that server's URL, in the order written.
    var serverVariables: [ServerVariable] = []
    /// What is shown for the security schemes of the description; nil where nothing is written about them.
    var credentials: [SchemeCredential]?
    /// How an operator signs in at the MCP server; nil: nobody does.
    var signIn: SignInEntry?
    /// How often what is read over the network is read again.
    var refresh: Duration?
    /// Who may call.
    var auth: EntryAuth
    /// Changes to single tools, in the order written.
    var tools: [ToolChange]
    /// The client that the list of tools is made for.
    var profile: Placed<ClientProfile>?
    /// How much the list says of each tool; nil is all.
    var list: Placed<ListDetail>?
    /// How the service of a WSDL is spoken to.
    var soap = SOAPSettings()
    /// What becomes of the answers of its tools.
    var answers = AnswerSettings()
    /// The same of single endpoints written by hand, by name.
    var endpointAnswers: [String: Placed<AnswerSettings>] = [:]

    /// Who may use what of it, in order; nil is everybody who may call.
    var access: [Placed<AccessRule>]?
    /// What of its words is believed.
    var trust = TrustEntry()
    /// Whether callers reach it; where they do not, it is there for virtual servers alone.
    var isExposed = true
    /// Whether one session with the MCP server serves all callers.
    var isShared = false
    /// Which eras of MCP are spoken with the MCP server.
    var era = UpstreamEra.auto
    /// How long the hub waits for the MCP server.
    var timeouts = ServerTimeouts()

    /// The secrets that stand in its requests.
    var requestSecrets: [SecretReference] { (credentials ?? []).map(\.secret) + (soap.security.map { [$0.password] } ?? []) }

    /// The secrets that it cannot do without.
    var secrets: [SecretReference] {
        let own = requestSecrets + [signIn?.clientSecret].compactMap { $0 }
        return if case .command(let command) = description.value { own + command.secrets } else { own }
    }

    /// What makes the readings of two local descriptions the same; nil for one that is no file.
    var localDescription: String? {
        guard case .file(let path) = description.value else { return nil }
        return ([path, root?.value ?? ""] + (soap.version.map { [$0.rawValue] } ?? [])).joined(separator: "\0")
    }

    /// The description by URL; nil for any other.
    var remoteDescription: RemoteDescriptions.Source? {
        if case .url(let url) = description.value { RemoteDescriptions.Source(url: url, soap: soap.version) } else { nil }
    }
}

/// Changes to one tool. The place is that of the tool's name, for when there is no such tool.
struct ToolChange: Sendable, Hashable {
    /// The name that the description gives.
    var name: String
    /// Where the name stands.
    var place: SourcePlace
    /// The name callers see.
    var rename: Placed<String>?
    /// The title callers see.
    var title: String?
    /// The description callers see.
    var description: String?
    /// Whether the tool is left out.
    var isHidden = false
    /// What a call may do.
    var risk: Risk?
    /// Changes to single arguments, in the order written.
    var arguments: [ArgumentChange] = []
    /// Hints for clients; what is nil stays as it was.
    var annotations = ToolAnnotations()
    /// What becomes of its answers.
    var answers: Placed<AnswerSettings>?
    /// Requests that should find it.
    var examples: [String] = []
}

/// Changes to one argument of a tool. The place is that of the argument's name.
struct ArgumentChange: Sendable, Hashable {
    /// The name that the description gives.
    var name: String
    /// Where the name stands.
    var place: SourcePlace
    /// The value that is always sent; callers no longer see the argument.
    var fix: JSONTree?
    /// The description callers see.
    var description: String?
    /// The value that is sent where the caller gives none.
    var defaultValue: JSONTree?
}

/// The value of a variable in a server's URL. The place is that of the name.
struct ServerVariable: Sendable, Hashable {
    /// The name that the description gives it.
    var name: String
    /// Where the name stands.
    var place: SourcePlace
    /// The value.
    var value: String
}

/// What the operator gives for one security scheme of a description. The place is that of the scheme's name.
struct SchemeCredential: Sendable, Hashable {
    /// The name that the description gives the scheme.
    var scheme: String
    /// Where the name stands.
    var place: SourcePlace
    /// The user name, where a user name and a password are given.
    var username: String?
    /// The password, the token or the key; of a token service, the client secret.
    var secret: SecretReference
    /// Where a token comes from that is fetched.
    var tokenService: TokenServiceEntry?
}
