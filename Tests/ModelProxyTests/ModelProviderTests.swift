import HTTPTypes
import HubCore
import NIOCore
import Testing

@testable import ModelProxy

@Suite("Providers")
struct ModelProviderTests {
    private func message(_ stub: StubAPI) throws -> OutboundRequest {
        guard case .message(let message) = try #require(stub.calls.all.first).content else { throw HubError(.internal, "no message") }
        return message
    }

    @Test("every provider is asked for chat where it serves it, below its customary base")
    func paths() async throws {
        let places: [(ModelProvider, String, String, ModelKey)] = [
            (ModelProvider(.openAI), "/v1", "/chat/completions", .bearer),
            (ModelProvider(.openAICompatible), "/v1", "/chat/completions", .bearer),
            (ModelProvider(.azure), "/openai/v1", "/chat/completions", .header("api-key")),
            (ModelProvider(.azure, apiVersion: "v1"), "/openai/v1", "/chat/completions", .header("api-key")),
            (
                ModelProvider(.azure, deployment: "gpt 5", apiVersion: "2024-10-21"), "/openai",
                "/deployments/gpt%205/chat/completions?api-version=2024-10-21", .header("api-key")
            ),
            (ModelProvider(.anthropic), "/v1", "/messages", .header("x-api-key")),
            (ModelProvider(.gemini), "/v1beta", "/models/m:generateContent", .header("x-goog-api-key")),
            (ModelProvider(.bedrock), "", "/model/m/converse", .bearer),
            (ModelProvider(.dashScope), "/compatible-mode/v1", "/chat/completions", .bearer),
            (ModelProvider(.miniMax), "/v1", "/chat/completions", .bearer),
            (ModelProvider(.ollama), "/v1", "/chat/completions", .bearer),
            (ModelProvider(.ollamaNative), "", "/api/chat", .bearer),
            (ModelProvider(.vllm), "/v1", "/chat/completions", .bearer),
            (ModelProvider(.sglang), "/v1", "/chat/completions", .bearer),
        ]
        #expect(Set(places.map(\.0.name)) == Set(ModelProviderKind.allCases.map(\.rawValue)))
        for (provider, base, path, key) in places {
            let stub = StubAPI("{}", provider: provider)
            _ = try await stub.send()
            #expect(provider.basePath == base && provider.key == key, "\(provider.name)")
            #expect(try message(stub).path == path)
        }
    }

    @Test("another name for the model is put in its place, and every other byte stays")
    func mapping() async throws {
        let models = ModelMapping([.init(NamePattern("fast-*"), to: "m/\"1\""), .init(NamePattern("fast-2"), to: "no")])
        let stub = StubAPI("{}", provider: ModelProvider(.vllm, models: models))
        _ = try await stub.send("{ \"x\" : 1.50,\"model\":\t\"fast-2\", \"messages\":[]}")
        let sent = try message(stub)
        #expect(sent.body.map { String(buffer: $0) } == "{ \"x\" : 1.50,\"model\":\t\"m/\\\"1\\\"\", \"messages\":[]}")
        #expect(stub.calls.all.first?.tool == "fast-2")
        #expect(stub.usage.all.first?.providerModel == "m/\"1\"" && stub.usage.all.first?.model == "fast-2")

        let azure = StubAPI("{}", provider: ModelProvider(.azure, deployment: "mine"))
        _ = try await azure.send()
        #expect(try message(azure).body == ByteBuffer(string: StubAPI.chat.replacing("\"m\"", with: "\"mine\"")))
    }

    @Test("a model whose name would mean another path at Azure is not served", arguments: ["..", "."])
    func dots(model: String) async throws {
        let provider = ModelProvider(.azure, apiVersion: "2024-10-21")
        #expect(provider.path(.chatCompletions, model: model) == nil)
        #expect(provider.path(.chatCompletions, model: "a/../b") == "/deployments/a%2F..%2Fb/chat/completions?api-version=2024-10-21")
    }

