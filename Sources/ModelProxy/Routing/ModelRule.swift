public import HTTPTypes
public import HubCore

/// The requests that a rule is for: those for which all of it holds.
public struct ModelCondition: Sendable {
    /// Header fields and the values that they must have, byte for byte.
    public var fields: [HTTPField.Name: String]
    /// What the name of the model must fit; nil: any, and requests that name none.
    public var model: NamePattern?

    /// A condition; without parts it holds for every request.
    public init(fields: [HTTPField.Name: String] = [:], model: NamePattern? = nil) {
        self.fields = fields
        self.model = model
    }

    /// Whether a request has the fields.
    func holds(for fields: HTTPFields) -> Bool {
        self.fields.allSatisfy { wanted in fields.value(wanted.key).map { $0.utf8.elementsEqual(wanted.value.utf8) } ?? false }
    }

    /// Whether it holds for a request.
    func holds(for model: String, fields: HTTPFields) -> Bool {
        (self.model?.matches(model) ?? true) && holds(for: fields)
    }
}

/// One of the rules by which a Model API decides who answers.
public struct ModelRule: Sendable {
    /// The requests that it is for.
    public var condition: ModelCondition
    /// Of these one is tried first, by weight.
    public var destinations: [ModelDestination]
    /// Who is tried after that one has failed, in this order.
    public var fallback: [ModelDestination]

    /// A rule.
    public init(_ condition: ModelCondition = ModelCondition(), to destinations: [ModelDestination], fallback: [ModelDestination] = []) {
        self.condition = condition
        self.destinations = destinations
        self.fallback = fallback
    }

    /// The destinations in the order in which they are tried: one of the first ones by weight, then the fallbacks.
    ///
    /// - Parameters:
    ///   - choice: any number, evenly spread over all requests; the same number makes the same choice.
    ///   - isAwake: whether a destination can be used at present; those that cannot are not chosen, unless none can.
    func trip(_ choice: UInt64, isAwake: (ModelDestination) -> Bool = { _ in true }) -> [ModelDestination] {
        guard destinations.count > 1 else { return destinations + fallback }
        let awake = destinations.filter { $0.weight > 0 && isAwake($0) }
        let candidates = awake.isEmpty ? destinations : awake
        let weights = candidates.map { UInt64(max(0, min($0.weight, 1_000_000))) }
        let sum = weights.reduce(0, +)
        var rest = sum == 0 ? 0 : choice % sum
        for (destination, weight) in zip(candidates, weights) {
            if rest < weight || sum == 0 { return [destination] + fallback }
            rest -= weight
        }
        return fallback
    }
}
