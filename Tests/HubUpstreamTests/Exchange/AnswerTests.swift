import HTTPTypes
import HubCore
import NIOConcurrencyHelpers
import NIOCore
import NIOPosix
import Testing

@testable import HubUpstream

@Suite("Answers of an upstream", .timeLimit(.minutes(1)))
struct AnswerTests {
    @Test(
        "each wait has its limit",
        arguments: [
            ([RawUpstream.Step.gate], UpstreamTimeouts(firstByte: .milliseconds(100))),
            ([.write("HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\na"), .gate], UpstreamTimeouts(idle: .milliseconds(100))),
            ([.write("HTTP/1.1 200 OK\r\n\r\n"), .trickle], UpstreamTimeouts(total: .milliseconds(300))),
        ])
    func deadlines(steps: [RawUpstream.Step], timeouts: UpstreamTimeouts) async throws {
        let upstream = try await RawUpstream.start { _, _ in steps }
        let service = try TestUpstreams.service(upstream) { $0.timeouts = timeouts }
        #expect(await service.failure() == .upstreamTimeout)
        // Where the machine is so slow that the time was up before a request was sent, its connection is kept for the next.
        await upstream.until { $0.closed == $0.opened || $0.requests.isEmpty }
    }

    @Test(
        "an answer that is not one is a failure, and its connection is of no more use",
        arguments: [
            "HTTP/1.1 200 OK\r\ncontent-length: 2\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n",
            "HTTP/1.1 200 OK\r\ncontent-length: 2\r\ncontent-length: 3\r\n\r\n{}x", "HTTP/1.1 200 OK\r\ncontent-length: -1\r\n\r\n{}",
            "HTTP/1.1 99 Low\r\ncontent-length: 0\r\n\r\n", "HTTP/1.1 1000 High\r\ncontent-length: 0\r\n\r\n", "just text",
            "HTTP/1.1 200 OK\r\nx-a: b\rset-cookie: hub=1\r\ncontent-length: 2\r\n\r\n{}",
            "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\n{}x\r\n0\r\n\r\n",
            "HTTP/1.1 200 OK\r\n" + String(repeating: "x: 1\r\n", count: 5000) + "\r\n{}",
            String(repeating: "HTTP/1.1 103 Early Hints\r\n\r\n", count: 5000) + "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}",
        ])
    func malformed(answer: String) async throws {
        let upstream = try await RawUpstream.start { _, count in count == 1 ? [.write(answer), .close] : [.write(TestUpstreams.ok)] }
        let service = try TestUpstreams.service(upstream)
        #expect(await service.failure(.post) == .upstreamFailed)
        #expect(try await service.text() == "ok")
        #expect(upstream.log.requests.map(\.connection) == [1, 2])
    }

    @Test(
        "an answer that breaks off is a failure, not a shorter answer",
        arguments: [
            "HTTP/1.1 200 OK\r\ncontent-length: 3\r\n\r\nok", "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nok\r\n",
            "HTTP/1.1 200 OK\r\nconte",
        ])
    func truncated(answer: String) async throws {
        let upstream = try await RawUpstream.start { _, _ in [.write(answer), .close] }
        #expect(await (try TestUpstreams.service(upstream)).failure() == .upstreamFailed)
    }

    @Test("a stream that breaks off gives what came and then the failure")
    func brokenStream() async throws {
        let upstream = try await RawUpstream.start { _, _ in
            [.write("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nok\r\n"), .gate, .close]
        }
        let response = try await TestUpstreams.service(upstream).send()
        guard case .stream(let stream) = response.body else {
            Issue.record("complete before its end")
            return
        }
        #expect(try await stream.next().map { String(buffer: $0) } == "ok")
        upstream.openGate()
        await #expect(throws: HubError.self) { try await stream.next() }
    }

    @Test("only the fields that are meant for the caller come through")
    func fields() async throws {
        let upstream = try await RawUpstream.start { _, _ in
            [
                .write(
                    "HTTP/1.1 200 OK\r\nconnection: keep-alive, x-private\r\nx-private: 1\r\nkeep-alive: timeout=5\r\ntrailer: x\r\n"
                        + "proxy-authenticate: Basic\r\nupgrade: h2c\r\nx-public: 2\r\ncontent-length: 2\r\n\r\nok")
            ]
        }
        let response = try await TestUpstreams.service(upstream).send()
        #expect(response.fields.map { "\($0)" } == ["x-public: 2"])
    }

