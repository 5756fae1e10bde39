import HubCore
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

/// Makes the tools of one server that is an API: its operations as the operator changed them.
struct ToolComposer {
    private let entry: ServerEntry
    private let changes: [String: ToolChange]
    private var tools: [ComposedTool] = []
    /// Where the name of each tool is written.
    private var places: [SourcePlace] = []
    private var knownNames: Set<String> = []
    private var argumentFindings: [ConfigFinding] = []

    init(entry: ServerEntry) {
        self.entry = entry
        changes = Dictionary(entry.tools.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
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
        tools.append(ComposedTool(definition: definition, of: operation.tool, target: target, fill: fill, server: entry.name))
        places.append(change?.rename?.place ?? change?.place ?? entry.place)
    }

    /// The tools, no two of one name.
    func finish(_ findings: inout FindingCollector) -> [ComposedTool] {
        check(&findings)
        return tools
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
        for (tool, place) in zip(tools, places) where !seen.insert(tool.definition.name).inserted {
            findings.error(
                "\(entry.name) would have two tools named \(ConfigFinding.quoted(tool.definition.name))", hint: "rename one of them",
                at: place)
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
        override.examples = examples
        for argument in arguments {
            override.arguments[argument.name] = ToolOverride.Argument(
                fixed: argument.fix, defaultValue: argument.defaultValue, description: argument.description)
        }
        return override
    }
}
