extension HubGrammar {
    /// One MCP server.
    static let server = Shape.object(
        ObjectShape(
            fields: [
                Field("description", .text(.plain), "What the server is for; clients show it."),
                Field("openapi", .text(.urlOrPath), "The OpenAPI description whose operations become tools: a file or a URL."),
                Field("wsdl", .text(.urlOrPath), "The WSDL whose operations become tools: a file or a URL."),
                Field("soap", soap, "How the service of a WSDL is spoken to."),
                Field("http", .list(endpoint, minimum: 1), "Endpoints written by hand."),
                Field("mcp", .text(.urlWithQuery), "The address of an MCP server, of any version."),
                Field("credential", serverCredential, "How the hub is let in by the MCP server at that address."),
                Field(
                    "command", .list(.text(.plain), minimum: 1),
                    "An MCP server that the hub starts and speaks to over its standard input and output: the program and its arguments."),
                Field("env", .environment, "Environment variables of the command, beside the few that every command gets."),
                Field("directory", .text(.path), "The folder that the command runs in; the default is that of this file."),
                Field("limits", limits, "How much the command may use."),
                Field(
                    "share", .boolean,
                    "Whether one session with the MCP server serves all callers: for one that keeps nothing in a session that is one caller's."
                ),
                Field(
                    "era", .words("auto", "modern", "handshake"),
                    "Which versions of MCP are spoken with the server: 2026-07-28, those with a handshake, or either, as is the default."),
                Field(
                    "timeouts",
                    .object([
                        Field("connect", .text(.duration), "To reach the server and to list what it has; the default is 30s."),
                        Field("total", .text(.duration), "For the answer to one call; the default is 5m."),
                    ]), "How long the hub waits for an MCP server."),
                Field("root", .text(.path), "The folder that the files of the description may refer to; the default is its own."),
                Field("upstream", .reference(.upstream), "Where the calls go; the default is the description's own servers."),
                Field(
                    "server", .oneOf([.text(.plain), .integer(0...63)]),
                    "Which of the description's servers: its name, its URL as it is written there, or its number from 0; the default is the first."
                ),
                Field(
                    "serverVariables", .map(keys: .any, values: .oneOf([.text(.plain), .integer(0...999_999_999)])),
                    "The variables of that server's URL; the default is what the description says."),
                Field(
                    "credentials", .map(keys: .any, values: .oneOf([.secret(.credential), schemeCredential])),
                    "What the hub shows for each security scheme of the description, by the scheme's name; sent to the upstream alone."),
                Field("refresh", .text(.duration), "How often what is read over the network is read again."),
                Field("tools", .map(keys: .any, values: toolChange), "Changes to single tools, by name."),
                Field("response", .object(answerBounds), "What becomes of the answers of all its tools."),
                Field("profile", profile, "Lists nothing that this client's provider refuses."),
                list,
                Field(
                    "expose", .boolean, "Whether callers reach the server itself, as is the default, or only what others include of it."),
            ] + access + [isDefault],
            exactlyOne: [["openapi", "wsdl", "http", "mcp", "command"]]))

    private static let limits = Shape.object([
        Field("memory", .text(.byteSize), "The memory that each of its processes may take for itself; the default is no limit."),
        Field("cpuTime", .text(.duration), "How long each of its processes may keep a processor busy in all; the default is no limit."),
        Field("openFiles", .integer(16...1_048_576), "The files that each of its processes may have open; the default is 4096."),
        Field("processes", .integer(1...100_000), "The processes that it may have in each session, itself included; the default is 1000."),
    ])

    private static let soap = Shape.object([
        Field("version", .words("1.1", "1.2"), "The version of SOAP, where the WSDL offers both; the default is that of its first port."),
        Field(
            "security",
            .object([
                Field("username", .text(.plain), "The user name.").required,
                Field("password", .secret(.credential), "The password.").required,
                Field("digest", .boolean, "Whether a digest stands for the password, so that no message can be sent twice."),
            ]), "A user name and password in the header of each message (WS-Security)."),
    ])

