extension HubGrammar {
    /// One upstream.
    static let upstream = Shape.object(
        ObjectShape(
            fields: [
                Field("addresses", .list(.oneOf([.text(.url), weightedAddress]), minimum: 1), "Fixed addresses."),
                Field("dns", dns, "Addresses that a name server gives.").later,
                Field("nacos", nacosService, "Addresses of a service in Nacos.").later,
                Field("kubernetes", kubernetesService, "Addresses of a service in a cluster.").later,
                Field("function", function, "A function of a cloud provider.").later,
                Field(
                    "balance", balance,
                    "How calls are spread over the addresses; the default is round-robin, by weight where weights stand."),
                Field("credential", credential, "How the hub is let in; callers never see it."),
                Field("http", .integer(1...2), "The version of HTTP: 1, the default, or 2, for https alone."),
                Field("tls", tls, "How the hub makes sure of an https upstream."),
                Field("health", health, "How the hub finds out which addresses work.").later,
                Field("timeouts", timeouts, "How long the hub waits."),
                Field("retries", retries, "When a call is tried again.").later,
            ],
            exactlyOne: [["addresses", "dns", "nacos", "kubernetes", "function"]]))

    private static let tls = Shape.object([
        Field("ca", .text(.path), "A PEM file of the authorities that vouch for it, in place of the system's.").required
    ])

    private static let weightedAddress = Shape.object([
        Field("url", .text(.url), "The address; a path in it replaces that of the description.").required,
        Field("weight", .integer(1...1000), "Its share of the calls; the default is 1."),
    ])

    private static let balance = Shape.oneOf([
        .choice([Choice(name: "round-robin"), Choice(name: "weighted"), .later("least-request")]),
        .object([
            Field(
                "hash", .object([Field("header", .text(.headerName), "The header whose value decides.").required]),
                "The same value, the same address."
            )
            .later.required
        ]),
    ])

    private static let credential = Shape.object(
        ObjectShape(
            fields: [
                Field("header", namedSecret("The header.", .headerName), "A secret in a header."),
                Field("query", namedSecret("The query parameter.", .plain), "A secret in the query."),
                Field("basic", basic, "User name and password (RFC 7617)."),
                Field("bearer", .secret(.credential), "A bearer token (RFC 6750)."),
                Field("oauthClient", oauthClient, "A token of the hub's own by client credentials (RFC 6749)."),
                Field("tokenExchange", tokenExchange, "The caller's token exchanged for one of the upstream (RFC 8693)."),
                Field("sigv4", sigv4, "AWS Signature Version 4."),
                Field("alibaba", alibaba, "Alibaba Cloud's signature, ACS3-HMAC-SHA256."),
            ],
            exactlyOne: [["header", "query", "basic", "bearer", "oauthClient", "tokenExchange", "sigv4", "alibaba"]]))

    private static func namedSecret(_ summary: String, _ kind: TextKind) -> Shape {
        .object([
            Field("name", .text(kind), summary).required,
            Field("value", .secret(.credential), "The secret.").required,
        ])
    }

    /// How the hub is let in by an MCP server.
    static let serverCredential = Shape.object([
        Field(
            "oauthUser",
            .object([
                Field("clientId", .text(.plain), "A client that was registered by hand; without it the hub sees to one itself."),
                Field("clientSecret", .secret(.credential), "The secret of that client."),
                Field("scopes", .list(.text(.plain), minimum: 1), "What is asked for; the default is what the server asks for."),
                Field(
                    "authorizationServer", .text(.url),
                    "The issuer that is signed in at; the default is the one that the server names, which has to be a public one."),
            ]), "An operator signs in there once, with hubd signin, and the hub renews the tokens (OAuth 2.1)."
        ).required
    ])

    /// What is shown for a security scheme, where that is more than a secret.
    static let schemeCredential = Shape.object(
        ObjectShape(
            fields: [
                Field("username", .text(.plain), "The user name, for HTTP basic."),
                Field("password", .secret(.credential), "The password."),
                Field("oauthClient", oauthClient, "A token of the hub's own by client credentials, for OAuth 2.0 and OpenID Connect."),
            ], exactlyOne: [["password", "oauthClient"]], atMostOne: [["username", "oauthClient"]]))

    private static let basic = Shape.object([
        Field("username", .text(.plain), "The user name.").required,
        Field("password", .secret(.credential), "The password.").required,
    ])

    private static let oauthClient = Shape.object(tokenService)

    private static let tokenExchange = Shape.object(
        tokenService + [
            Field(
                "subjectTokenType", .words("access_token", "jwt", "id_token"),
                "What the caller's token is; the default is access_token.")
        ])

