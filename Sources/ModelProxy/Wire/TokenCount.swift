import HubCore
import NIOCore

/// How many tokens a request would be, asked of a provider that counts in another dialect than Anthropic's.
struct TokenCount: Sendable {
    /// The path below the provider's base.
    let path: String
    /// What the provider is sent.
    let body: ByteBuffer
    /// The member of its answer that holds the number.
    let member: String

    /// - Parameters:
    ///   - root: the caller's body, in Anthropic's dialect.
    ///   - model: as the provider calls it.
    /// - Throws: what is wrong with it, or cannot be carried.
    /// - Returns: nil where the provider does not count.
    init?(_ root: JSONValue, model: String, provider: ModelProvider) throws(RequestRefusal) {
        guard [.converse, .gemini].contains(provider.dialect) else { return nil }
        var request = try MessagesRequestReader.read(root, mayLackMaximum: true)
        request.model = model
        request.isStreaming = false
        let written = try provider.dialect.write(request, features: provider.features)
        guard let whole = try? JSONDocument(parsing: written.body, limits: .payload).root else {  // our own writing parses
            throw RequestRefusal("The request cannot be counted", parameter: nil)
        }
        var json = JSONWriter()
        let encoded = PercentEncoding.encode(model)
        if provider.dialect == .gemini {
            path = "/models/\(encoded):countTokens"
            member = "totalTokens"
            json.object { json in
                json.object("generateContentRequest") { json in
                    json.member("model", "models/\(model)")
                    for part in whole.members { Self.write(part, to: &json) }
                }
            }
        } else {
            path = "/model/\(encoded)/count-tokens"
            member = "inputTokens"
            // bedrock-runtime 2023-09-30, ConverseTokensRequest: it has no other members of a conversation.
            let counted = ["messages", "system", "toolConfig", "additionalModelRequestFields"]
            json.object { json in
                json.object("input") { json in
                    json.object("converse") { json in
                        for part in whole.members where counted.contains(where: { part.name.isString($0) }) { Self.write(part, to: &json) }
                    }
                }
            }
        }
        body = json.buffer
    }

    private static func write(_ part: (name: JSONValue, value: JSONValue), to json: inout JSONWriter) {
        json.key(part.name)
        json.value(part.value)
    }

    /// The caller's answer; nil where the provider gave no number.
    func answer(_ body: ByteBuffer) -> ByteBuffer? {
        // Why it does not parse helps nobody.
        guard let root = try? JSONDocument(parsing: body, limits: .payload).root, let count = root[member]?.int, count >= 0 else {
            return nil
        }
        var json = JSONWriter()
        json.object { $0.member("input_tokens", count) }
        return json.buffer
    }
}
