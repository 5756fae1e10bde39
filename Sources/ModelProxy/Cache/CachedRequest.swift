import HTTPTypes
import HubCore
import NIOCore

/// A request whose answer may be kept and given again.
///
/// It may not, where
/// 1. the caller says `no-store`;
/// 2. it is no conversation, completion or embedding, or is wrong;
/// 3. it refers to what a provider keeps, or has a tool that a provider runs, which looks at the world;
/// 4. tools have run in it: what they did and told belongs to that moment;
/// 5. several answers or sound are asked for.
struct CachedRequest: Sendable {
    /// By what its answer is found.
    let digest: RequestDigest
    /// Whether a kept answer will do.
    let takesKept: Bool
    private let route: ModelRoute
    private let dialect: CallerDialect
    private let isStreaming: Bool
    private let includesUsage: Bool
    private let model: String
    /// Whether a whole answer can be given as a stream, and a stream as a whole answer.
    private let hasBothForms: Bool

    /// Members that change nothing about what is answered: the form, and for whom it is.
    private static let ignored: Set<String> = [
        "stream", "stream_options", "user", "metadata", "safety_identifier", "prompt_cache_key", "prompt_cache_retention",
        "prompt_cache_options",
    ]

    /// - Parameters:
    ///   - destination: who is asked first.
    ///   - consumer: who asks; nil: it does not matter.
    init?(
        _ route: ModelRoute, _ body: ModelRequest, fields: HTTPFields, api: String, destination: ModelDestination, consumer: String?
    ) {
        let directives = Set(
            (fields[.cacheControl] ?? "").lowercased().split(separator: ",").map { $0.filter { $0 != " " && $0 != "\t" } })
        guard !directives.contains("no-store") else { return nil }
        let root = body.document.root
        switch route {
        case .completions, .embeddings: includesUsage = false
        case .chatCompletions, .responses, .messages:
            // What is wrong is told by whoever reads it next.
            guard let request = try? route.conversation?.read(root), request.isRepeatable, root["audio"] == nil, root["modalities"] == nil
            else {
                return nil
            }
            includesUsage = request.includesUsage
        case .countTokens, .moderations, .rerank, .models: return nil
        }
        self.route = route
        takesKept = !directives.contains("no-cache")
        dialect = route.dialect(fields)
        isStreaming = body.isStreaming
        model = body.model
        hasBothForms = route == .chatCompletions || route == .messages
        var digest = RequestDigest.Builder()
        for part in [
            api, route.rawValue, destination.service.name, destination.providerModel(for: body.model), consumer ?? "",
            consumer == nil ? "shared" : "own", fields[.anthropicVersion] ?? "", fields[.anthropicBeta] ?? "",
        ] {
            digest.add(part)
        }
        // Where there is no way between the forms, each is a request of its own.
        digest.add(root, without: hasBothForms ? Self.ignored : Self.ignored.subtracting(["stream", "stream_options"]))
        self.digest = digest.digest()
    }

    /// What a kept answer is to this request; nil where it cannot be read any more.
    ///
    /// - Parameter now: seconds since 1970.
    func response(_ kept: ModelCache.Answer, age: Duration, requestID: String, now: Int64) -> CallResponse? {
        var fields: HTTPFields = [.contentType: kept.contentType]
        var body = kept.body
        if hasBothForms, isStreaming || kept.isStream {
            let events = events(of: kept)
            let answer = ChatAnswer(events)
            guard answer.error == nil else { return nil }
            let frame = AnswerFrame(
                id: dialect.answerID(requestID), created: Int(clamping: now), model: model, includesUsage: includesUsage,
                requestID: requestID)
            if isStreaming {
                var encoder = dialect.answerEncoder(frame)
                body = ByteBuffer()
                for event in events { encoder.write(event, to: &body) }
            } else {
                body = dialect.body(answer, frame)
            }
            fields[.contentType] = isStreaming ? "text/event-stream" : "application/json"
        }
        if isStreaming { fields = ModelFields.events(fields) }
        fields[.age] = String(max(0, age.components.seconds))
        fields[.hubCache] = "hit"
        return CallResponse(status: 200, fields: fields, body: .complete(body))
    }

    /// Whether an answer is complete and good, and asks for nothing to be done.
    func isWorthKeeping(_ answer: ModelCache.Answer) -> Bool {
        if hasBothForms {
            let events = events(of: answer)
            for event in events {
                switch event {
                case .callStart, .refusal: return false
                default: break
                }
            }
            switch ChatAnswer(events).stop {
            case .stop, .stopSequence: return true
            case .length, .contextLength, .toolCalls, .contentFilter, .paused, nil: return false
            }
        }
        if answer.isStream {
            guard dialect != .responses else {
                // Its last event holds all of it.
                let last = Self.messages(of: answer.body).last.flatMap { try? JSONDocument(parsing: $0.data, limits: .payload).root }
                return last?["type"]?.isString("response.completed") == true && Self.isWorthKeeping(last?["response"])
            }
            return Self.messages(of: answer.body).last?.data.readableBytesView.starts(with: "[DONE]".utf8) ?? false
        }
        let root = try? JSONDocument(parsing: answer.body, limits: .payload).root  // why it does not parse helps nobody
        switch route {
        case .responses: return Self.isWorthKeeping(root)
        case .embeddings: return root?["data"]?.kind == .array
        default: return root?["choices"]?.elements.allSatisfy { $0["finish_reason"]?.isString("stop") ?? false } ?? false
        }
    }

    private static func isWorthKeeping(_ response: JSONValue?) -> Bool {
        guard let response, response["status"]?.isString("completed") == true else { return false }
        return (response["output"]?.elements ?? .none)
            .allSatisfy { $0["type"]?.isString("message") == true || $0["type"]?.isString("reasoning") == true }
    }

    private func events(of answer: ModelCache.Answer) -> [ChatEvent] {
        let provider: ProviderDialect = dialect == .messages ? .messages : .chat
        guard answer.isStream else { return ChatAnswer.events(of: answer.body, in: provider, callIDSeed: "call") }
        var stream = AnswerStream(provider, callIDSeed: "call")
        return stream.take(answer.body) + stream.finish()
    }

    private static func messages(of body: ByteBuffer) -> [StreamMessage] {
        var framing = StreamFraming.events(SSEDecoder(maximumEventBytes: StreamFraming.maximumMessageBytes))
        return (try? framing.take(body)) ?? []  // what cannot be read is not kept
    }
}

extension ChatRequest {
    /// Whether asking again would be the same.
    fileprivate var isRepeatable: Bool {
        answers == 1
            && !tools.contains { if case .foreign = $0 { true } else { false } }
            && !turns.contains { turn in
                turn.parts.contains { part in
                    switch part {
                    case .toolCall, .toolResult, .foreign: true
                    case .image(let media), .audio(let media), .file(let media):
                        if case .base64 = media.source { false } else { true }  // what lies elsewhere may change
                    case .text, .refusal, .reasoning: false
                    }
                }
            }
            && !others.contains { ["web_search_options", "container", "mcp_servers", "previous_response_id"].contains($0.name) }
    }
}

extension HTTPField.Name {
    // The literal is a token, so that the failable initialiser cannot fail.
    static let hubCache = HTTPField.Name("x-hubd-cache") ?? .via
}
