import HubCore
import HubPolicy

extension SettingsBuilder {
    /// How many rules one entry may have: a call goes through those that are about its tool.
    private static let maximumRules = 1_000

    /// Who may use what of an entry; nil where nothing is written, so that everybody who got in may use everything.
    mutating func access(_ entry: ConfigValue) -> [Placed<AccessRule>]? {
        guard let value = entry["access"], value.json.kind == .array else { return nil }
        if value.json.count > Self.maximumRules {
            findings.error(
                "more than \(Self.maximumRules) rules", hint: "name groups in place of consumers, and patterns of tools", at: value.place)
        }
        return value.elements.prefix(Self.maximumRules).map { Placed(value: rule($0), place: $0.place) }
    }

    private mutating func rule(_ value: ConfigValue) -> AccessRule {
        let texts = { (name: String) in value[name].map { $0.elements.compactMap { $0.string.map { ExactText($0) } } } }
        var rule = AccessRule(
            consumers: texts("consumers"), groups: texts("groups"), scopes: texts("scopes"),
            tools: value["tools"].map { $0.elements.compactMap { $0.string.map { NamePattern($0) } } },
            maxRisk: value["maxRisk"]?.string.flatMap { Risk(rawValue: $0) } ?? .write,
            effect: value["effect"]?.string.flatMap { AccessRule.Effect(rawValue: $0) } ?? .allow)
        for (key, wanted) in value["claims"]?.members ?? [] {
            guard let path = claim(key) else { continue }
            let values = wanted.json.kind == .array ? wanted.elements : [wanted]
            rule.claims.append(ClaimCondition(path: path, values: values.compactMap { Self.claimValue($0) }))
        }
        for (key, wanted) in value["when"]?["arguments"]?.members ?? [] { rule.conditions += conditions(key, wanted) }
        if rule.effect == .deny, value["maxRisk"] == nil {
            findings.warning(
                "a rule goes up to write where it does not say, and this one denies nothing that is destructive",
                hint: "write maxRisk: destructive, or maxRisk: write if that is meant", at: value.place)
        }
        return rule
    }

    private static func claimValue(_ value: ConfigValue) -> ClaimCondition.Value? {
        value.json.bool.map { .bool($0) } ?? value.string.map { .text(NamePattern($0)) }
    }

    /// All that is written of one argument must be so.
    private mutating func conditions(_ key: ConfigValue, _ value: ConfigValue) -> [ArgumentCondition] {
        guard let path = key.string.flatMap({ ArgumentPath($0) }) else {
            findings.error(
                "not the place of an argument", hint: "a JSON pointer, or names with dots between them, at most 16", at: key.place)
            return []
        }
        var tests: [ArgumentTest] = []
        for list in [value["equals"].map { [$0] }, value["oneOf"]?.elements] {
            if let list { tests.append(.oneOf(list.compactMap { argumentValue($0) })) }
        }
        if let pattern = value["matches"]?.string { tests.append(.matches(NamePattern(pattern))) }
        let (least, most) = (number(value["atLeast"]), number(value["atMost"]))
        if least != nil || most != nil {
            tests.append(.between(least, most))
            if let least, let most, most < least { findings.error("nothing is at least \(least) and at most \(most)", at: value.place) }
        }
        if let folder = value["under"], let text = folder.string {
            if let path = PlainPath(text) {
                tests.append(.under(path))
            } else {
                findings.error(
                    "not a path that can be read in one way only", hint: "write it without .., //, % and backslashes", at: folder.place)
            }
        }
        if value.json.kind == .object, value.json.count == 0 {
            findings.error("nothing is said of \(ConfigFinding.quoted(path.description))", hint: "write equals, for example", at: key.place)
        }
        return tests.map { ArgumentCondition(path: path, test: $0) }
    }

    private mutating func argumentValue(_ value: ConfigValue) -> ArgumentValue? {
        if let bool = value.json.bool { return .bool(bool) }
        if let text = value.string { return .text(ExactText(text)) }
        return number(value).map { .number($0) }
    }

    private mutating func number(_ value: ConfigValue?) -> DecimalNumber? {
        guard let value, let text = value.json.numberText else { return nil }
        if let number = DecimalNumber(text) { return number }
        findings.error("no number that can be compared", at: value.place)
        return nil
    }
}
