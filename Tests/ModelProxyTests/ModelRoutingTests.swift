import HTTPTypes
import HubCore
import NIOCore
import Testing

@testable import ModelProxy

@Suite("Routing of models", .timeLimit(.minutes(1)))
struct ModelRoutingTests {
    private func answering() -> StubMember { StubMember(.json("{}")) }

    @Test("the first rule whose header and model fit decides, and puts its model in place of the caller's")
    func firstMatch() async throws {
        let (gold, qwen, rest) = (answering(), answering(), answering())
        let tier = try #require(HTTPField.Name("x-tier"))
        let router = StubRouter([
            ModelRule(
                ModelCondition(fields: [tier: "gold"]), to: [ModelDestination(ModelService("claude", .vllm, gold), model: "opus")]),
            ModelRule(ModelCondition(model: NamePattern("qwen-*")), to: [ModelDestination(ModelService("qwen", .vllm, qwen))]),
            ModelRule(to: [ModelDestination(ModelService("local", .vllm, rest), model: "llama")]),
        ])
        _ = try await router.send(StubRouter.chat("qwen-1"), fields: [tier: "gold"])
        _ = try await router.send(StubRouter.chat("qwen-1"), fields: [tier: "Gold"])
        _ = try await router.send(StubRouter.chat("other"))
        #expect(gold.bodies == [StubRouter.chat("opus")])
        #expect(qwen.bodies == [StubRouter.chat("qwen-1")])
        #expect(rest.bodies == [StubRouter.chat("llama")])
        #expect(router.usage.all.map(\.provider) == ["claude", "qwen", "local"])
        #expect(router.usage.all.map(\.model) == ["qwen-1", "qwen-1", "other"])
        #expect(router.usage.all.map(\.providerModel) == ["opus", "qwen-1", "llama"])
        #expect(router.usage.all.map(\.attempts.count) == [1, 1, 1])
    }

    @Test("a model that no rule is for does not exist, in the words of the door", arguments: ["/v1/chat/completions", "/v1/messages"])
    func unknown(path: String) async throws {
        let member = answering()
        let router = StubRouter([
            ModelRule(ModelCondition(model: NamePattern("a-*")), to: [ModelDestination(ModelService("a", .vllm, member))])
        ])
        let body = #"{"model":"b","max_tokens":9,"messages":[{"role":"user","content":"hi"}]}"#
        let writer = try await router.send(body, path: path)
        #expect(writer.status == 404 && member.count == 0 && router.usage.all.isEmpty)
        let isChat = path == "/v1/chat/completions"
        #expect(try writer.error()?["code"]?.string == (isChat ? "model_not_found" : nil))
        #expect(try writer.error()?["type"]?.string == (isChat ? "invalid_request_error" : "not_found_error"))
    }

    @Test("requests are spread by weight, and the same one goes the same way")
    func weights() async throws {
        let service = ModelService("a", .vllm, answering())
        let rule = ModelRule(to: [
            ModelDestination(service, model: "x", weight: 90), ModelDestination(service, model: "none", weight: 0),
            ModelDestination(service, model: "y", weight: 10),
        ])
        var counts: [String: Int] = [:]
        for number in 0..<20_000 {
            let id = String(number * 7_919, radix: 16)
            let trip = rule.trip(ModelRouting.choice(of: id))
            #expect(trip.first?.model == rule.trip(ModelRouting.choice(of: id)).first?.model)
            counts[trip.first?.model ?? "", default: 0] += 1
        }
        #expect(counts["none"] == nil)
        #expect((1_850...2_150).contains(counts["y"] ?? 0))
    }

    @Test("weights that come to nothing leave the first, and no number of them overflows")
    func oddWeights() {
        let service = ModelService("a", .vllm, answering())
        let none = ModelRule(to: [ModelDestination(service, model: "x", weight: 0), ModelDestination(service, model: "y", weight: -4)])
        #expect(none.trip(.max).first?.model == "x")
        let large = ModelRule(to: [
            ModelDestination(service, model: "x", weight: .max), ModelDestination(service, model: "y", weight: .max),
        ])
        #expect(large.trip(1_500_000).first?.model == "y")
    }

