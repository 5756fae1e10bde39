import HTTPTypes
import HubCore
import NIOCore
import NIOPosix
import Testing

@testable import HubUpstream

@Suite("Connections to an upstream", .timeLimit(.minutes(1)))
struct ConnectionReuseTests {
    @Test("one connection carries one request after another")
    func keepAlive() async throws {
        let upstream = try await RawUpstream.start { _, _ in [.write(TestUpstreams.ok)] }
        let service = try TestUpstreams.service(upstream)
        for _ in 0..<5 { #expect(try await service.text() == "ok") }
        #expect(upstream.log.opened == 1)
        #expect(upstream.log.requests.count == 5)
    }

    @Test("a request from the loop itself goes out on it")
    func onLoop() async throws {
        let upstream = try await RawUpstream.start { _, _ in [.write(TestUpstreams.ok)] }
        let service = try TestUpstreams.service(upstream)
        let loop = TestUpstreams.group.next()
        let body = try await Task(executorPreference: LoopTaskExecutor.executor(for: loop)) {
            #expect(loop.inEventLoop)
            let response = try await service.send()
            #expect(loop.inEventLoop)
            guard case .complete(let body) = response.body else { throw CancellationError() }
            return String(buffer: body)
        }.value
        #expect(body == "ok")
    }

    @Test("requests past the connections wait in their order, and past the bound are refused")
    func queue() async throws {
        let upstream = try await RawUpstream.start { _, _ in [.gate, .write(TestUpstreams.ok)] }
        let service = try TestUpstreams.service(upstream) { settings in
            settings.bounds.connections = 1
            settings.bounds.waiters = 2
        }
        let executor = LoopTaskExecutor.executor(for: TestUpstreams.group.next())
        // Tasks of one loop run in the order they were made, each up to its first wait.
        let first = Task(executorPreference: executor) { try await service.text(.get, "/1") }
        await upstream.until { $0.requests.count == 1 }
        let second = Task(executorPreference: executor) { try await service.text(.get, "/2") }
        let third = Task(executorPreference: executor) { try await service.text(.get, "/3") }
        let fourth = Task(executorPreference: executor) { await service.failure(.get, "/4") }
        #expect(await fourth.value == .overloaded)
        upstream.openGate()
        for task in [first, second, third] { #expect(try await task.value == "ok") }
        #expect(upstream.log.requests.map { $0.text.prefix(6) } == ["GET /1", "GET /2", "GET /3"])
        #expect(upstream.log.opened == 1)
    }

    @Test("bytes that nobody asked for end the connection, and the next caller does not see them", arguments: [true, false])
    func surplus(atOnce: Bool) async throws {
        let forged = "HTTP/1.1 200 OK\r\ncontent-length: 6\r\n\r\nforged"
        let upstream = try await RawUpstream.start { _, count in
            guard count == 1 else { return [.write(TestUpstreams.ok)] }
            return atOnce ? [.write(TestUpstreams.ok + forged)] : [.write(TestUpstreams.ok), .gate, .write(forged)]
        }
        let service = try TestUpstreams.service(upstream)
        #expect(try await service.text() == "ok")
        upstream.openGate()
        await upstream.until { $0.closed == 1 }
        #expect(try await service.text() == "ok")
        #expect(upstream.log.opened == 2)
    }

    @Test("a kept connection that turns out closed is replaced for a safe method, and only for that", arguments: [true, false])
    func retry(isSafe: Bool) async throws {
        let upstream = try await RawUpstream.start { _, count in count == 2 ? [.close] : [.write(TestUpstreams.ok)] }
        let service = try TestUpstreams.service(upstream)
        #expect(try await service.text() == "ok")
        if isSafe {
            #expect(try await service.text() == "ok")
            #expect(upstream.log.requests.map(\.connection) == [1, 1, 2])
        } else {
            #expect(await service.failure(.post) == .upstreamFailed)
            #expect(upstream.log.requests.count == 2)
        }
    }

    @Test("a new connection that closes without an answer is not tried again")
    func noRetry() async throws {
        let upstream = try await RawUpstream.start { _, _ in [.close] }
        let service = try TestUpstreams.service(upstream)
        #expect(await service.failure() == .upstreamFailed)
        #expect(upstream.log.requests.count == 1)
    }

    @Test("an upstream that says it closes is believed")
    func connectionClose() async throws {
        let upstream = try await RawUpstream.start { _, _ in [.write("HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 2\r\n\r\nok")]
        }
        let service = try TestUpstreams.service(upstream)
        #expect(try await service.text() == "ok")
        #expect(try await service.text() == "ok")
        #expect(upstream.log.opened == 2)
    }

    @Test("kept connections are closed when they have had no work for long, and when nobody uses the service")
    func closing() async throws {
        let upstream = try await RawUpstream.start { _, _ in [.write(TestUpstreams.ok)] }
        var service: UpstreamService? = try TestUpstreams.service(upstream) { $0.bounds.idleTime = .milliseconds(100) }
        #expect(try await service?.text() == "ok")
        await upstream.until { $0.closed == 1 }
        service = try TestUpstreams.service(upstream)
        #expect(try await service?.text() == "ok")
        service = nil
        await upstream.until { $0.closed == 2 }
    }

    @Test("among upstreams that misbehave and callers that leave, nobody gets what was meant for another")
    func isolation() async throws {
        let upstream = try await RawUpstream.start { request, count in
            let path = String(request.split(separator: " ")[1])
            let answer = { (fields: String) in "HTTP/1.1 200 OK\r\n\(fields)content-length: \(path.utf8.count)\r\n\r\n\(path)" }
            switch count % 16 {
            case 3: return [.write(answer("") + answer(""))]
            case 5: return [.close]
            case 7: return [.write(answer("connection: close\r\n")), .close]
            case 9: return [.write(String(answer("").dropLast())), .close]
            default: return [.write(answer(""))]
            }
        }
        let service = try TestUpstreams.service(upstream) { settings in
            settings.bounds.connections = 8
            settings.bounds.waiters = 64
        }
        let counts = try await withThrowingTaskGroup(of: (own: Int, others: Int).self) { group in
            for caller in 0..<16 {
                group.addTask {
                    var counts = (own: 0, others: 0)
                    for number in 0..<60 {
                        let path = "/\(caller)/\(number)/" + String(repeating: "x", count: number)
                        let task = Task { try await service.text(.post, path) }
                        if number % 10 == 9 { task.cancel() }
                        guard case .success(let body) = await task.result else { continue }
                        if body == path { counts.own += 1 } else { counts.others += 1 }
                    }
                    return counts
                }
            }
            return try await group.reduce(into: (own: 0, others: 0)) { ($0.own, $0.others) = ($0.own + $1.own, $0.others + $1.others) }
        }
        #expect(counts.own > 300)
        #expect(counts.others == 0)
    }

    @Test("a cancelled request closes its connection at once")
    func cancellation() async throws {
        let upstream = try await RawUpstream.start { _, _ in [.gate] }
        let service = try TestUpstreams.service(upstream)
        let task = Task { await service.failure() }
        await upstream.until { $0.requests.count == 1 }
        task.cancel()
        await upstream.until { $0.closed == 1 }
        #expect(await task.value == .cancelled)
    }

    @Test("a cancelled request that waits leaves its place")
    func cancelledWaiter() async throws {
        let upstream = try await RawUpstream.start { _, _ in [.gate, .write(TestUpstreams.ok)] }
        let service = try TestUpstreams.service(upstream) { settings in settings.bounds.connections = 1 }
        let executor = LoopTaskExecutor.executor(for: TestUpstreams.group.next())
        let first = Task(executorPreference: executor) { try await service.text(.get, "/1") }
        await upstream.until { $0.requests.count == 1 }
        let second = Task(executorPreference: executor) { await service.failure(.get, "/2") }
        let third = Task(executorPreference: executor) { try await service.text(.get, "/3") }
        second.cancel()
        #expect(await second.value == .cancelled)
        upstream.openGate()
        #expect(try await first.value == "ok")
        #expect(try await third.value == "ok")
        #expect(upstream.log.requests.map { $0.text.prefix(6) } == ["GET /1", "GET /3"])
    }

    @Test(
        "a name is connected to by its addresses, and refused where one of them is private and nobody allowed it", arguments: [true, false])
    func names(isOperatorDefined: Bool) async throws {
        let upstream = try await RawUpstream.start { _, _ in [.write(TestUpstreams.ok)] }
        let service = try TestUpstreams.service(upstream, host: "localhost") { $0.isOperatorDefined = isOperatorDefined }
        let failure = await service.failure()
        #expect(failure == (isOperatorDefined ? nil : .addressRefused))
        #expect(upstream.log.opened == (isOperatorDefined ? 1 : 0))
    }

    @Test("the request is what was asked for, with the host of the address and nothing of the caller's connection")
    func request() async throws {
        let upstream = try await RawUpstream.start { _, _ in [.write(TestUpstreams.ok)] }
        let service = try TestUpstreams.service(upstream)
        var fields = HTTPFields()
        for (name, value) in [
            ("X-A", "1"), ("Connection", "x-a"), ("Transfer-Encoding", "gzip"), ("Host", "evil"), ("Expect", "100-continue"),
        ] {
            fields.append(HTTPField(name: try #require(HTTPField.Name(name)), value: value))
        }
        let request = OutboundRequest(method: .post, path: "/a?b=c", headers: fields, body: ByteBuffer(string: "body"))
        _ = try await service.collect(request, basePath: "/base", logger: TestUpstreams.logger)
        #expect(
            upstream.log.requests.first?.text
                == "POST /base/a?b=c HTTP/1.1\r\nhost: 127.0.0.1:\(upstream.port)\r\nX-A: 1\r\nUser-Agent: hubd\r\n"
                + "Accept-Encoding: gzip\r\ncontent-length: 4\r\n\r\nbody")
        _ = try await service.text(.post)
        #expect(upstream.log.requests.last?.text.contains("content-length: 0\r\n") == true)
    }
}
