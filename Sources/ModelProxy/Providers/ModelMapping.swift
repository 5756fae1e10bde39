public import HubCore

/// What a provider calls the models that callers ask for.
public struct ModelMapping: Sendable, Hashable {
    /// A name for all models that fit a pattern.
    public struct Rule: Sendable, Hashable {
        /// What is asked for.
        public var pattern: NamePattern
        /// What the provider is asked for.
        public var model: String

        /// A rule.
        public init(_ pattern: NamePattern, to model: String) {
            self.pattern = pattern
            self.model = model
        }
    }

    private let rules: [Rule]

    /// The first rule that fits decides; without one a name stays.
    public init(_ rules: [Rule] = []) { self.rules = rules }

    /// One model, whatever is asked for; nil: every name stays.
    public init(always model: String?) { rules = model.map { [Rule(NamePattern("*"), to: $0)] } ?? [] }

    /// What the provider is asked for.
    func target(of model: String) -> String { rules.first { $0.pattern.matches(model) }?.model ?? model }
}
