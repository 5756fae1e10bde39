import HTTPTypes
import HubCore
import NIOCore
import Testing

@testable import ModelProxy

/// Where and how a provider fails.
struct Stage: Sendable, CustomStringConvertible {
    var description: String
    /// What the first provider does, which speaks OpenAI's chat.
    var fail: @Sendable (_ isStreaming: Bool) -> StubMember.Outcome
    /// The kind that is recorded; nil: it has begun to answer, and nothing else is tried.
    var failure: String?
    /// Whether another one is tried.
    var isRetried = true
    /// The status where there is no other one.
    var status: Int

    private static let cut = HubError(.upstreamFailed, "The upstream closed the connection before its answer was complete")
    private static let role = #"data: {"choices":[{"index":0,"delta":{"role":"assistant","content":""}}]}"# + "\n\n"
    private static let text = #"data: {"choices":[{"index":0,"delta":{"content":"lost"}}]}"# + "\n\n"

    private static func status(_ status: Int, _ code: String = "x", _ message: String = "no") -> @Sendable (Bool) -> StubMember.Outcome {
        { _ in .json(#"{"error":{"message":"\#(message)","code":"\#(code)"}}"#, status: status) }
    }

    static let all: [Stage] = [
        Stage(
            description: "refuses the connection", fail: { _ in .failure(HubError(.upstreamFailed, "no")) }, failure: "upstream_broke_off",
            status: 502),
        Stage(
            description: "is too slow", fail: { _ in .failure(HubError(.upstreamTimeout, "no")) }, failure: "upstream_timeout", status: 504),
        Stage(description: "is at a limit", fail: status(429), failure: "rate_limit_exceeded", status: 429),
        Stage(description: "has no money", fail: status(429, "insufficient_quota"), failure: "insufficient_quota", status: 429),
        Stage(description: "is overloaded", fail: status(503), failure: "overloaded", status: 503),
        Stage(description: "is overloaded as Anthropic is", fail: status(529), failure: "overloaded", status: 529),
        Stage(description: "fails", fail: status(500), failure: "upstream_failed", status: 500),
        Stage(description: "refuses the hub's key", fail: status(401), failure: "upstream_refused", status: 502),
        Stage(description: "forbids", fail: status(403), failure: "upstream_refused", status: 502),
        Stage(
            description: "reads less", fail: status(400, "context_length_exceeded"), failure: "context_length_exceeded", status: 400),
        Stage(description: "dislikes it", fail: status(400, "content_filter"), failure: "content_filter", status: 400),
        Stage(description: "finds it wrong", fail: status(400), failure: "invalid_request", isRetried: false, status: 400),
        Stage(description: "finds it unprocessable", fail: status(422), failure: "invalid_request", isRetried: false, status: 422),
        Stage(description: "finds it too large", fail: status(413), failure: "request_too_large", isRetried: false, status: 413),
        Stage(description: "knows no such model", fail: status(404), failure: "model_not_found", isRetried: false, status: 404),
        Stage(
            description: "fails with a status of success",
            fail: {
                $0
                    ? .stream(StubStream([role, #"data: {"error":{"message":"x","code":"rate_limit_exceeded"}}"# + "\n\n"]))
                    : .json(#"{"base_resp":{"status_code":1002,"status_msg":"x"}}"#)
            }, failure: "rate_limit_exceeded", status: 429),
        Stage(
            description: "fails with a status of success, all at once",
            fail: {
                $0
                    ? .events(role + #"data: {"error":{"message":"x","code":"rate_limit_exceeded"}}"# + "\n\n")
                    : .json(#"{"error":{"message":"x","code":"rate_limit_exceeded"}}"#)
            }, failure: "rate_limit_exceeded", status: 429),
        Stage(
            description: "ends before it says anything, all at once", fail: { $0 ? .events(role) : .failure(cut) },
            failure: "upstream_broke_off", status: 502),
        Stage(
            description: "breaks off before it says anything",
            fail: {
                $0 ? .stream(StubStream([role], failure: cut)) : .stream(StubStream(["{"], failure: cut), type: "application/json")
            }, failure: "upstream_broke_off", status: 502),
        Stage(
            description: "ends before it says anything", fail: { $0 ? .stream(StubStream([role])) : .failure(cut) },
            failure: "upstream_broke_off", status: 502),
    ]
}

@Suite("Fallback", .timeLimit(.minutes(1)))
struct ModelFallbackTests {
    private static let good = #"{"id":"1","choices":[{"index":0,"message":{"role":"assistant","content":"kept"},"finish_reason":"stop"}]}"#
    private static let goodStream = [
        #"data: {"id":"1","choices":[{"index":0,"delta":{"content":"kept"}}]}"# + "\n\n",
        #"data: {"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}"# + "\n\n", "data: [DONE]\n\n",
    ]

    private func good(_ isStreaming: Bool) -> StubMember {
        StubMember(isStreaming ? .stream(StubStream(Self.goodStream)) : .json(Self.good))
    }

    private func router(_ first: StubMember, _ second: StubMember, _ kind: ModelProviderKind = .vllm, limits: ModelLimits = ModelLimits())
        -> StubRouter
    {
        StubRouter(
            [
                ModelRule(
                    to: [ModelDestination(ModelService("first", .miniMax, first))],
                    fallback: [ModelDestination(ModelService("second", kind, second), model: "n")])
            ], limits: limits)
    }

    @Test("of a provider that fails the caller sees nothing where another one answers", arguments: Stage.all, [false, true])
    func falls(stage: Stage, isStreaming: Bool) async throws {
        let (first, second) = (StubMember(stage.fail(isStreaming)), good(isStreaming))
        let router = router(first, second)
        let writer = try await router.send(StubRouter.chat("m", isStreaming: isStreaming))
        let record = try #require(router.usage.all.first)
        #expect(router.usage.all.count == 1 && router.timers.count == 0 && writer.recorded.isEnded)
        #expect(record.attempts.first == .init(service: "first", model: "m", failure: stage.failure))
        if stage.isRetried {
            #expect(writer.status == 200 && writer.text == (isStreaming ? Self.goodStream.joined() : Self.good))
            #expect(second.bodies.first == StubRouter.chat("n", isStreaming: isStreaming))
            #expect(record.outcome == .served && record.provider == "second" && record.providerModel == "n")
            #expect(record.attempts.dropFirst() == [.init(service: "second", model: "n")])
        } else {
            #expect(writer.status == stage.status && second.count == 0 && record.outcome == .failed)
        }
    }

    @Test("without another one, and where all fail, the caller is told of the last failure", arguments: Stage.all, [false, true])
    func fails(stage: Stage, isStreaming: Bool) async throws {
        let alone = StubRouter([ModelRule(to: [ModelDestination(ModelService("a", .miniMax, StubMember(stage.fail(isStreaming))))])])
        if isStreaming || stage.description != "breaks off before it says anything" {
            #expect(try await alone.send(StubRouter.chat("m", isStreaming: isStreaming)).status == stage.status)
            #expect(alone.usage.all.map(\.outcome) == [.failed])
        }
        let both = router(StubMember(.failure(HubError(.upstreamFailed, "x"))), StubMember(stage.fail(isStreaming)), .miniMax)
        if isStreaming || stage.description != "breaks off before it says anything" {
            #expect(try await both.send(StubRouter.chat("m", isStreaming: isStreaming)).status == stage.status)
            #expect(both.usage.all.map { $0.attempts.map(\.failure) } == [["upstream_broke_off", stage.failure]])
        }
    }

    @Test("a model that the configuration names and the provider does not know is the hub's mistake: the next one is tried")
    func fixedModel() async throws {
        let second = good(false)
        let missing = StubMember(.json(#"{"error":{"code":"model_not_found","message":"x"}}"#, status: 404))
        let router = StubRouter([
            ModelRule(
                to: [ModelDestination(ModelService("a", .vllm, missing), model: "gone")],
                fallback: [ModelDestination(ModelService("b", .vllm, second))])
        ])
        #expect(try await router.send().status == 200)
    }

    @Test("events that come all at once pass as they are; without their last word they end with an error", arguments: [true, false])
    func atOnce(isWhole: Bool) async throws {
        let events = isWhole ? Self.goodStream : Array(Self.goodStream.prefix(1))
        let router = router(StubMember(.events(events.joined())), good(true))
        let writer = try await router.send(StubRouter.chat("m", isStreaming: true))
        #expect(writer.text.hasPrefix(events.joined()) && writer.text.contains(#"data: {"error":{"#) != isWhole)
        #expect(router.usage.all.map(\.outcome) == [isWhole ? .served : .interrupted])
    }

    @Test("after its first word an answer has nobody to fall back to, and ends with an error", arguments: [true, false])
    func afterContent(isClean: Bool) async throws {
        let cut = HubError(.upstreamFailed, "The upstream closed the connection before its answer was complete")
        let stream = StubStream([Self.goodStream[0]], failure: isClean ? nil : cut)
        let second = good(true)
        let router = router(StubMember(.stream(stream)), second)
        let writer = try await router.send(StubRouter.chat("m", isStreaming: true))
        #expect(writer.text.hasPrefix(Self.goodStream[0] + #"data: {"error":{"#) && !writer.text.contains("[DONE]"))
        #expect(second.count == 0 && router.usage.all.map(\.outcome) == [.interrupted])
        #expect(router.usage.all.map { $0.attempts.map(\.failure) } == [["upstream_broke_off"]])
    }

    @Test("a fallback may speak another dialect: the request is converted anew from the caller's own", arguments: [false, true])
    func dialects(isStreaming: Bool) async throws {
        let door = ModelDoor(.chatCompletions, .anthropic)
        let whole = String(buffer: try door.whole())
        let second = StubMember(isStreaming ? .stream(StubStream(try door.stream())) : .json(whole))
        let router = router(StubMember(.json("{}", status: 503)), second, .anthropic)
        let writer = try await router.send(StubRouter.chat("m", isStreaming: isStreaming))
        #expect(writer.status == 200 && second.sent.first?.path == "/messages")
        let alone = door.stub(StubStream(try door.stream()))
        let stub = isStreaming ? alone : StubAPI(whole, provider: door.provider)
        #expect(try await door.send(stub, isStreaming: isStreaming).text == writer.text)
        #expect(router.usage.all.map(\.providerModel) == ["n"] && router.usage.all.allSatisfy { $0.input > 0 })
    }

    @Test(
        "a provider of any dialect that announces an answer and breaks off, or never begins, goes unseen at every door",
        arguments: ModelDoor.all, [false, true])
    func doors(door: ModelDoor, isAnnounced: Bool) async throws {
        let cut = HubError(.upstreamFailed, "x")
        var stream = AnswerStream(door.provider.dialect, callIDSeed: "seed")
        var announcement = ByteBuffer()
        for byte in try door.stream().readableBytesView {
            let events = stream.take(ByteBuffer(bytes: [byte]))
            if events.contains(where: { if case .start = $0 { false } else { true } }) { break }
            announcement.writeInteger(byte)
        }
        let first = StubMember(
            isAnnounced ? .stream(StubStream(announcement, failure: cut), type: door.streamType) : .failure(cut))
        let good = ModelDoor(door.route, door.caller == .messages ? .anthropic : .openAI)
        let second = StubMember(.stream(StubStream(try good.stream())))
        let router = StubRouter([
            ModelRule(
                to: [ModelDestination(ModelService("first", door.kind, first))],
                fallback: [ModelDestination(ModelService("second", good.kind, second))])
        ])
        let writer = try await router.send(door.body(isStreaming: true), path: door.route.rawValue)
        #expect(writer.text == String(buffer: try good.stream()) && writer.status == 200 && router.timers.count == 0)
        #expect(router.usage.all.map { $0.attempts.map(\.failure) } == [["upstream_broke_off", nil]])
        #expect(second.bodies == [door.body(isStreaming: true)])
    }

    @Test("a provider that cannot be asked for something is passed over, and costs no attempt")
    func cannotCarry() async throws {
        let (claude, second) = (StubMember(.json("{}")), good(false))
        let router = StubRouter(
            [
                ModelRule(
                    to: [ModelDestination(ModelService("claude", .anthropic, claude))],
                    fallback: [ModelDestination(ModelService("b", .vllm, second))])
            ], limits: ModelLimits(attempts: 1))
        let body = #"{"model":"m","n":2,"messages":[{"role":"user","content":"hi"}]}"#
        #expect(try await router.send(body).status == 200)
        #expect(claude.count == 0 && second.bodies == [body])
        #expect(try await router.send(#"{"model":"m","input":"a"}"#, path: "/v1/embeddings").status == 200)
        #expect(second.sent.last?.path == "/embeddings")
        let wrong = try await router.send(#"{"model":"m","messages":7}"#)
        #expect(wrong.status == 400 && second.count == 2)
    }

    @Test("attempts are bounded")
    func attempts() async throws {
        let members = (0..<6).map { _ in StubMember(.json("{}", status: 500)) }
        let router = StubRouter(
            [
                ModelRule(
                    to: [ModelDestination(ModelService("a", .vllm, members[0]))],
                    fallback: members.dropFirst().enumerated().map { ModelDestination(ModelService("b\($0.offset)", .vllm, $0.element)) })
            ], limits: ModelLimits(attempts: 3))
        #expect(try await router.send().status == 500)
        #expect(members.map(\.count) == [1, 1, 1, 0, 0, 0])
        #expect(router.usage.all.map(\.attempts.count) == [3])
    }

    @Test("a stream that says nothing in time is given up for another, also after a comment and when it hangs before its head")
    func stall() async throws {
        let limits = ModelLimits(firstEvent: .seconds(30))
        for first in [StubMember.Outcome.hang, .stream(StubStream(isOpen: true))] {
            let router = router(StubMember(first), good(true), limits: limits)
            let writer = try await router.send(passing: .seconds(31)) { try await router.send(StubRouter.chat("m", isStreaming: true)) }
            #expect(writer.text.replacing(": keep-alive\n\n", with: "") == Self.goodStream.joined())
            #expect(router.usage.all.map { $0.attempts.map(\.failure) } == [["upstream_timeout", nil]])
            #expect(router.timers.count == 0)
        }
        let alone = StubRouter(
            [ModelRule(to: [ModelDestination(ModelService("a", .vllm, StubMember(.hang)))])], limits: limits)
        let writer = try await alone.send(passing: .seconds(31)) { try await alone.send(StubRouter.chat("m", isStreaming: true)) }
        #expect(writer.status == 504 && alone.timers.count == 0)
    }

    @Test("an answer in one piece has no place behind a comment, which is not called the request's fault")
    func wholeAfterComment() async throws {
        let limits = ModelLimits(firstEvent: .seconds(30))
        let router = router(StubMember(.stream(StubStream(isOpen: true))), good(false), limits: limits)
        let writer = StubResponseWriter()
        let sending = Task { try await router.send(StubRouter.chat("m", isStreaming: true), writer: writer) }
        try await router.send(passing: .seconds(6)) { for await _ in writer.pieces { break } }
        _ = try await router.send(passing: .seconds(31)) { try await sending.value }
        #expect(writer.text.contains(#""code":"upstream_failed""#) && writer.recorded.isEnded)
        #expect(router.usage.all.map(\.outcome) == [.interrupted])
    }

    @Test("a stream that falls silent after its first word is ended with an error")
    func idle() async throws {
        let upstream = StubStream([Self.goodStream[0]], isOpen: true)
        let router = router(StubMember(.stream(upstream)), good(true), limits: ModelLimits(idle: .seconds(20)))
        let writer = StubResponseWriter()
        let sending = Task { try await router.send(StubRouter.chat("m", isStreaming: true), writer: writer) }
        for await _ in writer.pieces { break }
        _ = try await router.send(passing: .seconds(21)) { try await sending.value }
        #expect(writer.text.contains("The provider took too long") && !writer.text.contains("[DONE]"))
        #expect(upstream.isCancelled && router.timers.count == 0)
        #expect(router.usage.all.map(\.outcome) == [.interrupted])
    }

    @Test("an answer too long to be waited for passes as it comes, and its end is not lost")
    func long() async throws {
        let half = String(repeating: "x", count: PassedBytes.maximumKeptBytes / 2)
        let pieces = [#"{"a":""#, half, half, half, #""}"#]
        let second = good(false)
        let router = router(StubMember(.stream(StubStream(pieces), type: "application/json")), second)
        let writer = try await router.send()
        #expect(writer.text == pieces.joined() && writer.recorded.pieces.count == 3 && second.count == 0)
        #expect(router.usage.all.map(\.outcome) == [.served])
    }

    @Test("an answer that hangs before another is tried is given up at the end of the whole time")
    func total() async throws {
        let second = good(false)
        let router = router(StubMember(.hang), second, limits: ModelLimits(total: .seconds(40)))
        let writer = try await router.send(passing: .seconds(41)) { try await router.send() }
        // By the clock no time has passed, so that the second still has its turn.
        #expect(writer.status == 200 && second.count == 1)
    }

    @Test("a caller that leaves while another way is tried ends that too")
    func cancelled() async throws {
        let stream = StubStream(isOpen: true)
        let (second, third) = (StubMember(.stream(stream)), StubMember(.json("{}")))
        let router = StubRouter([
            ModelRule(
                to: [ModelDestination(ModelService("a", .vllm, StubMember(.json("{}", status: 500))))],
                fallback: [ModelDestination(ModelService("b", .vllm, second)), ModelDestination(ModelService("c", .vllm, third))])
        ])
        let sending = Task { try await router.send(StubRouter.chat("m", isStreaming: true)) }
        while second.count == 0 { await Task.yield() }
        sending.cancel()
        let writer = try await sending.value
        #expect(writer.status == 503 && stream.isCancelled && third.count == 0)
        #expect(router.timers.count == 0)
    }
}
