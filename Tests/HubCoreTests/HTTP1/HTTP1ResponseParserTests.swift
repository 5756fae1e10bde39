import HTTPTypes
import HubCore
import NIOCore
import Testing

@Suite("Answers of HTTP/1.1")
struct HTTP1ResponseParserTests {
    private static let ok = "HTTP/1.1 200 OK\r\n"

    /// Those whose end they say themselves.
    private static let good: [HTTP1Case] = [
        .good("a length", ok + "Content-Length: 2\r\n\r\n{}", "200 keep 2 | content-length: 2 ||{}."),
        .good("a length of 0", ok + "Content-Length: 0\r\n\r\n", "200 keep 0 | content-length: 0 ||."),
        .good(
            "one length twice", ok + "Content-Length: 1\r\ncontent-length: 1\r\n\r\nx",
            "200 keep 1 | content-length: 1 | content-length: 1 ||x."),
        .good(
            "chunks and trailers", ok + "Transfer-Encoding: CHUNKED\r\n\r\n3;a\r\nabc\r\n0\r\nContent-Length: 9\r\n\r\n",
            "200 keep open | transfer-encoding: CHUNKED ||abc."),
        .good("no reason", "HTTP/1.1 200 \r\nContent-Length: 1\r\n\r\nx", "200 keep 1 | content-length: 1 ||x."),
        .good("no reason, nor a space", "HTTP/1.1 200\r\nContent-Length: 1\r\n\r\nx", "200 keep 1 | content-length: 1 ||x."),
        .good("a reason that is not ASCII", "HTTP/1.1 200 Ü\tx \r\nContent-Length: 1\r\n\r\nx", "200 keep 1 | content-length: 1 ||x."),
        .good("a status nobody knows", "HTTP/1.1 999 x\r\nContent-Length: 1\r\n\r\nx", "999 keep 1 | content-length: 1 ||x."),
        .good("a later minor version", "HTTP/1.9 200 OK\r\nContent-Length: 1\r\n\r\nx", "200 keep 1 | content-length: 1 ||x."),
        .good("204, which has no body", "HTTP/1.1 204 No Content\r\nX: 1\r\n\r\n", "204 keep 0 | X: 1 ||."),
        .good(
            "304, whose length is not that of its body", "HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n",
            "304 keep 0 | content-length: 5 ||."),
        .good(
            "informational answers before it",
            "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\nContent-Length: 9\r\n\r\n" + ok
                + "Content-Length: 1\r\n\r\nx",
            "200 keep 1 | content-length: 1 ||x."),
        .good("close", ok + "Connection: close\r\nContent-Length: 1\r\n\r\nx", "200 close 1 | connection: close | content-length: 1 ||x."),
        .good("HTTP/1.0", "HTTP/1.0 200 OK\r\nContent-Length: 1\r\n\r\nx", "200 close 1 | content-length: 1 ||x."),
        .good(
            "HTTP/1.0 that keeps its connection", "HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 1\r\n\r\nx",
            "200 keep 1 | connection: keep-alive | content-length: 1 ||x."),
        .good("a host, which nobody asked for", ok + "Host: h\r\nContent-Length: 0\r\n\r\n", "200 keep 0 | content-length: 0 ||."),
    ]

    /// Those that end with the connection.
    private static let open: [HTTP1Case] = [
        .good("no length", ok + "\r\na\r\nb\0", "200 close open ||a¶\nb\0."),
        .good("no length, and no body", ok + "X: 1\r\n\r\n", "200 close open | X: 1 ||."),
        .good("no length, and an option to keep", ok + "Connection: keep-alive\r\n\r\nx", "200 close open | connection: keep-alive ||x."),
        .good("HTTP/1.0 without a length", "HTTP/1.0 200 OK\r\n\r\nx", "200 close open ||x."),
    ]

