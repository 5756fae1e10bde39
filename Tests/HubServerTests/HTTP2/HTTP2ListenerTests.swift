import HTTPTypes
import HubCore
import Logging
import NIOCore
import NIOHPACK
import NIOHTTP2
import NIOPosix
import NIOSSL
import Testing

@testable import HubServer

@Suite("HTTP/2", .timeLimit(.minutes(1)))
struct HTTP2ListenerTests {
    /// Echoes the body of a request; `/wait` waits for the gate, or until it is cancelled, which it tells; `/stream` sends pieces until then.
    private struct EchoResponder: HTTPResponder {
        let begun = AsyncStream<Void>.makeStream()
        let cancelled = AsyncStream<Void>.makeStream()
        let gate = AsyncStream<Void>.makeStream()

        func respond(to request: InboundRequest, writer: any ResponseWriter) async throws {
            switch request.path {
            case "/wait":
                begun.continuation.yield()
                for await _ in gate.stream { break }
                if Task.isCancelled { cancelled.continuation.yield() }
                try await writer.respond(HTTPResponse(status: .ok), body: ByteBuffer(string: "at last"))
            case "/stream":
                try await writer.begin(HTTPResponse(status: .ok))
                do {
                    while true { try await writer.write(ByteBuffer(repeating: 0x61, count: 16 << 10)) }
                } catch {
                    cancelled.continuation.yield()
                    throw error
                }
            default: try await writer.respond(HTTPResponse(status: .ok), body: request.body)
            }
        }
    }

    private func withListener(_ body: (Listener, EchoResponder, HTTP2Client) async throws -> Void) async throws {
        let identity = try CertificateTests.identity(certificate: TestCertificates.a.certificate, key: TestCertificates.a.key)
        let responder = EchoResponder()
        let listener = try await Listener.start(
            on: .bind(host: "127.0.0.1", port: 0), bounds: ListenerBounds(),
            door: ListenerDoor(certificates: CertificateStore(try #require(TLSIdentitySet([identity])))), responder: responder,
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        let client = try await HTTP2Client.connect(to: listener.address)
        do { try await body(listener, responder, client) } catch {
            await listener.shutDown(limit: .zero)
            throw error
        }
        await listener.shutDown(limit: .zero)
    }

    @Test("a request and its answer pass, and every answer has an id")
    func echo() async throws {
        try await withListener { (_, _, client) async throws in
            let answer = try await client.ask(body: "hello")
            #expect(answer.body == "hello")
            #expect(answer.headers.first(name: ":status") == "200")
            #expect(answer.headers.first(name: "content-length") == "5")
            #expect(answer.headers.first(name: "x-request-id")?.utf8.count == 32)
        }
    }

    @Test("the task of a stream that is reset is cancelled, and the connection goes on")
    func cancellation() async throws {
        try await withListener { (_, responder, client) async throws in
            let stream = try await client.begin("/wait")
            for await _ in responder.begun.stream { break }
            try? await stream.channel.close()  // fails with the reason of the reset
            for await _ in responder.cancelled.stream { break }
            #expect(try await client.ask(body: "on").body == "on")
        }
    }

    @Test("a stream that is written without end ends with its connection")
    func endlessStream() async throws {
        try await withListener { (_, responder, client) async throws in
            _ = try await client.begin("/stream")
            try await client.channel.close()
            for await _ in responder.cancelled.stream { break }
        }
    }

    @Test("a stop waits for what is being answered, and says goodbye")
    func drain() async throws {
        try await withListener { (listener, responder, client) async throws in
            let stream = try await client.begin("/wait")
            for await _ in responder.begun.stream { break }
            async let stop: Void = listener.shutDown(limit: .seconds(30))
            responder.gate.continuation.yield()
            #expect(try await stream.answer.get().body == "at last")
            await stop
            try await client.channel.closeFuture.get()
        }
    }
}

/// A caller over HTTP/2 that trusts the test authority.
private struct HTTP2Client {
    struct Answer: Sendable {
        var headers = HPACKHeaders()
        var body = ""
    }

    /// A request under way.
    struct Stream: Sendable {
        var channel: any Channel
        /// Complete when the stream has ended.
        var answer: EventLoopFuture<Answer>
    }

    let channel: any Channel
    private let multiplexer: NIOHTTP2Handler.AsyncStreamMultiplexer<Void>

    static func connect(to address: String) async throws -> HTTP2Client {
        var configuration = TLSConfiguration.makeClientConfiguration()
        configuration.trustRoots = .certificates(try NIOSSLCertificate.fromPEMBytes(Array(TestCertificates.authority.utf8)))
        configuration.applicationProtocols = ["h2"]
        let context = try NIOSSLContext(configuration: configuration)
        let parts = address.split(separator: ":")
        let (channel, multiplexer) = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .connect(host: String(parts[0]), port: Int(parts[1]) ?? 0) { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(NIOSSLClientHandler(context: context, serverHostname: "a.test"))
                    let multiplexer = try channel.pipeline.syncOperations.configureAsyncHTTP2Pipeline(mode: .client, configuration: .init())
                    {
                        $0.eventLoop.makeSucceededVoidFuture()
                    }
                    return (channel, multiplexer)
                }
            }
        return HTTP2Client(channel: channel, multiplexer: multiplexer)
    }

    /// Sends a request.
    func begin(_ path: String, body: String? = nil) async throws -> Stream {
        let stream = try await multiplexer.openStream { channel in
            channel.eventLoop.makeCompletedFuture {
                let answer = channel.eventLoop.makePromise(of: Answer.self)
                try channel.pipeline.syncOperations.addHandler(Collector(answer))
                return Stream(channel: channel, answer: answer.futureResult)
            }
        }
        let headers: HPACKHeaders = [":method": "POST", ":scheme": "https", ":authority": "a.test", ":path": path]
        try await stream.channel.writeAndFlush(HTTP2Frame.FramePayload.headers(.init(headers: headers, endStream: body == nil)))
        if let body {
            try await stream.channel.writeAndFlush(
                HTTP2Frame.FramePayload.data(.init(data: .byteBuffer(ByteBuffer(string: body)), endStream: true)))
        }
        return stream
    }

    /// Sends a request and reads its answer.
    func ask(body: String) async throws -> Answer {
        try await begin("/", body: body).answer.get()
    }

    /// Puts the pieces of one answer together.
    private final class Collector: ChannelInboundHandler {
        typealias InboundIn = HTTP2Frame.FramePayload

        private var answer = Answer()
        private let promise: EventLoopPromise<Answer>

        init(_ promise: EventLoopPromise<Answer>) {
            self.promise = promise
        }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            switch unwrapInboundIn(data) {
            case .headers(let head): answer.headers = head.headers
            case .data(let piece): if case .byteBuffer(let bytes) = piece.data { answer.body += String(buffer: bytes) }
            default: break
            }
        }

        func channelInactive(context: ChannelHandlerContext) {
            promise.succeed(answer)
        }

        func errorCaught(context: ChannelHandlerContext, error: any Error) {}
    }
}
