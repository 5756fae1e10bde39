import HubCore
import HubPolicy
import NIOCore
import Testing

/// Rules are read by small tools: `get` reads, `put` writes, `drop` destroys.
@Suite("Who may use which tools") struct AccessTests {
    static let tools: [(name: String, risk: Risk)] = [("get", .read), ("put", .write), ("drop", .destructive), ("orders_get", .read)]

    static func caller(
        _ consumer: String = "bot", groups: Set<ExactText> = [], scopes: Set<String>? = nil, claims: String? = nil
    ) throws -> Principal {
        Principal(
            consumer: consumer, groups: groups, credential: nil, scopes: scopes,
            claims: try claims.map { CallerClaims(try JSONDocument(parsing: $0, limits: .message).root) })
    }

    static func arguments(_ text: String) throws -> JSONValue { try JSONDocument(parsing: text, limits: .message).root }

    private func shown(_ rules: [AccessRule], to principal: Principal) -> [String] {
        let access = CompiledAccess(rules, tools: Self.tools)
        let standing = access.standing(of: principal)
        return Self.tools.map(\.name).filter { access.shows(tool: $0, to: standing) }
    }

    private func isAllowed(_ rules: [AccessRule], _ tool: String, _ arguments: String? = nil, by principal: Principal) throws -> Bool {
        let access = CompiledAccess(rules, tools: Self.tools)
        return access.allows(tool: tool, arguments: try arguments.map { try Self.arguments($0) }, to: access.standing(of: principal))
    }

    // MARK: Rules

    @Test("without a rule that matches, nothing may be used, and nothing is shown")
    func noMatch() throws {
        let rules = [AccessRule(consumers: ["other"])]
        #expect(try shown([], to: Self.caller()).isEmpty && shown(rules, to: Self.caller()).isEmpty)
        #expect(try !isAllowed([], "get", by: Self.caller()) && !isAllowed(rules, "get", by: Self.caller()))
    }

    @Test("a rule goes up to its risk, write where it does not say")
    func risk() throws {
        #expect(try shown([AccessRule()], to: Self.caller()) == ["get", "put", "orders_get"])
        #expect(try shown([AccessRule(maxRisk: .read)], to: Self.caller()) == ["get", "orders_get"])
        #expect(try shown([AccessRule(maxRisk: .destructive)], to: Self.caller()) == ["get", "put", "drop", "orders_get"])
        // A rule that denies is about no more than one that allows.
        let rules = [AccessRule(effect: .deny), AccessRule(maxRisk: .destructive)]
        #expect(try shown(rules, to: Self.caller()) == ["drop"])
    }

    @Test("the first rule that matches decides")
    func order() throws {
        let deny = AccessRule(tools: [NamePattern("p*")], effect: .deny)
        #expect(try shown([deny, AccessRule()], to: Self.caller()) == ["get", "orders_get"])
        #expect(try shown([AccessRule(), deny], to: Self.caller()) == ["get", "put", "orders_get"])
        #expect(try !isAllowed([deny, AccessRule()], "put", by: Self.caller()))
        #expect(try isAllowed([AccessRule(), deny], "put", by: Self.caller()))
    }

    @Test("patterns name tools, and a tool that the entry does not have is refused")
    func names() throws {
        let rules = [AccessRule(tools: [NamePattern("orders_*"), NamePattern("put")], maxRisk: .destructive)]
        #expect(try shown(rules, to: Self.caller()) == ["put", "orders_get"])
        #expect(try !isAllowed([AccessRule(maxRisk: .destructive)], "absent", by: Self.caller()))
    }

    @Test("of a list about the caller one is enough, and of several parts all must fit")
    func callers() throws {
        let rules = [AccessRule(consumers: ["bot", "cat"], groups: ["x", "y"])]
        #expect(try isAllowed(rules, "get", by: Self.caller("cat", groups: ["y", "z"])))
        #expect(try !isAllowed(rules, "get", by: Self.caller("cat", groups: ["z"])))
        #expect(try !isAllowed(rules, "get", by: Self.caller("dog", groups: ["x"])))
        #expect(try !isAllowed([AccessRule(consumers: [])], "get", by: Self.caller()))
    }

    @Test("a credential that knows no scopes has none")
    func scopes() throws {
        let rules = [AccessRule(scopes: ["orders:read", "all"])]
        #expect(try isAllowed(rules, "get", by: Self.caller(scopes: ["all"])))
        #expect(try !isAllowed(rules, "get", by: Self.caller(scopes: ["orders"])))
        #expect(try !isAllowed(rules, "get", by: Self.caller(scopes: [])) && !isAllowed(rules, "get", by: Self.caller()))
    }

