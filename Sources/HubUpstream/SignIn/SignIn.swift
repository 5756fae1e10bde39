public import HubCore
import NIOCore

/// What somebody's signing in left behind: all that the hub needs to get access tokens for one MCP server. Kept sealed in the hub's store.
public struct SignIn: Sendable, Hashable {
    /// Tells one signing in from another; renewals keep it.
    public var id: String
    /// The URL of the MCP server, as the configuration wrote it then. Tokens go nowhere else.
    public var server: String
    /// The authorization server, as it calls itself.
    public var issuer: String
    /// Where tokens are renewed.
    public var tokenEndpoint: String
    /// The hub's client identifier there.
    public var clientID: String
    /// The client secret that came with a registration; nil where there is none, or where the configuration names it.
    public var clientSecret: Secret?
    /// How the hub proves to be that client.
    public var authentication: TokenService.ClientAuthentication
    /// Whether the client is the operator's own, whose secret the configuration may name.
    public var isOperatorsClient: Bool
    /// Whom tokens are for (RFC 8707).
    public var resource: String
    /// What was granted.
    public var scopes: [String]
    /// What the server has asked for beside that since.
    public var wantedScopes: [String] = []
    /// The access token.
    public var accessToken: Secret
    /// When it ends, in seconds since 1970.
    public var accessTokenEnd: Int64
    /// What gets the next one; nil where the authorization server gave none.
    public var refreshToken: Secret?
    /// Whether the authorization server renews nothing any more.
    public var isOver = false

    /// What is kept of signing in.
    public init(
        id: String, server: String, issuer: String, tokenEndpoint: String, clientID: String, clientSecret: Secret?,
        authentication: TokenService.ClientAuthentication, isOperatorsClient: Bool, resource: String, scopes: [String],
        accessToken: Secret, accessTokenEnd: Int64, refreshToken: Secret?
    ) {
        self.id = id
        self.server = server
        self.issuer = issuer
        self.tokenEndpoint = tokenEndpoint
        self.clientID = clientID
        self.clientSecret = clientSecret
        self.authentication = authentication
        self.isOperatorsClient = isOperatorsClient
        self.resource = resource
        self.scopes = scopes
        self.accessToken = accessToken
        self.accessTokenEnd = accessTokenEnd
        self.refreshToken = refreshToken
    }

    /// Takes up what a renewal gave. What it does not say stays as it was (RFC 6749 §6).
    mutating func accept(_ grant: TokenGrant, now: Int64) {
        accessToken = grant.token
        refreshToken = grant.refreshToken ?? refreshToken
        accessTokenEnd = Self.end(of: grant, mayBeRenewed: refreshToken != nil, now: now)
        scopes = grant.scopes ?? scopes
    }

    /// When a token ends. One that nothing is said of, and that cannot be renewed, is good until it is refused.
    static func end(of grant: TokenGrant, mayBeRenewed: Bool, now: Int64) -> Int64 {
        grant.isLifeSaid || mayBeRenewed ? now + grant.life.components.seconds : endOfDays
    }

    /// The end of the year 9999, in seconds since 1970.
    private static let endOfDays: Int64 = 253_402_300_799

    // MARK: As it is kept

    private static let version = 1
    private static let limits = JSONLimits(maximumBytes: 64 << 10, maximumDepth: 4, maximumValues: 1024, duplicateKeys: .refuse)

    /// Reads what `sealed` gave; nil for anything else, such as what a newer version wrote.
    public init?(_ sealed: Secret) {
        guard let root = try? JSONDocument(parsing: sealed.revealed, limits: Self.limits).root,  // what is no JSON is no sign-in
            root["version"]?.int == Self.version, let id = root["id"]?.string, let server = root["server"]?.string,
            let issuer = root["issuer"]?.string, let tokenEndpoint = root["tokenEndpoint"]?.string,
            let clientID = root["clientId"]?.string,
            let authentication = root["clientAuth"]?.string.flatMap({ TokenService.ClientAuthentication(rawValue: $0) }),
            let resource = root["resource"]?.string, let accessToken = root["accessToken"]?.string,
            let end = root["accessTokenEnd"]?.int
        else { return nil }
        self.init(
            id: id, server: server, issuer: issuer, tokenEndpoint: tokenEndpoint, clientID: clientID,
            clientSecret: root["clientSecret"]?.string.map { Secret($0) }, authentication: authentication,
            isOperatorsClient: root["isOperatorsClient"]?.bool ?? false, resource: resource,
            scopes: root["scopes"]?.elements.compactMap(\.string) ?? [], accessToken: Secret(accessToken), accessTokenEnd: Int64(end),
            refreshToken: root["refreshToken"]?.string.map { Secret($0) })
        wantedScopes = root["wantedScopes"]?.elements.compactMap(\.string) ?? []
        isOver = root["isOver"]?.bool ?? false
    }

    /// All of it as one secret.
    public var sealed: Secret {
        var json = JSONWriter()
        json.beginObject()
        json.member("version", Self.version)
        json.member("id", id)
        json.member("server", server)
        json.member("issuer", issuer)
        json.member("tokenEndpoint", tokenEndpoint)
        json.member("clientId", clientID)
        if let clientSecret { json.member("clientSecret", clientSecret.revealed) }
        json.member("clientAuth", authentication.rawValue)
        json.member("isOperatorsClient", isOperatorsClient)
        json.member("resource", resource)
        json.member("scopes", scopes)
        json.member("wantedScopes", wantedScopes)
        json.member("accessToken", accessToken.revealed)
        json.member("accessTokenEnd", Int(accessTokenEnd))
        if let refreshToken { json.member("refreshToken", refreshToken.revealed) }
        json.member("isOver", isOver)
        json.endObject()
        return Secret(String(buffer: json.buffer))
    }
}
