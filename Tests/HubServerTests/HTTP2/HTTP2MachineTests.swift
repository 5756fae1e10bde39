import HTTPTypes
import HubCore
import NIOCore
import NIOHTTP2
import Testing

@testable import HubServer

@Suite("HTTP/2 streams")
struct HTTP2StreamMachineTests {
    private let start = NIODeadline.uptimeNanoseconds(1_000_000_000_000)
    private let request = HTTPRequest(method: .post, scheme: "https", authority: "hub.test", path: "/")

    private func machine(_ bounds: ListenerBounds = ListenerBounds(bodyBytes: 4)) -> HTTP2StreamMachine {
        HTTP2StreamMachine(bounds: bounds)
    }

    @Test("a request is handed on when it is complete, not before")
    func dispatch() {
        var whole = machine()
        #expect(
            whole.received(head: .success((request, host: "hub.test")), isEnd: true, now: start)
                == .dispatch(request, host: "hub.test", ByteBuffer()))
        var parts = machine()
        #expect(parts.received(head: .success((request, host: "hub.test")), isEnd: false, now: start) == .none)
        #expect(parts.received(body: ByteBuffer(string: "ab"), isEnd: false) == .none)
        #expect(!parts.isRequestComplete)
        #expect(
            parts.received(body: ByteBuffer(string: "cd"), isEnd: true) == .dispatch(request, host: "hub.test", ByteBuffer(string: "abcd")))
        #expect(parts.isRequestComplete)
        var trailers = machine()
        _ = trailers.received(head: .success((request, host: "hub.test")), isEnd: false, now: start)
        _ = trailers.received(body: ByteBuffer(string: "ab"), isEnd: false)
        #expect(
            trailers.received(head: .failure(HTTP1Error(.badRequest, "")), isEnd: true, now: start)
                == .dispatch(request, host: "hub.test", ByteBuffer(string: "ab")))
    }

    @Test("a body one byte too long is refused once, and what still comes is dropped")
    func tooLong() {
        var machine = machine()
        _ = machine.received(head: .success((request, host: "hub.test")), isEnd: false, now: start)
        guard case .refuse(let error) = machine.received(body: ByteBuffer(string: "abcde"), isEnd: false) else {
            Issue.record("not refused")
            return
        }
        #expect(error.status == .contentTooLarge)
        #expect(machine.isResponding)
        #expect(machine.received(body: ByteBuffer(string: "f"), isEnd: true) == .none)
    }

    @Test("a body that does not come in time is refused with 408, one without room with 503")
    func limits() {
        var late = machine()
        _ = late.received(head: .success((request, host: "hub.test")), isEnd: false, now: start)
        #expect(late.tick(isWritable: true, now: start + .seconds(59)) == .none)
        guard case .refuse(let error) = late.tick(isWritable: true, now: start + .seconds(60)) else {
            Issue.record("not refused")
            return
        }
        #expect(error.status == .requestTimeout)
        var crowded = machine()
        _ = crowded.received(head: .success((request, host: "hub.test")), isEnd: false, now: start)
        guard case .refuse(let error) = crowded.foundNoRoom() else {
            Issue.record("not refused")
            return
        }
        #expect(error.status == .serviceUnavailable)
    }

    @Test("a caller who takes nothing of a stream, or its answer too slowly, loses it")
    func stalls() {
        var stream = machine()
        _ = stream.received(head: .success((request, host: "hub.test")), isEnd: true, now: start)
        #expect(stream.tick(isWritable: false, now: start) == .none)
        #expect(stream.tick(isWritable: true, now: start + .seconds(29)) == .none)
        #expect(stream.tick(isWritable: false, now: start + .seconds(30)) == .none)
        #expect(stream.tick(isWritable: false, now: start + .seconds(59)) == .none)
        #expect(stream.tick(isWritable: false, now: start + .seconds(60)) == .reset)
        #expect(!stream.isResponding)

        var answer = machine()
        _ = answer.received(head: .success((request, host: "hub.test")), isEnd: true, now: start)
        answer.responded(bytes: 160 << 10, now: start)
        #expect(answer.tick(isWritable: true, now: start + .seconds(39)) == .none)
        #expect(answer.tick(isWritable: true, now: start + .seconds(40)) == .reset)
    }

    @Test("a body is asked for where the caller waits for that")
    func expectation() {
        var request = request
        request.headerFields[.expect] = "100-continue"
        var machine = machine()
        #expect(machine.received(head: .success((request, host: "hub.test")), isEnd: false, now: start) == .sendContinue)
    }
}

