/// What a Model API serves below its path.
public enum ModelRoute: String, Sendable, CaseIterable {
    /// Chat completions.
    case chatCompletions = "/v1/chat/completions"
}