    /// One virtual server.
    static let virtualServer = Shape.object(
        [
            Field("description", .text(.plain), "What the server is for; clients show it."),
            Field("include", .list(included, minimum: 1), "What it is put together from, in the order in which it is listed.").required,
            Field("tools", .map(keys: .any, values: toolChange), "Changes to single tools, by the names that this server gives them."),
            Field("routing", routing, "How a caller finds the right tool among many."),
            Field("profile", profile, "Lists nothing that this client's provider refuses."),
            list,
        ] + access + [isDefault])

    private static let list = Field(
        "list",
        .oneOf([
            .words("full", "lazy"),
            .object([Field("tokens", .integer(1...1_000_000_000), "About how many tokens the list may have.").required]),
        ]), "How much the list says of each tool: all, one line, or as much as fits.")

    /// Who may call an entry, and from where.
    static let access: [Field] = [
        Field(
            "auth",
            .oneOf([
                .words("none"),
                .list(
                    .oneOf([.choice([Choice(name: "apiKey"), Choice(name: "jwt"), Choice(name: "hmac"), Choice(name: "oauth")]), keyPlace]),
                    minimum: 1),
            ]), "How callers prove who they are: any of a list, or the single word none to leave the entry open."),
        Field("oauth", oauth, "The authorization servers that clients are sent to."),
        Field("access", .list(accessRule, minimum: 1), "Who may use which tools; the first rule that matches decides."),
        Field("trust", trust, "What of the words of servers elsewhere is believed."),
        Field("cors", .object([Field("origins", .list(.text(.url), minimum: 1), "The origins.").required]), "Web pages that may call."),
    ]

    /// The same for entries whose rules are not in this version.
    static let accessWithoutRules = access.map { ["access", "trust"].contains($0.name) ? $0.later : $0 }

    private static let trust = Shape.object([
        Field(
            "pin", .words("first-use", "approval", "off"),
            "When the definition of a tool is taken: as it is listed first, when somebody has approved it, or always."),
        Field("results", .words("trusted", "untrusted"), "Whether clients are told that results are data of others and no instructions."),
        Field("flows", .list(flow, minimum: 1), "Tools that are barred after others were used."),
    ])

    private static let flow = Shape.object([
        Field(
            "after", .list(.text(.pattern), minimum: 1),
            "The tools, by the names that this entry gives them; the default is all that is from servers whose results are untrusted."),
        Field("deny", .list(.text(.pattern), minimum: 1), "The tools that are barred from then on.").required,
        Field("for", .text(.duration), "For how long; the default is 1h."),
    ])

    private static let keyPlace = Shape.object([
        Field(
            "apiKey",
            .object(
                ObjectShape(
                    fields: [
                        Field("header", .text(.headerName), "A header that keys may stand in, beside those of the protocols."),
                        Field("query", .text(.plain), "A query parameter that keys may stand in."),
                    ],
                    exactlyOne: [["header", "query"]])), "API keys in a place of their own."
        ).required
    ])

    /// Whether an entry answers at the root.
    static let isDefault = Field("default", .boolean, "Whether this entry answers where no entry is named.")

    private static let oauth = Shape.object([
        Field("authorizationServers", .list(.text(.url), minimum: 1), "Their issuers.").required,
        Field("scopes", .map(keys: .any, values: .list(.text(.pattern))), "Which tools a scope opens."),
    ])

    /// How much harm a call may do.
    static let risk = Shape.words("read", "write", "destructive")
    private static let profile = Shape.words("openai", "anthropic", "gemini", "cursor")

