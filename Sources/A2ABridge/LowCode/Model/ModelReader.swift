import HubCore

/// Reads the events of a model's answer, in either dialect.
struct ModelReader: Sendable {
    let dialect: ModelEndpoint.Dialect
    /// Whether the answer is whole.
    private(set) var isComplete = false
    /// Why it is not all that there could be; nil: nothing is missing.
    private(set) var shortfall: String?
    /// What it cost; nil: not said.
    private(set) var usage: JSONTree?
    private var hasFinished = false

    init(_ dialect: ModelEndpoint.Dialect) { self.dialect = dialect }

    /// Whether a stream that ends now is whole: some end without the word for it.
    var mayEnd: Bool { isComplete || hasFinished }

    /// Takes one event.
    ///
    /// - Returns: more text.
    /// - Throws: `ApplicationFailure` where it is one; `HubError` where it makes no sense.
    mutating func take(_ event: ServerSentEvent) throws -> String {
        if event.data == "[DONE]" {
            isComplete = true
            return ""
        }
        let object = try ApplicationEvents.object(event)
        switch dialect {
        case .chat: return try chat(object)
        case .responses: return try response(object)
        }
    }

    private mutating func chat(_ chunk: JSONValue) throws -> String {
        if let error = chunk["error"], !error.isNull { throw ApplicationFailure(chunk, status: 0) }
        if let usage = chunk["usage"], usage.kind == .object { self.usage = JSONTree(usage) }
        var choices = chunk["choices"]?.elements ?? .none
        guard let choice = choices.next() else { return "" }
        if let reason = choice["finish_reason"]?.string {
            hasFinished = true
            shortfall = Self.shortfall(reason)
        }
        return choice["delta"]?["content"]?.string ?? choice["delta"]?["refusal"]?.string ?? ""
    }

    private mutating func response(_ event: JSONValue) throws -> String {
        let response = event["response"]
        if let usage = response?["usage"], usage.kind == .object { self.usage = JSONTree(usage) }
        switch event["type"]?.string {
        case "response.output_text.delta", "response.refusal.delta": return event["delta"]?.string ?? ""
        case "response.completed": isComplete = true
        case "response.incomplete":
            isComplete = true
            shortfall = Self.shortfall(response?["incomplete_details"]?["reason"]?.string ?? "length")
        case "response.failed": throw ApplicationFailure(response, status: 0)
        case "error": throw ApplicationFailure(event, status: 0)
        default: break
        }
        return ""
    }

    private static func shortfall(_ reason: String) -> String? {
        switch reason {
        case "stop", "end_turn": nil
        case "length", "max_output_tokens": "The answer was cut at the model's limit"
        case "content_filter": "The answer was cut by the provider's filter"
        default: "The answer ended early: \(reason.cut(to: 64))"
        }
    }
}
