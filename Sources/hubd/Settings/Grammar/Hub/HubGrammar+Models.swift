extension HubGrammar {
    /// One Model API.
    static let modelAPI = Shape.object(
        [
            Field("description", .text(.plain), "What it is for."),
            Field("services", .map(keys: .entry(nil), values: service), "The providers it uses, by names of your own.").required,
            Field("routes", .list(route, minimum: 1), "Which service answers; the first that matches."),
            Field("attempts", .integer(1...10), "How often one request is sent to services at most; the default is 4."),
            Field(
                "timeouts",
                .object([
                    Field("firstEvent", .text(.duration), "To the first event of a stream that says something; then the next is tried."),
                    Field("idle", .text(.duration), "How long a stream may be silent."),
                    Field("total", .text(.duration), "How long after its beginning a request is sent again; the default is 10m."),
                ]), "How long services are waited for."),
            Field("toolSelection", .object([limit]), "Cuts the request's tools down to the relevant ones."),
            Field("webSearch", webSearch, "A tool that models may search the web with.").later,
            Field(
                "cache",
                .object([
                    Field("ttl", .text(.duration), "How long an answer is kept.").required,
                    Field("shared", .boolean, "Whether one consumer may get the answer to another's question; the default is false."),
                ]), "Answers the same question from memory."),
        ] + accessWithoutRules)

    private static let limit = Field("limit", .integer(1...1000), "How many tools are left.").required

    private static let service = Shape.object([
        Field(
            "provider",
            .choice([
                Choice(name: "openai"), Choice(name: "anthropic"), Choice(name: "bedrock"), Choice(name: "azure"), Choice(name: "gemini"),
                Choice(name: "dashscope"), Choice(name: "minimax"), Choice(name: "ollama"), Choice(name: "ollama-native"),
                Choice(name: "vllm"), Choice(name: "sglang"), Choice(name: "openai-compatible"),
            ]),
            "Whose protocol it speaks."
        ).required,
        Field("key", .secret(.credential), "The provider's key."),
        Field("keys", .list(.secret(.credential), minimum: 1), "Several keys, which take turns and rest after a limit."),
        Field("credential", account, "The cloud account that requests are signed with, at Bedrock."),
        Field("region", .text(.plain), "The region, at Bedrock."),
        Field("endpoint", .text(.url), "The provider's address, where it is not its own."),
        Field("deployment", .text(.plain), "Azure's deployment; the default is the model's name."),
        Field("apiVersion", .text(.plain), "Azure's API version; the default is v1."),
        Field("upstream", .reference(.upstream), "Where it runs, for services of your own."),
    ])

    private static let account = Shape.object([
        Field("id", .text(.plainOrReference), "The access key's identifier.").required,
        Field("secret", .secret(.credential), "The access key's secret.").required,
        Field("sessionToken", .secret(.credential), "The token that belongs to a temporary key."),
    ])

    private static let route = Shape.object([
        Field("when", condition, "The requests this route is for; the default is all."),
        Field("to", .list(destination, minimum: 1), "Who answers, by weight.").required,
        Field("fallback", .list(destination, minimum: 1), "Who answers if they fail, in this order."),
    ])

    private static let condition = Shape.object([
        Field("header", .map(keys: .any, values: .text(.plain)), "Headers and the values they must have."),
        Field("model", .text(.pattern), "The model that the request names."),
    ])

    private static let destination = Shape.object([
        Field("service", .text(.plain), "One of the services.").required,
        Field("model", .text(.plain), "The model; the default is the one that the request names."),
        Field("weight", weight, "Its share of the requests."),
    ])

    private static let webSearch = Shape.object([
        Field("server", .reference(.server), "The server that has the tool.").required,
        Field("tool", .text(.plain), "The tool.").required,
        Field("when", .words("auto", "always"), "When it is offered."),
    ])
}
