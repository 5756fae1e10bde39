import HubCore
import NIOCore
import Testing

@testable import HubServer

@Suite("WebSocket states")
struct WebSocketStateMachineTests {
    typealias Action = WebSocketStateMachine.Action

    private let start = NIODeadline.uptimeNanoseconds(0)

    private func machine(bodyBytes: Int = 300) -> WebSocketStateMachine {
        WebSocketStateMachine(bounds: ListenerBounds(bodyBytes: bodyBytes), now: start)
    }

    /// All that a machine has done when `bytes` have come.
    private func actions(_ machine: inout WebSocketStateMachine, _ bytes: [UInt8]) -> [Action] {
        var (input, actions) = (ByteBuffer(bytes: bytes), [Action]())
        while let action = machine.next(from: &input, now: start) { actions.append(action) }
        return actions
    }

    private func actions(_ bytes: [UInt8]) -> [Action] {
        var machine = machine()
        return actions(&machine, bytes)
    }

    @Test("the masked examples of RFC 6455 §5.7 are read")
    func examples() {
        #expect(
            actions([0x81, 0x85, 0x37, 0xfa, 0x21, 0x3d, 0x7f, 0x9f, 0x4d, 0x51, 0x58]) == [.deliver(.text(ByteBuffer(string: "Hello")))])
        #expect(actions([0x8a, 0x85, 0x37, 0xfa, 0x21, 0x3d, 0x7f, 0x9f, 0x4d, 0x51, 0x58]) == [])
        #expect(actions([0x89, 0x85, 0x37, 0xfa, 0x21, 0x3d, 0x7f, 0x9f, 0x4d, 0x51, 0x58]) == [.pong(ByteBuffer(string: "Hello"))])
        #expect(actions(Frames.frame(0x82, [UInt8](repeating: 7, count: 256))) == [.deliver(.binary(ByteBuffer(repeating: 7, count: 256)))])
    }

    @Test("messages in fragments, with control frames between, are the same wherever they are cut")
    func cuts() {
        let bytes =
            Frames.frame(0x01, "Hä") + Frames.frame(0x89, "p") + Frames.frame(0x00, [0xF0, 0x9F]) + Frames.frame(0x80, [0x98, 0x80])
            + Frames.frame(0x82, [UInt8](repeating: 1, count: 130)) + Frames.frame(0x81, "") + Frames.frame(0x88, [0x03, 0xE8, 0x62])
        let expected: [Action] = [
            .pong(ByteBuffer(string: "p")), .deliver(.text(ByteBuffer(string: "Hä😀"))),
            .deliver(.binary(ByteBuffer(repeating: 1, count: 130))), .deliver(.text(ByteBuffer())),
            .answerClose(WebSocketClosure(.normal, "b")),
        ]
        #expect(actions(bytes) == expected)
        for cut in 0...bytes.count {
            var (machine, input, done) = (machine(), ByteBuffer(), [Action]())
            for part in [bytes[..<cut], bytes[cut...]] {
                input.writeBytes(part)
                while let action = machine.next(from: &input, now: start) { done.append(action) }
            }
            #expect(done == expected, "cut at \(cut)")
        }
        var (single, input, done) = (machine(), ByteBuffer(), [Action]())
        for byte in bytes {
            input.writeInteger(byte)
            while let action = single.next(from: &input, now: start) { done.append(action) }
        }
        #expect(done == expected)
    }

    @Test(
        "each violation ends with its code",
        arguments: [
            (1002, [0xC1, 0x80, 0, 0, 0, 0]), (1002, [0xA1]), (1002, [0x91]),  // reserved bits
            (1002, [0x83]), (1002, [0x87]), (1002, [0x8B]), (1002, [0x8F]),  // unknown opcodes
            (1002, [0x81, 0x05]), (1002, [0x89, 0x00]), (1002, [0x88, 0x00]),  // not masked
            (1002, [0x09]), (1002, [0x08]), (1002, [0x0A]),  // control frames in fragments
            (1002, [0x89, 0xFE]), (1002, [0x88, 0xFF]),  // control frames that are too long
            (1002, [0x82, 0xFE, 0, 125]), (1002, [0x82, 0xFF, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF]),  // longer forms than needed
            (1002, [0x82, 0xFF, 0x80, 0, 0, 0, 0, 0, 0, 0]),  // a length of 64 bits
            (1002, Frames.frame(0x80, "x")), (1002, Frames.frame(0x00, "x")),  // nothing to continue
            (1002, Frames.frame(0x01, "x") + Frames.frame(0x81, "y")), (1002, Frames.frame(0x02, "x") + Frames.frame(0x02, "y")),
            (1002, Frames.frame(0x88, [0x03])),
            (1007, Frames.frame(0x81, [0xC3])), (1007, Frames.frame(0x81, [0xED, 0xA0, 0x80])),
            (1007, Frames.frame(0x01, [0xC3]) + Frames.frame(0x80, [0x28])), (1007, Frames.frame(0x88, [0x03, 0xE8, 0xFF])),
            (1009, [0x82, 0xFE, 0x01, 0x2D, 0, 0, 0, 0]), (1009, [0x82, 0xFF, 0x7F] + [UInt8](repeating: 0xFF, count: 7) + [0, 0, 0, 0]),
            (1009, Frames.frame(0x02, [UInt8](repeating: 0, count: 300)) + Frames.frame(0x80, "x")),
        ] as [(UInt16, [UInt8])])
    func violations(code: UInt16, bytes: [UInt8]) {
        var machine = machine()
        let done = actions(&machine, bytes)
        guard case .fail(let closure) = done.last else {
            Issue.record("\(done)")
            return
        }
        #expect(closure.code.rawValue == code)
        #expect(done.count == 1)
        #expect(machine.isClosed)
        #expect(machine.heldBytes == 0)
        #expect(actions(&machine, Frames.frame(0x81, "more")) == [])
    }

    @Test("a message is taken up to its limit, in one frame and in many")
    func limit() {
        let full = [UInt8](repeating: 0, count: 300)
        #expect(actions(Frames.frame(0x82, full)) == [.deliver(.binary(ByteBuffer(bytes: full)))])
        #expect(actions(Frames.frame(0x02, full) + Frames.frame(0x80, "")) == [.deliver(.binary(ByteBuffer(bytes: full)))])
    }

    @Test("codes that a close frame may carry are answered, others are a violation")
    func closeCodes() {
        for code in [1000, 1001, 1002, 1003, 1007, 1011, 1014, 3000, 4999] as [UInt16] {
            let done = actions(Frames.frame(0x88, [UInt8(code >> 8), UInt8(truncatingIfNeeded: code)]))
            #expect(done == [.answerClose(WebSocketClosure(WebSocketCloseCode(rawValue: code)))])
        }
        for code in [0, 999, 1004, 1005, 1006, 1015, 1016, 2999, 5000, 65_535] as [UInt16] {
            let done = actions(Frames.frame(0x88, [UInt8(code >> 8), UInt8(truncatingIfNeeded: code)]))
            #expect(done == [.fail(.broken("A close frame has a code that none may send"))])
        }
        #expect(actions(Frames.frame(0x88, "")) == [.answerClose(WebSocketClosure(.noCode))])
    }

    @Test("after the hub has closed, messages are dropped and the caller's close frame is awaited for a time")
    func closing() {
        var machine = machine()
        #expect(actions(&machine, Frames.frame(0x01, "half")) == [])
        #expect(machine.close(WebSocketClosure(.goingAway), now: start) == .close(WebSocketClosure(.goingAway)))
        #expect(machine.close(WebSocketClosure(.normal), now: start) == .none)
        #expect(machine.heldBytes == 0)
        var late = machine
        #expect(actions(&machine, Frames.frame(0x80, [0xFF]) + Frames.frame(0x89, "p") + Frames.frame(0x88, [0x03, 0xE9])) == [.end])
        #expect(late.tick(now: start + .seconds(4), delivered: 0, isBehind: true, isReading: true) == .none)
        #expect(late.tick(now: start + .seconds(8), delivered: 1, isBehind: false, isReading: true) == .none)
        #expect(late.tick(now: start + .seconds(9), delivered: 1, isBehind: false, isReading: true) == .cut)
        var broken = self.machine()
        _ = broken.close(WebSocketClosure(.normal), now: start)
        #expect(actions(&broken, [0x83]) == [.cut])
    }

    @Test("a silent caller is asked once, and closed when it does not answer")
    func pings() {
        var machine = machine()
        #expect(machine.tick(now: start + .seconds(29), delivered: 0, isBehind: false, isReading: true) == .none)
        #expect(machine.tick(now: start + .seconds(30), delivered: 0, isBehind: false, isReading: true) == .ping)
        var answering = machine
        #expect(machine.tick(now: start + .seconds(59), delivered: 0, isBehind: false, isReading: true) == .none)
        let last = machine.tick(now: start + .seconds(60), delivered: 0, isBehind: false, isReading: true)
        #expect(last == .fail(WebSocketClosure(.internalError, "No answer to a ping")))
        answering.heard(now: start + .seconds(59))
        #expect(answering.tick(now: start + .seconds(60), delivered: 0, isBehind: false, isReading: true) == .none)
        #expect(answering.tick(now: start + .seconds(89), delivered: 0, isBehind: false, isReading: true) == .ping)
    }

    @Test("who is not read, or takes what waits, is not silent")
    func notSilent() {
        var machine = machine()
        #expect(machine.tick(now: start + .seconds(40), delivered: 0, isBehind: false, isReading: false) == .none)
        #expect(machine.tick(now: start + .seconds(60), delivered: 0, isBehind: true, isReading: true) == .none)
        #expect(machine.tick(now: start + .seconds(80), delivered: 65_536, isBehind: true, isReading: true) == .none)
        #expect(machine.tick(now: start + .seconds(109), delivered: 65_536, isBehind: true, isReading: true) == .none)
        #expect(machine.tick(now: start + .seconds(110), delivered: 65_536, isBehind: true, isReading: true) == .cut)
    }

    @Test("a message that does not end is given up, unless it is the hub that does not read")
    func slowMessages() {
        var machine = machine()
        #expect(actions(&machine, Frames.frame(0x01, "half")) == [])
        var waiting = machine
        machine.heard(now: start + .seconds(59))
        #expect(machine.tick(now: start + .seconds(59), delivered: 0, isBehind: false, isReading: true) == .none)
        guard case .fail(let closure) = machine.tick(now: start + .seconds(60), delivered: 0, isBehind: false, isReading: true) else {
            Issue.record("not given up")
            return
        }
        #expect(closure.code == .policyViolation)
        #expect(waiting.tick(now: start + .seconds(59), delivered: 0, isBehind: false, isReading: false) == .none)
        #expect(waiting.tick(now: start + .seconds(61), delivered: 0, isBehind: false, isReading: true) == .none)
    }
}

/// Frames as callers send them.
enum Frames {
    static func frame(_ first: UInt8, _ payload: [UInt8]) -> [UInt8] {
        let key: [UInt8] = [0x37, 0xfa, 0x21, 0x3d]
        let length: [UInt8] =
            payload.count < 126 ? [UInt8(payload.count) | 0x80] : [0xFE, UInt8(payload.count >> 8), UInt8(payload.count & 0xFF)]
        return [first] + length + key + payload.enumerated().map { $1 ^ key[$0 % 4] }
    }

    static func frame(_ first: UInt8, _ payload: String) -> [UInt8] { frame(first, Array(payload.utf8)) }
}
