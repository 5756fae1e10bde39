extension HubGrammar {
    /// How callers prove who they are.
    static let identity = Shape.object([
        Field("jwt", .list(tokenIssuer, minimum: 1), "Whose tokens are taken."),
        Field(
            "hmac",
            .object([
                Field("clockSkew", .text(.duration), "How far clocks may differ; the default is 5m."),
                Field("sha1", .boolean, "Whether signatures with HMAC-SHA-1, of older clients, are taken."),
            ]), "Signed requests."),
    ])

    private static let tokenIssuer = Shape.object(
        ObjectShape(
            fields: [
                Field("issuer", .text(.url), "The issuer.").required,
                Field("jwks", .text(.urlOrPath), "Its keys: a URL or a file."),
                Field("secret", .secret(.credential), "The shared key, for HS256."),
                Field("audience", .oneOf([.list(.text(.plain), minimum: 1), .text(.plain)]), "For whom the token must be."),
                Field(
                    "algorithms",
                    .list(
                        .words(
                            "RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA", "HS256", "HS384",
                            "HS512"),
                        minimum: 1), "The algorithms that are taken."),
                Field("consumer", .text(.plain), "The claim that says who calls."),
                Field("groups", .text(.plain), "The claim that lists groups; dots lead into it."),
            ],
            exactlyOne: [["jwks", "secret"]]))

    /// Who may call: here, or in a file of their own.
    static let consumers = Shape.oneOf([
        .object(ObjectShape(fields: [Field("file", .text(.path), "The file with the consumers.")], soleMember: "file")),
        consumersByName,
    ])

    /// The consumers themselves, as they stand here or in that file.
    static let consumersByName = Shape.map(keys: .entry(.consumer), values: consumer)

    private static let consumer = Shape.object([
        Field("groups", .list(.text(.plain)), "The groups they are in."),
        Field("apiKeys", .list(apiKey, minimum: 1), "Their API keys."),
        Field("jwt", .oneOf([ownTokens, .list(ownTokens, minimum: 1)]), "The tokens that are theirs."),
        Field("hmac", .oneOf([signingKey, .list(signingKey, minimum: 1)]), "The signatures that are theirs."),
    ])

    private static let signingKey = Shape.object([
        Field("key", .text(.plain), "The key's name.").required,
        Field("secret", .secret(.credential), "The key.").required,
    ])

    private static let ownTokens = Shape.object([
        Field("issuer", .text(.url), "The issuer.").required,
        Field("claims", .map(keys: .any, values: .text(.plain)), "Claims and the values they must have; dots lead into them."),
    ])

    private static let apiKey = Shape.object(
        ObjectShape(
            fields: [
                Field("sha256", .text(.sha256), "The hash that hubd keys new prints."),
                Field("value", .secret(.credential), "The key itself, kept elsewhere."),
            ],
            exactlyOne: [["sha256", "value"]]))

    /// Rules around calls.
    static let policies = Shape.object([
        Field(
            "webhooks",
            .object([
                Field(
                    "allow", .list(.text(.originOrRange), minimum: 1),
                    "What is not public: origins such as http://10.0.0.9:9000, and ranges of addresses such as 10.0.0.0/8."
                ).required
            ]), "Where agents may send notifications of tasks, beside public addresses."),
        Field(
            "network",
            .object([
                Field("allow", .list(.text(.addressRange), minimum: 1), "Only these addresses."),
                Field("deny", .list(.text(.addressRange), minimum: 1), "Not these addresses."),
            ]), "Where calls may come from."),
        Field("limits", .list(limitRule), "How much callers may use.").later,
        Field("guards", .list(guardRule), "What may be said.").later,
        Field("masks", .list(maskRule), "What is hidden from models.").later,
        Field("plugins", .list(plugin), "Rules written as scripts.").later,
    ])

    private static let name = Field("name", .text(.plain), "The rule's name, for logs and metrics.").required
    private static let on = Field("on", .text(.policyTarget), "What it is around: server:NAME, agent:NAME, model:NAME or all.").required
    private static let mode = Field("mode", .words("enforce", "monitor"), "Whether it refuses, as is the default, or only counts.")

    private static let limitRule = Shape.object([
        name, on,
        Field("by", .list(.words("consumer", "model", "tool"), minimum: 1), "Whose use is counted together."),
        Field("requests", .text(.rate), "How many requests."),
        Field("tokens", .text(.rate), "How many tokens."),
        Field("connections", .integer(1...1_000_000), "How many connections at once."),
        Field("concurrency", .integer(1...1_000_000), "How many requests at once."),
        mode,
    ])

    private static let level = Shape.words("off", "monitor", "low", "medium", "high")
    private static let guardRule = Shape.object([
        name, on,
        Field("contentModeration", level, "Harmful content."),
        Field("promptAttack", level, "Attempts to turn the model."),
        Field("sensitiveData", level, "Personal and secret data."),
        Field("maliciousFile", level, "Files that do harm."),
        Field("waterMark", level, "Marks of generated content."),
    ])

    private static let maskRule = Shape.object([
        name, on,
        Field("types", .list(.words("email", "phone", "creditCard", "idNumber", "secret"), minimum: 1), "What is masked.").required,
        Field("restore", .boolean, "Whether the answer gets the real values back."),
    ])

    private static let plugin = Shape.object([
        name, on,
        Field("script", .text(.path), "The script.").required,
    ])
}
