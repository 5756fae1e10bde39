import HTTPTypes
import HubCore
import NIOCore
import Testing

@testable import ModelProxy

@Suite("Kept answers", .timeLimit(.minutes(1)))
struct ModelCacheTests {
    private static let answer =
        #"{"id":"1","model":"x","choices":[{"index":0,"message":{"role":"assistant","content":"kept"},"finish_reason":"stop"}],"#
        + #""usage":{"prompt_tokens":3,"completion_tokens":1,"total_tokens":4}}"#
    private static let events =
        #"data: {"id":"1","choices":[{"index":0,"delta":{"content":"kept"}}]}"# + "\n\n"
        + #"data: {"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}"# + "\n\ndata: [DONE]\n\n"

    private let clock = StubClock()
    private let cache: ModelCache

    init() { cache = ModelCache(now: { [clock] in clock.now }) }

    private func router(
        _ member: StubMember, _ kind: ModelProviderKind = .openAI, model: String? = nil, isShared: Bool = false, fallback: StubMember? = nil
    ) -> StubRouter {
        StubRouter(
            [
                ModelRule(
                    to: [ModelDestination(ModelService("a", kind, member), model: model)],
                    fallback: fallback.map { [ModelDestination(ModelService("b", kind, $0))] } ?? [])
            ], caching: ModelCaching(cache, lifetime: .seconds(60), isShared: isShared))
    }

