public import HubCore

/// One rule of `trust.flows`: who has read from one place may for a while not send to another.
///
/// What a model reads of others may tell it to do things. It does no harm where the tools that reach outwards are barred by then.
public struct FlowRule: Sendable, Hashable {
    /// The tools whose calls count as reading, by the names that the entry gives them; nil: every tool, prompt and resource of a server whose
    /// answers are untrusted.
    public var after: [NamePattern]?
    /// The tools that are barred from then on.
    public var deny: [NamePattern]
    /// For how long after the last reading, in seconds.
    public var seconds: Int64

    /// How long a rule holds where it does not say.
    public static let defaultSeconds: Int64 = 3600

    /// A rule.
    public init(after: [NamePattern]?, deny: [NamePattern], seconds: Int64 = Self.defaultSeconds) {
        self.after = after
        self.deny = deny
        self.seconds = seconds
    }
}

/// The flow rules of one entry, made ready for its tools.
struct FlowGuard: Sendable {
    private let rules: [FlowRule]
    /// For each tool the rules whose reading it is.
    private let reading: [String: [FlowRule]]
    /// For each tool the rules that bar it.
    private let barring: [String: [FlowRule]]
    /// Those that untrusted prompts and resources count for.
    let readingItems: [FlowRule]

    /// Nil where there are no rules.
    init?(_ rules: [FlowRule], tools: ToolSet) {
        guard !rules.isEmpty else { return nil }
        self.rules = rules
        var reading: [String: [FlowRule]] = [:]
        var barring: [String: [FlowRule]] = [:]
        for tool in tools.tools {
            let name = tool.definition.name
            for rule in rules {
                let counts = rule.after.map { $0.contains { $0.matches(name) } } ?? (tool.distrusted != nil)
                if counts { reading[name, default: []].append(rule) }
                if rule.deny.contains(where: { $0.matches(name) }) { barring[name, default: []].append(rule) }
            }
        }
        self.reading = reading
        self.barring = barring
        readingItems = rules.filter { $0.after == nil }
    }

    /// The rules that the call of a tool is reading for.
    func reading(by tool: String) -> [FlowRule] { reading[tool] ?? [] }

    /// The rules that bar a tool from those who have read.
    func barring(_ tool: String) -> [FlowRule] { barring[tool] ?? [] }
}
