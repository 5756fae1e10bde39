import HTTPTypes
import HubCore

/// Makes arguments and plans of the parameters of one operation.
struct ParameterPlanner {
    /// The most variables a path may have for the nearest to a misspelled one to be looked for.
    private static let maximumGuesses = 32
    private let reading: DescriptionReading
    private let security: SecurityReader
    private(set) var drafts: [ArgumentDraft] = []
    private(set) var path = PathPlan(pieces: [], query: [])
    private(set) var query: [ParameterPlan] = []
    private(set) var headers: [(field: HTTPField.Name, plan: ParameterPlan)] = []
    private(set) var cookies: [ParameterPlan] = []
    private var variables: [String: ParameterPlan] = [:]

    init(_ reading: DescriptionReading, _ security: SecurityReader) {
        self.reading = reading
        self.security = security
    }

    /// Plans the parameters and the path of `operation`.
    mutating func plan(_ operation: OperationModel) {
        let template = PathTemplate(operation.path, isAtServer: operation.isAtServer)
        let names = template.variables
        let declared = Set(operation.parameters.lazy.filter { $0.place == .path }.map(\.name))
        for parameter in operation.parameters where !security.sends(parameter.name, in: parameter.place) {
            switch parameter.place {
            case .path:
                addPath(parameter, template, names, declared)
            case .query:
                query.append(add(parameter))
            case .cookie:
                cookies.append(add(parameter))
            case .header where HeaderRule.isMeaningless(parameter.name):
                break
            case .header where HeaderRule.isReserved(parameter.name):
                reading.log.add(
                    .dropped, "header parameter \(FindingLog.quoted(parameter.name)) is the hub's own to write; it is left out",
                    at: parameter.node)
            case .header:
                if let field = HeaderRule.fieldName(parameter.name) {
                    headers.append((field, add(parameter)))
                } else {
                    reading.log.add(
                        .dropped, "header parameter \(FindingLog.quoted(parameter.name)) has a name no header can have", at: parameter.node)
                }
            case .body:
                break
            }
        }
        path.query = template.query
        for piece in template.pieces {
            switch piece {
            case .literal(let bytes):
                path.pieces.append(.literal(bytes))
            case .variable(let name, let allowsSlash):
                if variables[name] == nil {
                    reading.log.add(
                        .repaired, "the path's {\(FindingLog.line(name))} is not among the parameters; it is taken as text",
                        at: operation.node)
                    variables[name] = add(Self.undeclared(name, .path, operation))
                }
                guard var plan = variables[name] else { continue }
                plan.allowReserved = plan.allowReserved || allowsSlash
                path.pieces.append(.parameter(plan))
            }
        }
        for (name, variable) in template.queryVariables where !query.contains(where: { $0.name == name }) {
            guard !declared.contains(variable) else { continue }
            query.append(add(Self.undeclared(name, .query, operation)))
        }
    }

    private mutating func addPath(_ parameter: ParameterModel, _ template: PathTemplate, _ names: [String], _ declared: Set<String>) {
        if names.contains(parameter.name) {
            variables[parameter.name] = add(parameter)
        } else if let (name, _) = template.queryVariables.first(where: { $0.variable == parameter.name }) {
            var parameter = parameter
            (parameter.name, parameter.place, parameter.style) = (name, .query, .form)
            query.append(add(parameter))
        } else if names.count <= Self.maximumGuesses,
            let name = names.first(where: {
                !declared.contains($0) && variables[$0] == nil
                    && SafeName.words($0).lowercased() == SafeName.words(parameter.name).lowercased()
            })
        {
            reading.log.add(
                .repaired, "path parameter \(FindingLog.quoted(parameter.name)) is written {\(FindingLog.line(name))} in the path",
                at: parameter.node)
            var parameter = parameter
            parameter.name = name
            variables[name] = add(parameter)
        } else {
            reading.log.add(
                .dropped, "path parameter \(FindingLog.quoted(parameter.name)) does not occur in the path; it is left out",
                at: parameter.node)
        }
    }

    private mutating func add(_ parameter: ParameterModel) -> ParameterPlan {
        reading.budget.spend(WorkBudget.argument)
        let (use, kinds) = reading.shaper.argument(parameter.schema, named: parameter.name)
        var description = parameter.description.map { PlainText.sentences($0, limit: 300) }
        if parameter.isDeprecated { description = "Deprecated. " + (description ?? "") }
        drafts.append(
            ArgumentDraft(
                binding: ArgumentBinding(name: parameter.argument ?? "", wireName: parameter.name, place: parameter.place), use: use,
                description: description.flatMap { $0.isEmpty ? nil : $0 }, isRequired: parameter.isRequired, kinds: kinds,
                isText: !parameter.isJSON, source: parameter.schema))
        return ParameterPlan(
            slot: drafts.count - 1, name: parameter.name, style: parameter.style, explode: parameter.explode,
            allowReserved: parameter.allowReserved, isJSON: parameter.isJSON, isWholeQuery: parameter.isWholeQuery)
    }

    private static func undeclared(_ name: String, _ place: ArgumentBinding.Place, _ operation: OperationModel) -> ParameterModel {
        ParameterModel(
            name: name, place: place, node: operation.node, description: nil, isRequired: place == .path, schema: .string,
            style: place == .path ? .simple : .form, explode: place != .path)
    }
}