    private static let toolChange = Shape.object([
        Field("rename", .text(.toolName), "The name callers see."),
        Field("title", .text(.plain), "The title callers see."),
        Field("description", .text(.plain), "The description callers see."),
        Field("hidden", .boolean, "Whether the tool is left out."),
        Field("risk", risk, "What a call may do, where the method tells it wrongly."),
        Field("arguments", .map(keys: .any, values: argumentChange), "Changes to single arguments, by name."),
        Field("annotations", annotations, "Hints for clients."),
        Field("examples", .list(.text(.plain)), "Sentences that should find this tool."),
        Field("response", .object([keep] + answerBounds), "What is left of the answer."),
    ])

    private static let argumentChange = Shape.object(
        ObjectShape(
            fields: [
                Field("fix", .anything, "The value that is always sent; callers no longer see the argument."),
                Field("description", .text(.plain), "The description callers see."),
                Field("default", .anything, "The value that is sent where the caller gives none."),
            ],
            atMostOne: [["fix", "default"]]))

    private static let annotations = Shape.object([
        Field("readOnly", .boolean, "The tool changes nothing."),
        Field("destructive", .boolean, "The tool may remove or overwrite something."),
        Field("idempotent", .boolean, "Calling it twice is calling it once."),
        Field("openWorld", .boolean, "It reaches a world beyond the API itself."),
    ])

    private static let endpoint = Shape.object([
        Field("name", .text(.toolName), "The tool's name.").required,
        Field("request", .text(.request), "The method and the path, with {parameters}.").required,
        Field("title", .text(.plain), "The title callers see."),
        Field("description", .text(.plain), "What it does, for a model to choose by."),
        Field("risk", risk, "What a call may do, where the method tells it wrongly."),
        Field("headers", .map(keys: .any, values: .text(.plain)), "Headers that are always sent."),
        Field("parameters", .map(keys: .any, values: parameter), "What the caller gives."),
        Field("body", .anything, "The body, in which \"{name}\" stands for a parameter; the default is an object of the parameters in it."),
        Field("contentType", .text(.plain), "The media type of the body; the default is application/json."),
        Field("response", .object([keep] + answerBounds), "What is left of the answer."),
        Field("examples", .list(.text(.plain)), "Sentences that should find this tool."),
    ])

    private static let parameter = Shape.object([
        Field("type", .words("string", "integer", "number", "boolean", "array", "object", "file"), "Its type; a file is a part of a form."),
        Field("in", .words("path", "query", "header", "cookie", "body"), "Where it goes."),
        Field("required", .boolean, "Whether the caller must give it."),
        Field("description", .text(.plain), "What it means."),
        Field("default", .anything, "The value where the caller gives none."),
        Field("enum", .list(.anything, minimum: 1), "The values it may have."),
        Field("items", .anything, "The JSON Schema of its elements."),
        Field("properties", .anything, "The JSON Schemas of its members."),
    ])

    private static let included = Shape.object(
        ObjectShape(
            fields: [
                Field("server", .reference(.server), "A server."),
                Field("agent", .reference(.agent), "An agent elsewhere, whose skills become tools."),
                Field(
                    "tools", .list(.text(.pattern)),
                    "Which of its tools, in this order, by the names that it gives them; the default is all."),
                Field("prompts", .list(.text(.pattern)), "Which of its prompts, by name; the default is none."),
                Field("resources", .list(.text(.pattern)), "Which of its resources, by name or address; the default is none."),
                Field("prefix", .text(.toolName), "What stands before the names of tools and prompts."),
            ],
            exactlyOne: [["server", "agent"]]))

    private static let routing = Shape.object([
        Field(
            "mode", .words("off", "search", "both"),
            "List all, offer search_tools and call_tool, or both."
        ).required,
        Field("limit", .integer(1...1000), "How many tools a search finds where it does not say; the default is 8."),
        Field("pinned", .list(.text(.pattern)), "Tools that are always listed."),
        Field(
            "synonyms", .list(.list(.text(.plain), minimum: 2)), "Groups of words that mean the same, beside those that the hub knows."),
        Field("learn", .boolean, "Whether what callers searched for becomes an example of the tool that they then called."),
    ])
}