    @Test("Anthropic is told its version: the caller's, where bytes pass, and the hub's, where they are converted")
    func version() async throws {
        let provider = ModelProvider(.anthropic)
        let fields: HTTPFields = [.anthropicVersion: "2026-10-21", .anthropicBeta: "b", .authorization: "Bearer caller"]
        let native = ModelDoor(.messages, .anthropic)
        let stub = StubAPI("{}", provider: provider)
        _ = try await native.send(stub, fields: fields)
        #expect(
            try message(stub).headers == [.anthropicVersion: "2026-10-21", .anthropicBeta: "b", .contentType: "application/json"])
        let silent = StubAPI("{}", provider: provider)
        _ = try await native.send(silent)
        #expect(try message(silent).headers == [.anthropicVersion: "2023-06-01", .contentType: "application/json"])
        let converted = StubAPI("{}", provider: provider)
        _ = try await ModelDoor(.chatCompletions, .anthropic).send(converted, fields: fields)
        #expect(try message(converted).headers == [.anthropicVersion: "2023-06-01", .contentType: "application/json"])
    }

    @Test("thoughts that another provider signed do not pass, and one's own do")
    func signatures() async throws {
        func body(_ signature: String) -> String {
            #"{"model":"m","max_tokens":9,"messages":[{"role":"user","content":"a"},{"role":"assistant","content":[{"type":"thinking","#
                + #""thinking":"t","signature":"\#(signature)"},{"type":"text","text":"b"}]},{"role":"user","content":"c"}]}"#
        }
        let foreign = StubAPI("{}", provider: ModelProvider(.anthropic))
        _ = try await foreign.send(body("gemini:abc"), path: "/v1/messages")
        let sent = try #require(try message(foreign).body)
        #expect(!String(buffer: sent).contains("abc") && String(buffer: sent).contains("\"b\""))
        let own = StubAPI("{}", provider: ModelProvider(.anthropic))
        _ = try await own.send(body("abc"), path: "/v1/messages")
        #expect(try message(own).body == ByteBuffer(string: body("abc")))
    }

    @Test("OpenAI's responses pass to OpenAI, with what they used")
    func responses() async throws {
        let provider = ModelProvider(.openAI)
        let door = ModelDoor(.responses, .openAI)
        let answer =
            #"{"id":"resp_1","status":"completed","output":[],"usage":{"input_tokens":7,"input_tokens_details":{"cached_tokens":2},"#
            + #""output_tokens":3,"output_tokens_details":{"reasoning_tokens":1}}}"#
        let stub = StubAPI(answer, provider: provider)
        let writer = try await door.send(stub, isStreaming: false)
        #expect(writer.text == answer)
        #expect(try message(stub).path == "/responses")
        let record = try #require(stub.usage.all.first)
        #expect([record.input, record.cachedInput, record.output, record.reasoning] == [7, 2, 3, 1] && !record.isEstimated)

        let events = [
            "event: response.created\ndata: {\"type\":\"response.created\",\"response\":{\"usage\":null}}\n\n",
            "event: response.output_text.delta\ndata: {\"type\":\"response.output_text.delta\",\"delta\":\"hello\"}\n\n",
            "event: response.completed\ndata: {\"type\":\"response.completed\",\"response\":\(answer)}\n\n",
        ]
        let whole = StubAPI(StubStream(events), provider: provider)
        #expect(try await door.send(whole).text == events.joined())
        #expect(whole.usage.all.map(\.output) == [3] && whole.usage.all.map(\.outcome) == [.served])
        let cut = StubAPI(StubStream(Array(events.dropLast())), provider: provider)
        #expect(try await door.send(cut).text.hasPrefix(events.dropLast().joined() + "event: error\ndata: {\"type\":\"error\""))
        #expect(cut.usage.all.map(\.output) == [2] && cut.usage.all.map(\.isEstimated) == [true])
    }

    @Test("what is no conversation passes to providers that have it")
    func passes() async throws {
        let answer = #"{"object":"list","data":[],"usage":{"prompt_tokens":5,"total_tokens":5}}"#
        for (route, path) in [(ModelRoute.embeddings, "/embeddings"), (.completions, "/completions"), (.rerank, "/rerank")] {
            let stub = StubAPI(answer, provider: ModelProvider(.vllm))
            let body = #"{"input":"a","model":"m"}"#
            #expect(try await stub.send(body, path: route.rawValue).text == answer)
            #expect(try message(stub).path == path && message(stub).body == ByteBuffer(string: body))
            #expect(stub.usage.all.map(\.input) == [5] && stub.usage.all.map(\.isEstimated) == [false])
        }
        let judged = StubAPI("{}", provider: ModelProvider(.openAI))
        #expect(try await judged.send(#"{"input":"a"}"#, path: "/v1/moderations").status == 200)
        #expect(judged.calls.all.first?.tool == "moderations")
        let counted = StubAPI(#"{"input_tokens":3}"#, provider: ModelProvider(.anthropic))
        let door = ModelDoor(.messages, .anthropic)
        #expect(try await counted.send(door.body(isStreaming: false), path: "/v1/messages/count_tokens").text == #"{"input_tokens":3}"#)
        #expect(try message(counted).path == "/messages/count_tokens")
        #expect(counted.usage.all.map(\.input) == [0] && counted.usage.all.map(\.isEstimated) == [false])
    }

    @Test("older completions stream at once, and are estimated where they count nothing")
    func completions() async throws {
        let events = [#"data: {"choices":[{"text":"hello","index":0}]}"# + "\n\n", "data: [DONE]\n\n"]
        let stub = StubAPI(StubStream(events), provider: ModelProvider(.vllm))
        let writer = try await stub.send(#"{"model":"m","prompt":"a","stream":true}"#, path: "/v1/completions")
        #expect(writer.recorded.pieces == events)
        #expect(stub.usage.all.map(\.output) == [2] && stub.usage.all.map(\.isEstimated) == [true])
    }

    @Test("the list of models is the provider's, in the dialect of whoever asks")
    func models() async throws {
        let askers: [(ModelProviderKind, HTTPFields)] = [(.openAI, [:]), (.anthropic, [.anthropicVersion: "2023-06-01"])]
        for (kind, fields) in askers {
            let stub = StubAPI(#"{"data":[]}"#, provider: ModelProvider(kind))
            let writer = try await stub.send("", method: .get, path: "/v1/models?limit=1", fields: fields)
            #expect(writer.text == #"{"data":[]}"#)
            let sent = try message(stub)
            #expect(sent.method == .get && sent.path == "/models" && sent.body == nil && sent.headers == fields)
        }
        let other = StubAPI(#"{"data":[{"type":"model","id":"c","display_name":"C"}]}"#, provider: ModelProvider(.anthropic))
        let writer = try await other.send("", method: .get, path: "/v1/models", fields: [:])
        #expect(writer.text == #"{"object":"list","data":[{"id":"c","object":"model","created":0,"owned_by":"anthropic"}]}"#)
        #expect(try message(other).path == "/models?limit=1000" && other.usage.all.isEmpty)
    }

    @Test("what a provider does not have is refused in the words of the door, and reaches nobody")
    func refused() async throws {
        for kind in [ModelProviderKind.anthropic, .gemini, .bedrock, .ollamaNative] {
            for route in [ModelRoute.embeddings, .completions, .moderations, .rerank] {
                let stub = StubAPI("{}", provider: ModelProvider(kind))
                let writer = try await stub.send(path: route.rawValue)
                #expect(writer.status == 404 && stub.calls.all.isEmpty && stub.usage.all.isEmpty)
                #expect(try writer.error()?["code"]?.string == "not_supported_by_provider")
                #expect(writer.fields[.shouldRetry] == "false")
            }
        }
        let stub = StubAPI("{}")
        let writer = try await stub.send(path: "/v1/messages/count_tokens")
        #expect(writer.status == 404)
        #expect(try writer.error()?["type"]?.string == "not_found_error")
    }

    @Test("what a dialect cannot carry is refused with the member that is meant")
    func loss() async throws {
        let stub = StubAPI("{}", provider: ModelProvider(.gemini))
        let writer = try await stub.send(#"{"model":"m","n":2,"messages":[{"role":"user","content":"hi"}]}"#)
        #expect(writer.status == 400 && stub.calls.all.isEmpty)
        #expect(try writer.error()?["param"]?.string == "n")
    }
}
