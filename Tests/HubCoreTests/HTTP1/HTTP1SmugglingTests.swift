import HTTPTypes
import HubCore
import NIOCore
import Testing

/// What two readers of one connection could take apart differently, and what is no HTTP at all.
@Suite("Requests that are refused")
struct HTTP1SmugglingTests {
    private static let head = "POST / HTTP/1.1\r\nHost: h\r\n"
    private static let chunked = "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n"
    private static let opened = "POST / h keep open | transfer-encoding: chunked ||"

    private static let lines: [HTTP1Case] = [
        ("a space before the method", " GET / HTTP/1.1"), ("a tab before the method", "\tGET / HTTP/1.1"),
        ("two spaces before the target", "GET  / HTTP/1.1"), ("two spaces before the version", "GET /  HTTP/1.1"),
        ("a tab before the target", "GET\t/ HTTP/1.1"), ("a tab before the version", "GET /\tHTTP/1.1"),
        ("a space behind the version", "GET / HTTP/1.1 "), ("a word behind the version", "GET / HTTP/1.1 x"),
        ("a carriage return behind the version", "GET / HTTP/1.1\r"), ("a carriage return for a space", "GET\r/ HTTP/1.1"),
        ("a form feed for a space", "GET\u{C}/ HTTP/1.1"), ("no version", "GET /"), ("no target", "GET HTTP/1.1"),
        ("an empty target", "GET  HTTP/1.1"), ("no method", "/ HTTP/1.1"), ("a method that is no token", "G(T / HTTP/1.1"),
        ("a colon in the method", "GET: / HTTP/1.1"), ("NUL in the method", "G\0T / HTTP/1.1"), ("a lower-case version", "GET / http/1.1"),
        ("HTTP/1.10", "GET / HTTP/1.10"), ("HTTP/1", "GET / HTTP/1"), ("HTTP/01.1", "GET / HTTP/01.1"), ("HTTP/1,1", "GET / HTTP/1,1"),
        ("HTTP/1.x", "GET / HTTP/1.x"), ("HTTP/ 1.1", "GET / HTTP/ 1.1"), ("HTTPS/1.1", "GET / HTTPS/1.1"), ("ICY", "GET / ICY"),
        ("an absolute target", "GET http://h/ HTTP/1.1"), ("an authority for a target", "CONNECT h:443 HTTP/1.1"),
        ("a star for a target", "OPTIONS * HTTP/1.1"), ("a target without a slash", "GET mcp HTTP/1.1"),
        ("a fragment", "GET /a#b HTTP/1.1"), ("NUL in the target", "GET /a\0b HTTP/1.1"), ("DEL in the target", "GET /a\u{7F}b HTTP/1.1"),
        ("a target that is not ASCII", "GET /ä HTTP/1.1"), ("a tab in the target", "GET /a\tb HTTP/1.1"),
        ("a carriage return in the target", "GET /a\rb HTTP/1.1"),
    ].map { .bad($0.0, .badRequest, $0.1 + "\r\nHost: h\r\n\r\n") }

    private static let versions: [HTTP1Case] = ["HTTP/0.9", "HTTP/1.2", "HTTP/1.9", "HTTP/2.0", "HTTP/3.0", "HTTP/9.1"].map {
        .bad($0, .httpVersionNotSupported, "GET / \($0)\r\nHost: h\r\n\r\n")
    }