    @Test("a good answer is read however its bytes are cut, and nothing wrong of one that is cut off", arguments: good)
    func reads(message: HTTP1Case) {
        let expected = HTTP1Reading(messages: message.messages, isConsumed: true)
        #expect(HTTP1Reading.answers([message.wire]) == expected)
        #expect(HTTP1Reading.answers(message.wire.single, isClosed: true) == expected)
        for pieces in message.wire.cuts { #expect(HTTP1Reading.answers(pieces) == expected) }
        for prefix in message.wire.prefixes {
            var reading = HTTP1Reading.answers([prefix])
            #expect(reading.error == nil)
            #expect(reading.messages != message.messages)
            for (read, whole) in zip(reading.messages, message.messages) { #expect(whole.hasPrefix(read)) }
            reading = HTTP1Reading.answers([prefix], isClosed: true)
            #expect(reading.error?.message == "The connection was closed in the middle of an answer")
        }
    }

    @Test("an answer without a length ends with the connection and no sooner", arguments: open)
    func endsWithConnection(message: HTTP1Case) {
        let expected = HTTP1Reading(messages: message.messages, isConsumed: true)
        let unfinished = HTTP1Reading(messages: message.messages.map { String($0.dropLast()) }, isConsumed: true)
        #expect(HTTP1Reading.answers([message.wire]) == unfinished)
        #expect(HTTP1Reading.answers(message.wire.single, isClosed: true) == expected)
        for pieces in message.wire.cuts { #expect(HTTP1Reading.answers(pieces, isClosed: true) == expected) }
    }

    @Test("answers to requests that were sent ahead are read one after another")
    func pipelined() {
        let wire = Self.good.flatMap(\.wire)
        let expected = HTTP1Reading(messages: Self.good.flatMap(\.messages), isConsumed: true)
        #expect(HTTP1Reading.answers([wire], count: Self.good.count) == expected)
        #expect(HTTP1Reading.answers(wire.single, count: Self.good.count) == expected)
    }

    @Test("the answer to HEAD has no body, whatever its head says", arguments: ["Content-Length: 5", "Transfer-Encoding: chunked", "X: 1"])
    func head(field: String) {
        let reading = HTTP1Reading.answers([Array((Self.ok + field + "\r\n\r\n").utf8)], to: .head)
        #expect(reading.messages.count == 1)
        #expect(reading.messages.first?.hasPrefix("200 keep 0 |") == true)
        #expect(reading.messages.first?.hasSuffix("||.") == true)
        #expect(reading.isConsumed)
    }

    @Test("what comes while no answer is expected is left where it is")
    func unasked() throws {
        var parser = HTTP1ResponseParser()
        var buffer = ByteBuffer(string: Self.ok + "Content-Length: 5\r\n\r\nearly")
        let length = buffer.readableBytes
        #expect(try parser.next(from: &buffer) == nil)
        #expect(parser.isIdle && buffer.readableBytes == length)
        #expect(try parser.endOfInput() == nil)
        let more = HTTP1Reading.answers([Array((Self.ok + "Content-Length: 0\r\n\r\n" + Self.ok).utf8)])
        #expect(more == HTTP1Reading(messages: ["200 keep 0 | content-length: 0 ||."], isConsumed: false))
    }

    private static let bad: [HTTP1Case] =
        [
            ("no status line", "just text"), ("a status of two digits", "HTTP/1.1 99 Low"),
            ("a status of four digits", "HTTP/1.1 1000 High"),
            ("a status below 100", "HTTP/1.1 099 Low"), ("a status that is no number", "HTTP/1.1 2x0 OK"),
            ("a signed status", "HTTP/1.1 +20 OK"),
            ("two spaces", "HTTP/1.1  200 OK"), ("a tab", "HTTP/1.1\t200 OK"), ("a tab behind the status", "HTTP/1.1 200\tOK"),
            ("no space behind the status", "HTTP/1.1 200OK"), ("a lower-case version", "http/1.1 200 OK"),
            ("HTTP/1.10", "HTTP/1.10 200 OK"),
            ("HTTP/2.0", "HTTP/2.0 200 OK"), ("HTTP/0.9", "HTTP/0.9 200 OK"), ("a space before it", " HTTP/1.1 200 OK"),
            ("ICY", "ICY 200 OK"),
            ("NUL in the reason", "HTTP/1.1 200 O\0K"), ("a carriage return in the reason", "HTTP/1.1 200 OK\rX: 1"),
            ("DEL in the reason", "HTTP/1.1 200 O\u{7F}"), ("a line feed in the reason", "HTTP/1.1 200 OK\nX: 1"),
            ("an empty line before it", "\r\nHTTP/1.1 200 OK"), ("another protocol", "HTTP/1.1 101 Switching Protocols"),
        ].map { .bad($0.0, .badRequest, $0.1 + "\r\nContent-Length: 2\r\n\r\n{}") }
        + [
            ("a length and chunks", "Content-Length: 2\r\nTransfer-Encoding: chunked"),
            ("two lengths", "Content-Length: 2\r\nContent-Length: 3"),
            ("lengths that only count the same", "Content-Length: 2\r\nContent-Length: 02"), ("a list of lengths", "Content-Length: 2, 2"),
            ("a negative length", "Content-Length: -1"), ("a signed length", "Content-Length: +2"), ("an empty length", "Content-Length:"),
            ("a length that is too large", "Content-Length: 9223372036854775808"), ("another coding", "Transfer-Encoding: gzip, chunked"),
            ("two codings", "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked"), ("an empty coding", "Transfer-Encoding:"),
            ("the coding identity", "Transfer-Encoding: identity"), ("a folded field", "X: a\r\n b"), ("a space before the colon", "X : a"),
            ("a carriage return in a value", "X: a\rSet-Cookie: b=1"), ("a line feed in a value", "X: a\nSet-Cookie: b=1"),
            ("NUL", "X: \0"),
            ("a length that is not ASCII", "Content-Length: \u{662}"), ("no colon", "X"), ("no name", ": x"),
        ].map { .bad($0.0, .badRequest, ok + $0.1 + "\r\n\r\n{}") }
        + [
            .bad("chunks in HTTP/1.0", .badRequest, "HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
            .bad("an ambiguous 204", .badRequest, "HTTP/1.1 204 x\r\nTransfer-Encoding: chunked\r\nContent-Length: 2\r\n\r\n{}"),
            .bad(
                "a malformed chunk", .badRequest, ok + "Transfer-Encoding: chunked\r\n\r\n1\r\naXY0\r\n\r\n",
                "200 keep open | transfer-encoding: chunked ||a"),
        ]

    @Test("a malformed answer is refused with the same error however its bytes are cut", arguments: bad)
    func refuses(message: HTTP1Case) {
        let whole = HTTP1Reading.answers([message.wire])
        #expect(whole.error?.status == message.status)
        #expect(whole.messages == message.messages)
        #expect(HTTP1Reading.answers(message.wire.single, isClosed: true) == whole)
        for pieces in message.wire.cuts { #expect(HTTP1Reading.answers(pieces) == whole) }
    }
}
