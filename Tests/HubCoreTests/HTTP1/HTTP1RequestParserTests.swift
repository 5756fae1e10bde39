import HTTPTypes
import HubCore
import NIOCore
import Testing

@Suite("Requests of HTTP/1.1")
struct HTTP1RequestParserTests {
    private static let good: [HTTP1Case] = [
        .good("no body", "GET / HTTP/1.1\r\nHost: h\r\n\r\n", "GET / h keep 0 ||."),
        .good(
            "a length", "POST /a?b=c HTTP/1.1\r\nHost: h:8080\r\nContent-Length: 5\r\n\r\nhe\r\no",
            "POST /a?b=c h:8080 keep 5 | content-length: 5 ||he¶\no."),
        .good(
            "a length of 0, with zeros before it", "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 000\r\n\r\n",
            "POST / h keep 0 | content-length: 000 ||."),
        .good(
            "chunks, their sizes in either case, with zeros and extensions",
            "POST / HTTP/1.1\r\nhost:h\r\nTransfer-Encoding: Chunked\r\n\r\n"
                + "2\r\nab\r\n00A;x=\"y;z\"\r\n0123456789\r\nb;\r\n0123456789a\r\n000\r\n\r\n",
            "POST / h keep open | transfer-encoding: Chunked ||ab01234567890123456789a."),
        .good(
            "trailers, which change nothing",
            "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\nContent-Length: 3\r\nA:\tb \r\n\r\n",
            "POST / h keep open | transfer-encoding: chunked ||x."),
        .good(
            "an empty line before it", "\r\nGET / HTTP/1.1\r\nHost: h\r\n\r\n\r\nGET /2 HTTP/1.1\r\nHost: h\r\n\r\n",
            "GET / h keep 0 ||.", "GET /2 h keep 0 ||."),
        .good(
            "white space around values, and inside them",
            "GET / HTTP/1.1\r\nHost: \t h \t\r\nX-A:\r\nX-B: \t \r\nX-C:a \tb\r\nX-D: :\r\n\r\n",
            "GET / h keep 0 | X-A:  | X-B:  | X-C: a \tb | X-D: : ||."),
        .good(
            "fields of one name, in their order", "GET / HTTP/1.1\r\nX: 1\r\nHost: h\r\nx: 2\r\nX: 1\r\n\r\n",
            "GET / h keep 0 | X: 1 | x: 2 | X: 1 ||."),
        .good(
            "every character of a token in a name", "GET / HTTP/1.1\r\nHost: h\r\n!#$%&'*+-.^_`|~09azAZ: 1\r\n\r\n",
            "GET / h keep 0 | !#$%&'*+-.^_`|~09azAZ: 1 ||."),
        .good(
            "a method of one's own", "!#$%&'*+-.^_`|~09azAZ /\\\"<>{}|^`%zz;?? HTTP/1.1\r\nHost: h\r\n\r\n",
            "!#$%&'*+-.^_`|~09azAZ /\\\"<>{}|^`%zz;?? h keep 0 ||."),
        .good(
            "an underscore, which is no dash", "GET / HTTP/1.1\r\nHost: h\r\nTransfer_Encoding: chunked\r\nContent_Length: 9\r\n\r\n",
            "GET / h keep 0 | Transfer_Encoding: chunked | Content_Length: 9 ||."),
        .good("HTTP/1.0", "GET / HTTP/1.0\r\nHost: h\r\n\r\n", "GET / h close 0 1.0 ||."),
        .good(
            "HTTP/1.0 that keeps its connection, and may not wait for 100",
            "POST / HTTP/1.0\r\nHost: h\r\nConnection: Keep-Alive\r\nExpect: 100-continue\r\nContent-Length: 1\r\n\r\nx",
            "POST / h keep 1 1.0 | connection: Keep-Alive | expect: 100-continue | content-length: 1 ||x."),
        .good(
            "close among other options", "GET / HTTP/1.1\r\nHost: h\r\nConnection: keep-alive\r\nConnection: te,\tClose ,x\r\n\r\n",
            "GET / h close 0 | connection: keep-alive | connection: te,\tClose ,x ||."),
        .good(
            "options that only look like close", "GET / HTTP/1.1\r\nHost: h\r\nConnection: closed, \"close\", cl ose2\r\n\r\n",
            "GET / h keep 0 | connection: closed, \"close\", cl ose2 ||."),
        .good(
            "waiting for 100", "POST / HTTP/1.1\r\nHost: h\r\nExpect: 100-Continue\r\nContent-Length: 1\r\n\r\nx",
            "POST / h keep 1 continue | expect: 100-Continue | content-length: 1 ||x."),
        .good(
            "a content coding", "POST / HTTP/1.1\r\nHost: h\r\nContent-Encoding: identity\r\nContent-Encoding: gzip\r\n\r\n",
            "POST / h keep 0 coded | content-encoding: identity | content-encoding: gzip ||."),
        .good("an authority that is none", "GET / HTTP/1.1\r\nHost:\r\n\r\n", "GET /  keep 0 ||."),
        HTTP1Case(
            reason: "bytes that are not ASCII, nor UTF-8",
            wire: Array("GET / HTTP/1.1\r\nHost: h\r\nX: ä".utf8) + [0xFF, 0x80] + Array("\r\n\r\n".utf8),
            messages: ["GET / h keep 0 | X: \u{C3}\u{A4}\u{FF}\u{80} ||."]),
    ]

    @Test("a good request is read however its bytes are cut", arguments: good)
    func reads(message: HTTP1Case) {
        let expected = HTTP1Reading(messages: message.messages, isConsumed: true)
        #expect(HTTP1Reading.requests([message.wire]) == expected)
        #expect(HTTP1Reading.requests(message.wire.single) == expected)
        for pieces in message.wire.cuts { #expect(HTTP1Reading.requests(pieces) == expected) }
    }

    @Test("of a request that is cut off nothing wrong is read", arguments: good)
    func cutOff(message: HTTP1Case) {
        for prefix in message.wire.prefixes {
            let reading = HTTP1Reading.requests([prefix])
            #expect(reading.error == nil)
            #expect(reading.messages != message.messages)
            for (read, expected) in zip(reading.messages, message.messages) { #expect(expected.hasPrefix(read)) }
        }
    }

    @Test("pipelined requests are read one after another")
    func pipelined() {
        for first in Self.good {
            for second in Self.good {
                let expected = HTTP1Reading(messages: first.messages + second.messages, isConsumed: true)
                #expect(HTTP1Reading.requests([first.wire + second.wire]) == expected, "\(first.reason), then \(second.reason)")
            }
        }
        let all = Self.good.flatMap(\.wire)
        #expect(HTTP1Reading.requests(all.single) == HTTP1Reading(messages: Self.good.flatMap(\.messages), isConsumed: true))
    }

    @Test("after an error nothing is read any more")
    func staysFailed() throws {
        var parser = HTTP1RequestParser(limits: .test)
        var bad = ByteBuffer(string: "GET  / HTTP/1.1\r\n\r\n")
        #expect(throws: HTTP1Error.self) { try parser.next(from: &bad) }
        var good = ByteBuffer(string: "GET / HTTP/1.1\r\nHost: h\r\n\r\n")
        #expect(try parser.next(from: &good) == nil)
    }
}