    private static let fields: [HTTP1Case] = [
        ("a space before the colon", "Transfer-Encoding : chunked"), ("a tab before the colon", "Transfer-Encoding\t: chunked"),
        ("a folded field", "X: a\r\n b"), ("a field folded with a tab", "X: a\r\n\tTransfer-Encoding: chunked"),
        ("a line of white space", "X: a\r\n \r\nY: b"), ("a space before a name", "X: a\r\n Transfer-Encoding: chunked"),
        ("no colon", "Transfer-Encoding"), ("no name", ": chunked"), ("a space in a name", "X Y: a"), ("NUL in a name", "X\0: a"),
        ("NUL in a value", "X: a\0b"), ("DEL in a value", "X: a\u{7F}b"), ("BEL in a value", "X: a\u{7}b"),
        ("a vertical tab before a value", "Transfer-Encoding:\u{B}chunked"), ("a name that is not ASCII", "Ä: b"),
        ("a carriage return in a value", "X: a\rTransfer-Encoding: chunked"), ("a carriage return in a name", "X\rY: a"),
        ("two carriage returns at the end", "X: a\r"), ("a carriage return before a value", "X:\ra"),
        ("a line feed in a value", "X: a\nTransfer-Encoding: chunked"), ("a line feed for a line end", "X: a\nY: b"),
        ("a line feed in a name", "X\nY: a"), ("two line feeds", "X: a\n\nY: b"), ("a separator in a name", "X@Y: a"),
        ("two hosts", "Host: h"), ("a second host in another case", "hOST: evil"), ("a connection that is not ASCII", "Connection: clöse"),
        ("a coding of the content that is not ASCII", "Content-Encoding: gzïp"),
    ].map { .bad($0.0, .badRequest, head + $0.1 + "\r\n\r\n") }

    private static let hosts: [HTTP1Case] = [
        .bad("no host", .badRequest, "GET / HTTP/1.1\r\n\r\n"), .bad("no host in HTTP/1.0", .badRequest, "GET / HTTP/1.0\r\n\r\n"),
        .bad("white space before the first field", .badRequest, "GET / HTTP/1.1\r\n Host: h\r\n\r\n"),
        .bad("a host that is not ASCII", .badRequest, "GET / HTTP/1.1\r\nHost: hä\r\n\r\n"),
        .bad("a host named twice, far apart", .badRequest, "GET / HTTP/1.1\r\nHost: h\r\nX: 1\r\nY: 2\r\nHost: i\r\n\r\n"),
    ]

