import HTTPTypes
import HubCore
import Logging
import NIOCore
import Testing

@testable import HubServer

@Suite("WebSocket over a listener", .timeLimit(.minutes(1)))
struct WebSocketListenerTests {
    /// Echoes messages and says how the WebSocket ended; `/late` accepts only after a while, `/once` closes after one message, `/elsewhere`
    /// leaves the connection's loop, `/cancel` gives up waiting.
    private struct EchoResponder: HTTPResponder {
        let endings: AsyncStream<String>.Continuation

        func respond(to request: InboundRequest, writer: any ResponseWriter) async throws {
            if request.isOverload { return try await writer.refuse(.serviceUnavailable, "full") }
            guard let offer = request.webSocket else { return try await writer.respond(HTTPResponse(status: .ok), body: ByteBuffer()) }
            if request.path == "/late" { for _ in 0..<100 { await Task.yield() } }
            if request.path == "/elsewhere" {
                return try await withTaskExecutorPreference(globalConcurrentExecutor) { try await echo(request, offer, writer) }
            }
            try await echo(request, offer, writer)
        }

        private func echo(_ request: InboundRequest, _ offer: WebSocketOffer, _ writer: any ResponseWriter) async throws {
            let webSocket = try await writer.acceptWebSocket(subprotocol: offer.subprotocols.last)
            if request.path == "/cancel" {
                let reading = Task { try await webSocket.next() }  // awaited and cancelled here
                await Task.yield()
                reading.cancel()
                if case .failure(is CancellationError) = await reading.result {
                    await webSocket.close(code: WebSocketCloseCode(rawValue: 4000), reason: "done")
                }
                #expect(try await webSocket.next() == nil)
                await #expect(throws: WebSocketClosure(.init(rawValue: 4000), "done")) { try await webSocket.send(.text(ByteBuffer())) }
            }
            do {
                while let message = try await webSocket.next() {
                    try await webSocket.send(message)
                    if request.path == "/once" { break }
                    if request.path == "/throw" { throw HubError(.internal, "nothing to see") }
                }
                endings.yield("\(await webSocket.closure?.code.rawValue ?? 0)")
            } catch let closure as WebSocketClosure {
                endings.yield("broken \(closure.code.rawValue)")
                throw closure
            }
        }
    }

    private struct Fixture {
        let listener: Listener
        let endings: AsyncStream<String>

        func ending() async -> String? {
            for await ending in endings { return ending }
            return nil
        }
    }

