import HubCore
import NIOCore

/// What the hub looks for in a provider's message that passes to a caller of the same dialect.
struct PassedMessage {
    /// Whether it says something of the answer itself, so that there is no way back.
    private(set) var isContent = false
    /// Whether it is one that only announces the answer.
    private(set) var isAnnouncement = false
    /// Whether the answer is whole with it.
    private(set) var isEnd = false
    /// That the answer failed.
    private(set) var error: ProviderError?
    /// What the provider counts.
    private(set) var usage: ChatUsage?
    /// The length of the texts in it.
    private(set) var contentBytes = 0

    /// A message of a stream. What is not known is neither content nor announcement.
    init(_ root: JSONValue, name: String?, dialect: CallerDialect) {
        switch dialect {
        case .chat: readChat(root, name: name)
        case .responses: readResponses(root, type: root["type"]?.string ?? name)
        case .messages: readMessages(root, type: root["type"]?.string ?? name)
        }
    }

    /// An answer in one piece.
    init(whole root: JSONValue, dialect: CallerDialect) {
        switch dialect {
        case .chat:
            error = ChatAnswerReader.error(in: root, name: nil)
            usage = Self.chatUsage(root)
            for choice in root["choices"]?.elements ?? .none {
                contentBytes += Self.textBytes(choice["message"]) + Self.textBytes(choice["text"])
            }
        case .responses:
            if root["status"]?.isString("failed") == true { error = ProviderError(name: nil, body: root) }
            usage = Self.responsesUsage(root)
            for item in root["output"]?.elements ?? .none {
                contentBytes += Self.textBytes(item["content"]) + Self.textBytes(item["summary"]) + Self.textBytes(item["arguments"])
            }
        case .messages:
            if root["type"]?.isString("error") == true { error = ProviderError(name: nil, body: root) }
            usage = MessagesAnswerReader.usage(in: root["usage"])
            contentBytes = Self.textBytes(root["content"])
        }
    }

    private mutating func readChat(_ root: JSONValue, name: String?) {
        error = ChatAnswerReader.error(in: root, name: name)
        usage = Self.chatUsage(root)
        guard let choices = root["choices"] else { return }
        isAnnouncement = true
        for choice in choices.elements {
            if let reason = choice["finish_reason"], !reason.isNull { (isContent, isEnd) = (true, true) }
            contentBytes += Self.textBytes(choice["text"])
            for member in choice["delta"]?.members ?? .none where !member.name.isString("role") {
                contentBytes += Self.textBytes(member.value)
                if !Self.isEmpty(member.value) { isContent = true }
            }
        }
        if contentBytes > 0 { isContent = true }
        // The last chunk has no choice, only the counts; one without either may come first, with what Azure says of the request.
        if let usage, usage.output > 0 { isContent = true }
    }

    private mutating func readResponses(_ root: JSONValue, type: String?) {
        usage = root["response"].flatMap { Self.responsesUsage($0) }
        switch type {
        case "response.created", "response.in_progress", "response.queued": isAnnouncement = true
        // An item or part that is still empty; a call has its name already.
        case "response.output_item.added":
            let kind = root["item"]?["type"]
            if kind?.isString("message") == true || kind?.isString("reasoning") == true { isAnnouncement = true } else { isContent = true }
        case "response.content_part.added", "response.reasoning_summary_part.added":
            if root["part"]?["text"].map(Self.isEmpty) ?? false { isAnnouncement = true } else { isContent = true }
        case "error", "response.failed":
            isEnd = true
            error = ProviderError(name: nil, body: root)
        case "response.completed", "response.incomplete": (isContent, isEnd) = (true, true)
        case .some(let type) where type.hasPrefix("response."):
            isContent = true
            if type.hasSuffix(".delta") { contentBytes = root["delta"]?.string?.utf8.count ?? 0 }
        case .some, nil: break
        }
    }

    private mutating func readMessages(_ root: JSONValue, type: String?) {
        usage = MessagesAnswerReader.usage(in: root["message"]?["usage"] ?? root["usage"])
        switch type {
        case "message_start", "ping": isAnnouncement = true
        case "content_block_start":
            let block = root["content_block"]
            // As above.
            if (block?["text"] ?? block?["thinking"]).map(Self.isEmpty) ?? false { isAnnouncement = true } else { isContent = true }
        case "content_block_stop", "message_delta": isContent = true
        case "content_block_delta":
            isContent = true
            let delta = root["delta"]
            let text = delta?["text"] ?? delta?["thinking"] ?? delta?["partial_json"]
            contentBytes = text?.string?.utf8.count ?? 0
        case "message_stop": (isContent, isEnd) = (true, true)
        case "error":
            isEnd = true
            error = ProviderError(name: nil, body: root)
        case .some, nil: break
        }
    }

    // MARK: Parts

    /// Also of the lists beside chats: those that rank say only a total.
    private static func chatUsage(_ root: JSONValue) -> ChatUsage? {
        var usage = ChatAnswerReader.usage(in: root["usage"])
        if let total = root["usage"]?.tokens("total_tokens"), usage?.total == 0 { usage?.input = total }
        return usage
    }

    private static func responsesUsage(_ root: JSONValue) -> ChatUsage? {
        guard let usage = root["usage"], usage.kind == .object else { return nil }
        return ChatUsage(
            input: usage.tokens("input_tokens"), cachedInput: usage.tokens("input_tokens_details", "cached_tokens"),
            output: usage.tokens("output_tokens"), reasoning: usage.tokens("output_tokens_details", "reasoning_tokens"))
    }

    private static func isEmpty(_ value: JSONValue) -> Bool {
        switch value.kind {
        case .null: true
        case .string: value.string?.isEmpty ?? true
        case .array, .object: value.elements.first { _ in true } == nil && value.members.first { _ in true } == nil
        default: false
        }
    }

    /// About the length of all texts in a value: a text's own, of anything else what is written.
    private static func textBytes(_ value: JSONValue?) -> Int {
        guard let value, !value.isNull else { return 0 }
        return value.string?.utf8.count ?? (isEmpty(value) ? 0 : value.rawBytes.readableBytes)
    }
}
