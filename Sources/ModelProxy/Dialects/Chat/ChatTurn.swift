import NIOCore

/// What one side says before the other answers.
struct ChatTurn: Sendable, Hashable {
    /// The sides.
    enum Role: Sendable, Hashable {
        /// The caller, and the tools that it runs.
        case user
        /// The model.
        case assistant
        /// An instruction after the first turn.
        case system
    }

    /// Who speaks.
    var role: Role
    /// What is said, in order.
    var parts: [ChatPart]
}

/// A piece of a turn or of an answer.
enum ChatPart: Sendable, Hashable {
    /// Text.
    case text(String)
    /// The text with which a model declined.
    case refusal(String)
    /// A picture.
    case image(ChatMedia)
    /// A sound.
    case audio(ChatMedia)
    /// A document.
    case file(ChatMedia)
    /// The model calls a tool.
    case toolCall(ToolCall)
    /// What a tool answered.
    case toolResult(ToolResult)
    /// What the model thought.
    case reasoning(ChatReasoning)
    /// What only the dialect it came in knows, as it was written.
    case foreign(type: String, json: ByteBuffer)
}

/// A picture, a sound or a document.
struct ChatMedia: Sendable, Hashable {
    /// Where its bytes are.
    enum Source: Sendable, Hashable {
        /// Here, as Base64.
        case base64(String)
        /// Behind an address, which the hub does not fetch.
        case url(String)
        /// With the provider that knows this id.
        case id(String)
    }

    /// Where its bytes are.
    var source: Source
    /// What it is, such as `image/png`.
    var type: String?
    /// The name of a file.
    var name: String?
    /// How closely to look, in OpenAI's words.
    var detail: String?
}

/// A call that a model wants made.
struct ToolCall: Sendable, Hashable {
    /// What the result refers to.
    var id: String
    /// The tool.
    var name: String
    /// What should be an object of JSON, as the model wrote it; empty for no arguments.
    var arguments: String
    /// What the provider wants back with the call.
    var signature: ReasoningSignature?
}

/// What a tool answered.
struct ToolResult: Sendable, Hashable {
    /// The call.
    var callID: String
    /// Text, images and files.
    var content: [ChatPart]
    /// Whether the tool failed.
    var isError = false

    /// The text of the result, its pieces one behind the other.
    var text: String {
        content.reduce(into: "") { if case .text(let text) = $1 { $0 += text } }
    }

    /// The text, for dialects that have no other place to say that a tool failed.
    var toldText: String { isError ? "Error: \(text)" : text }
}

/// What a model thought.
struct ChatReasoning: Sendable, Hashable {
    /// Its thoughts; empty where they are only in the signature.
    var text: String
    /// What the provider wants back with it.
    var signature: ReasoningSignature?
    /// Whether the signature is all there is: thoughts that the provider keeps to itself.
    var isRedacted = false
}
