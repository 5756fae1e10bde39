/// The whole grammar of `hub.yaml`. Every build knows all of it; `later` marks what this one does not implement.
enum HubGrammar {
    /// The top level.
    static let root = ObjectShape(fields: [
        Field("listen", .text(.hostPort), "Where callers reach the hub; the default is 127.0.0.1:8080. Port 0 picks a free one."),
        Field("publicUrl", .text(.url), "The URL under which callers know the hub; cards and metadata name it."),
        Field(
            "hosts", .list(.text(.host), minimum: 1),
            "The Host values that are accepted; the default is localhost, the listen address and publicUrl."),
        Field("trustedProxies", .list(.text(.addressRange), minimum: 1), "The proxies whose word about the caller's address is taken."),
        Field("tls", .list(tls, minimum: 1), "Certificates of the public listener; renewed without a restart."),
        Field("bounds", bounds, "The most that callers may use of the hub."),
        Field("admin", admin, "The admin listener."),
        Field("data", .text(.path), "The folder for what the hub stores; the default is hub-data beside this file."),
        Field("masterKey", .secret(.masterKey), "The key that seals what the hub stores; the default is made in the data folder."),
        Field("secrets", secrets, "Where secrets are kept that references name."),
        Field(
            "includeFiles", .list(.text(.path), minimum: 1),
            "More files with the same top-level keys; * stands for any part of a file name."),
        Field("clusters", .map(keys: .entry(.cluster), values: cluster), "Kubernetes clusters that upstreams are found in.").later,
        Field("upstreams", .map(keys: .entry(.upstream), values: upstream), "Where things run."),
        Field("servers", .map(keys: .entry(.server), values: server), "MCP servers, each at /mcp/NAME."),
        Field(
            "virtualServers", .map(keys: .entry(.server), values: virtualServer), "MCP servers put together from others, each at /mcp/NAME."
        ),
        Field("agents", .map(keys: .entry(.agent), values: agent), "A2A agents, each at /a2a/NAME."),
        Field("registries", registries, "Registries that the hub publishes to and imports from.").later,
        Field("models", .map(keys: .entry(.model), values: modelAPI), "Model APIs, each at /models/NAME/v1; default is also at /v1."),
        Field("identity", identity, "How callers prove who they are."),
        Field("consumers", consumers, "Who may call."),
        Field("policies", policies, "Limits, guards and masks around calls."),
        Field("telemetry", telemetry, "Where traces and metrics are sent.").later,
    ])

    /// The keys whose maps are merged when several files have them; all others stand once.
    static let mergedKeys: Set<String> = ["clusters", "upstreams", "servers", "virtualServers", "agents", "models", "consumers"]

    private static let tls = Shape.object([
        Field("names", .list(.text(.serverName), minimum: 1), "The host names this certificate is for; *. stands for one label.").required,
        Field("certificate", .text(.path), "The certificate chain in PEM.").required,
        Field("key", .secret(.credential), "The private key in PEM.").required,
        Field("clientCA", .text(.path), "The authorities that callers' certificates must come from (mutual TLS)."),
    ])

    private static let bounds = Shape.object([
        Field("headerBytes", size, "The largest head of a request; the default is 64KiB."),
        Field("bodyBytes", size, "The largest body of a request; the default is 4MiB."),
        Field("connections", .integer(1...1_000_000), "The most connections at once; the default is 20000."),
        Field("perAddress", .integer(1...1_000_000), "The most connections at once from one address; the default is 256."),
        Field("inFlight", .integer(1...1_000_000), "The most requests at once; the default is 4096."),
        Field("heldBytes", size, "The most bytes that the bodies of all requests at once may have; the default is 256MiB."),
    ])

    private static let admin = Shape.object([
        Field("listen", .text(.hostPort), "Where the dashboard, the admin API, metrics and health are; the default is 127.0.0.1:8081."),
        Field("token", .secret(.credential), "The token that the admin listener asks for; the default is made in the data folder."),
        Field("metrics", .words("token", "open"), "Whether /metrics asks for the token, as is the default, or is open."),
    ])

    private static let cluster = Shape.object([
        Field("kubeconfig", .secret(.credential), "The kubeconfig that reaches the cluster.").required
    ])

    private static let telemetry = Shape.object([
        Field(
            "otlp", .object([Field("endpoint", .text(.url), "The collector, such as http://127.0.0.1:4318.").required]),
            "OpenTelemetry over HTTP.")
    ])

    /// A size in bytes.
    static let size = Shape.oneOf([.text(.byteSize), .integer(1...ByteSize.maximum)])
    /// The share of a weighted choice.
    static let weight = Shape.integer(0...1000)
    /// An identifier and a secret of a cloud account.
    static let cloudCredential = Shape.object([
        Field("id", .text(.plainOrReference), "The access key's identifier.").required,
        Field("secret", .secret(.credential), "The access key's secret.").required,
    ])
}
