import HubCore
import NIOCore
import Testing

@Suite("Answers made of items")
struct ItemCollectorTests {
    private static let events = """
        : hello\r\ndata: {"n": 1}\r\n\r\nevent: add\nid: 7\ndata: [1,\ndata: 2]\n\ndata: plain\n\ndata: [DONE]\n\ndata: {"n": 9}\n\n
        """
    private static let lines = "{\"n\": 1}\r\n\n [1, 2]\n{oops\n\"last\""
    private static let sequence = "\u{1E}{\"n\":\n 1}\n\u{1E}[1, 2]\n\u{1E}{oops\n\u{1E}\"last\"\n"

    private func collect(_ format: ItemFormat, _ pieces: [String], items: Int = 100, bytes: Int = 10_000) -> ItemCollector {
        var collector = ItemCollector(format, maximumItems: items, maximumBytes: bytes)
        for piece in pieces { collector.take(ByteBuffer(string: piece)) }
        collector.finish()
        return collector
    }

    private static let collected: [(ItemFormat, String, String)] = [
        (.events, events, #"[{"n":1},{"event":"add","id":"7","data":[1,2]},"plain"]"#),
        (.lines, lines, #"[{"n":1},[1,2],"{oops","last"]"#),
        (.sequence, sequence, #"[{"n":1},[1,2],"{oops","last"]"#),
    ]

    @Test("items become an array, whichever way the stream is cut", arguments: collected)
    func collects(format: ItemFormat, stream: String, array: String) {
        #expect(String(buffer: collect(format, [stream]).array) == array)
        #expect(String(buffer: collect(format, stream.unicodeScalars.map { String($0) }).array) == array)
    }

    @Test("a stream that is cut off anywhere gives the items that were whole, as JSON", arguments: collected)
    func cutOff(format: ItemFormat, stream: String, array: String) throws {
        for length in 0..<stream.unicodeScalars.count {
            let collector = collect(format, [String(String.UnicodeScalarView(stream.unicodeScalars.prefix(length)))])
            let parsed = try JSONDocument(parsing: collector.array, limits: .payload).root
            #expect(parsed.count == collector.count)
        }
    }

    @Test("no more than the bounds is taken")
    func bounds() {
        let collector = collect(.lines, ["1\n2\n", "3\n4\n"], items: 3)
        #expect(String(buffer: collector.array) == "[1,2,3]" && collector.end == .items)
        let full = collect(.lines, ["1111\n2222\n3333\n"], bytes: 12)
        #expect(String(buffer: full.array) == "[1111,2222]" && full.end == .bytes)
        #expect(collect(.lines, ["1111\n2222\n"], bytes: 11).end == nil)
        let more = collect(.lines, ["1\n", String(repeating: "2", count: 50)], bytes: 12)
        #expect(String(buffer: more.array) == "[1]" && more.end == .bytes)
        let first = collect(.lines, [String(repeating: "2", count: 50), "\n1\n"], bytes: 12)
        #expect(first.count == 1 && first.end == .bytes)
        let large = String(repeating: "2", count: 1 << 20)
        let line = collect(.lines, ["1\n", large, "2"], bytes: 12)
        #expect(String(buffer: line.array) == "[1]" && line.end == .itemTooLarge)
        let event = collect(.events, ["data: 1\n\ndata: \(large)\n\n"], bytes: 40)
        #expect(String(buffer: event.array) == "[1]" && event.end == .itemTooLarge)
        #expect(collect(.events, ["data: 1\n\n", "data: [DONE]\n\n"]).end == .done)
    }

    @Test("a stream of nothing but comments is not read for ever")
    func surplus() {
        var collector = ItemCollector(.events, maximumItems: 10, maximumBytes: 1000)
        let comments = ByteBuffer(string: String(repeating: ": x\n", count: 250_000))
        for _ in 0..<9 { collector.take(comments) }
        #expect(collector.end == .surplus && collector.count == 0)
    }

    @Test(
        "the media type says how items are written",
        arguments: [
            ("application/json", nil), ("application/json; charset=utf-8", nil), ("text/plain", nil), (nil, nil), ("nonsense", nil),
            ("text/event-stream", .events), ("Text/Event-Stream;charset=UTF-8", .events), ("application/x-ndjson", .lines),
            ("application/jsonl", .lines), ("application/json-seq", .sequence), ("application/geo+json-seq", .sequence),
            ("application/vnd.acme.log", nil),
        ] as [(String?, ItemFormat?)])
    func formats(contentType: String?, format: ItemFormat?) {
        #expect(ItemFormat(contentType: contentType, declared: []) == format)
    }

    @Test("the description can say it of any other type")
    func declared() {
        #expect(ItemFormat(contentType: "application/vnd.acme.log; v=1", declared: ["application/vnd.acme.log"]) == .lines)
        #expect(ItemFormat(contentType: "application/json", declared: ["application/json"]) == nil)
    }
}
