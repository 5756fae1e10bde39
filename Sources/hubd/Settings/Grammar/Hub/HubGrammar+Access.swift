extension HubGrammar {
    /// One rule of `access`.
    static let accessRule = Shape.object([
        Field("consumers", .list(.text(.callerName), minimum: 1), "Who, by name; the default is everybody who got in."),
        Field("groups", .list(.text(.plain), minimum: 1), "Who, by group."),
        Field("scopes", .list(.text(.plain), minimum: 1), "Who, by a scope of their token."),
        Field(
            "claims", .map(keys: .any, values: claim), "Who, by what their token says: claims and the values or patterns they must have."),
        Field("tools", .list(.text(.pattern), minimum: 1), "Which tools, as this entry shows them; the default is all."),
        Field("maxRisk", risk, "The most that a tool may do for the rule to be about it; the default is write."),
        Field("effect", .words("allow", "deny"), "What the rule does; the default is allow."),
        Field(
            "when",
            .object([
                Field(
                    "arguments", .map(keys: .any, values: argument),
                    "Arguments, as JSON pointers or names with dots, and what they must be."
                )
                .required
            ]), "The calls that the rule is about."),
    ])

    private static let claim = Shape.oneOf([
        .text(.pattern), .boolean, .list(.oneOf([.text(.pattern), .boolean]), minimum: 1),
    ])

    private static let scalar = Shape.oneOf([.text(.plain), .number, .boolean])

    private static let argument = Shape.object([
        Field("equals", scalar, "Its value."),
        Field("oneOf", .list(scalar, minimum: 1), "Its value is one of these."),
        Field("matches", .text(.pattern), "Its text fits the pattern."),
        Field("atLeast", .number, "The smallest that it may be."),
        Field("atMost", .number, "The largest that it may be."),
        Field("under", .text(.plain), "It is a path that leads into this folder, and can be read in no other way."),
    ])
}
