import HTTPTypes
import HubCore
import Logging
import NIOCore
import NIOPosix
import Testing

@testable import HubServer

@Suite("Listener", .timeLimit(.minutes(1)))
struct ListenerTests {
    /// Echoes the body of a request; `/wait` waits until it is cancelled and says so; `/stream` begins a stream and breaks off.
    private struct EchoResponder: HTTPResponder {
        let cancelled: AsyncStream<Void>.Continuation

        func respond(to request: InboundRequest, writer: any ResponseWriter) async throws {
            if request.isOverload { return try await writer.refuse(.serviceUnavailable, "full", fields: [.retryAfter: "1"]) }
            switch request.path {
            case "/wait":
                do { try await Task.sleep(for: .seconds(50)) } catch {
                    cancelled.yield()
                    throw error
                }
            case "/break":
                try await writer.begin(HTTPResponse(status: .ok))
                try await writer.write(ByteBuffer(string: "part"))
            case "/throw": throw HubError(.internal, "nothing to see")
            default: try await writer.respond(HTTPResponse(status: .ok), body: request.body)
            }
        }
    }

    private func exchange(_ bytes: String, bounds: ListenerBounds = ListenerBounds()) async throws -> String {
        let (_, continuation) = AsyncStream<Void>.makeStream()
        let listener = try await Listener.start(
            on: .bind(host: "127.0.0.1", port: 0), bounds: bounds, responder: EchoResponder(cancelled: continuation),
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        let answer = try await RawClient.exchange(bytes, address: listener.address)
        await listener.shutDown(limit: .zero)
        return answer
    }

    @Test("pipelined requests are answered in order")
    func pipelining() async throws {
        let one = "POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1\r\n\r\n1"
        let two = "POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1\r\nConnection: close\r\n\r\n2"
        let answer = try await exchange(one + one + two)
        let bodies = answer.components(separatedBy: "\r\n\r\n").dropFirst().compactMap(\.first)
        #expect(bodies == ["1", "1", "2"])
    }

    @Test("chunked bodies arrive whole, malformed ones get one answer and the connection ends")
    func chunks() async throws {
        let good =
            "POST / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n2\r\nab\r\n1\r\nc\r\n0\r\n\r\n"
        #expect(try await exchange(good).hasSuffix("\r\n\r\nabc"))
        let bad = "POST / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nab\r\n"
        let answer = try await exchange(bad)
        #expect(answer.hasPrefix("HTTP/1.1 400"))
        #expect(answer.components(separatedBy: "HTTP/1.1 ").count == 2)
    }

    @Test("every answer carries a request id, refusals too")
    func requestIDs() async throws {
        for request in ["GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n", "GET / HTTP/1.1\r\n\r\n", "nonsense\r\n\r\n"] {
            #expect(try await exchange(request).lowercased().contains("x-request-id: "))
        }
    }

    @Test("a responder that throws gives 500 without the reason, one that breaks off cuts the connection")
    func failures() async throws {
        let thrown = try await exchange("GET /throw HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        #expect(thrown.hasPrefix("HTTP/1.1 500"))
        #expect(!thrown.contains("nothing to see"))
        let broken = try await exchange("GET /break HTTP/1.1\r\nHost: localhost\r\n\r\n")
        #expect(broken.contains("part"))
        #expect(!broken.hasSuffix("0\r\n\r\n"))
    }

    @Test("the task of a caller who leaves is cancelled")
    func cancellation() async throws {
        let (cancelled, continuation) = AsyncStream<Void>.makeStream()
        let listener = try await Listener.start(
            on: .bind(host: "127.0.0.1", port: 0), bounds: ListenerBounds(), responder: EchoResponder(cancelled: continuation),
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        try await RawClient.sendAndLeave("GET /wait HTTP/1.1\r\nHost: localhost\r\n\r\n", address: listener.address)
        for await _ in cancelled { break }
        await listener.shutDown(limit: .zero)
    }

    @Test("what a stop cannot wait for is cancelled and may still say so")
    func farewell() async throws {
        struct Waiting: HTTPResponder {
            let begun: AsyncStream<Void>.Continuation

            func respond(to request: InboundRequest, writer: any ResponseWriter) async throws {
                try await writer.begin(HTTPResponse(status: .ok))
                begun.yield()
                try? await Task.sleep(for: .seconds(50))  // cancelled: that is what is waited for
                try await writer.write(ByteBuffer(string: "farewell"))
                try await writer.end()
            }
        }
        let (begun, continuation) = AsyncStream<Void>.makeStream()
        let listener = try await Listener.start(
            on: .bind(host: "127.0.0.1", port: 0), bounds: ListenerBounds(), responder: Waiting(begun: continuation),
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        async let answer = RawClient.exchange("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n", address: listener.address)
        for await _ in begun { break }
        await listener.shutDown(limit: .seconds(1))  // as long again for the farewell
        #expect(try await answer.hasSuffix("8\r\nfarewell\r\n0\r\n\r\n"))
    }

    @Test("who connects while one listener gives its socket to another is served by that")
    func handingOver() async throws {
        let (_, continuation) = AsyncStream<Void>.makeStream()
        let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        let first = try await Listener.start(
            on: .bind(host: "127.0.0.1", port: 0), bounds: ListenerBounds(inFlight: 0), responder: EchoResponder(cancelled: continuation),
            logger: logger)
        let second = try await Listener.start(
            on: .inherited(first.duplicateDescriptor()), isPaused: true, bounds: ListenerBounds(),
            responder: EchoResponder(cancelled: continuation), logger: logger)
        let address = first.address
        #expect(second.address == address)
        let request = "GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
        #expect(try await RawClient.exchange(request, address: address).hasPrefix("HTTP/1.1 503"))
        await first.pause()
        async let waiting = RawClient.exchange(request, address: address)
        await first.shutDown(limit: .zero)
        await second.resume()
        #expect(try await waiting.hasPrefix("HTTP/1.1 200"))
        await second.pause()
        async let resumed = RawClient.exchange(request, address: address)
        await second.resume()
        #expect(try await resumed.hasPrefix("HTTP/1.1 200"))
        await second.shutDown(limit: .zero)
    }

    @Test("past the bound of connections the answer is 503 and the connection ends")
    func connectionBound() async throws {
        let answer = try await exchange("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n", bounds: ListenerBounds(connections: 0))
        #expect(answer.hasPrefix("HTTP/1.1 503"))
        #expect(answer.lowercased().contains("retry-after: 1"))
    }

    @Test("past the bound of bytes held the answer is 503")
    func heldBytes() async throws {
        let request = "POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 3\r\nConnection: close\r\n\r\nabc"
        #expect(try await exchange(request, bounds: ListenerBounds(heldBytes: 2)).hasPrefix("HTTP/1.1 503"))
        #expect(try await exchange(request + request, bounds: ListenerBounds(heldBytes: 3)).hasPrefix("HTTP/1.1 200"))
    }

    @Test("an HTTP/1.0 caller gets no chunks, and keeps its connection where it asks to")
    func olderCallers() async throws {
        let kept = "GET / HTTP/1.0\r\nHost: localhost\r\nConnection: keep-alive\r\n\r\n"
        let last = "GET / HTTP/1.0\r\nHost: localhost\r\n\r\n"
        let answers = try await exchange(kept + last)
        #expect(answers.components(separatedBy: "HTTP/1.1 200").count == 3)
        let streamed = try await exchange("GET /break HTTP/1.0\r\nHost: localhost\r\n\r\n")
        #expect(streamed.hasSuffix("\r\n\r\npart"))
        #expect(streamed.lowercased().contains("connection: close"))
    }

    @Test("past the bound of requests in flight the answer is 503 with retry-after")
    func overload() async throws {
        let answer = try await exchange(
            "GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n", bounds: ListenerBounds(inFlight: 0))
        #expect(answer.hasPrefix("HTTP/1.1 503"))
        #expect(answer.lowercased().contains("retry-after: 1"))
    }
}

/// Bytes out, bytes back: what no HTTP client would send.
enum RawClient {
    /// Sends `bytes` and collects what comes until the peer closes.
    static func exchange(_ bytes: String, address: String) async throws -> String {
        let channel = try await connect(address)
        return try await channel.executeThenClose { inbound, outbound in
            try? await outbound.write(ByteBuffer(string: bytes))  // refused before it could speak: the answer counts
            var answer = ""
            do {
                for try await chunk in inbound { answer += String(buffer: chunk) }
            } catch is IOError {
                // A cut connection: what came before counts.
            }
            return answer
        }
    }

    /// Sends `bytes` and closes the connection.
    static func sendAndLeave(_ bytes: String, address: String) async throws {
        try await connect(address).executeThenClose { _, outbound in try await outbound.write(ByteBuffer(string: bytes)) }
    }

    static func connect(_ address: String) async throws -> NIOAsyncChannel<ByteBuffer, ByteBuffer> {
        let parts = address.split(separator: ":")
        return try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .connect(host: String(parts[0]), port: Int(parts[1]) ?? 0) { channel in
                channel.eventLoop.makeCompletedFuture { try NIOAsyncChannel(wrappingChannelSynchronously: channel) }
            }
    }
}

extension String {
    /// The parts between occurrences of `separator`.
    fileprivate func components(separatedBy separator: String) -> [Substring] {
        split(separator: separator, omittingEmptySubsequences: false)
    }
}
