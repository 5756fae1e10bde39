extension HubGrammar {
    /// One A2A agent.
    static let agent = Shape.object(
        ObjectShape(
            fields: [
                Field("skills", skills, "Tools of a server as skills."),
                Field("a2a", remoteAgent, "An A2A agent elsewhere."),
                Field("dify", dify, "An application of Dify."),
                Field("modelStudio", modelStudio, "An application of Alibaba Cloud's Model Studio."),
                Field("model", modelUse, "A model with instructions."),
                Field("planner", modelUse, "The model that turns plain language into calls; without it, keywords do."),
                Field("card", card, "What the agent card says."),
                Field(
                    "confirm", .words("destructive", "never"),
                    "Which skills wait for a yes of the client: those that destroy something, as is the default, or none."),
                Field(
                    "errors", .words("1.0.1", "1.0.0"),
                    "Whose numbers errors of A2A 1.0 have over HTTP+JSON, where the two differ; the default is 1.0.1."),
            ] + access.map { $0.name == "trust" ? $0.later : $0 } + [isDefault],
            exactlyOne: [["skills", "a2a", "dify", "modelStudio", "model"]]))

    private static let skills = Shape.object([
        Field("server", .reference(.server), "The server or virtual server.").required,
        Field("tools", .list(.text(.pattern)), "Which of its tools, by the names it shows; the default is all."),
    ])

    private static let remoteAgent = Shape.object([
        Field("releases", .list(release, minimum: 1), "Where it runs, and how calls are shared among versions.").required
    ])

    private static let release = Shape.object([
        Field("upstream", .reference(.upstream), "Where this version runs.").required,
        Field("weight", weight, "Its share of the calls."),
        Field("when", .object([headers.required]), "The calls that are meant for it."),
    ])

    private static let headers = Field("header", .map(keys: .any, values: .text(.plain)), "Headers and the values they must have.")

    private static let dify = Shape.object([
        Field("upstream", .reference(.upstream), "Where Dify runs.").required,
        Field("key", .secret(.credential), "The application's key.").required,
        Field("app", .words("chat", "agent", "workflow", "completion"), "The application's kind."),
    ])

    private static let modelStudio = Shape.object([
        Field("appId", .text(.plain), "The application.").required,
        Field("key", .secret(.credential), "The account's key.").required,
        Field("workspace", .text(.plain), "The workspace that it is in; the default is that of the key."),
        Field("upstream", .reference(.upstream), "Where it runs, if not at Alibaba's own address."),
    ])

    private static let modelUse = Shape.object([
        Field("api", .reference(.model), "The Model API.").required,
        Field("model", .text(.plain), "The model, as requests name it; the default is \"default\", for an API whose routes choose."),
        Field("instructions", .text(.plain), "What the model is told before anything else."),
    ])

    private static let card = Shape.object([
        Field("name", .text(.plain), "The agent's name for people."),
        Field("description", .text(.plain), "What it does."),
        Field("version", .text(.plain), "Its version."),
        Field(
            "for", .words("both", "1.0", "0.3"),
            "Which clients it is for: those of one version of A2A alone may be stricter; the default is both."),
        Field("signed", .boolean, "Whether it is signed with the hub's key, whose public half is at /.well-known/jwks.json."),
        Field("organization", .text(.plain), "Who stands behind it."),
        Field("organizationUrl", .text(.url), "The website of who does."),
        Field("documentationUrl", .text(.url), "A page about it."),
        Field("iconUrl", .text(.url), "A picture of it."),
    ])

    /// Registries by their kind.
    static let registries = Shape.object([
        Field(
            "nacos",
            .object([
                Field("server", .text(.url), "The Nacos server.").required,
                Field("namespace", .text(.plain), "The namespace."),
                Field("username", .text(.plain), "The hub's user name."),
                Field("password", .secret(.credential), "The hub's password."),
                Field("publish", .list(.words("agents", "servers")), "What the hub publishes."),
                Field("import", .list(.text(.pattern)), "What the hub imports, such as agents/*."),
            ]), "Nacos.")
    ])
}