    private static let tokenService = [
        Field("tokenUrl", .text(.url), "Where tokens are issued; https, but on this machine.").required,
        Field("clientId", .text(.plain), "The hub's client identifier.").required,
        Field("clientSecret", .secret(.credential), "The hub's client secret.").required,
        Field(
            "clientAuth", .words("client_secret_basic", "client_secret_post"),
            "How the hub proves to be itself: in Authorization, as is the default, or in the form."),
        Field("audience", .text(.plain), "Whom the token is for, by name."),
        Field("resource", .text(.plain), "Whom the token is for, by URI (RFC 8707)."),
        Field("scopes", .list(.text(.plain)), "What is asked for."),
        Field("ca", .text(.path), "A PEM file of the authorities that vouch for the token service, in place of the system's."),
    ]

    private static let sigv4 = Shape.object(
        accessKey + [
            Field("sessionToken", .secret(.credential), "The token that belongs to a temporary key."),
            Field("region", .text(.plain), "The region.").required,
            Field("service", .text(.plain), "The service's name in signatures, such as execute-api, bedrock or s3.").required,
        ])

    private static let alibaba = Shape.object(
        accessKey + [
            Field("securityToken", .secret(.credential), "The token that belongs to a temporary key."),
            Field("action", .text(.plain), "x-acs-action of requests that say none."),
            Field("version", .text(.plain), "x-acs-version of requests that say none."),
            Field("region", .text(.plain), "The region, for readers: this signature has none."),
            Field("service", .text(.plain), "The service, for readers: this signature has none."),
        ])

    private static let accessKey = [
        Field("id", .text(.plainOrReference), "The access key's identifier.").required,
        Field("secret", .secret(.credential), "The access key's secret.").required,
    ]

    private static let dns = Shape.object([
        Field("host", .text(.host), "The name that is looked up.").required,
        Field("port", .integer(1...65535), "The port."),
        Field("scheme", .words("http", "https"), "The scheme; the default is http."),
        Field("server", .text(.hostPort), "The name server; the default is the system's."),
    ])

    private static let nacosService = Shape.object([
        Field("server", .text(.url), "The Nacos server.").required,
        Field("namespace", .text(.plain), "The namespace."),
        Field("group", .text(.plain), "The group; the default is DEFAULT_GROUP."),
        Field("service", .text(.plain), "The service.").required,
        Field("username", .text(.plain), "The hub's user name."),
        Field("password", .secret(.credential), "The hub's password."),
    ])

    private static let kubernetesService = Shape.object([
        Field("cluster", .reference(.cluster), "The cluster.").required,
        Field("namespace", .text(.plain), "The namespace.").required,
        Field("service", .text(.plain), "The service.").required,
        Field("port", .oneOf([.text(.plain), .integer(1...65535)]), "The port, by name or number."),
    ])

    private static let function = Shape.object([
        Field("provider", .words("alibaba-fc"), "Whose function it is.").required,
        Field("region", .text(.plain), "The region.").required,
        Field("name", .text(.plain), "The function.").required,
        Field("credential", cloudCredential, "The account that calls it."),
    ])

    private static let health = Shape.object([
        Field(
            "probe",
            .object([
                Field("path", .text(.path), "What is asked for.").required,
                Field("every", .text(.duration), "How often."),
                Field("timeout", .text(.duration), "How long an answer may take."),
                Field("unhealthyAfter", .integer(1...1000), "How many failures in a row take an address out."),
                Field("healthyAfter", .integer(1...1000), "How many successes in a row bring it back."),
            ]), "Asks each address regularly."),
        Field(
            "outliers",
            .object([
                Field("consecutiveErrors", .integer(1...1000), "How many failed calls in a row take an address out."),
                Field("ejectFor", .text(.duration), "For how long."),
                Field("maxEjected", .text(.percent), "How many of the addresses may be out at once."),
            ]), "Watches the calls."),
    ])

    private static let timeouts = Shape.object([
        Field("connect", .text(.duration), "To connect, TLS included."),
        Field("firstByte", .text(.duration), "To the head of the answer."),
        Field("idle", .text(.duration), "Between two pieces of the answer."),
        Field("total", .text(.duration), "For the whole exchange."),
    ])

    private static let retries = Shape.object([
        Field("attempts", .integer(1...10), "How many tries in all."),
        Field(
            "on", .list(.oneOf([.words("connect", "reset", "timeout"), .integer(400...599)]), minimum: 1),
            "After which failures and statuses."),
        Field("budget", .text(.percent), "The most that tries may add to the calls."),
    ])
}
