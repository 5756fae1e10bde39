import HubCore
import HubTelemetry
import HubUpstream
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

/// Makes the tools of one server: operations as the operator changed them, each with its policies around its target.
struct ToolComposer {
    private let entry: ServerEntry
    private let metrics: HubMetrics
    private var tools: [(tool: Tool, change: ToolChange?)] = []
    private var knownNames: Set<String> = []
    private var argumentFindings: [ConfigFinding] = []

    init(entry: ServerEntry, metrics: HubMetrics) {
        self.entry = entry
        self.metrics = metrics
    }

    /// What stands around a call of a tool, the outermost first.
    static func policies(server: String, tool: String, fill: ArgumentFill?, metrics: HubMetrics) -> [any Policy] {
        let order: [(any Policy)?] = [
            metrics.calls(server: server, tool: tool),  // outermost: how a call ended is known at its end
            fill,  // innermost: what is checked before is what the caller sent
        ]
        return order.compactMap { $0 }
    }

    /// Adds an operation whose calls go to `destination`.
    mutating func add(_ operation: IngestedOperation, to destination: Destination) {
        var original = operation.tool
        knownNames.insert(original.name)
        let change = entry.tools.first { $0.name == original.name }
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
        let policies = Self.policies(server: entry.name, tool: definition.name, fill: fill, metrics: metrics)
        tools.append((Tool(definition: definition, target: PolicyChain(policies, around: target)), change))
    }

    /// The tools, with what is wrong with the changes.
    func finish(_ findings: inout FindingCollector) -> ToolSet {
        findings.add(argumentFindings)
        // A failed description has no names: complaining of each change would hide the cause.
        for change in entry.tools where !knownNames.contains(change.name) && !findings.hasErrors {
            let near = NearestName.find(change.name, among: knownNames).map { "did you mean \"\($0)\"?" }
            findings.error(
                "\(entry.name) has no tool \(ConfigFinding.quoted(change.name))", hint: near ?? "hubd tools lists those of a description",
                at: change.place)
        }
        var seen: Set<String> = []
        for (tool, change) in tools where !seen.insert(tool.definition.name).inserted {
            findings.error(
                "\(entry.name) would have two tools named \(ConfigFinding.quoted(tool.definition.name))", hint: "rename one of them",
                at: change?.rename?.place ?? change?.place ?? entry.place)
        }
        return ToolSet(tools.map(\.tool))
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