    private static let lengths: [HTTP1Case] =
        [
            "+5", "-1", "5 5", "5,5", "5, 6", "5;", "", "5_0", "1e1", "5.0", "0x5", "\u{665}", "5\0", "five", "\"5\"", "5\t5",
        ].map { .bad("the length \($0.debugDescription)", .badRequest, head + "Content-Length: \($0)\r\n\r\nAAAAA") }
        + ["9223372036854775808", "18446744073709551621", String(repeating: "9", count: 100)].map {
            .bad("the length \($0)", .contentTooLarge, head + "Content-Length: \($0)\r\n\r\nAAAAA")
        } + [
            .bad("two lengths", .badRequest, head + "Content-Length: 5\r\nContent-Length: 6\r\n\r\nAAAAAA"),
            .bad("one length twice", .badRequest, head + "Content-Length: 5\r\nContent-Length: 5\r\n\r\nAAAAA"),
            .bad("a length and chunks", .badRequest, head + "Content-Length: 6\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nG"),
            .bad("chunks and a length", .badRequest, head + "Transfer-Encoding: chunked\r\nContent-Length: 6\r\n\r\n0\r\n\r\nG"),
            .bad("a length of 0 and chunks", .badRequest, head + "Content-Length: 0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
            .bad("chunks in HTTP/1.0", .badRequest, "POST / HTTP/1.0\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
        ]

    private static let codings: [HTTP1Case] =
        [
            "xchunked", "chunked, identity", "identity", "chunked, chunked", "\"chunked\"", "cow", "", ",chunked", "chunked,",
            "gzip, chunked",
            "chunked;q=1", "chunked\r\nTransfer-Encoding: chunked", "chunked\r\nTransfer-Encoding: identity",
            "identity\r\nTransfer-Encoding: chunked",
            "x\r\nContent-Length: 5", "chun ked",
        ].map { .bad("the coding \($0.debugDescription)", .notImplemented, head + "Transfer-Encoding: \($0)\r\n\r\n0\r\n\r\n") }
        + ["chunked\0", "\u{B}chunked", "chunked\u{A0}", "chun\u{212A}ed"].map {
            .bad("the coding \($0.debugDescription)", .badRequest, head + "Transfer-Encoding: \($0)\r\n\r\n0\r\n\r\n")
        }

    private static let sizes: [HTTP1Case] =
        [
            "0x5", "+5", "-1", "5 ", " 5", "5 ;a", "\t5", "5\t", "5_0", "g", "", ";a=b", "1000000000000000", "0000000000000005",
            "FFFFFFFFFFFFFFFF1",
            "5,", "5\r", "5;a\rb", "5;\0", "5;a\nb", "5\n", "\u{FF15}", "5;a\u{7F}",
        ].map { .bad("the size of a chunk \($0.debugDescription)", .badRequest, chunked + $0 + "\r\nAAAAA\r\n0\r\n\r\n", opened) }
        + [
            .bad("a chunk longer than its size", .badRequest, chunked + "5\r\nAAAAAXX0\r\n\r\n", opened + "AAAAA"),
            .bad("a chunk longer than its size by one", .badRequest, chunked + "5\r\nAAAAAA\r\n0\r\n\r\n", opened + "AAAAA"),
            .bad("a chunk shorter than its size", .badRequest, chunked + "5\r\nAAAA\r\n0\r\n\r\n", opened + "AAAA\u{B6}"),
            .bad("a line feed behind a chunk", .badRequest, chunked + "5\r\nAAAAA\n0\r\n\r\n", opened + "AAAAA"),
            .bad("a carriage return behind a chunk", .badRequest, chunked + "5\r\nAAAAA\r0\r\n\r\n", opened + "AAAAA"),
            .bad("a trailer that is no field", .badRequest, chunked + "0\r\nGET / HTTP/1.1\r\n\r\n", opened),
            .bad("a trailer with a space before its colon", .badRequest, chunked + "0\r\nX : 1\r\n\r\n", opened),
            .bad("a folded trailer", .badRequest, chunked + "0\r\nX: 1\r\n y\r\n\r\n", opened),
            .bad("a trailer with NUL", .badRequest, chunked + "0\r\nX: \0\r\n\r\n", opened),
            .bad("a line feed behind the last chunk", .badRequest, chunked + "0\r\n\nGET / HTTP/1.1\r\n", opened),
            .bad("a carriage return behind the last chunk", .badRequest, chunked + "0\r\n\rX", opened),
        ]

    private static let others: [HTTP1Case] = [
        .bad("line feeds alone", .badRequest, "GET / HTTP/1.1\nHost: h\n\n"),
        .bad("a line feed before it", .badRequest, "\nGET / HTTP/1.1\r\nHost: h\r\n\r\n"),
        .bad("a carriage return before it", .badRequest, "\rGET / HTTP/1.1\r\nHost: h\r\n\r\n"),
        .bad("two empty lines before it", .badRequest, "\r\n\r\nGET / HTTP/1.1\r\nHost: h\r\n\r\n"),
        .bad("the preface of HTTP/2", .httpVersionNotSupported, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"),
        .bad("a hello of TLS", .badRequest, "\u{16}\u{3}\u{1}\0\u{5}"), .bad("NUL", .badRequest, "\0"),
        .bad(
            "bytes behind a body", .badRequest, head + "Content-Length: 1\r\n\r\nx\0", "POST / h keep 1 | content-length: 1 ||x."),
        .bad("a byte order mark", .badRequest, "\u{FEFF}GET / HTTP/1.1\r\nHost: h\r\n\r\n"),
    ]

    @Test(
        "it is refused with the same error however its bytes are cut",
        arguments: [lines, versions, fields, hosts, lengths, codings, sizes, others].flatMap(\.self))
    func refuses(message: HTTP1Case) {
        let whole = HTTP1Reading.requests([message.wire])
        #expect(whole.error?.status == message.status)
        #expect(whole.messages == message.messages)
        #expect(HTTP1Reading.requests(message.wire.single) == whole)
        for pieces in message.wire.cuts { #expect(HTTP1Reading.requests(pieces) == whole) }
        for prefix in message.wire.prefixes {
            let reading = HTTP1Reading.requests([prefix])
            #expect(reading.error == nil || reading.error == whole.error)
            for (read, expected) in zip(reading.messages, whole.messages) { #expect(expected.hasPrefix(read)) }
            #expect(reading.messages.count <= whole.messages.count)
        }
    }
}
