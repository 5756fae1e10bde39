import HTTPTypes
import HubCore
import NIOCore
import Testing

@testable import ModelProxy

@Suite("Streamed answers", .timeLimit(.minutes(1)))
struct ModelStreamTests {
    private static let cut = HubError(.upstreamFailed, "The upstream closed the connection before its answer was complete")
    private static let lastEvent =
        #"data: {"error":{"message":"The upstream closed the connection before its answer was complete","type":"upstream_error","param":null,"code":"upstream_failed"}}"#
        + "\n\n"

    @Test("events pass as they come, with fields that keep proxies from holding them back")
    func events() async throws {
        let pieces = ["data: {\"a\":1}\n\n", ": comment\r\n\r\ndata: 2\r\n\r\n", "data: [DONE]\n\n"]
        let stream = StubStream(pieces)
        let writer = try await StubAPI(stream).send()
        #expect(writer.recorded.pieces == pieces)
        #expect(writer.recorded.isEnded)
        #expect(writer.status == 200)
        #expect(
            writer.fields == [
                .contentType: "text/event-stream; charset=utf-8", .cacheControl: "no-cache, no-transform", .accelBuffering: "no",
            ])
        #expect(stream.isCancelled)
    }

    @Test("a stream without its last blank line passes to its last byte")
    func unterminated() async throws {
        let writer = try await StubAPI(StubStream(["data: 1\n\nda", "ta: [DONE]\n"])).send()
        #expect(writer.text == "data: 1\n\ndata: [DONE]\n")
    }

    @Test(
        "a stream that breaks off ends with an error of its own, without the half event before it",
        arguments: [["data: 1\n\n"], ["data: 1\n\nda"], ["data: 1\n\n", "data: {\"half\":"], ["data: 1\n\n", "data: 2\n"]])
    func cutEvents(pieces: [String]) async throws {
        let writer = try await StubAPI(StubStream(pieces, failure: Self.cut)).send()
        #expect(writer.text == "data: 1\n\n" + Self.lastEvent)
        #expect(!writer.text.contains("[DONE]"))
        #expect(writer.recorded.isEnded)
    }

    @Test("half an event before an end that nobody broke does not swallow the error, and a last word may lack its blank line")
    func cutInside() async throws {
        let words = #"data: {"choices":[{"index":0,"delta":{"content":"a"}}]}"# + "\n\n"
        let writer = try await StubAPI(StubStream([words, "data: {\"half\":"])).send()
        #expect(writer.text.hasPrefix(words + "data: {\"error\":{") && writer.text.hasSuffix("}}\n\n"))
        #expect(!writer.text.contains("half"))

        let start = #"event: message_start"# + "\n" + #"data: {"type":"message_start","message":{}}"# + "\n\n"
        let (text, stop) = (
            #"data: {"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"a"}}"#, #"data: {"type":"message_stop"}"#
        )
        let body = #"{"model":"m","max_tokens":9,"messages":[{"role":"user","content":"a"}],"stream":true}"#
        for pieces in [[start + text + "\n\n", stop], [start + stop + "\n"]] {
            let whole = StubAPI(StubStream(pieces), provider: ModelProvider(.anthropic))
            #expect(try await whole.send(body, path: "/v1/messages").text == pieces.joined())
            #expect(whole.usage.all.map(\.outcome) == [.served])
        }
    }

    @Test("a stream in which the hub cannot read on is not told to have broken off")
    func unreadable() async throws {
        let (words, end) = (#"data: {"choices":[{"index":0,"delta":{"content":"a"}}]}"# + "\n\n", "data: [DONE]\n\n")
        let stream = StubStream([words], isOpen: true)
        stream.send(ByteBuffer(bytes: Array("data: ".utf8) + [0xFF] + Array("\n\n".utf8)))  // no UTF-8
        stream.send(end)
        stream.finish()
        let stub = StubAPI(stream)
        let writer = try await stub.send()
        #expect(writer.text == words + "data: \u{FFFD}\n\n" + end)
        #expect(stub.usage.all.map(\.outcome) == [.served])
    }

    @Test("an event too long to wait for its end is ended before the error")
    func cutLongEvent() async throws {
        let half = "data: {\"long\":\"" + String(repeating: "x", count: WholeEvents.maximumHeldBytes)
        let writer = try await StubAPI(StubStream(["data: 1\n\n" + half, "xx"], failure: Self.cut)).send()
        #expect(writer.text == "data: 1\n\n" + half + "xx\n\n" + Self.lastEvent)
    }

    @Test("any other stream passes as it comes, and one that breaks off is cut")
    func otherStreams() async throws {
        let whole = try await StubAPI(StubStream(["{\"a\":", "1}"]), type: "application/json").send()
        #expect(whole.recorded.pieces == ["{\"a\":", "1}"] && whole.recorded.isEnded)
        #expect(whole.fields == [.contentType: "application/json"])

        let (writer, stream) = (StubResponseWriter(), StubStream(["{\"a\":"], failure: Self.cut))
        await #expect(throws: HubError.self) { try await StubAPI(stream, type: "application/json").send(writer: writer) }
        #expect(writer.text == "{\"a\":" && !writer.recorded.isEnded)
        #expect(stream.isCancelled)
    }

    @Test("a stream that is cancelled gives up the provider's, and says so to whoever still listens")
    func cancelledEvents() async throws {
        let (stream, writer) = (StubStream(["data: 1\n\ndata: 2"], isOpen: true), StubResponseWriter())
        let stub = StubAPI(stream)
        let sending = Task { try await stub.send(writer: writer) }
        for await _ in writer.pieces { break }
        sending.cancel()
        _ = try await sending.value
        #expect(stream.isCancelled && writer.recorded.isEnded)
        #expect(writer.text.hasPrefix("data: 1\n\ndata: {\"error\":{\"message\":\"The hub is stopping"))
        #expect(stub.timers.count == 0)
    }

    @Test("any other stream that is cancelled is cut")
    func cancelledStream() async throws {
        let (stream, writer) = (StubStream(["{"], isOpen: true), StubResponseWriter())
        let stub = StubAPI(stream, type: "application/json")
        let sending = Task { try await stub.send(writer: writer) }
        for await _ in writer.pieces { break }
        sending.cancel()
        await #expect(throws: CancellationError.self) { try await sending.value }
        #expect(stream.isCancelled && !writer.recorded.isEnded)
    }

    @Test("a caller that cannot be written to ends the provider's stream")
    func callerGone() async throws {
        let stream = StubStream(["data: 1\n\n"], isOpen: true)
        let stub = StubAPI(stream)
        await #expect(throws: ChannelError.self) { try await stub.send(writer: StubResponseWriter(hasCallerLeft: true)) }
        #expect(stream.isCancelled)
        #expect(stub.timers.count == 0)
    }

    @Test("silence before the first event is filled too, whatever is streamed", arguments: ["/v1/chat/completions", "/v1/completions"])
    func silentBeginning(path: String) async throws {
        let (stream, writer) = (StubStream(isOpen: true), StubResponseWriter())
        let stub = StubAPI(stream)
        let sending = Task { try await stub.send(path: path, writer: writer) }
        let ticking = Task {
            while !Task.isCancelled {
                stub.timers.fire(now: .now + .seconds(6))
                await Task.yield()
            }
        }
        var pieces = writer.pieces.makeAsyncIterator()
        #expect(await pieces.next() == ": keep-alive\n\n")
        ticking.cancel()
        await ticking.value
        stream.send("data: [DONE]\n\n")
        stream.finish()
        _ = try await sending.value
        #expect(writer.text.hasSuffix(": keep-alive\n\ndata: [DONE]\n\n") && writer.recorded.isEnded)
    }

    @Test("silence is filled with comments between events, and only there")
    func keepAlive() async throws {
        let (stream, writer) = (StubStream(["data: 1\n\n"], isOpen: true), StubResponseWriter())
        let stub = StubAPI(stream)
        let sending = Task { try await stub.send(writer: writer) }
        var pieces = writer.pieces.makeAsyncIterator()
        #expect(await pieces.next() == "data: 1\n\n")
        // Until it comes: the loop waits for the next event shortly after it wrote the last.
        let ticking = Task {
            while !Task.isCancelled {
                stub.timers.fire(now: .now + .seconds(6))
                await Task.yield()
            }
        }
        #expect(await pieces.next() == ": keep-alive\n\n")
        ticking.cancel()
        await ticking.value
        stream.send("data: 2\n\n")
        stream.finish()
        _ = try await sending.value
        #expect(writer.text.hasPrefix("data: 1\n\n: keep-alive\n\n"))
        #expect(writer.text.hasSuffix(": keep-alive\n\ndata: 2\n\n"))
        #expect(stub.timers.count == 0)
    }
}