    private func whole(_ finish: String = "stop", _ message: String = #""content":"kept""#) -> String {
        Self.answer.replacing(#""finish_reason":"stop""#, with: #""finish_reason":"\#(finish)""#)
            .replacing(#""content":"kept""#, with: message)
    }

    @Test("the same question is answered once, and nobody pays for the second answer")
    func hit() async throws {
        let member = StubMember(.json(Self.answer))
        let router = router(member)
        let first = try await router.send(#"{"model":"m","temperature":0.5,"messages":[{"role":"user","content":"hi"}]}"#)
        clock.advance(.seconds(7))
        let second = try await router.send(
            #"{ "messages" : [{"content":"h\u0069","role":"user"}],"user":"u","stream":false,"temperature":0.5, "model":"m"}"#)
        #expect(member.count == 1 && second.text == Self.answer && second.status == 200)
        #expect(first.fields[.hubCache] == "miss" && second.fields[.hubCache] == "hit" && second.fields[.age] == "7")
        #expect(second.fields[.contentType] == "application/json")
        #expect(cache.hits.value == 1 && cache.misses.value == 1)
        #expect(router.usage.all.map(\.isFromCache) == [false, true] && router.usage.all.map(\.input) == [3, 0])
        #expect(router.usage.all.map(\.outcome) == [.served, .served] && router.usage.all[1].provider == "a")
        #expect(router.usage.all[1].attempts.isEmpty && !router.usage.all[1].isEstimated)
        clock.advance(.seconds(54))
        #expect(try await router.send(StubAPI.chat).fields[.hubCache] == "miss")
    }

    @Test(
        "another question is another question",
        arguments: [
            #"{"model":"n","messages":[{"role":"user","content":"hi"}]}"#, #"{"model":"m","messages":[{"role":"user","content":"hi "}]}"#,
            #"{"model":"m","seed":1,"messages":[{"role":"user","content":"hi"}]}"#,
            #"{"model":"m","messages":[{"role":"system","content":"hi"}]}"#,
            #"{"model":"m","messages":[{"role":"user","content":"h"},{"role":"user","content":"i"}]}"#,
            #"{"model":"m","messages":[{"role":"user","content":"hi"}],"tools":[]}"#,
        ])
    func different(body: String) async throws {
        let member = StubMember(.json(Self.answer))
        let router = router(member)
        _ = try await router.send()
        #expect(try await router.send(body).fields[.hubCache] == "miss")
        #expect(member.count == 2)
    }

    @Test("what one consumer asked for is not given to another, unless the API says so", arguments: [false, true])
    func consumers(isShared: Bool) async throws {
        let body = try ModelRequest(ByteBuffer(string: StubAPI.chat))
        let destination = ModelDestination(ModelService("a", .vllm, StubMember(.json("{}"))))
        func digest(_ consumer: String) -> RequestDigest? {
            CachedRequest(
                .chatCompletions, body, fields: [:], api: "default", destination: destination, consumer: isShared ? nil : consumer)?.digest
        }
        #expect(digest("a") != nil && digest("a") == digest("a"))
        #expect((digest("a") == digest("b")) == isShared)
    }

    @Test("an answer in one piece is given as a stream, and a stream in one piece")
    func forms() async throws {
        let streamed = StubRouter.chat("m", isStreaming: true)
        let first = router(StubMember(.json(Self.answer)))
        _ = try await first.send(StubRouter.chat("m"))
        let stream = try await first.send(streamed)
        #expect(stream.fields[.contentType] == "text/event-stream" && stream.fields[.hubCache] == "hit")
        #expect(stream.text.contains(#""content":"kept""#) && stream.text.hasSuffix("data: [DONE]\n\n"))
        #expect(!stream.text.contains("usage"))
        let counted = try await first.send(streamed.replacing("}],", with: #"}],"stream_options":{"include_usage":true},"#))
        #expect(counted.text.contains(#""prompt_tokens":3"#) && counted.fields[.hubCache] == "hit")

        let second = router(StubMember(.stream(StubStream([Self.events]))), model: "other")
        #expect(try await second.send(streamed).text == Self.events)
        let whole = try await second.send(StubRouter.chat("m"))
        let root = try JSONDocument(parsing: whole.text, limits: .message).root
        #expect(whole.fields[.hubCache] == "hit" && root["object"]?.string == "chat.completion")
        #expect(Array(root["choices"]?.elements ?? .none).first?["message"]?["content"]?.string == "kept")
    }

    @Test("every door and every provider's answer can be kept", arguments: ModelDoor.all, [false, true])
    func doors(door: ModelDoor, isStreaming: Bool) async throws {
        let outcome: StubMember.Outcome =
            isStreaming
            ? .stream(StubStream(try door.stream()), type: door.streamType) : .json(String(buffer: try door.whole()))
        let member = StubMember(outcome)
        let router = router(member, door.kind)
        let first = try await router.send(door.body(isStreaming: isStreaming), path: door.route.rawValue)
        let second = try await router.send(door.body(isStreaming: isStreaming), path: door.route.rawValue)
        #expect(first.fields[.hubCache] == "miss" && second.fields[.hubCache] == "hit" && member.count == 1)
        #expect(second.status == 200 && second.fields[.contentType] == (isStreaming ? "text/event-stream" : "application/json"))
        if !isStreaming { #expect(second.text == first.text) }
        if door.caller == .messages, isStreaming { #expect(second.text.contains("message_stop")) }
    }

    @Test(
        "an answer that is cut, refuses, calls a tool or failed is not kept",
        arguments: [
            (#""length""#, #""content":"kept""#), (#""content_filter""#, #""content":"kept""#), (#""stop""#, #""refusal":"no""#),
            (#""tool_calls""#, #""tool_calls":[{"id":"c","type":"function","function":{"name":"f","arguments":"{}"}}]"#),
            ("null", #""content":"kept""#),
        ])
    func unworthy(finish: String, message: String) async throws {
        let json = whole(String(finish.filter { $0 != "\"" }), message).replacing(#""null""#, with: "null")
        let member = StubMember(.json(json))
        let router = router(member)
        for _ in 0..<2 { #expect(try await router.send().fields[.hubCache] == "miss") }
        #expect(member.count == 2 && cache.byteCount == 0)
    }

    @Test("neither is one that breaks off, and one that another destination gave")
    func broken() async throws {
        let cut = HubError(.upstreamFailed, "x")
        let half = StubMember(
            .stream(StubStream([String(Self.events.prefix(80))], failure: cut)), .stream(StubStream([Self.events], failure: cut)))
        let first = router(half)
        for _ in 0..<2 { _ = try await first.send(StubRouter.chat("m", isStreaming: true)) }
        #expect(half.count == 2 && cache.byteCount == 0)
        let second = router(StubMember(.json("{}", status: 500)), fallback: StubMember(.json(Self.answer)))
        #expect(try await second.send().text == Self.answer)
        #expect(cache.byteCount == 0)
        let failed = router(StubMember(.json(#"{"error":{}}"#, status: 400)))
        for _ in 0..<2 { #expect(try await failed.send().status == 400) }
        #expect(cache.byteCount == 0)
    }

    @Test(
        "what is not repeatable is passed over",
        arguments: [
            #""n":2,"messages":[{"role":"user","content":"hi"}]"#, #""web_search_options":{},"messages":[{"role":"user","content":"hi"}]"#,
            #""modalities":["text"],"messages":[{"role":"user","content":"hi"}]"#,
            #""messages":[{"role":"user","content":[{"type":"image_url","image_url":{"url":"https://x.test/a.png"}}]}]"#,
            #""messages":[{"role":"assistant","tool_calls":[{"id":"c","type":"function","function":{"name":"f","arguments":"{}"}}]},{"role":"tool","tool_call_id":"c","content":"x"}]"#,
        ])
    func skipped(members: String) async throws {
        let member = StubMember(.json(Self.answer))
        let router = router(member)
        for _ in 0..<2 { #expect(try await router.send(#"{"model":"m",\#(members)}"#).fields[.hubCache] == "skip") }
        #expect(member.count == 2 && cache.byteCount == 0 && cache.misses.value == 0)
    }

    @Test("a caller may ask anew, and may keep its question out of the cache")
    func directives() async throws {
        let member = StubMember(.json(Self.answer), .json(whole("stop", #""content":"new""#)))
        let router = router(member)
        #expect(try await router.send(fields: [.cacheControl: "no-store"]).fields[.hubCache] == "skip")
        #expect(cache.byteCount == 0)
        #expect(try await router.send(fields: [.cacheControl: "max-age=0, No-Cache"]).fields[.hubCache] == "miss")
        let kept = try await router.send()
        #expect(kept.fields[.hubCache] == "hit" && kept.text.contains("new") && member.count == 2)
    }

    @Test("embeddings and older completions are kept as they came")
    func others() async throws {
        let list = #"{"object":"list","data":[],"usage":{"prompt_tokens":5,"total_tokens":5}}"#
        let text = #"{"choices":[{"text":"a","finish_reason":"stop"}]}"#
        for (path, json, body) in [
            ("/v1/embeddings", list, #"{"model":"m","input":"a"}"#), ("/v1/completions", text, #"{"model":"m","prompt":"a"}"#),
        ] {
            let member = StubMember(.json(json))
            let router = router(member)
            for _ in 0..<2 { #expect(try await router.send(body, path: path).text == json) }
            #expect(member.count == 1)
        }
    }

    @Test("the bytes are bounded, what was not used goes first, and what is too large is not kept")
    func bounded() async throws {
        let cache = ModelCache(maximumBytes: 20_000, maximumAnswerBytes: 1_000, now: { [clock] in clock.now })
        func digest(_ text: String) -> RequestDigest {
            var builder = RequestDigest.Builder()
            builder.add(text)
            return builder.digest()
        }
        func answer(_ bytes: Int) -> ModelCache.Answer {
            ModelCache.Answer(
                contentType: "", body: ByteBuffer(repeating: 0x61, count: bytes), isStream: false, model: "")
        }
        cache.keep(answer(1_001), for: digest("large"))
        #expect(cache.byteCount == 0)
        cache.keep(answer(1_000), for: digest("used"))
        for number in 0..<100 {
            cache.keep(answer(1_000), for: digest("\(number)"))
            #expect(cache.byteCount <= 20_000)
            #expect(cache.find(digest("used"), noOlderThan: .seconds(1)) != nil)
        }
        #expect(cache.find(digest("0"), noOlderThan: .seconds(1)) == nil)
        #expect(cache.find(digest("99"), noOlderThan: .seconds(1)) != nil)
        clock.advance(.seconds(1))
        #expect(cache.find(digest("used"), noOlderThan: .seconds(1)) == nil)
        cache.keep(answer(1), for: digest("used"))
        cache.keep(answer(2), for: digest("used"))
        #expect(cache.find(digest("used"), noOlderThan: .seconds(1))?.answer == answer(2))
    }

    @Test("parts of a digest are told from each other")
    func digests() throws {
        func digest(_ texts: String...) -> RequestDigest {
            var builder = RequestDigest.Builder()
            for text in texts { builder.add(text) }
            return builder.digest()
        }
        func digest(json: String) throws -> RequestDigest {
            var builder = RequestDigest.Builder()
            builder.add(try JSONDocument(parsing: json, limits: .message).root)
            return builder.digest()
        }
        #expect(digest("a", "b") != digest("ab") && digest("", "ab") != digest("ab", ""))
        let texts = [
            "1", #""1""#, "[1]", #"{"1":1}"#, "[]", "{}", "[[]]", "[[],[]]", "null", #""null""#, "1.0", #"{"a":1,"b":2}"#,
            #"["a",1,"b",2]"#,
        ]
        #expect(Set(try texts.map { try digest(json: $0) }).count == texts.count)
        #expect(try digest(json: #"{"b":[1, 2],"a":{}}"#) == digest(json: #"{"a": {}, "b":[1,2]}"#))
        let long = String(repeating: "x", count: 10_000)
        #expect(try digest(json: "[\"\(long)\",1]") != digest(json: "[\"\(long)\",2]"))
    }
}
