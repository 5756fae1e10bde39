public import HubCore

/// Where sign-ins are kept, by the names of their servers. Shared with the other processes on the same data.
public protocol SignInStore: AnyObject, Sendable {
    /// What is kept for a server; nil where nobody has signed in, or what is there is not understood.
    func read(_ server: String) async throws(SecretError) -> SignIn?
    /// Puts a sign-in in the place of an earlier one. It is on the disk when this returns.
    func write(_ signIn: SignIn, of server: String) async throws(SecretError)
    /// Keeps all others from changing the sign-in of a server for as long as what is returned lives.
    ///
    /// - Throws: `.unavailable` where others do not come to an end in time.
    func hold(_ server: String) async throws(SecretError) -> any AnyObject & Sendable
}

/// How the hub is let in by a server that somebody signed in at.
public struct SignInSettings: Sendable, Hashable {
    /// The name of the server, which is that of the sign-in.
    public var server: String
    /// The URL of the server.
    public var url: ServiceURL
    /// Moves when somebody signs in anew or the sign-in ends: then it is another way to the server.
    public var generation: String
    /// The secret of the operator's own client.
    public var clientSecret: Secret?
    /// The origins that the operator named: alone these may be private.
    public var namedOrigins: Set<String>
    /// Where the sign-in is kept.
    public var store: any SignInStore

    /// Settings of a server.
    public init(
        server: String, url: ServiceURL, generation: String, clientSecret: Secret?, namedOrigins: Set<String>, store: any SignInStore
    ) {
        self.server = server
        self.url = url
        self.generation = generation
        self.clientSecret = clientSecret
        self.namedOrigins = namedOrigins
        self.store = store
    }

    /// Two stores are the same where they are one object.
    public static func == (a: SignInSettings, b: SignInSettings) -> Bool {
        a.server == b.server && a.url == b.url && a.generation == b.generation && a.clientSecret == b.clientSecret
            && a.namedOrigins == b.namedOrigins && a.store === b.store
    }

    /// See `==`.
    public func hash(into hasher: inout Hasher) {
        hasher.combine(server)
        hasher.combine(url)
        hasher.combine(generation)
        hasher.combine(clientSecret)
        hasher.combine(namedOrigins)
        hasher.combine(ObjectIdentifier(store))
    }
}
