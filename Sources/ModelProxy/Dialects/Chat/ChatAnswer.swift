import NIOCore

/// A whole answer: what its events come to. Streaming or not, an answer is read by the same code.
struct ChatAnswer: Sendable, Hashable {
    /// A run of events of one kind.
    private struct Piece: Sendable, Hashable {
        enum Kind: Sendable, Hashable {
            case text, reasoning, refusal
            case redacted
            case call(id: String, name: String)
        }

        var kind: Kind
        var text = ""
        var signature: ReasoningSignature?
        var isOpen = true
    }

    private var pieces: [Piece] = []
    /// As the provider calls it.
    private(set) var id = ""
    /// As the provider calls it.
    private(set) var model = ""
    /// Elements of OpenAI's `logprobs.content`.
    private(set) var logprobs: [ByteBuffer] = []
    /// Where the text comes from.
    private(set) var citations: [ChatCitation] = []
    /// Nil where the provider says nothing.
    private(set) var usage: ChatUsage?
    /// Nil for an answer that is not whole.
    private(set) var stop: StopReason?
    /// What went wrong.
    private(set) var error: ProviderError?

    /// Nothing yet.
    init() {}

    /// What some events come to.
    init(_ events: some Sequence<ChatEvent>) {
        for event in events { take(event) }
    }

    /// Adds an event.
    mutating func take(_ event: ChatEvent) {
        switch event {
        case .start(let id, let model): (self.id, self.model) = (id, model)
        case .text(let text): append(text, .text)
        case .reasoning(let text): append(text, .reasoning)
        case .refusal(let text): append(text, .refusal)
        case .signature(let signature):
            if pieces.last?.kind != .reasoning { append("", .reasoning) }
            pieces[pieces.count - 1].signature = signature
            pieces[pieces.count - 1].isOpen = false
        case .redacted(let signature): pieces.append(Piece(kind: .redacted, signature: signature, isOpen: false))
        case .callStart(_, let id, let name, let signature): pieces.append(Piece(kind: .call(id: id, name: name), signature: signature))
        case .callArguments(_, let text): if !pieces.isEmpty { pieces[pieces.count - 1].text += text }
        case .callEnd: if !pieces.isEmpty { pieces[pieces.count - 1].isOpen = false }
        case .logprobs(let element): logprobs.append(element)
        case .citation(let citation): citations.append(citation)
        case .usage(let usage): self.usage = usage
        case .end(let reason): stop = reason
        case .error(let error): self.error = error
        }
    }

    private mutating func append(_ text: String, _ kind: Piece.Kind) {
        guard let last = pieces.indices.last, pieces[last].kind == kind, pieces[last].isOpen else {
            return pieces.append(Piece(kind: kind, text: text))
        }
        pieces[last].text += text  // in place: a copy for each event would make long answers quadratic
    }

    /// What it says, in order.
    var parts: [ChatPart] {
        pieces.map { piece in
            switch piece.kind {
            case .text: .text(piece.text)
            case .reasoning: .reasoning(ChatReasoning(text: piece.text, signature: piece.signature))
            case .redacted: .reasoning(ChatReasoning(text: "", signature: piece.signature, isRedacted: true))
            case .refusal: .refusal(piece.text)
            case .call(let id, let name):
                .toolCall(ToolCall(id: id, name: name, arguments: piece.text, signature: piece.signature))
            }
        }
    }

    /// All its text, or nil where there is none.
    var text: String? {
        pieces.contains { $0.kind == .text } ? pieces.reduce(into: "") { if $1.kind == .text { $0 += $1.text } } : nil
    }
}
