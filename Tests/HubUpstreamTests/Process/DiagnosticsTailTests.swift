import NIOCore
import Testing

@testable import HubUpstream

@Suite("The tail of standard error")
struct DiagnosticsTailTests {
    @Test("the last whole lines are kept, in order, however they came", arguments: [1, 7, 1000, 65535, 65536, 65537, 300_000])
    func tail(size: Int) {
        let text = (0..<40_000).map { "line \($0)\n" }.joined()
        var tail = DiagnosticsTail()
        var rest = ByteBuffer(string: text)
        // Small pieces only towards the end, where they count.
        if size < 1000, let head = rest.readSlice(length: rest.readableBytes - 70_000) { tail.append(head) }
        while let piece = rest.readSlice(length: min(size, rest.readableBytes)), piece.readableBytes > 0 { tail.append(piece) }
        let kept = tail.text
        #expect(kept.utf8.count > DiagnosticsTail.maximumBytes - 20 && kept.utf8.count <= DiagnosticsTail.maximumBytes)
        #expect(kept.hasPrefix("line ") && text.hasSuffix(kept))
    }

    @Test("what fits is kept whole")
    func short() {
        var tail = DiagnosticsTail()
        #expect(tail.text.isEmpty)
        tail.append(ByteBuffer(string: "no end"))
        tail.append(ByteBuffer(string: " of line"))
        #expect(tail.text == "no end of line")
    }

    @Test("nothing that commands a terminal is kept")
    func controls() {
        var tail = DiagnosticsTail()
        tail.append(ByteBuffer(bytes: Array("\u{1B}[31mred\u{7}\r\n\tä\u{202E}\u{9B}x\u{2028}".utf8) + [0xFF, 0, 0x0A]))
        #expect(tail.text == "[31mred\n\täx\u{FFFD}\n")
    }
}
