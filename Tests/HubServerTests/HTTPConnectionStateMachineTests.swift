import HTTPTypes
import NIOCore
import Testing

@testable import HubCore
@testable import HubServer

@Suite("HTTP connection states")
struct HTTPConnectionStateMachineTests {
    private let start = NIODeadline.uptimeNanoseconds(0)
    private let request = HTTPRequest(method: .post, scheme: "http", authority: "hub.test", path: "/")

    private func head(
        length: Int? = 4, keepsAlive: Bool = true, isHTTP10: Bool = false, expectsContinue: Bool = false, isCompressed: Bool = false
    ) -> HTTP1RequestHead {
        HTTP1RequestHead(
            request: request, keepsAlive: keepsAlive, isHTTP10: isHTTP10, bodyLength: length, expectsContinue: expectsContinue,
            isCompressed: isCompressed)
    }

    private func machine(bodyBytes: Int = 10) -> HTTPConnectionStateMachine {
        HTTPConnectionStateMachine(bounds: ListenerBounds(bodyBytes: bodyBytes), now: start)
    }

    private func responding(keepsAlive: Bool = true) -> HTTPConnectionStateMachine {
        var machine = machine()
        _ = machine.received(head: head(length: 0, keepsAlive: keepsAlive), now: start)
        _ = machine.receivedEnd()
        return machine
    }

    private func status(_ action: HTTPConnectionStateMachine.Action) -> Int? {
        if case .refuse(let error) = action { error.status.code } else { nil }
    }

    @Test("a request is handed on only when its body is complete")
    func dispatchesAtTheEnd() {
        var machine = machine()
        #expect(machine.received(head: head(), now: start) == .none)
        #expect(machine.received(body: ByteBuffer(string: "ab")) == .none)
        #expect(machine.received(body: ByteBuffer(string: "cd")) == .none)
        #expect(machine.heldBytes == 4)
        #expect(machine.receivedEnd() == .dispatch(request, ByteBuffer(string: "abcd")))
        #expect(machine.isResponding)
        #expect(!machine.isReceiving)
    }

    @Test("a body is taken up to its limit and refused one byte above, as soon as that is known")
    func limitsBody() {
        var chunked = machine(bodyBytes: 4)
        _ = chunked.received(head: head(length: nil), now: start)
        #expect(chunked.received(body: ByteBuffer(string: "abcd")) == .none)
        #expect(status(chunked.received(body: ByteBuffer(string: "e"))) == 413)
        #expect(chunked.receivedEnd() == .none)
        var announced = machine(bodyBytes: 4)
        #expect(status(announced.received(head: head(length: 5, expectsContinue: true), now: start)) == 413)
    }

    @Test("a compressed body is refused, one that waits for a word is asked for")
    func bodies() {
        var compressed = machine()
        #expect(status(compressed.received(head: head(isCompressed: true), now: start)) == 415)
        var waiting = machine()
        #expect(waiting.received(head: head(expectsContinue: true), now: start) == .sendContinue)
        var empty = machine()
        #expect(empty.received(head: head(length: 0, expectsContinue: true), now: start) == .none)
    }

    @Test("a kept connection serves the next request, one that is to close does not")
    func keepsAlive() {
        var machine = responding()
        let first = machine.responseBegins()
        #expect(!first.closes)
        #expect(machine.responseEnded(complete: true, now: start) == .none)
        #expect(machine.isReceiving)
        var last = responding(keepsAlive: false)
        let second = last.responseBegins()
        #expect(second.closes)
        #expect(last.responseEnded(complete: true, now: start) == .close)
    }

    @Test("a response that broke off cuts the connection, one without framing closes it")
    func closesAfterBrokenResponse() {
        var broken = responding()
        #expect(broken.responseEnded(complete: false, now: start) == .cut)
        var unframed = responding()
        unframed.responseEndsWithConnection()
        #expect(unframed.responseEnded(complete: true, now: start) == .close)
    }

    @Test("waiting for a head, a body and the next request each ends")
    func timesOut() {
        var fresh = machine()
        #expect(fresh.tick(now: start + .seconds(9), delivered: 0, isBehind: false) == .none)
        #expect(fresh.tick(now: start + .seconds(10), delivered: 0, isBehind: false) == .close)

        var slow = machine()
        _ = slow.received(head: head(), now: start)
        #expect(slow.tick(now: start + .seconds(59), delivered: 0, isBehind: false) == .none)
        #expect(status(slow.tick(now: start + .seconds(60), delivered: 0, isBehind: false)) == 408)

        var kept = responding()
        #expect(kept.tick(now: start + .hours(1), delivered: 0, isBehind: false) == .none)
        _ = kept.responseEnded(complete: true, now: start)
        kept.receivedBytes(now: start + .seconds(80))
        #expect(kept.tick(now: start + .seconds(89), delivered: 0, isBehind: false) == .none)
        #expect(kept.tick(now: start + .seconds(90), delivered: 0, isBehind: false) == .close)

        var idle = responding()
        _ = idle.responseEnded(complete: true, now: start)
        #expect(idle.tick(now: start + .seconds(90), delivered: 0, isBehind: false) == .close)
    }

    @Test("a caller who takes next to nothing is cut, one who is slow is not")
    func stalls() {
        let least = ListenerBounds().writeBytes
        var machine = responding()
        #expect(machine.tick(now: start, delivered: 5, isBehind: true) == .none)
        #expect(machine.tick(now: start + .seconds(29), delivered: 5 + least, isBehind: true) == .none)
        #expect(machine.tick(now: start + .seconds(58), delivered: 4 + 2 * least, isBehind: true) == .none)
        #expect(machine.tick(now: start + .seconds(59), delivered: 4 + 2 * least, isBehind: true) == .cut)
        var caughtUp = responding()
        #expect(caughtUp.tick(now: start, delivered: 5, isBehind: true) == .none)
        #expect(caughtUp.tick(now: start + .seconds(29), delivered: 5, isBehind: false) == .none)
        #expect(caughtUp.tick(now: start + .seconds(40), delivered: 5, isBehind: true) == .none)
    }