    @Test("the models are those that the rules name, and those of providers that names pass to")
    func list() async throws {
        let chat = StubMember(.json(#"{"object":"list","data":[{"id":"qwen-1","owned_by":"q"},{"id":"other"},{"id":7}]}"#))
        let gemini = StubMember(.json(#"{"models":[{"name":"models/gemini-2"},{"name":"models/qwen-1"}]}"#))
        let router = StubRouter([
            ModelRule(
                ModelCondition(fields: [.userAgent: "gold"]),
                to: [ModelDestination(ModelService("g", .vllm, answering()), model: "hidden")]),
            ModelRule(
                ModelCondition(model: NamePattern("fast")), to: [ModelDestination(ModelService("q", .vllm, chat), model: "qwen-turbo")]),
            ModelRule(ModelCondition(model: NamePattern("qwen-*")), to: [ModelDestination(ModelService("q", .vllm, chat))]),
            ModelRule(to: [
                ModelDestination(ModelService("gem", .gemini, gemini)),
                ModelDestination(ModelService("l", .vllm, answering()), model: "llama"),
                ModelDestination(ModelService("away", .vllm, StubMember(.failure(HubError(.upstreamFailed, "x"))))),
            ]),
        ])
        let writer = try await router.send("", method: .get, path: "/v1/models")
        #expect(
            writer.text
                == #"{"object":"list","data":[{"id":"fast","object":"model","created":0,"owned_by":"q"},{"id":"qwen-1","owned_by":"q"},"#
                + #"{"id":"gemini-2","object":"model","created":0,"owned_by":"gem"},"#
                + #"{"id":"llama","object":"model","created":0,"owned_by":"l"}]}"#)
        #expect(gemini.sent.map(\.path) == ["/models?pageSize=1000"] && chat.count == 1)

        let anthropic = try await router.send("", method: .get, path: "/v1/models", fields: [.anthropicVersion: "2023-06-01"])
        let root = try JSONDocument(parsing: anthropic.text, limits: .message).root
        #expect(root["data"]?.elements.map { $0["id"]?.string } == ["fast", "qwen-1", "gemini-2", "llama"])
        #expect(root["has_more"]?.bool == false && root["first_id"]?.string == "fast" && root["last_id"]?.string == "llama")
    }

    @Test("a list that no provider gave is a failure, and one that hangs is given up")
    func silentList() async throws {
        let router = StubRouter([
            ModelRule(ModelCondition(model: NamePattern("a-*")), to: [ModelDestination(ModelService("a", .vllm, StubMember(.hang)))])
        ])
        let writer = try await router.send(passing: ModelList.patience + .seconds(1)) {
            try await router.send("", method: .get, path: "/v1/models")
        }
        #expect(writer.status == 502)
        #expect(router.timers.count == 0)
    }

    @Test("what stands around a call sees it once, in the caller's words, and may change its body")
    func policies() async throws {
        struct Rename: Policy {
            func apply(to call: Call, context: CallContext, next: Next) async throws -> CallResponse {
                guard case .message(var message) = call.content else { throw HubError(.internal, "no message") }
                #expect(message.path == "/v1/chat/completions" && message.body == ByteBuffer(string: StubRouter.chat("m")))
                message.body = ByteBuffer(string: #"{"model":"m","messages":[]}"#)
                var call = call
                call.content = .message(message)
                return try await next(call, context)
            }
        }
        let member = StubMember(.failure(HubError(.upstreamFailed, "x")), .json("{}"))
        let service = ModelService("a", .vllm, member)
        let router = StubRouter(
            [ModelRule(to: [ModelDestination(service)], fallback: [ModelDestination(service, model: "n")])], policies: [Rename()])
        #expect(try await router.send(StubRouter.chat("m")).status == 200)
        #expect(member.bodies == [#"{"model":"m","messages":[]}"#, #"{"model":"n","messages":[]}"#])
    }
}
