/// Where a request may go: a service, and the model that is asked for there.
public struct ModelDestination: Sendable {
    /// Who answers.
    public var service: ModelService
    /// The model in place of the one that the request names; nil: that one, by the provider's own mapping.
    public var model: String?
    /// Its share among the destinations of a rule; below 0 is 0.
    public var weight: Int

    /// A destination.
    public init(_ service: ModelService, model: String? = nil, weight: Int = 1) {
        self.service = service
        self.model = model
        self.weight = weight
    }

    /// What the provider is asked for.
    func providerModel(for model: String) -> String {
        let wanted = self.model ?? model
        return wanted.isEmpty ? "" : service.provider.models.target(of: wanted)
    }
}