    @Test("a reader that stops holds the upstream back")
    func backPressure() async throws {
        let total = 200 << 20
        let upstream = try await RawUpstream.start { _, _ in
            [.write("HTTP/1.1 200 OK\r\ncontent-length: \(total)\r\n\r\n"), .flood(total)]
        }
        let service = try TestUpstreams.service(upstream) { $0.timeouts.total = .seconds(3) }
        let response = try await service.send()
        // The whole exchange ends by its limit, whoever is slow; until then the upstream could send no more than buffers of sockets hold.
        let log = await upstream.until { $0.closed == 1 }
        #expect(log.flooded < 32 << 20)
        await #expect(throws: HubError.self) { try await response.body.collect(upTo: total) }
    }

    @Test("a reader that goes on gets everything")
    func flow() async throws {
        let total = 20 << 20
        let upstream = try await RawUpstream.start { _, _ in
            [.write("HTTP/1.1 200 OK\r\ncontent-length: \(total)\r\n\r\n"), .flood(total)]
        }
        let service = try TestUpstreams.service(upstream)
        #expect(try await service.send().body.collect(upTo: total).readableBytes == total)
        #expect(await service.failure() == .tooLarge)
        await upstream.until { $0.closed == 1 }
    }

    @Test("a reader that gives up closes the connection")
    func givesUp() async throws {
        let upstream = try await RawUpstream.start { _, _ in [.write("HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\na"), .gate] }
        let response = try await TestUpstreams.service(upstream).send()
        guard case .stream(let stream) = response.body else { return }
        stream.cancel()
        await upstream.until { $0.closed == 1 }
        await #expect(throws: CancellationError.self) {
            while try await stream.next() != nil {}
        }
    }

    @Test("an answer that nobody holds any longer closes its connection")
    func dropped() async throws {
        let upstream = try await RawUpstream.start { _, _ in [.write("HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\na"), .gate] }
        let service = try TestUpstreams.service(upstream)
        _ = try await service.send()
        await upstream.until { $0.closed == 1 }
    }

    @Test("the answer to HEAD and one without a body end with their heads, whatever length they name")
    func bodiless() async throws {
        let upstream = try await RawUpstream.start { request, _ in
            request.hasPrefix("HEAD")
                ? [.write("HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: 99\r\n\r\n")]
                : [.write("HTTP/1.1 204 No Content\r\n\r\n")]
        }
        let service = try TestUpstreams.service(upstream)
        for method in [HTTPRequest.Method.head, .get, .head] { #expect(try await service.text(method) == "") }
        #expect(upstream.log.opened == 1)
    }

    @Test("a body that ends with the connection is complete, and the connection gone")
    func untilClose() async throws {
        let upstream = try await RawUpstream.start { _, _ in [.write("HTTP/1.1 200 OK\r\n\r\nok"), .gate, .close] }
        let service = try TestUpstreams.service(upstream)
        let response = try await service.send()
        upstream.openGate()
        #expect(String(buffer: try await response.body.collect(upTo: 10)) == "ok")
        #expect(try await service.text() == "ok")
        #expect(upstream.log.opened == 2)
    }

    @Test("a path that does not fit a request line is not sent", arguments: ["/a b", "/a\r\nx: y", "/ä", "a", "/a#b"])
    func malformedPath(path: String) async throws {
        let upstream = try await RawUpstream.start { _, _ in [.write(TestUpstreams.ok)] }
        #expect(await (try TestUpstreams.service(upstream)).failure(.get, path) == .invalidRequest)
        #expect(upstream.log.opened == 0)
    }

    @Test("no path, or a query alone, means the address itself", arguments: [("", "/"), ("?a=1", "/?a=1")])
    func emptyPath(path: String, target: String) async throws {
        let upstream = try await RawUpstream.start { request, _ in
            [.write(request.hasPrefix("GET \(target) HTTP/1.1") ? TestUpstreams.ok : "HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n")]
        }
        #expect(try await TestUpstreams.service(upstream).text(.get, path) == "ok")
    }

    @Test("a compressed answer unfolds, and what cannot be unfolded is a failure")
    func compression() async throws {
        let gzip = InflaterTests.gzip
        let upstream = try await RawUpstream.start { request, _ in
            let bomb = request.contains("/bomb")
            let body = bomb ? InflaterTests.bomb : request.contains("/cut") ? Array(gzip.dropLast()) : gzip
            let encoding = bomb ? "deflate" : request.contains("/other") ? "br" : "gzip"
            let head = "HTTP/1.1 200 OK\r\ncontent-encoding: \(encoding)\r\ncontent-length: \(body.count)\r\n\r\n"
            return [.write(head), .bytes(body)]
        }
        let service = try TestUpstreams.service(upstream)
        #expect(try await service.text() == "hello, hub")
        #expect(try await service.send().fields.isEmpty)
        #expect(await service.failure(.get, "/cut") == .upstreamFailed)
        #expect(await service.failure(.get, "/bomb") == .upstreamFailed)
        #expect(await service.failure(.get, "/other") == .upstreamFailed)
        let plain = try TestUpstreams.service(upstream) { $0.asksForCompression = false }
        #expect(try await plain.text() == "hello, hub")
        #expect(upstream.log.requests.last?.text.lowercased().contains("accept-encoding") == false)
    }

    @Test("the credential is taken out of a stream and of the fields, and what precedes it does not wait")
    func redaction() async throws {
        let upstream = try await RawUpstream.start { _, _ in
            [
                .write("HTTP/1.1 200 OK\r\nx-echo: Bearer s3cret-value\r\ntransfer-encoding: chunked\r\n\r\n7\r\na s3cre\r\n"), .gate,
                .write("9\r\nt-value b\r\n0\r\n\r\n"),
            ]
        }
        let response = try await TestUpstreams.service(upstream) { $0.credential = .bearer(Secret("s3cret-value")) }.send()
        #expect(response.fields.map { "\($0)" } == ["x-echo: Bearer ***"])
        guard case .stream(let stream) = response.body else {
            Issue.record("complete before its end")
            return
        }
        #expect(try await stream.next().map { String(buffer: $0) } == "a ")
        upstream.openGate()
        #expect(try await stream.next().map { String(buffer: $0) } == "*** b")
        #expect(try await stream.next() == nil)
    }

    @Test("a task that is on a loop by chance, because what it waited for last was done there, is served like one from elsewhere")
    func onALoopByChance() async throws {
        let upstream = try await RawUpstream.start { _, _ in [.write("HTTP/1.1 200 OK\r\n\r\n"), .trickle] }
        let service = try TestUpstreams.service(upstream)
        for _ in 0..<3 {
            let response = try await service.send()
            guard case .stream(let stream) = response.body else {
                Issue.record("complete before its end")
                return
            }
            for _ in 0..<3 { #expect(try await stream.next()?.readableBytes ?? 0 > 0) }
            stream.cancel()
        }
    }

    /// A request's body whose pieces a test hands out.
    private final class Pieces: BodyStream {
        private let left: NIOLockedValueBox<[String]>
        private let isEndless: Bool
        let isCancelled = NIOLockedValueBox(false)

        init(_ pieces: [String], isEndless: Bool = false) {
            left = NIOLockedValueBox(pieces)
            self.isEndless = isEndless
        }

        func next() async throws -> ByteBuffer? {
            if let piece = left.withLockedValue({ $0.isEmpty ? nil : $0.removeFirst() }) { return ByteBuffer(string: piece) }
            guard isEndless else { return nil }
            try await Task.sleep(for: .seconds(60))  // ended by the cancellation that the test is about
            return nil
        }

        func cancel() { isCancelled.withLockedValue { $0 = true } }
    }

    private func request(_ pieces: Pieces) -> OutboundRequest {
        var request = OutboundRequest(method: .post, path: "/")
        request.bodyStream = pieces
        return request
    }

    @Test("a request's body is sent piece by piece")
    func requestStream() async throws {
        let upstream = try await RawUpstream.start { _, _ in [.write(TestUpstreams.ok)] }
        let service = try TestUpstreams.service(upstream)
        for _ in 0..<2 {
            _ = try await service.collect(request(Pieces(["ab", "", "c"])), basePath: "", logger: TestUpstreams.logger)
            #expect(upstream.log.requests.last?.text.hasSuffix("transfer-encoding: chunked\r\n\r\n2\r\nab\r\n1\r\nc\r\n0\r\n\r\n") == true)
        }
        #expect(upstream.log.opened == 1)
    }

    @Test("a request's body that nobody takes is given up")
    func refusedRequestStream() async throws {
        let upstream = try await RawUpstream.start { _, _ in [] }
        let service = try TestUpstreams.service(upstream)
        await upstream.stop()
        let pieces = Pieces(["ab"])
        await #expect(throws: HubError.self) {
            try await service.collect(request(pieces), basePath: "", logger: TestUpstreams.logger)
        }
        #expect(pieces.isCancelled.withLockedValue { $0 })
    }

    @Test("a connection whose answer came before the request was out is not used again")
    func earlyAnswer() async throws {
        let upstream = try await RawUpstream.start(answersHeads: true) { _, _ in [.write(TestUpstreams.ok)] }
        let service = try TestUpstreams.service(upstream)
        let pieces = Pieces(["ab"], isEndless: true)
        let body = try await service.collect(request(pieces), basePath: "", logger: TestUpstreams.logger).body
        #expect(String(buffer: body) == "ok")
        await upstream.until { $0.closed == 1 }
        #expect(try await service.text() == "ok")
        #expect(upstream.log.opened == 2)
    }
}
