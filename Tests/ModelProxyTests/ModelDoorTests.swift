import HTTPTypes
import HubCore
import NIOCore
import Testing

@testable import ModelProxy

@Suite("Doors and providers", .timeLimit(.minutes(2)))
struct ModelDoorTests {
    private static let cut = HubError(.upstreamFailed, "The upstream closed the connection before its answer was complete")

    @Test("an answer in one piece of every provider reaches every door in its words, and is counted once", arguments: ModelDoor.all)
    func plain(door: ModelDoor) async throws {
        let whole = try door.whole()
        let stub = StubAPI(String(buffer: whole), provider: door.provider)
        let writer = try await door.send(stub, isStreaming: false)
        let answer = ChatAnswer(ChatAnswer.events(of: whole, in: door.provider.dialect, callIDSeed: "call_r1"))
        let expected = door.isNative ? whole : door.caller.body(answer, try door.frame(isStreaming: false))
        #expect(writer.text == String(buffer: expected))
        #expect(writer.status == 200 && writer.fields[.contentType] == "application/json")
        let record = try #require(stub.usage.all.first)
        #expect(stub.usage.all.count == 1)
        #expect(record.outcome == .served && !record.isEstimated && !record.isStreaming)
        #expect(record.input == answer.usage?.input && record.output == answer.usage?.output && record.input > 0)
        #expect(record.api == "default" && record.consumer == "anonymous" && record.provider == door.kind.rawValue)
        #expect(record.requestID == "r1" && record.model == "m" && record.providerModel == "m" && record.route == door.route)
    }

    @Test("a stream of every provider reaches every door in its words, however it is cut into pieces", arguments: ModelDoor.all, [7, .max])
    func stream(door: ModelDoor, size: Int) async throws {
        let bytes = try door.stream()
        let upstream = StubStream(bytes, pieces: size)
        let stub = door.stub(upstream)
        let writer = try await door.send(stub)
        let events = AnswerStream.events(door.provider.dialect, bytes)
        var (encoder, expected) = (door.caller.answerEncoder(try door.frame(isStreaming: true)), ByteBuffer())
        for event in events { encoder.write(event, to: &expected) }
        #expect(writer.text == String(buffer: door.isNative ? bytes : expected))
        #expect(writer.status == 200 && writer.fields[.contentType] == "text/event-stream" && writer.fields[.accelBuffering] == "no")
        #expect(writer.recorded.isEnded && upstream.isCancelled && stub.timers.count == 0)
        let record = try #require(stub.usage.all.first)
        #expect(stub.usage.all.count == 1 && record.outcome == .served && record.isStreaming)
        #expect(record.input == ChatAnswer(events).usage?.input && record.output == ChatAnswer(events).usage?.output)
    }

    @Test("each piece of an answer goes on before the next has come", arguments: ModelDoor.all)
    func pieces(door: ModelDoor) async throws {
        let (upstream, writer) = (StubStream(try door.beginning(), isOpen: true), StubResponseWriter())
        let stub = door.stub(upstream)
        let sending = Task { try await door.send(stub, writer: writer) }
        for await _ in writer.pieces { break }
        #expect(writer.status == 200 && !writer.recorded.isEnded)
        sending.cancel()
        _ = try await sending.value
        #expect(upstream.isCancelled && writer.recorded.isEnded && stub.timers.count == 0)
        #expect(writer.text.contains("The hub is stopping") && !writer.text.contains("[DONE]"))
        #expect(stub.usage.all.map(\.outcome) == [.interrupted])
    }

    @Test(
        "that a limit of the provider is reached is said at every door, with when to come again", arguments: ModelDoor.all, [true, false])
    func rateLimit(door: ModelDoor, isStreaming: Bool) async throws {
        let remaining = try #require(HTTPField.Name("x-ratelimit-remaining-tokens"))
        let other = try #require(HTTPField.Name("anthropic-ratelimit-tokens-remaining"))
        let body = #"{"error":{"message":"at 10.0.0.1","type":"rate_limit_error"}}"#
        let stub = StubAPI(
            body, status: 429, fields: [.retryAfter: "7", remaining: "0", other: "0", .setCookie: "a=b"], provider: door.provider)
        let writer = try await door.send(stub, isStreaming: isStreaming)
        #expect(writer.status == 429)
        #expect(writer.fields == [.retryAfter: "7", remaining: "0", other: "0", .contentType: "application/json"])
        if door.isNative {
            #expect(writer.text == body)
        } else {
            #expect(try door.error(writer).type == "rate_limit_error")
            #expect(!writer.text.contains("10.0.0.1"))
        }
        #expect(stub.usage.all.map(\.outcome) == [.failed])
        #expect(stub.usage.all.map(\.input) == [0])
    }

