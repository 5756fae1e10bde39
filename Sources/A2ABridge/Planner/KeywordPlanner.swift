public import HubCore

/// Plans without a model: the index that finds tools by words chooses, and arguments are what the words state.
///
/// 1. A tool that the words name is the one. 2. The only tool that may be used is the one. 3. Else it is the best that the index finds; where
/// another fits the same words, only if the best one does no more than look. 4. What is found in none of these ways is asked for.
public struct KeywordPlanner: Planner {
    private let finder: ToolFinder
    private let schemas: [String: SkillSchema]

    /// The most tools that are offered for a choice.
    private static let mostChoices = 20

    /// A planner for tools; which of them may be used, each request says.
    public init(_ tools: ToolSet) {
        let schemas = Dictionary(tools.tools.map { ($0.definition.name, SkillSchema($0.definition)) }) { first, _ in first }
        self.schemas = schemas
        finder = ToolFinder(
            tools.tools.map { tool in
                let definition = tool.definition
                let arguments = (schemas[definition.name]?.arguments ?? []).map { argument in
                    RoutableTool.Argument(
                        name: argument.name, description: argument.schema["description"]?.string ?? "",
                        values: argument.values.compactMap(\.string))
                }
                return RoutableTool(
                    name: definition.name, title: definition.title, description: definition.description, arguments: arguments,
                    examples: definition.examples)
            })
    }

    /// Plans.
    public func plan(_ request: PlanRequest) async throws -> Plan {
        switch request.tool.map({ [$0] }) ?? tools(for: request) {
        case let tools where tools.count == 1:
            let schema = tools.first.flatMap { schemas[$0] }
            let arguments = schema.map { StatedArguments.arguments(in: request.text, for: $0, asked: request.asked) }
            return .call(tool: tools.first ?? "", arguments: arguments ?? [:])
        case let tools: return .choose(tools)
        }
    }

    private func tools(for request: PlanRequest) -> [String] {
        let all = request.tools.tools.map(\.definition.name)
        if all.count <= 1 { return all }
        let words = Set(StatedText(request.text).pieces.map(\.folded))
        let named = all.filter { words.contains(StatedText.folded($0)) }
        if named.count == 1 { return named }
        let found = find(request.text, limit: Self.mostChoices, in: request.tools)
        guard let best = found.first else { return Array(all.prefix(Self.mostChoices)) }
        let rivals = found.filter { Set($0.matched) == Set(best.matched) }.map(\.name)
        if rivals.count <= 1 || request.tools[best.name]?.definition.risk == .read { return [best.name] }
        return rivals
    }

    /// The tools that fit words, the likeliest first.
    func find(_ text: String, limit: Int, in tools: ToolSet) -> [ToolFinder.Found] { finder.search(text, limit: limit, in: tools).found }
}