@Suite("Keep-alive comments", .timeLimit(.minutes(1)))
struct KeepAliveTests {
    private let timers = TimerTable()
    private let writer = StubResponseWriter()

    private func silence(_ intervals: Int) {
        for _ in 0..<intervals { timers.fire(now: .now + .seconds(6)) }
    }

    @Test("fifteen seconds make a silence, and an event ends it")
    func intervals() async {
        let keepAlive = KeepAlive(writer: writer, timers: timers)
        silence(2)
        await keepAlive.willWrite()
        keepAlive.didWrite(isBetweenEvents: true)
        silence(2)
        await keepAlive.willWrite()
        #expect(writer.text == "")
        keepAlive.didWrite(isBetweenEvents: true)
        silence(3)
        await keepAlive.willWrite()
        #expect(writer.text == ": keep-alive\n\n")
        keepAlive.stop()
        #expect(timers.count == 0)
    }

    @Test("nothing is sent while the loop writes, inside an event, or after the end")
    func never() async {
        let keepAlive = KeepAlive(writer: writer, timers: timers)
        await keepAlive.willWrite()
        silence(4)
        keepAlive.didWrite(isBetweenEvents: false)
        silence(4)
        await keepAlive.willWrite()
        keepAlive.stop()
        silence(4)
        #expect(writer.text == "")
    }
}
