import HTTPTypes
import NIOCore
import NIOHTTP1
import Testing

@testable import HubServer

@Suite("HTTP connection states")
struct HTTPConnectionStateMachineTests {
    private let start = NIODeadline.uptimeNanoseconds(0)
    private let request = HTTPRequest(method: .post, scheme: "http", authority: "hub.test", path: "/")

    private func machine(bodyBytes: Int = 10) -> HTTPConnectionStateMachine {
        HTTPConnectionStateMachine(bounds: ListenerBounds(bodyBytes: bodyBytes), now: start)
    }

    @Test("a request is handed on only when its body is complete")
    func dispatchesAtTheEnd() {
        var machine = machine()
        #expect(machine.received(head: .success(request), now: start) == .none)
        #expect(machine.received(body: ByteBuffer(string: "ab")) == .none)
        #expect(machine.received(body: ByteBuffer(string: "cd")) == .none)
        #expect(machine.receivedEnd() == .dispatch(request, ByteBuffer(string: "abcd")))
        #expect(machine.isResponding)
    }

    @Test("a body is taken up to its limit and refused one byte above")
    func limitsBody() {
        var machine = machine(bodyBytes: 4)
        _ = machine.received(head: .success(request), now: start)
        #expect(machine.received(body: ByteBuffer(string: "abcd")) == .none)
        guard case .refuse(let error) = machine.received(body: ByteBuffer(string: "e")) else {
            Issue.record("the fifth byte was taken")
            return
        }
        #expect(error.status == .contentTooLarge)
        #expect(machine.receivedEnd() == .none)
    }

    @Test("a kept connection serves the next request, one with connection: close does not")
    func keepsAlive() {
        var machine = machine()
        _ = machine.received(head: .success(request), now: start)
        _ = machine.receivedEnd()
        let closesFirst = machine.responseBegins()
        #expect(!closesFirst)
        #expect(machine.responseEnded(complete: true, now: start) == .none)
        var last = request
        last.headerFields[.connection] = "Keep-Alive, Close"
        _ = machine.received(head: .success(last), now: start)
        _ = machine.receivedEnd()
        let closesLast = machine.responseBegins()
        #expect(closesLast)
        #expect(machine.responseEnded(complete: true, now: start) == .close)
    }

    @Test("a response that broke off closes the connection")
    func closesAfterBrokenResponse() {
        var machine = machine()
        _ = machine.received(head: .success(request), now: start)
        _ = machine.receivedEnd()
        #expect(machine.responseEnded(complete: false, now: start) == .close)
    }

    @Test("waiting for a head, a body and the next request each ends")
    func timesOut() {
        var idle = machine()
        #expect(idle.tick(now: start + .seconds(9)) == .none)
        #expect(idle.tick(now: start + .seconds(10)) == .close)

        var slow = machine()
        _ = slow.received(head: .success(request), now: start)
        #expect(slow.tick(now: start + .seconds(59)) == .none)
        guard case .refuse(let error) = slow.tick(now: start + .seconds(60)) else {
            Issue.record("a slow body is waited for without end")
            return
        }
        #expect(error.status == .requestTimeout)

        var answered = machine()
        _ = answered.received(head: .success(request), now: start)
        _ = answered.receivedEnd()
        #expect(answered.tick(now: start + .hours(1)) == .none)
        _ = answered.responseEnded(complete: true, now: start)
        #expect(answered.tick(now: start + .seconds(90)) == .close)
    }

    @Test("a stop closes an idle connection at once and a busy one after its answer")
    func drains() {
        var idle = machine()
        #expect(idle.drain() == .close)
        var busy = machine()
        _ = busy.received(head: .success(request), now: start)
        _ = busy.receivedEnd()
        #expect(busy.drain() == .none)
        let closesDrained = busy.responseBegins()
        #expect(closesDrained)
        #expect(busy.responseEnded(complete: true, now: start) == .close)
    }
}

@Suite("Request framing")
struct RequestFramingTests {
    private func framing() -> RequestFraming { RequestFraming(bounds: ListenerBounds(headerBytes: 200, bodyBytes: 100)) }

    private func status(_ headers: [(String, String)], uri: String = "/mcp/a?x=1", version: HTTPVersion = .http1_1) -> Int? {
        do throws(FramingError) {
            var framing = framing()
            _ = try framing.head(HTTPRequestHead(version: version, method: .POST, uri: uri, headers: HTTPHeaders(headers)))
            return nil
        } catch {
            return error.status.code
        }
    }

    @Test("a plain request passes with its fields and without Host among them")
    func passes() throws {
        var framing = framing()
        let (head, host) = try framing.head(
            HTTPRequestHead(version: .http1_1, method: .POST, uri: "/mcp/a?x=1", headers: ["Host": "hub.test:80", "Content-Length": "3"]))
        #expect(head.authority == "hub.test:80")
        #expect(host == "hub.test")
        #expect(head.path == "/mcp/a?x=1")
        #expect(head.headerFields.count == 1)
    }

    @Test(
        "no Host, two Hosts and odd Hosts are refused",
        arguments: [[], ["a.test", "a.test"], ["a.test/x"], ["u@a.test"], ["a.test:x"], [""], ["[::1"], ["0x7f.1"]])
    func hosts(values: [String]) {
        #expect(status(values.map { ("Host", $0) }) == 400)
    }

    @Test("targets other than an absolute path are refused", arguments: ["http://a.test/", "*", "a", "/a#b", "/a b"])
    func targets(uri: String) {
        #expect(status([("Host", "a.test")], uri: uri) == 400)
    }

    @Test("ambiguous and oversized framing is refused")
    func framingErrors() {
        let host = ("Host", "a.test")
        #expect(status([host, ("Content-Length", "100")]) == nil)
        #expect(status([host, ("Content-Length", "101")]) == 413)
        #expect(status([host, ("Content-Length", "99999999999999999999")]) == 413)
        #expect(status([host, ("Content-Length", "+1")]) == 400)
        #expect(status([host, ("Content-Length", "1"), ("Content-Length", "1")]) == 400)
        #expect(status([host, ("Content-Length", "1"), ("Transfer-Encoding", "chunked")]) == 400)
        #expect(status([host, ("Transfer-Encoding", "gzip, chunked")]) == 501)
        #expect(status([host, ("X-Long", String(repeating: "a", count: 200))]) == 431)
        #expect(status([host, ("Transfer-Encoding", "chunked")], version: .http1_0) == 400)
        #expect(status([host, ("Content-Encoding", "gzip")]) == 415)
        #expect(status([host, ("Content-Encoding", "identity")]) == nil)
        #expect(status([host], version: HTTPVersion(major: 2, minor: 0)) == 505)
    }
}
