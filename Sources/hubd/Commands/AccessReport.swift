import A2ABridge
import HubCore
import HubPolicy
import MCPHub

/// What `hubd check --explain` says: whether a consumer may use a tool, and why.
struct AccessReport: CustomStringConvertible {
    /// Why there is nothing to explain.
    struct Problem: Error {
        var message: String
    }

    let description: String

    /// - Parameters:
    ///   - name: the consumer.
    ///   - target: the entry and the tool, with a slash between.
    ///   - settings: what is written.
    ///   - snapshot: what came of it.
    init(_ name: String, _ target: String, settings: Settings, snapshot: HubSnapshot) throws(Problem) {
        let principal = try Self.principal(name, settings)
        guard let slash = target.firstIndex(of: "/") else { throw Problem(message: "write the entry and the tool as ENTRY/TOOL") }
        let (entry, tool) = (String(target[..<slash]), String(target[target.index(after: slash)...]))
        let known = try Self.entry(entry, settings, snapshot)
        guard let found = known.tools.first(where: { $0.name.utf8.elementsEqual(tool.utf8) }) else {
            throw Problem(message: Self.missing("\(known.noun) of \(entry)", tool, among: known.tools.map(\.name)))
        }
        guard !found.tellsOfOthers, let rules = known.rules else {
            let reason = found.tellsOfOthers ? "it tells of the tools that its caller sees" : "\(entry) has no access"
            description = "\(name) may call \(tool): \(reason), so that everybody may who got in"
            return
        }
        let explanation = AccessExplanation(rules.map(\.value), principal: principal, tool: tool, risk: found.risk)
        var lines = [Self.outcome(of: explanation, name, tool, found.risk)]
        for step in explanation.steps {
            lines.append("  rule \(step.rule + 1) (\(rules[step.rule].place.description)) \(Self.words(step))")
        }
        if explanation.decidingRule == nil {
            lines.append("  no rule is left: \(explanation.dependsOnArguments ? "other calls are" : "it is") refused")
        }
        if let scopes = known.scopes(tool) {
            lines.append("  an OAuth token also needs one of the scopes \(ConfigFinding.listed(scopes))")
        }
        description = lines.map { ConfigFinding.shown($0, atMost: 1_000) }.joined(separator: "\n")
    }

    /// What there is to explain of an entry.
    private struct Entry {
        /// What it calls what it shows.
        var noun: String
        var tools: [(name: String, risk: Risk, tellsOfOthers: Bool)]
        var rules: [Placed<AccessRule>]?
        /// The scopes one of which an OAuth token needs for a tool.
        var scopes: (String) -> [String]? = { _ in nil }
    }

    /// The server of a name, or else the agent.
    private static func entry(_ name: String, _ settings: Settings, _ snapshot: HubSnapshot) throws(Problem) -> Entry {
        let servers = settings.exposedServers.map(\.name)
        if let server = snapshot.entries[EntryKey(kind: .mcp, name: name)] as? MCPServer {
            return Entry(
                noun: "tool", tools: server.offer.tools.tools.map { ($0.definition.name, $0.definition.risk, $0.tellsOfOthers) },
                rules: settings.access(of: name), scopes: { server.scopes(opening: $0) })
        }
        if !servers.contains(name), let agent = snapshot.entries[EntryKey(kind: .a2a, name: name)] as? A2AAgent {
            return Entry(
                noun: "skill", tools: agent.ruledSkills.map { ($0.name, $0.risk, false) },
                rules: settings.agents.first { $0.name == name }?.access)
        }
        guard !servers.contains(name), !settings.agents.contains(where: { $0.name == name }) else {
            throw Problem(message: "it is not known at present what tools \(name) has")
        }
        throw Problem(message: missing("server or agent", name, among: servers + settings.agents.map(\.name)))
    }

    /// A consumer of the file has its groups; what only a token says is not known.
    private static func principal(_ name: String, _ settings: Settings) throws(Problem) -> Principal {
        guard TextKind.callerName.accepts(name), TextKind.isConfigured(caller: name) else {
            return Principal(consumer: name, credential: nil)
        }
        guard let consumer = settings.consumers.first(where: { $0.name == name }) else {
            throw Problem(message: missing("consumer", name, among: settings.consumers.map(\.name)))
        }
        return Principal(consumer: name, groups: consumer.groups, credential: nil)
    }

    private static func missing(_ kind: String, _ name: String, among names: [String]) -> String {
        let nearest = NearestName.find(name, among: names).map { "did you mean \($0)?" }
        let all = names.isEmpty ? "there is none" : "there is \(ConfigFinding.listed(Array(names.sorted().prefix(12))))"
        return "no \(kind) is called \(ConfigFinding.quoted(name)); \(nearest ?? all)"
    }

    private static func outcome(of explanation: AccessExplanation, _ name: String, _ tool: String, _ risk: Risk) -> String {
        guard explanation.isShown else { return "\(name) may not call \(tool) (\(risk.rawValue)), and does not see it" }
        let limit = explanation.dependsOnArguments ? ", by what the arguments are" : ""
        return "\(name) may call \(tool) (\(risk.rawValue))\(limit)"
    }

    private static func words(_ step: AccessExplanation.Step) -> String {
        let effect = step.effect == .allow ? "allows" : "denies"
        return switch step.verdict {
        case .mismatch(let reason): "does not match: \(reason)"
        case .decidesWhere(let condition): "\(effect) where \(condition)"
        case .decides: effect
        }
    }
}