    @Test("that the provider refused the hub's credential is the hub's failure at every door", arguments: ModelDoor.all)
    func credential(door: ModelDoor) async throws {
        let stub = StubAPI(#"{"error":"bad key"}"#, status: 401, provider: door.provider)
        let writer = try await door.send(stub)
        #expect(writer.status == 502 && !writer.text.contains("bad key"))
        #expect(try door.error(writer).type == (door.caller == .messages ? "api_error" : "upstream_error"))
    }

    @Test("what the hub refuses, it refuses in the words of the door", arguments: ModelDoor.all)
    func refusals(door: ModelDoor) async throws {
        let stub = StubAPI("{}", provider: door.provider)
        let writer = try await stub.send("{}", path: door.route.rawValue)
        #expect(writer.status == 400 && stub.calls.all.isEmpty && stub.usage.all.isEmpty)
        #expect(try door.error(writer).type == "invalid_request_error")
        let unknown = StubAPI(.failure(HubError(.unknownTool, "Unknown model")), provider: door.provider)
        let answer = try await door.send(unknown)
        #expect(answer.status == 404 && unknown.usage.all.map(\.outcome) == [.failed])
        #expect(try door.error(answer).type == (door.caller == .messages ? "not_found_error" : "invalid_request_error"))
    }

    @Test("a stream that breaks off before it said anything is an error with a status", arguments: ModelDoor.all)
    func cutBefore(door: ModelDoor) async throws {
        let stub = door.stub(StubStream(failure: Self.cut))
        let writer = try await door.send(stub)
        #expect(writer.status == 502 && writer.fields[.contentType] == "application/json")
        #expect(try door.error(writer).type == (door.caller == .messages ? "api_error" : "upstream_error"))
        #expect(stub.usage.all.map(\.outcome) == [.failed] && stub.usage.all.map(\.input) == [0] && stub.timers.count == 0)
    }

    @Test("a stream that breaks off later ends with an error and never whole, whoever cut it", arguments: ModelDoor.all, [true, false])
    func cutAfter(door: ModelDoor, isClean: Bool) async throws {
        let upstream = StubStream(try door.beginning(), failure: isClean ? nil : Self.cut)
        let stub = door.stub(upstream)
        let writer = try await door.send(stub)
        #expect(writer.status == 200 && writer.recorded.isEnded && upstream.isCancelled)
        let last = try #require(writer.text.split(separator: "\n\n").last)
        switch door.caller {
        case .chat: #expect(last.hasPrefix(#"data: {"error":{"message":"The "#))
        case .responses: #expect(last.hasPrefix("event: response.failed\n"))
        case .messages: #expect(last.hasPrefix("event: error\ndata: {\"type\":\"error\""))
        }
        #expect(!writer.text.contains("[DONE]") && !writer.text.contains("message_stop"))
        let record = try #require(stub.usage.all.first)
        #expect(stub.usage.all.count == 1 && record.outcome == .interrupted && record.output > 0)
        #expect(record.isEstimated == (door.kind != .gemini))  // which counts in every message
    }

    @Test("a caller that leaves ends the provider's stream, and what came is counted", arguments: ModelDoor.all)
    func callerGone(door: ModelDoor) async throws {
        let upstream = StubStream(try door.beginning(), isOpen: true)
        let stub = door.stub(upstream)
        await #expect(throws: ChannelError.self) { _ = try await door.send(stub, writer: StubResponseWriter(hasCallerLeft: true)) }
        #expect(upstream.isCancelled && stub.timers.count == 0)
        let record = try #require(stub.usage.all.first)
        #expect(stub.usage.all.count == 1 && record.outcome == .abandoned && record.output > 0)
    }

    @Test("a provider that is silent before its answer gets the caller a comment, and an error after it is the last event")
    func silence() async throws {
        let door = ModelDoor(.messages, .gemini)
        let (upstream, writer) = (StubStream(isOpen: true), StubResponseWriter())
        let stub = door.stub(upstream)
        let sending = Task { try await door.send(stub, writer: writer) }
        let ticking = Task {
            while !Task.isCancelled {
                stub.timers.fire(now: .now + .seconds(6))
                await Task.yield()
            }
        }
        var pieces = writer.pieces.makeAsyncIterator()
        #expect(await pieces.next() == ": keep-alive\n\n")
        #expect(writer.status == 200)
        ticking.cancel()
        await ticking.value
        upstream.finish(Self.cut)
        _ = try await sending.value
        #expect(writer.text.contains("event: error\n") && writer.recorded.isEnded)
        #expect(stub.usage.all.map(\.outcome) == [.interrupted])
    }

    @Test("a provider that answers in one piece to who wants a stream gives a stream, and the other way round")
    func otherForm() async throws {
        let door = ModelDoor(.chatCompletions, .anthropic)
        let whole = try await door.send(StubAPI(String(buffer: try door.whole()), provider: door.provider))
        #expect(whole.fields[.contentType] == "text/event-stream" && whole.text.hasSuffix("data: [DONE]\n\n"))
        let streamed = try await door.send(door.stub(StubStream(try door.stream())), isStreaming: false)
        let root = try JSONDocument(parsing: streamed.text, limits: .message).root
        #expect(root["object"]?.string == "chat.completion" && streamed.fields[.contentType] == "application/json")
    }

    @Test("an error with a status of success has its own status, where nothing has been sent")
    func errorAsSuccess() async throws {
        let miniMax = StubAPI(
            #"{"base_resp":{"status_code":1002,"status_msg":"rate limit"}}"#, provider: ModelProvider(.miniMax))
        let limited = try await miniMax.send()
        #expect(limited.status == 429)
        #expect(try limited.error()?["code"]?.string == "rate_limit_exceeded")
        #expect(miniMax.usage.all.map(\.outcome) == [.failed] && miniMax.usage.all.map(\.input) == [0])

        let events = StubStream([
            #"data: {"choices":[{"index":0,"delta":{"role":"assistant","content":""}}]}"# + "\n\n",
            #"data: {"error":{"message":"x","code":"context_length_exceeded"}}"# + "\n\n",
        ])
        let writer = try await StubAPI(events).send()
        #expect(writer.status == 400)
        #expect(try writer.error()?["code"]?.string == "context_length_exceeded")
    }
}