    @Test(
        "a claim is found by its path; a list has each of its values",
        arguments: [
            ("azp", #"{"azp":"support-bot"}"#, true), ("azp", #"{"azp":"sales-bot"}"#, false), ("azp", #"{"azp":["a","support-x"]}"#, true),
            ("realm.roles", #"{"realm":{"roles":["support-1"]}}"#, true), ("realm.roles", #"{"realm":{"roles":[]}}"#, false),
            ("azp", #"{"azp":true}"#, true), ("azp", #"{"azp":"true"}"#, false), ("azp", #"{"azp":{"support-x":1}}"#, false),
            ("azp", "{}", false), ("azp", nil, false), ("azp", #"{"azp":null}"#, false), ("azp", #"{"azp":1}"#, false),
        ])
    func claims(path: String, claims: String?, fits: Bool) throws {
        let condition = ClaimCondition(path: try #require(ClaimPath(path)), values: [.text(NamePattern("support-*")), .bool(true)])
        #expect(try isAllowed([AccessRule(claims: [condition])], "get", by: Self.caller(claims: claims)) == fits)
    }

    @Test("names that look the same are not the same")
    func bytes() throws {
        let tools: [(name: String, risk: Risk)] = [("K", .read), ("\u{212A}", .read), ("\u{E9}", .read), ("e\u{301}", .read)]
        let access = CompiledAccess([AccessRule(tools: [NamePattern("K"), NamePattern("\u{E9}")])], tools: tools)
        let standing = access.standing(of: .anonymous)
        #expect(tools.map { access.shows(tool: $0.name, to: standing) } == [true, false, true, false])
        #expect(tools.map { access.allows(tool: $0.name, arguments: nil, to: standing) } == [true, false, true, false])
        let rules = [AccessRule(consumers: ["K"]), AccessRule(groups: ["K"]), AccessRule(scopes: ["K"])]
        #expect(try !isAllowed(rules, "get", by: Self.caller("\u{212A}", groups: ["\u{212A}"], scopes: ["\u{212A}"])))
        #expect(try isAllowed([rules[1]], "get", by: Self.caller(groups: ["\u{212A}", "K"])))
    }

    // MARK: Conditions

    private static func condition(_ path: String, _ test: ArgumentTest) throws -> ArgumentCondition {
        ArgumentCondition(path: try #require(ArgumentPath(path)), test: test)
    }

    @Test("a rule with conditions shows the tool, and the arguments decide about the call")
    func conditionalAllow() throws {
        let rules = [AccessRule(conditions: [try Self.condition("amount", .between(nil, DecimalNumber("1000")))])]
        #expect(try shown(rules, to: Self.caller()) == ["get", "put", "orders_get"])
        for (arguments, isAllowed) in [
            (#"{"amount":1000}"#, true), (#"{"amount":1000.0000001}"#, false), (#"{"amount":"5"}"#, false), ("{}", false), (nil, false),
            (#"{"amount":null}"#, false), (#"{"amount":[5,6]}"#, true), (#"{"amount":[5,5000]}"#, false), (#"{"amount":[]}"#, false),
        ] as [(String?, Bool)] {
            #expect(try self.isAllowed(rules, "put", arguments, by: Self.caller()) == isAllowed, "\(arguments ?? "none")")
        }
    }

    @Test("a rule that denies under a condition hides nothing, and denies what cannot be judged")
    func conditionalDeny() throws {
        let rules = [
            AccessRule(effect: .deny, conditions: [try Self.condition("to", .matches(NamePattern("*@evil.test")))]), AccessRule(),
        ]
        #expect(try shown(rules, to: Self.caller()) == ["get", "put", "orders_get"])
        for (arguments, isAllowed) in [
            (#"{"to":"a@good.test"}"#, true), (#"{"to":"a@evil.test"}"#, false), (#"{"to":["a@good.test","b@evil.test"]}"#, false),
            (#"{"to":["a@good.test"]}"#, true), (#"{"to":{"x":1}}"#, false), (#"{"to":5}"#, false), ("{}", true), (nil, true),
            (#"{"to":[]}"#, true), (#"{"to":[["b@evil.test"]]}"#, false), (#"{"to":"a\u0040evil.test"}"#, false),
        ] as [(String?, Bool)] {
            #expect(try self.isAllowed(rules, "put", arguments, by: Self.caller()) == isAllowed, "\(arguments ?? "none")")
        }
    }

    @Test("a tool is shown where an earlier rule allows some calls, whatever is denied after that, and hidden where all is denied before")
    func listingOrder() throws {
        let some = AccessRule(conditions: [try Self.condition("a", .oneOf([.bool(true)]))])
        let never = AccessRule(effect: .deny)
        #expect(try shown([some, never], to: Self.caller()) == ["get", "put", "orders_get"])
        #expect(try shown([never, some], to: Self.caller()).isEmpty)
        #expect(try isAllowed([some, never, AccessRule()], "put", #"{"a":true}"#, by: Self.caller()))
        #expect(try !isAllowed([some, never, AccessRule()], "put", #"{"a":false}"#, by: Self.caller()))
    }

    @Test("all conditions of a rule must hold")
    func severalConditions() throws {
        let rules = [
            AccessRule(conditions: [
                try Self.condition("a", .oneOf([.text("x"), .number(try #require(DecimalNumber("2")))])),
                try Self.condition("b.c", .under(try #require(PlainPath("/srv/reports/")))),
            ])
        ]
        #expect(try isAllowed(rules, "put", #"{"a":2.0,"b":{"c":"/srv/reports/q1"}}"#, by: Self.caller()))
        #expect(try !isAllowed(rules, "put", #"{"a":3,"b":{"c":"/srv/reports/q1"}}"#, by: Self.caller()))
        #expect(try !isAllowed(rules, "put", #"{"a":"x","b":{"c":"/srv/reports/../q1"}}"#, by: Self.caller()))
    }

    // MARK: Prompts and resources

    @Test("prompts and resources are for whom a rule allows anything, before one denies everything")
    func items() throws {
        func isShown(_ rules: [AccessRule]) throws -> Bool {
            let access = CompiledAccess(rules, tools: Self.tools)
            return access.showsItems(to: access.standing(of: try Self.caller()))
        }
        let tool = AccessRule(tools: [NamePattern("absent")])
        let condition = try Self.condition("a", .oneOf([.bool(true)]))
        #expect(try isShown([tool]) && isShown([AccessRule(tools: [NamePattern("x")], effect: .deny), tool]))
        #expect(try isShown([AccessRule(effect: .deny, conditions: [condition]), tool]) && isShown([AccessRule(conditions: [condition])]))
        #expect(try !isShown([]) && !isShown([AccessRule(consumers: ["other"])]))
        #expect(try !isShown([AccessRule(effect: .deny), tool]) && !isShown([AccessRule(tools: [NamePattern("*")], effect: .deny), tool]))
    }

    // MARK: Many

    @Test("a caller's standing is as small as the rules are many, and two callers whom the same rules fit have the same")
    func standings() throws {
        let rules = (0..<200).map { AccessRule(groups: [ExactText("g\($0 % 130)")], tools: [NamePattern("get")]) }
        let access = CompiledAccess(rules, tools: Self.tools)
        let (one, other) = (try Self.caller("a", groups: ["g129", "q"]), try Self.caller("b", groups: ["g129"]))
        #expect(access.standing(of: one) == access.standing(of: other))
        #expect(access.standing(of: one) != access.standing(of: try Self.caller("b", groups: ["g128"])))
        #expect(access.shows(tool: "get", to: access.standing(of: one)) && !access.shows(tool: "put", to: access.standing(of: one)))
        let many = Set((0..<5000).map { ExactText("q\($0)") } + ["g64"])
        #expect(access.standing(of: try Self.caller(groups: many)) == access.standing(of: try Self.caller(groups: ["g64"])))
    }

    @Test("bits out of range are no rules")
    func bounds() {
        var standing = CallerStanding(none: 3)
        standing.insert(-1)
        standing.insert(64)
        standing.insert(.max)
        standing.remove(.min)
        #expect(!standing.contains(-1) && !standing.contains(64) && !standing.contains(.max) && standing == CallerStanding(none: 64))
        #expect(CallerStanding(none: -5) == CallerStanding(none: 0))
    }

    // MARK: Explanations

    @Test("an explanation says of each rule why it does not match, and which decides")
    func explanation() throws {
        let rules = [
            AccessRule(consumers: ["cat", "dog"]), AccessRule(groups: ["admins"]), AccessRule(scopes: ["all"]),
            AccessRule(claims: [ClaimCondition(path: try #require(ClaimPath("azp")), values: [.text(NamePattern("x*")), .bool(true)])]),
            AccessRule(tools: [NamePattern("get*")]), AccessRule(),
            AccessRule(maxRisk: .destructive, effect: .deny, conditions: [try Self.condition("/ids/0", .oneOf([.text("a")]))]),
            AccessRule(maxRisk: .destructive), AccessRule(effect: .deny),
        ]
        let explanation = AccessExplanation(rules, principal: try Self.caller(), tool: "drop", risk: .destructive)
        #expect(
            explanation.steps.map(\.verdict) == [
                .mismatch("the consumer is not cat or dog"), .mismatch("the consumer is not in admins"),
                .mismatch("it is for tokens with the scope all"), .mismatch("it is for tokens whose claim azp is x* or true"),
                .mismatch("the tool is not get*"), .mismatch("the tool is destructive, and the rule goes up to write"),
                .decidesWhere("/ids/0 is \"a\""), .decides,
            ])
        #expect(explanation.isShown && explanation.dependsOnArguments && explanation.decidingRule == 7)
        let none = AccessExplanation([rules[0]], principal: try Self.caller(scopes: [], claims: "{}"), tool: "get", risk: .read)
        #expect(!none.isShown && none.decidingRule == nil && !none.dependsOnArguments)
        let token = AccessExplanation(Array(rules[2...3]), principal: try Self.caller(scopes: [], claims: "{}"), tool: "get", risk: .read)
        #expect(
            token.steps.map(\.verdict) == [
                .mismatch("the token has not the scope all"), .mismatch("it is not so that the token's claim azp is x* or true"),
            ])
    }
}
