import NIOCore
import Testing

@testable import ModelProxy

@Suite("Whole events")
struct WholeEventsTests {
    private static let streams = [
        "data: 1\n\ndata: 2\n\n", "data: 1\r\n\r\ndata: 2\r\n\r\n", "data: 1\r\rdata: 2\r\r",
        ": c\n\n\n\ndata: é\u{1F600}\n\r\ndata: 2\r\n\n",
        "\n\ndata: 1\n\n", "\r\n\r\n", "data: 1\ndata: 2\nid: 3\n\n", "no end", "data: 1\n\nno end\n", "",
    ]

    /// What passes of pieces, each as it passes, and what is left at the end.
    private func pass(_ pieces: [String]) -> (passed: [String], rest: String) {
        var events = WholeEvents()
        let passed = pieces.compactMap { events.take(ByteBuffer(string: $0)).map { String(buffer: $0) } }
        return (passed, events.rest().map { String(buffer: $0) } ?? "")
    }

    @Test("however a stream is cut into pieces, its bytes pass in order and stop only at the ends of events", arguments: streams)
    func pieces(stream: String) {
        let bytes = Array(stream.utf8)
        for size in 1...max(1, bytes.count) {
            var events = WholeEvents()
            var passed: [UInt8] = []
            for start in Swift.stride(from: 0, to: bytes.count, by: size) {
                let piece = ByteBuffer(bytes: bytes[start..<min(start + size, bytes.count)])
                guard let whole = events.take(piece) else { continue }
                #expect(whole.readableBytes > 0)
                passed += whole.readableBytesView
                #expect(Self.endsAnEvent(passed), "\(String(decoding: passed, as: UTF8.self).debugDescription), pieces of \(size)")
            }
            passed += events.rest()?.readableBytesView ?? ByteBufferView()
            #expect(passed == bytes)
        }
    }

    /// By another way than the one tested: lines split one by one.
    private static func endsAnEvent(_ bytes: [UInt8]) -> Bool {
        let text = String(decoding: bytes, as: UTF8.self).replacing("\r\n", with: "\n").replacing("\r", with: "\n")
        return text == "\n" || text.hasSuffix("\n\n")
    }

    @Test("a piece that ends an event passes at once, with what waited for it")
    func waits() {
        let (passed, rest) = pass(["data: 1\n\nda", "ta: ", "2\n", "\ndata: 3\n\n", "x"])
        #expect(passed == ["data: 1\n\n", "data: 2\n\ndata: 3\n\n"])
        #expect(rest == "x")
    }

    @Test("a line end that comes in two pieces is one")
    func splitLineEnds() {
        #expect(pass(["data: 1\r", "\n", "data: 2\r", "\n\r", "\n"]).passed == ["data: 1\r\ndata: 2\r\n\r", "\n"])
    }

    @Test("an event at the limit waits, one above it passes in pieces and says so")
    func limit() {
        var events = WholeEvents()
        let most = ByteBuffer(repeating: 0x61, count: WholeEvents.maximumHeldBytes)
        #expect(events.take(most) == nil)
        #expect(!events.isInsideEvent)
        #expect(events.take(ByteBuffer(string: "b"))?.readableBytes == WholeEvents.maximumHeldBytes + 1)
        #expect(events.isInsideEvent && events.held.readableBytes == 0)
        #expect(events.take(ByteBuffer(string: "c")) == ByteBuffer(string: "c"))
        #expect(events.take(ByteBuffer(string: "\n\nnext")) == ByteBuffer(string: "\n\n"))
        #expect(!events.isInsideEvent)
        #expect(events.rest() == ByteBuffer(string: "next"))
    }
}