    private func listen(_ bounds: ListenerBounds = ListenerBounds()) async throws -> Fixture {
        let (endings, continuation) = AsyncStream<String>.makeStream()
        let listener = try await Listener.start(
            on: .bind(host: "127.0.0.1", port: 0), bounds: bounds, responder: EchoResponder(endings: continuation),
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        return Fixture(listener: listener, endings: endings)
    }

    private static func handshake(_ path: String = "/", version: String = "13", minor: Int = 1, extra: String = "") -> [UInt8] {
        Array(
            ("GET \(path) HTTP/1.\(minor)\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                + "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: \(version)\r\n\(extra)\r\n").utf8)
    }

    private static let hello: [UInt8] = [0x81, 0x85, 0x37, 0xfa, 0x21, 0x3d, 0x7f, 0x9f, 0x4d, 0x51, 0x58]
    private static let echo: [UInt8] = [0x81, 0x05, 0x48, 0x65, 0x6c, 0x6c, 0x6f]

    @Test(
        "the conversation of RFC 6455 goes over the wire as there, also when the first frames come with the request",
        arguments: ["/", "/late", "/elsewhere"])
    func conversation(path: String) async throws {
        let hub = try await listen()
        try await Wire.talk(to: hub.listener.address) { wire in
            let ping = Frames.frame(0x89, "Hello")
            try await wire.send(Self.handshake(path, extra: "Sec-WebSocket-Protocol: chat, superchat\r\n") + Self.hello + ping)
            let head = String(decoding: try await wire.read(untilSuffix: Array("\r\n\r\n".utf8)), as: UTF8.self).lowercased()
            #expect(head.hasPrefix("http/1.1 101 switching protocols\r\n"))
            for field in [
                "upgrade: websocket", "connection: upgrade", "sec-websocket-accept: s3pplmbitxaq9kygzzhzrbk+xoo=",
                "sec-websocket-protocol: superchat", "x-request-id: ",
            ] { #expect(head.contains("\r\n\(field)"), "\(field)") }
            #expect(!head.contains("content-length") && !head.contains("transfer-encoding"))
            let answers = try await wire.read(count: 14)
            let pong: [UInt8] = [0x8a, 0x05, 0x48, 0x65, 0x6c, 0x6c, 0x6f]
            #expect(answers == Self.echo + pong || answers == pong + Self.echo)
            // RFC 6455 §5.7: "Hel" and "lo".
            try await wire.send(Frames.frame(0x01, "Hel") + Frames.frame(0x80, "lo"))
            #expect(try await wire.read(count: 7) == Self.echo)
            try await wire.send(Frames.frame(0x88, [0x03, 0xE8]))
            #expect(try await wire.readToEnd() == [0x88, 0x02, 0x03, 0xE8])
        }
        #expect(await hub.ending() == "1000")
        await hub.listener.shutDown(limit: .zero)
    }

    @Test("when the responder has ended, the WebSocket is closed: 1000 where it returned, 1011 where it failed")
    func responderEnds() async throws {
        let hub = try await listen()
        for (path, code) in [("/once", 0xE8), ("/throw", 0xF3)] as [(String, UInt8)] {
            try await Wire.talk(to: hub.listener.address) { wire in
                try await wire.send(Self.handshake(path) + Self.hello)
                _ = try await wire.read(untilSuffix: Array("\r\n\r\n".utf8))
                #expect(try await wire.read(count: 11) == Self.echo + [0x88, 0x02, 0x03, code])
                try await wire.send(Frames.frame(0x88, [0x03, code]))
                #expect(try await wire.readToEnd() == [])
            }
        }
        await hub.listener.shutDown(limit: .zero)
    }

    @Test("a reader that gives up waiting is woken, and what the responder says at the end is sent")
    func cancelledReader() async throws {
        let hub = try await listen()
        try await Wire.talk(to: hub.listener.address) { wire in
            try await wire.send(Self.handshake("/cancel"))
            _ = try await wire.read(untilSuffix: Array("\r\n\r\n".utf8))
            #expect(try await wire.read(count: 8) == [0x88, 0x06, 0x0F, 0xA0] + Array("done".utf8))
        }
        #expect(await hub.ending() == "4000")
        await hub.listener.shutDown(limit: .zero)
    }

    @Test("a violation is told to the caller with its code, and to the reader")
    func violation() async throws {
        let hub = try await listen()
        try await Wire.talk(to: hub.listener.address) { wire in
            try await wire.send(Self.handshake() + [0x81, 0x05, 0x48])
            _ = try await wire.read(untilSuffix: Array("\r\n\r\n".utf8))
            #expect(try await wire.readToEnd() == [0x88, 0x17, 0x03, 0xEA] + Array("A frame is not masked".utf8))
        }
        #expect(await hub.ending() == "broken 1002")
        await hub.listener.shutDown(limit: .zero)
    }

    @Test("past the bound of bytes held the WebSocket is closed with 1013")
    func heldBytes() async throws {
        let hub = try await listen(ListenerBounds(heldBytes: 100))
        try await Wire.talk(to: hub.listener.address) { wire in
            try await wire.send(Self.handshake())
            _ = try await wire.read(untilSuffix: Array("\r\n\r\n".utf8))
            try await wire.send(Frames.frame(0x01, String(repeating: "a", count: 101)))
            #expect(try await wire.readToEnd().dropFirst(2).starts(with: [0x03, 0xF5]))
        }
        #expect(await hub.ending() == "broken 1013")
        await hub.listener.shutDown(limit: .zero)
    }

    @Test("the reader of a caller who goes without a word is told so")
    func callerGone() async throws {
        let hub = try await listen()
        try await Wire.talk(to: hub.listener.address) { wire in
            try await wire.send(Self.handshake())
            _ = try await wire.read(untilSuffix: Array("\r\n\r\n".utf8))
        }
        #expect(await hub.ending() == "broken 1006")
        await hub.listener.shutDown(limit: .zero)
    }

    @Test("a stop closes with 1001 and does not wait for more")
    func stop() async throws {
        let hub = try await listen()
        try await Wire.talk(to: hub.listener.address) { wire in
            try await wire.send(Self.handshake())
            _ = try await wire.read(untilSuffix: Array("\r\n\r\n".utf8))
            async let stopped: Void = hub.listener.shutDown(limit: .seconds(30))
            #expect(try await wire.read(count: 4) == [0x88, 0x02, 0x03, 0xE9])
            try? await wire.send(Frames.frame(0x88, [0x03, 0xE9]))  // too late where this machine is slow: the hub has closed then
            #expect(try await wire.readToEnd() == [])
            await stopped
        }
        #expect(await hub.ending() == "1001")
    }

    @Test("another version is answered 426; HTTP/1.0 and a body make an ordinary request of it")
    func refusals() async throws {
        let hub = try await listen()
        let close = "Connection: close\r\n"
        for (request, status, field) in [
            (Self.handshake(version: "8", extra: close), "426", "sec-websocket-version: 13"),
            (Self.handshake(minor: 0), "200", "connection: close"),
            (Self.handshake(extra: close + "Content-Length: 1\r\n") + [0x61], "200", "connection: close"),
        ] {
            try await Wire.talk(to: hub.listener.address) { wire in
                try await wire.send(request)
                let answer = String(decoding: try await wire.readToEnd(), as: UTF8.self).lowercased()
                #expect(answer.hasPrefix("http/1.1 \(status)"))
                #expect(answer.contains(field))
            }
        }
        await hub.listener.shutDown(limit: .zero)
    }

    @Test("an open WebSocket counts among the requests in flight")
    func inFlight() async throws {
        let hub = try await listen(ListenerBounds(inFlight: 1))
        try await Wire.talk(to: hub.listener.address) { wire in
            try await wire.send(Self.handshake("/once"))
            _ = try await wire.read(untilSuffix: Array("\r\n\r\n".utf8))
            let request = "GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
            #expect(try await RawClient.exchange(request, address: hub.listener.address).hasPrefix("HTTP/1.1 503"))
            try await wire.send(Self.hello)
            _ = try await wire.read(count: 11)
            #expect(try await RawClient.exchange(request, address: hub.listener.address).hasPrefix("HTTP/1.1 200"))
        }
        await hub.listener.shutDown(limit: .zero)
    }

    @Test("a caller who sends without reading is held back, and nothing is lost")
    func backPressure() async throws {
        let hub = try await listen()
        let messages = (0..<400).map { [UInt8](repeating: UInt8($0 & 0xFF), count: 20_000) }
        try await Wire.talk(to: hub.listener.address) { wire in
            try await wire.send(Self.handshake())
            _ = try await wire.read(untilSuffix: Array("\r\n\r\n".utf8))
            let outbound = wire.outbound
            async let sent: Void = {
                for message in messages { try await outbound.write(ByteBuffer(bytes: Frames.frame(0x82, message))) }
            }()
            for message in messages {
                #expect(try await wire.read(count: 4) == [0x82, 126, 0x4E, 0x20])
                let isSame = try await wire.read(count: message.count) == message
                #expect(isSame)
            }
            try await sent
        }
        await hub.listener.shutDown(limit: .zero)
    }
}

/// Both directions of a connection, as bytes.
private struct Wire {
    private var inbound: NIOAsyncChannelInboundStream<ByteBuffer>.AsyncIterator
    let outbound: NIOAsyncChannelOutboundWriter<ByteBuffer>
    private var buffer = ByteBuffer()

    static func talk(to address: String, _ body: (inout Wire) async throws -> Void) async throws {
        try await RawClient.connect(address).executeThenClose { inbound, outbound in
            var wire = Wire(inbound: inbound.makeAsyncIterator(), outbound: outbound)
            try await body(&wire)
        }
    }

    func send(_ bytes: [UInt8]) async throws { try await outbound.write(ByteBuffer(bytes: bytes)) }

    /// The next `count` bytes; fewer where the peer closes before.
    mutating func read(count: Int) async throws -> [UInt8] {
        while buffer.readableBytes < count, var more = try await inbound.next(isolation: #isolation) { buffer.writeBuffer(&more) }
        return buffer.readBytes(length: min(count, buffer.readableBytes)) ?? []
    }

    /// What comes up to `suffix`.
    mutating func read(untilSuffix suffix: [UInt8]) async throws -> [UInt8] {
        var bytes: [UInt8] = []
        while bytes.suffix(suffix.count) != suffix[...] {
            let next = try await read(count: 1)
            guard !next.isEmpty else { break }
            bytes += next
        }
        return bytes
    }

    /// What comes until the peer closes.
    mutating func readToEnd() async throws -> [UInt8] { try await read(count: .max) }
}
