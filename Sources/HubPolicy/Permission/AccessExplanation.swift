public import HubCore

/// Why a caller may use a tool, or may not: what each rule that was read has to say.
public struct AccessExplanation: Sendable, Hashable {
    /// What became of one rule.
    public enum Verdict: Sendable, Hashable {
        /// A part of it does not fit; why, in words that follow "does not match:".
        case mismatch(String)
        /// It decides about calls whose arguments are so, in words; others are decided further on.
        case decidesWhere(String)
        /// It decides.
        case decides
    }

    /// One rule.
    public struct Step: Sendable, Hashable {
        /// Its number from 0.
        public var rule: Int
        /// What it does.
        public var effect: AccessRule.Effect
        /// What became of it.
        public var verdict: Verdict
    }

    /// The rules that were read, in order; those after the one that decides were not.
    public let steps: [Step]
    /// Whether the tool is listed; where no rule that decided has conditions, also whether it may be called.
    public let isShown: Bool

    /// Whether calls are decided by their arguments.
    public var dependsOnArguments: Bool {
        steps.contains { if case .decidesWhere = $0.verdict { true } else { false } }
    }

    /// The rule that decides about every call that no earlier one did; nil where none does, so that it is refused.
    public var decidingRule: Int? { steps.last.flatMap { $0.verdict == .decides ? $0.rule : nil } }

    /// Reads the rules.
    ///
    /// - Parameters:
    ///   - rules: of the entry.
    ///   - principal: who would call.
    ///   - tool: the name that the entry shows.
    ///   - risk: what the tool may do.
    public init(_ rules: [AccessRule], principal: Principal, tool: String, risk: Risk) {
        var steps: [Step] = []
        var isShown: Bool?
        for (index, rule) in rules.enumerated() {
            if let reason = rule.mismatch(principal, tool: tool, risk: risk) {
                steps.append(Step(rule: index, effect: rule.effect, verdict: .mismatch(reason)))
            } else if rule.conditions.isEmpty {
                steps.append(Step(rule: index, effect: rule.effect, verdict: .decides))
                isShown = isShown ?? (rule.effect == .allow)
                break
            } else {
                let words = rule.conditions.map(\.description).joined(separator: " and ")
                steps.append(Step(rule: index, effect: rule.effect, verdict: .decidesWhere(words)))
                if rule.effect == .allow { isShown = true }
            }
        }
        self.steps = steps
        self.isShown = isShown ?? false
    }
}

extension AccessRule {
    /// The first part of the rule that does not fit, in words; nil where all do that can be judged before a call.
    func mismatch(_ principal: Principal, tool: String, risk: Risk) -> String? {
        if let consumers, !consumers.contains(ExactText(principal.consumer)) {
            return "the consumer is not \(Self.listed(consumers))"
        }
        if let groups, !groups.contains(where: { principal.groups.contains($0) }) {
            return "the consumer is not in \(Self.listed(groups))"
        }
        if let scopes, !(principal.scopes ?? []).contains(where: { scopes.contains(ExactText($0)) }) {
            return principal.scopes == nil
                ? "it is for tokens with the scope \(Self.listed(scopes))" : "the token has not the scope \(Self.listed(scopes))"
        }
        for claim in claims where !claim.fits(principal.claims?.root) {
            return principal.claims == nil
                ? "it is for tokens whose claim \(claim)" : "it is not so that the token's claim \(claim)"
        }
        if let tools, !names(Array(tool.utf8)) { return "the tool is not \(Self.listed(tools))" }
        if risk > maxRisk { return "the tool is \(risk.rawValue), and the rule goes up to \(maxRisk.rawValue)" }
        return nil
    }

    private static func listed(_ names: [some CustomStringConvertible]) -> String {
        let shown = names.prefix(8).map { "\($0)" }
        return shown.joined(separator: " or ") + (names.count > shown.count ? " or \(names.count - shown.count) others" : "")
    }
}

extension ClaimCondition: CustomStringConvertible {
    /// In words.
    public var description: String {
        let values = values.map { value in
            switch value {
            case .text(let pattern): pattern.description
            case .bool(let value): value ? "true" : "false"
            }
        }
        return "\(path) is \(values.joined(separator: " or "))"
    }
}
