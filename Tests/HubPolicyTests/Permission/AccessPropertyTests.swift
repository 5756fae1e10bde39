import HubCore
import HubPolicy
import NIOCore
import Testing

/// Rules made ready for many callers against rules read one by one, as a person would with the file in hand.
@Suite("Rules made ready decide as rules that are read") struct AccessPropertyTests {
    /// 500 lists of rules for each seed, each for 50 calls: 100,000 calls in all.
    @Test("every call is decided as by reading the rules", arguments: [1, 2, 3, 4] as [UInt64])
    func decisions(seed: UInt64) throws {
        var random = Dice(seed: seed)
        var counts = (allowed: 0, hidden: 0, limited: 0)
        for round in 0..<500 {
            let rules = (0..<random.number(0...7)).map { _ in random.rule() }
            let tools = Dice.tools.map { (name: $0, risk: random.pick(Risk.allCases)) }
            let access = CompiledAccess(try rules.map { try $0.made }, tools: tools)
            for call in 0..<50 {
                let (caller, tool) = (random.caller(), random.pick(tools))
                let arguments = random.chance(9) ? random.arguments() : nil
                func check(_ what: String, _ found: Bool, _ wanted: Bool) {
                    guard found != wanted else { return }
                    Issue.record(
                        "\(what): seed \(seed), round \(round), call \(call): \(rules) \(caller) \(tool) \(arguments?.json ?? "none")")
                }
                let principal = try caller.made
                let standing = access.standing(of: principal)
                let document = try arguments.map { try JSONDocument(parsing: $0.json, limits: .message).root }
                let reading = Reading(rules, caller)
                let isAllowed = access.allows(tool: tool.name, arguments: document, to: standing)
                check("allowed", isAllowed, reading.allows(tool, arguments))
                check("shown", access.shows(tool: tool.name, to: standing), reading.shows(tool))
                check("items", access.showsItems(to: standing), reading.showsItems)
                let explanation = AccessExplanation(access.rules, principal: principal, tool: tool.name, risk: tool.risk)
                check("explained", explanation.isShown, reading.shows(tool))
                if !explanation.dependsOnArguments { check("explained call", explanation.isShown, isAllowed) }
                counts.allowed += isAllowed ? 1 : 0
                counts.hidden += explanation.isShown ? 0 : 1
                counts.limited += explanation.isShown && !isAllowed ? 1 : 0
            }
        }
        // Cases of which all have one outcome would show nothing.
        #expect(counts.allowed > 1_000 && counts.hidden > 1_000 && counts.limited > 500, "\(counts)")
    }
}

// MARK: The naive reading

/// Values of arguments, apart from how the hub reads JSON.
private indirect enum Value: Sendable {
    case null, bool(Bool), number(Int, String), text(String), list([Value]), object([(String, Value)])

    var json: String {
        switch self {
        case .null: "null"
        case .bool(let value): "\(value)"
        case .number(_, let text): text
        case .text(let text): "\"\(text)\""
        case .list(let values): "[" + values.map(\.json).joined(separator: ",") + "]"
        case .object(let members): "{" + members.map { "\"\($0)\":\($1.json)" }.joined(separator: ",") + "}"
        }
    }
}

/// A condition on an argument: numbers in hundredths.
private struct Condition {
    enum Test {
        case text(String), number(Int), bool(Bool), pattern(String), range(Int, Int), under(String)
    }

    var path: [String]
    var isPointer: Bool
    var test: Test

