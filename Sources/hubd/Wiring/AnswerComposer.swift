import HubCore
import SpecIngest

/// Makes the plan for the answers of one operation: what the operator wrote about the tool, the endpoint or the server.
struct AnswerComposer {
    private let operation: IngestedOperation
    private let settings: AnswerSettings
    /// What is written about this tool alone, and where.
    private let own: Placed<AnswerSettings>?
    private let hiddenArguments: [String]

    init(_ operation: IngestedOperation, _ change: ToolChange?, of entry: ServerEntry) {
        self.operation = operation
        let endpoint = entry.endpointAnswers[operation.tool.name]
        own = change?.answers?.value.pages != nil ? change?.answers : endpoint
        settings = (change?.answers?.value ?? AnswerSettings()).over(endpoint?.value ?? AnswerSettings()).over(entry.answers)
        hiddenArguments = (change?.arguments ?? []).filter { $0.fix != nil }.map(\.name)
    }

    private var takesFields: Bool { !operation.arguments.contains { $0.name == AnswerPlan.fieldsArgument } }

    /// Whether the argument that chooses parts of an answer is listed.
    var listsFields: Bool { settings.listsFields == true && takesFields }

    /// The tool with that argument.
    func listing(_ definition: ToolDefinition) -> ToolDefinition {
        guard let document = try? JSONDocument(parsing: definition.inputSchema, limits: .description),  // ours: it parses
            let properties = document.root["properties"]
        else { return definition }
        var definition = definition
        definition.inputSchema = document.replacing([
            (properties, properties.replacingMember(AnswerPlan.fieldsArgument, with: AnswerPlan.fieldsSchema))
        ])
        return definition
    }

    /// The plan.
    ///
    /// - Parameters:
    ///   - risk: of the tool, as callers see it.
    ///   - findings: what is wrong with what is written about this tool alone; of what is written about all of them, each takes what it can.
    func plan(risk: Risk, _ findings: inout [ConfigFinding]) -> AnswerPlan {
        let visible = operation.arguments.filter { !hiddenArguments.contains($0.name) }
        let arguments = PageArguments(visible.map { ($0.name, $0.wireName) }, inputSchema: operation.tool.inputSchema)
        return AnswerPlan(
            settings, takesFields: takesFields, arguments: arguments, pages: pages(arguments, risk: risk, &findings),
            itemTypes: operation.sequenceTypes.compactMap { MediaType(described: $0)?.essence })
    }

    private func pages(_ arguments: PageArguments, risk: Risk, _ findings: inout [ConfigFinding]) -> PagePlan? {
        guard let pages = settings.pages, pages.most > 1 else { return nil }
        let place = own.flatMap { $0.value.pages == pages ? $0.place : nil }
        let complain = { (message: String, hint: String?) in
            place.map { ConfigFinding(severity: .error, message: message, hint: hint, place: $0) }
        }
        guard risk == .read else {
            findings += [complain("the pages of \(operation.tool.name) are not put together, because it does not only read", nil)]
                .compactMap { $0 }
            return nil
        }
        if let argument = pages.argument, !operation.arguments.contains(where: { $0.name == argument }) {
            let near = NearestName.find(argument, among: operation.arguments.map(\.name)).map { "did you mean \"\($0)\"?" }
            let message = "\(operation.tool.name) has no argument \(ConfigFinding.quoted(argument))"
            findings += [complain(message, near)].compactMap { $0 }
            return nil
        }
        let plan = PagePlan(pages, arguments: arguments, followsLinks: operation.tool.operation.hasPrefix("GET "))
        if plan == nil {
            let hint = "name the way to the next page: link, next, cursor, offset or page"
            findings += [complain("\(operation.tool.name) has no argument about pages", hint)].compactMap { $0 }
        }
        return plan
    }
}
