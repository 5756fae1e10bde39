import HubCore
import HubTelemetry
import HubUpstream
import MCPHub
import SpecIngest

/// Where the calls of an operation go, and with what.
struct Destination {
    /// Sends them.
    var service: UpstreamService
    /// What they show beside the credential of the upstream.
    var credentials: OperationCredentials?
    /// The path of the description's server.
    var basePath: String
    /// Where the description says that the API is.
    var publicAddress: HTTPAddress?
}

/// Makes the tools of one server: operations as the operator changed them and as the list shows them, each with its policies around its
/// target.
struct ToolComposer {
    private struct Part {
        var definition: ToolDefinition
        var target: OperationTarget
        var fill: ArgumentFill?
        var change: ToolChange?
    }

    private let entry: ServerEntry
    private let metrics: HubMetrics
    private let changes: [String: ToolChange]
    private var parts: [Part] = []
    private var knownNames: Set<String> = []
    private var argumentFindings: [ConfigFinding] = []

    init(entry: ServerEntry, metrics: HubMetrics) {
        self.entry = entry
        self.metrics = metrics
        changes = Dictionary(entry.tools.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
    }

    /// What stands around a call of a tool, the outermost first.
    static func policies(
        server: String, tool: String, hint: (any Policy)?, fill: ArgumentFill?, metrics: HubMetrics
    ) -> [any Policy] {
        let order: [(any Policy)?] = [
            metrics.calls(server: server, tool: tool),  // outermost: how a call ended is known at its end
            hint,  // outside of all that looks at arguments: it tells what they have to be
            fill,  // innermost: what is checked before is what the caller sent
        ]
        return order.compactMap { $0 }
    }

    /// Adds an operation whose calls go to `destination`.
    mutating func add(_ operation: IngestedOperation, to destination: Destination) {
        var original = operation.tool
        knownNames.insert(original.name)
        let change = changes[original.name]
        if change?.isHidden == true { return }
        let answers = AnswerComposer(operation, change, of: entry)
        if answers.listsFields { original = answers.listing(original) }
        let (definition, fill, unknown) = (change?.override ?? ToolOverride()).apply(to: original)
        for name in unknown {
            let known = operation.arguments.map(\.name) + (answers.listsFields ? [AnswerPlan.fieldsArgument] : [])
            let near = NearestName.find(name, among: known).map { "did you mean \"\($0)\"?" }
            let place = change?.arguments.first { $0.name == name }?.place ?? entry.place
            argumentFindings.append(
                ConfigFinding(
                    severity: .error, message: "\(original.name) has no argument \(ConfigFinding.quoted(name))",
                    hint: near ?? (known.isEmpty ? "it has none" : "it has \(ConfigFinding.listed(known))"), place: place))
        }
        let target = OperationTarget(
            encoder: operation.encoder, decoder: operation.decoder, service: destination.service, credentials: destination.credentials,
            basePath: destination.basePath, answers: answers.plan(risk: definition.risk, &argumentFindings),
            publicAddress: destination.publicAddress)
        parts.append(Part(definition: definition, target: target, fill: fill, change: change))
    }

    /// The tools as they are served, and how large their list is.
    func finish(_ findings: inout FindingCollector) -> (tools: ToolSet, report: ListReport) {
        check(&findings)
        let maker = ToolListMaker(profile: entry.profile?.value, detail: entry.list?.value ?? .full, server: entry.name)
        let list = maker.list(parts.map(\.definition))
        var tools = zip(parts, list.listed).enumerated().map { number, pair in
            let (part, listed) = pair
            // Metrics know a tool by the name it has without a client's limits.
            let policies = Self.policies(
                server: entry.name, tool: part.definition.name, hint: list.hint(number), fill: part.fill, metrics: metrics)
            return Tool(definition: listed, target: PolicyChain(policies, around: part.target))
        }
        if let tool = list.describing {
            let policies = Self.policies(server: entry.name, tool: tool.definition.name, hint: nil, fill: nil, metrics: metrics)
            tools.append(
                Tool(definition: tool.definition, target: PolicyChain(policies, around: tool.target), tellsOfOthers: tool.tellsOfOthers))
        }
        return (ToolSet(tools), list.report)
    }

    /// What is wrong with the changes.
    private func check(_ findings: inout FindingCollector) {
        findings.add(argumentFindings)
        // A failed description has no names: complaining of each change would hide the cause.
        for change in entry.tools where !knownNames.contains(change.name) && !findings.hasErrors {
            let near = NearestName.find(change.name, among: knownNames).map { "did you mean \"\($0)\"?" }
            findings.error(
                "\(entry.name) has no tool \(ConfigFinding.quoted(change.name))", hint: near ?? "hubd tools lists those of a description",
                at: change.place)
        }
        var seen: Set<String> = []
        for part in parts where !seen.insert(part.definition.name).inserted {
            findings.error(
                "\(entry.name) would have two tools named \(ConfigFinding.quoted(part.definition.name))", hint: "rename one of them",
                at: part.change?.rename?.place ?? part.change?.place ?? entry.place)
        }
    }
}

extension ToolChange {
    /// The change in the core's words.
    var override: ToolOverride {
        var override = ToolOverride()
        override.name = rename?.value
        override.title = title
        override.description = description
        override.isHidden = isHidden
        override.risk = risk
        override.annotations = annotations
        for argument in arguments {
            override.arguments[argument.name] = ToolOverride.Argument(
                fixed: argument.fix, defaultValue: argument.defaultValue, description: argument.description)
        }
        return override
    }
}