    var made: ArgumentCondition {
        get throws {
            let text = isPointer ? path.map { "/" + $0 }.joined() : path.joined(separator: ".")
            let test: ArgumentTest =
                switch test {
                case .text(let text): .oneOf([.text(ExactText(text))])
                case .number(let number): .oneOf([.number(try Self.decimal(number))])
                case .bool(let value): .oneOf([.bool(value)])
                case .pattern(let pattern): .matches(NamePattern(pattern))
                case .range(let least, let most): .between(try Self.decimal(least), try Self.decimal(most))
                case .under(let folder): .under(try #require(PlainPath(folder)))
                }
            return ArgumentCondition(path: try #require(ArgumentPath(text)), test: test)
        }
    }

    private static func decimal(_ hundredths: Int) throws -> DecimalNumber { try #require(DecimalNumber("\(hundredths)e-2")) }

    /// What is found at the end of the path, list by list: nil is "nothing there", `unclear` a value of no use.
    private func found(_ value: Value?, _ rest: ArraySlice<String>, _ add: (Value?) -> Void) {
        switch value {
        case nil, .null?: add(nil)
        case .list(let values)?:
            if let first = rest.first, let index = Int(first) {
                found(index < values.count ? values[index] : nil, rest.dropFirst(), add)
            } else if values.isEmpty {
                add(nil)
            } else {
                for value in values { found(value, rest, add) }
            }
        case .object(let members)?:
            if let first = rest.first {
                found(members.first { Array($0.0.utf8) == Array(first.utf8) }?.1, rest.dropFirst(), add)
            } else {
                add(value)
            }
        case let scalar?: add(rest.isEmpty ? scalar : .object([]))
        }
    }

    /// nil: it cannot be told.
    private func holds(_ value: Value) -> Bool? {
        switch (test, value) {
        case (.text(let wanted), .text(let text)): Array(wanted.utf8) == Array(text.utf8)
        case (.number(let wanted), .number(let number, _)): wanted == number
        case (.bool(let wanted), .bool(let value)): wanted == value
        case (.pattern(let pattern), .text(let text)): wildcard(Array(pattern.utf8)[...], Array(text.utf8)[...])
        case (.range(let least, let most), .number(let number, _)): number >= least && number <= most
        case (.under(let folder), .text(let text)):
            text.utf8.isEmpty || text.contains("..") || text.contains("//") || text.contains("%") || !text.hasPrefix("/")
                ? nil : text == folder || text.hasPrefix(folder + "/")
        default: nil
        }
    }

    func fits(_ arguments: Value?, allows: Bool) -> Bool {
        var outcomes: [Bool?] = []
        found(arguments, path[...]) { value in outcomes.append(value.map { holds($0) } ?? .some(false)) }
        return allows ? outcomes.allSatisfy { $0 == true } : outcomes.contains { $0 != false }
    }
}

private func wildcard(_ pattern: ArraySlice<UInt8>, _ text: ArraySlice<UInt8>) -> Bool {
    guard let first = pattern.first else { return text.isEmpty }
    if first == UInt8(ascii: "*") {
        return wildcard(pattern.dropFirst(), text) || !text.isEmpty && wildcard(pattern, text.dropFirst())
    }
    return text.first == first && wildcard(pattern.dropFirst(), text.dropFirst())
}

private struct Rule {
    var consumers, groups, scopes: [String]?
    var claim: (name: String, pattern: String)?
    var tools: [String]?
    var maxRisk: Risk
    var allows: Bool
    var conditions: [Condition]

    var made: AccessRule {
        get throws {
            AccessRule(
                consumers: consumers?.map { ExactText($0) }, groups: groups?.map { ExactText($0) }, scopes: scopes?.map { ExactText($0) },
                claims: try claim.map {
                    [ClaimCondition(path: try #require(ClaimPath($0.name)), values: [.text(NamePattern($0.pattern))])]
                } ?? [], tools: tools?.map { NamePattern($0) }, maxRisk: maxRisk, effect: allows ? .allow : .deny,
                conditions: try conditions.map { try $0.made })
        }
    }
}

private struct Caller {
    var consumer: String
    var groups: [String]
    var scopes: [String]?
    var claims: [String: String]

    var made: Principal {
        get throws {
            let json = "{" + claims.map { #""\#($0)":"\#($1)""# }.joined(separator: ",") + "}"
            return Principal(
                consumer: consumer, groups: Set(groups.map { ExactText($0) }), credential: nil, scopes: scopes.map { Set($0) },
                claims: CallerClaims(try JSONDocument(parsing: json, limits: .message).root))
        }
    }
}

private struct Reading {
    let rules: [Rule]
    let caller: Caller

    init(_ rules: [Rule], _ caller: Caller) {
        self.rules = rules
        self.caller = caller
    }

    private func same(_ a: String, _ b: String) -> Bool { Array(a.utf8) == Array(b.utf8) }

    private func isAboutCaller(_ rule: Rule) -> Bool {
        if let names = rule.consumers, !names.contains(where: { same($0, caller.consumer) }) { return false }
        if let names = rule.groups, !names.contains(where: { name in caller.groups.contains { same($0, name) } }) { return false }
        if let names = rule.scopes, !names.contains(where: { name in (caller.scopes ?? []).contains { same($0, name) } }) { return false }
        if let (name, pattern) = rule.claim {
            guard let value = caller.claims[name] else { return false }
            return wildcard(Array(pattern.utf8)[...], Array(value.utf8)[...])
        }
        return true
    }

    private func isAbout(_ rule: Rule, _ tool: (name: String, risk: Risk)) -> Bool {
        guard isAboutCaller(rule), tool.risk <= rule.maxRisk else { return false }
        return rule.tools?.contains { wildcard(Array($0.utf8)[...], Array(tool.name.utf8)[...]) } ?? true
    }

    func allows(_ tool: (name: String, risk: Risk), _ arguments: Value?) -> Bool {
        for rule in rules where isAbout(rule, tool) && rule.conditions.allSatisfy({ $0.fits(arguments, allows: rule.allows) }) {
            return rule.allows
        }
        return false
    }

    /// There is a rule that allows something, and none before it that denies everything.
    func shows(_ tool: (name: String, risk: Risk)) -> Bool {
        let about = rules.filter { isAbout($0, tool) }
        return about.indices.contains { index in
            about[index].allows && !about[..<index].contains { !$0.allows && $0.conditions.isEmpty }
        }
    }

    var showsItems: Bool {
        let about = rules.filter { isAboutCaller($0) }
        return about.indices.contains { index in
            about[index].allows
                && !about[..<index].contains { !$0.allows && $0.conditions.isEmpty && ($0.tools?.contains("*") ?? true) }
        }
    }
}

// MARK: Making them up

private struct Dice {
    private var state: UInt64

    static let tools = ["get_a", "get_b", "put", "drop_all", "K", "\u{212A}", "\u{E9}", "e\u{301}"]
    private static let names = ["a", "b", "K", "\u{212A}", "\u{E9}", "e\u{301}"]
    private static let patterns = ["*", "get_*", "*a*", "*_*", "K", "\u{E9}", "put", "g*t*a", "e*", "x*"]
    private static let texts = ["a", "b", "", "/srv", "/srv/x", "/srv/../x", "/srv2", "//srv", "/srv/%2e", "\u{E9}", "e\u{301}", "get_1"]
    private static let numbers = [
        (0, "0"), (0, "-0.0"), (100, "1"), (100, "1.00"), (100, "10e-1"), (-250, "-2.5"), (500, "5"), (501, "5.01"),
    ]

    init(seed: UInt64) { state = seed }

    private mutating func next() -> UInt64 {
        // SplitMix64.
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ mixed >> 30) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ mixed >> 27) &* 0x94D0_49BB_1331_11EB
        return mixed ^ mixed >> 31
    }

    mutating func number(_ range: ClosedRange<Int>) -> Int { range.lowerBound + Int(next() % UInt64(range.count)) }
    mutating func pick<Element>(_ list: [Element]) -> Element { list[number(0...list.count - 1)] }
    /// So often of ten.
    mutating func chance(_ tenths: Int) -> Bool { number(0...9) < tenths }
    private mutating func some(_ list: [String], _ count: ClosedRange<Int>) -> [String] { (0..<number(count)).map { _ in pick(list) } }

    mutating func rule() -> Rule {
        Rule(
            consumers: chance(3) ? some(Self.names, 1...3) : nil, groups: chance(3) ? some(Self.names, 1...3) : nil,
            scopes: chance(2) ? some(["a", "b", "K"], 1...2) : nil,
            claim: chance(2) ? (pick(["azp", "sub"]), pick(["*", "a", "K", "e*"])) : nil,
            tools: chance(7) ? some(Self.patterns, 1...3) : nil, maxRisk: chance(4) ? .destructive : pick(Risk.allCases), allows: chance(6),
            conditions: chance(5) ? (0..<number(1...2)).map { _ in condition() } : [])
    }

    private mutating func condition() -> Condition {
        let test: Condition.Test =
            switch number(0...5) {
            case 0: .text(pick(Self.texts))
            case 1: .number(pick([0, 100, -250]))
            case 2: .bool(chance(5))
            case 3: .pattern(pick(Self.patterns))
            case 4: .range(pick([-250, 0]), pick([100, 500]))
            default: .under("/srv")
            }
        return Condition(path: pick([["a"], ["a"], ["a", "b"], ["a", "0"], ["b"], ["a", "0", "b"]]), isPointer: chance(5), test: test)
    }

    mutating func caller() -> Caller {
        var claims: [String: String] = [:]
        for name in ["azp", "sub"] where chance(6) { claims[name] = pick(Self.names) }
        return Caller(
            consumer: pick(Self.names), groups: some(Self.names, 0...3), scopes: chance(6) ? some(["a", "b", "K"], 0...2) : nil,
            claims: claims)
    }

    mutating func arguments() -> Value {
        .object(["a", "b"].compactMap { name in chance(8) ? (name, value(depth: 0)) : nil })
    }

    private mutating func value(depth: Int) -> Value {
        switch number(0...(depth < 3 ? 9 : 6)) {
        case 0: return .null
        case 1: return .bool(chance(5))
        case 2, 3:
            let (hundredths, text) = pick(Self.numbers)
            return .number(hundredths, text)
        case 4, 5, 6: return .text(pick(Self.texts))
        case 7, 8: return .list((0..<number(0...3)).map { _ in value(depth: depth + 1) })
        default: return .object(["b", "0"].compactMap { name in chance(7) ? (name, value(depth: depth + 1)) : nil })
        }
    }
}