    @Test("when too much waits for all callers, one who takes next to nothing is cut at once, and one who reads is not")
    func crowds() {
        let least = ListenerBounds().writeBytes
        var machine = responding()
        #expect(machine.tick(now: start, delivered: 0, isBehind: true, isCrowded: true) == .none)
        #expect(machine.tick(now: start + .seconds(1), delivered: least, isBehind: true, isCrowded: true) == .none)
        #expect(machine.tick(now: start + .seconds(2), delivered: least, isBehind: true, isCrowded: true) == .none)
        #expect(machine.tick(now: start + .seconds(3), delivered: least, isBehind: true, isCrowded: true) == .cut)
    }

    @Test("too much that waits leaves no room for the answers of whoever does not take it, and far too much for nobody's")
    func unsent() {
        var bounds = ListenerBounds()
        bounds.unsentBytes = 160
        let admission = Admission(bounds: bounds)
        admission.changeUnsent(by: 150, to: "a")
        admission.changeUnsent(by: 10, to: "b")
        #expect(admission.beginRequest(from: "a"))
        admission.changeUnsent(by: 1, to: "a")
        #expect(!admission.beginRequest(from: "a"))
        #expect(admission.beginRequest(from: "b"))
        #expect(admission.beginRequest(from: "c"))
        admission.changeUnsent(by: 160, to: "a")
        #expect(!admission.beginRequest(from: "b"))
        admission.changeUnsent(by: -311, to: "a")
        #expect(admission.beginRequest(from: "a"))
    }

    @Test("a stop closes an idle connection at once and a busy one after its answer")
    func drains() {
        var idle = machine()
        #expect(idle.drain(now: start, grace: .zero) == .close)
        var busy = responding()
        #expect(busy.drain(now: start, grace: .zero) == .none)
        let begun = busy.responseBegins()
        #expect(begun.closes)
        #expect(busy.responseEnded(complete: true, now: start) == .close)
    }

    @Test("a stop with grace answers one request more, and closes when the grace is over")
    func drainsWithGrace() {
        var used = responding()
        _ = used.responseEnded(complete: true, now: start)
        #expect(used.drain(now: start, grace: .seconds(2)) == .none)
        _ = used.received(head: head(length: 0), now: start)
        _ = used.receivedEnd()
        let begun = used.responseBegins()
        #expect(begun.closes)
        var unused = responding()
        _ = unused.responseEnded(complete: true, now: start)
        _ = unused.drain(now: start, grace: .seconds(2))
        #expect(unused.tick(now: start + .seconds(2), delivered: 0, isBehind: false) == .close)
    }

    @Test("a response that began before a stop keeps its word, but its connection does not outlive the grace")
    func drainsWhatHadBegun() {
        var soon = responding()
        _ = soon.responseBegins()
        #expect(soon.drain(now: start, grace: .seconds(2)) == .none)
        #expect(soon.responseEnded(complete: true, now: start + .seconds(1)) == .none)
        #expect(soon.tick(now: start + .seconds(1), delivered: 0, isBehind: false) == .none)
        #expect(soon.tick(now: start + .seconds(2), delivered: 0, isBehind: false) == .close)
        var late = responding()
        _ = late.responseBegins()
        _ = late.drain(now: start, grace: .seconds(2))
        #expect(late.responseEnded(complete: true, now: start + .seconds(3)) == .close)
    }
}

@Suite("Admission")
struct AdmissionTests {
    @Test("connections are counted in all and by address")
    func connections() {
        let admission = Admission(bounds: ListenerBounds(connections: 3, perAddress: 2))
        #expect(admission.admitConnection(from: "a"))
        #expect(admission.admitConnection(from: "a"))
        #expect(!admission.admitConnection(from: "a"))
        #expect(admission.admitConnection(from: "b"))
        #expect(!admission.admitConnection(from: "c"))
        admission.releaseConnection(from: "a")
        #expect(admission.admitConnection(from: "c"))
        #expect(admission.connectionCount == 3)
    }

    @Test("what is refused takes no room")
    func bytes() {
        let admission = Admission(bounds: ListenerBounds(heldBytes: 10))
        #expect(admission.hold(8))
        #expect(!admission.hold(3))
        #expect(admission.hold(2))
        admission.release(8)
        #expect(admission.hold(8))
    }

    @Test("a request past the bound is told, and counts until it ends")
    func requests() {
        let admission = Admission(bounds: ListenerBounds(inFlight: 1))
        #expect(admission.beginRequest(from: "a"))
        #expect(!admission.beginRequest(from: "a"))
        admission.endRequest()
        #expect(!admission.beginRequest(from: "a"))
        admission.endRequest()
        admission.endRequest()
        #expect(admission.beginRequest(from: "a"))
    }
}

@Suite("Hosts")
struct KnownHostTests {
    @Test("odd authorities have no host", arguments: ["a.test/x", "u@a.test", "a.test:x", "", "[::1", "0x7f.1"])
    func odd(authority: String) {
        var hosts = KnownHost()
        let host = hosts.host(of: authority)
        #expect(host == nil)
    }

    @Test("the host is the authority without the port, whichever came before")
    func hosts() {
        var hosts = KnownHost()
        for (authority, expected) in [
            ("Hub.test:80", "hub.test"), ("hub.test", "hub.test"), ("[::1]:8080", "::1"), ("hub.test", "hub.test"),
        ] {
            let host = hosts.host(of: authority)
            #expect(host == expected)
        }
    }
}
