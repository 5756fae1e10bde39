import HTTPTypes
import HubCore
import NIOCore

/// Makes a tool of an operation: its arguments and their schema, its description and hints, and the encoder behind it.
struct ToolBuilder {
    private static let maximumDescription = 1_000
    private let reading: DescriptionReading
    private let security: SecurityReader
    private var composer: InputSchemaComposer
    private var answers: AnswerSchemaComposer
    private var isBudgetNoted = false

    init(_ reading: DescriptionReading, _ security: SecurityReader) {
        self.reading = reading
        self.security = security
        self.composer = InputSchemaComposer(reading.shaper)
        self.answers = AnswerSchemaComposer(reading.answerShaper)
    }

    /// The operation as a tool, or nil, with a finding, where it cannot be performed at all.
    mutating func build(_ operation: OperationModel, named name: String) -> IngestedOperation? {
        reading.log.operation = FindingLog.line(operation.name)
        guard !reading.budget.isSpent else {
            if !isBudgetNoted { reading.log.add(.skippedOperation, WorkBudget.refusal, at: operation.node) }
            isBudgetNoted = true
            return nil
        }
        guard let method = HTTPRequest.Method(operation.method) else {
            reading.log.add(.skippedOperation, "\(FindingLog.quoted(operation.method)) is no HTTP method", at: operation.node)
            return nil
        }
        var parameters = ParameterPlanner(reading, security)
        parameters.plan(operation)
        var body = BodyPlanner(reading, operation, drafts: parameters.drafts)
        body.run()
        let names = ArgumentNames.make(body.drafts.map(\.binding))
        let constants = constants(body.drafts)
        let asked = names.indices.filter { constants[$0] == nil }
        let arguments = asked.map { number in
            let draft = body.drafts[number]
            return InputSchemaComposer.Argument(
                name: names[number], use: draft.use, description: draft.description, isRequired: draft.isRequired)
        }
        let (schema, isPruned) = composer.compose(arguments)
        if isPruned { reading.log.add(.repaired, "the input schema is too large; its deepest parts take anything", at: operation.node) }
        let repairs = reading.repairs.plan(body.drafts.map(\.source))
        let slots = names.indices.map { number in
            let draft = body.drafts[number]
            var slot = draft.slot(named: names[number])
            slot.isConstant = constants[number] != nil
            slot.defaultValue = constants[number] ?? operation.defaults[draft.declaredName]
            slot.repairs = repairs.roots[number]
            return slot
        }
        let encoder = OperationEncoder(
            method: method, slots: slots, path: parameters.path, query: parameters.query,
            headers: parameters.headers, cookies: parameters.cookies, body: body.plan,
            accept: operation.accept ?? Self.accept(operation.responseTypes), fixedHeaders: operation.fixedHeaders,
            repairs: repairs.plan)
        let tool = ToolDefinition(
            name: name, title: operation.summary.map { PlainText.sentences($0, limit: 80) }.flatMap { $0.isEmpty ? nil : $0 },
            description: Self.description(operation), inputSchema: schema, outputSchema: operation.answer.flatMap { answers.compose($0) },
            annotations: Self.annotations(operation.method),
            risk: Self.risk(operation.method), operation: FindingLog.line(operation.name))
        return IngestedOperation(
            tool: tool, encoder: encoder, server: operation.server, servers: operation.servers,
            security: operation.security,
            responseTypes: operation.responseTypes, sequenceTypes: operation.sequenceTypes,
            arguments: asked.map { body.drafts[$0].binding.named(names[$0]) },
            constants: constants.sorted { $0.key < $1.key }.map { (body.drafts[$0].binding.named(names[$0]), JSONCompactor.text($1)) })
    }

    /// The arguments that have to be given and have one value, by number: they are sent without being asked for.
    ///
    /// A body that is made of nothing else stays an argument, for one sees in the list that there is one.
    private func constants(_ drafts: [ArgumentDraft]) -> [Int: JSONValue] {
        var found: [Int: JSONValue] = [:]
        for (number, draft) in drafts.enumerated() where draft.isRequired && !draft.binding.wireName.isEmpty {
            found[number] = reading.shaper.constant(draft.source)
        }
        guard !found.isEmpty else { return found }
        let body = drafts.indices.filter { drafts[$0].binding.place == .body }
        if body.allSatisfy({ found[$0] != nil }) { for number in body { found[number] = nil } }
        return found
    }

    // MARK: Words

    private static func description(_ operation: OperationModel) -> String {
        let summary = operation.summary.map { PlainText.sentences($0, limit: 300) } ?? ""
        let prefix = operation.isDeprecated ? "Deprecated. " : ""
        let room = max(200, maximumDescription - summary.utf8.count - prefix.utf8.count - 2)
        let details = operation.description.map { PlainText.sentences($0, limit: room) } ?? ""
        if summary.isEmpty { return prefix + (details.isEmpty ? FindingLog.line(operation.name) : details) }
        if details.isEmpty || details == summary { return prefix + summary }
        if details.hasPrefix(summary) { return prefix + details }
        let isClosed = summary.last.map { ".!?:".contains($0) } ?? false
        return prefix + summary + (isClosed ? " " : ". ") + details
    }

    // MARK: Hints

    /// MCP `ToolAnnotations` by method (RFC 9110 §9.2). Of POST nothing is known, so it may destroy.
    static func annotations(_ method: String) -> ToolAnnotations {
        switch method {
        case "GET", "HEAD", "OPTIONS", "TRACE", "QUERY":
            ToolAnnotations(readOnly: true, destructive: false, idempotent: true, openWorld: true)
        case "PUT", "DELETE":
            ToolAnnotations(readOnly: false, destructive: true, idempotent: true, openWorld: true)
        default:
            ToolAnnotations(readOnly: false, destructive: true, idempotent: false, openWorld: true)
        }
    }

    /// What a call may do, by method. TRACE only looks; a method nobody knows may do anything.
    static func risk(_ method: String) -> Risk {
        switch method {
        case "GET", "HEAD", "OPTIONS", "TRACE", "QUERY": .read
        case "POST", "PUT", "PATCH": .write
        default: .destructive
        }
    }

    // MARK: Answers

    /// The `Accept` header: JSON where it is offered, otherwise what is, otherwise anything but JSON first.
    static func accept(_ types: [String]) -> String {
        let media = types.compactMap { MediaType(described: $0) }
        if let json = media.first(where: { $0.bodyClass == .json }) ?? media.first(where: { $0.bodyClass == .jsonSuffix }) {
            return json.text
        }
        if media.isEmpty || media.contains(where: { $0.bodyClass == .range }) { return "application/json, */*;q=0.5" }
        return media.prefix(6).map(\.text).joined(separator: ", ")
    }
}
