public import HubCore

/// A model behind a chat or responses endpoint of OpenAI's protocol, with the instructions that make it an agent.
public struct ModelEndpoint: Sendable {
    /// Which of the two protocols is spoken.
    public enum Dialect: String, Sendable, Hashable, CaseIterable {
        /// `POST /chat/completions`.
        case chat
        /// `POST /responses`.
        case responses
    }

    /// The model, as requests name it.
    public let model: String
    /// What the model is told before any conversation; nil: nothing.
    public let instructions: String?
    /// What is spoken.
    public let dialect: Dialect
    /// How much of a conversation the model gets again, in bytes of text; the oldest is left out first.
    public let historyBytes: Int
    /// Sends messages below `/v1` of the endpoint.
    let target: any CallTarget

    /// An endpoint.
    ///
    /// - Parameters:
    ///   - model: as requests name it.
    ///   - target: sends messages below `/v1` of the endpoint, with its key.
    ///   - instructions: what the model is told before any conversation.
    ///   - dialect: what is spoken.
    ///   - historyBytes: how much of a conversation the model gets again; no more than 256 KiB.
    public init(
        model: String, target: any CallTarget, instructions: String? = nil, dialect: Dialect = .chat, historyBytes: Int = 64 << 10
    ) {
        (self.model, self.target, self.instructions, self.dialect) = (model, target, instructions, dialect)
        self.historyBytes = min(max(0, historyBytes), 256 << 10)
    }
}