@Suite("HTTP/2 connections")
struct HTTP2ConnectionMachineTests {
    private let start = NIODeadline.uptimeNanoseconds(1_000_000_000_000)

    private func machine() -> HTTP2ConnectionMachine { HTTP2ConnectionMachine(bounds: ListenerBounds(), start: start) }

    @Test("the first request is due in the time of a head, the next in the idle time; meanwhile there is no limit")
    func idle() {
        var machine = machine()
        #expect(machine.tick(now: start + .seconds(9)) == .none)
        machine.opened(1)
        #expect(machine.tick(now: start + .hours(1)) == .none)
        #expect(machine.closed(now: start + .hours(1)) == .none)
        #expect(machine.tick(now: start + .hours(1) + .seconds(89)) == .none)
        #expect(machine.tick(now: start + .hours(1) + .seconds(90)) == .close(.noError))
        #expect(machine.tick(now: start + .hours(2)) == .none)
        var silent = self.machine()
        #expect(silent.tick(now: start + .seconds(10)) == .close(.noError))
    }

    @Test("a stop is announced, then the last request is named, then the connection ends with it")
    func drain() {
        var machine = machine()
        machine.opened(1)
        machine.opened(3)
        #expect(machine.drain(now: start, grace: .zero) == .announceEnd(last: nil))
        #expect(machine.drain(now: start, grace: .zero) == .none)
        machine.opened(5)
        #expect(machine.closed(now: start) == .none)
        #expect(machine.tick(now: start) == .none)
        #expect(machine.tick(now: start + .seconds(1)) == .announceEnd(last: 5))
        #expect(machine.closed(now: start) == .none)
        #expect(machine.closed(now: start) == .close(.noError))
        var idle = self.machine()
        #expect(idle.drain(now: start, grace: .zero) == .close(.noError))
        var graced = self.machine()
        #expect(graced.drain(now: start, grace: .seconds(3)) == .announceEnd(last: nil))
        #expect(graced.tick(now: start + .seconds(2)) == .none)
        #expect(graced.tick(now: start + .seconds(3)) == .close(.noError))
    }

    @Test("refused requests without end are abuse, some now and then are not")
    func refusals() {
        var machine = machine()
        let atOnce = (0..<200).map { _ in machine.refused(now: start) }
        #expect(atOnce.allSatisfy { $0 == .none })
        #expect(machine.refused(now: start) == .close(.enhanceYourCalm))
        var slow = self.machine()
        let nowAndThen = (0..<2000).map { slow.refused(now: start + .seconds(Int64($0))) }
        #expect(nowAndThen.allSatisfy { $0 == .none })
    }

    @Test("windows are opened as often as answers need it, and no oftener")
    func windowUpdates() {
        var machine = machine()
        let atOnce = (0..<1000).map { _ in machine.receivedWindowUpdate(now: start) }
        #expect(atOnce.allSatisfy { $0 == .none })
        #expect(machine.receivedWindowUpdate(now: start) == .close(.enhanceYourCalm))
        // A stream of small events, a thousand in each second, each answered with two updates.
        var reader = self.machine()
        let answered = (0..<60_000).flatMap { event in
            reader.wrote(bytes: 100)
            let now = start + .milliseconds(Int64(event))
            return [reader.receivedWindowUpdate(now: now), reader.receivedWindowUpdate(now: now)]
        }
        #expect(answered.allSatisfy { $0 == .none })
    }

    @Test("what no caller may do ends the connection, with a word unless it has been said")
    func nonsense() {
        var untold = machine()
        #expect(untold.receivedNonsense(isKnown: false) == .close(.protocolError))
        var told = machine()
        #expect(told.receivedNonsense(isKnown: true) == .close(nil))
        #expect(told.isClosing)
        #expect(told.receivedNonsense(isKnown: false) == .none)
    }
}
