import HTTPTypes
import HubCore
import NIOCore
import Testing

/// Each limit, one below and one above.
@Suite("Limits of HTTP/1.1 messages")
struct HTTP1LimitTests {
    private let chunked = "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n"

    private func error(_ wire: String, _ limits: HTTP1Limits = .test) -> HTTP1Error? {
        let bytes = Array(wire.utf8)
        let whole = HTTP1Reading.requests([bytes], limits: limits)
        #expect(HTTP1Reading.requests(bytes.single, limits: limits) == whole)
        #expect((whole.error == nil) == (whole.messages.last?.hasSuffix(".") == true))
        return whole.error
    }

    private func answerError(_ wire: String, _ limits: HTTP1Limits = .test) -> HTTP1Error? {
        let bytes = Array(wire.utf8)
        let whole = HTTP1Reading.answers([bytes], limits: limits)
        #expect(HTTP1Reading.answers(bytes.single, limits: limits) == whole)
        return whole.error
    }

    @Test("a head as large as it may be is read, one byte more is refused before the head ends")
    func headBytes() {
        let head = "GET / HTTP/1.1\r\nHost: h"
        let limits = HTTP1Limits(headBytes: head.utf8.count)
        #expect(error(head + "\r\n\r\n", limits) == nil)
        #expect(error(head + "h\r\n\r\n", limits)?.status == .requestHeaderFieldsTooLarge)
        #expect(error(String(repeating: "A", count: head.utf8.count + 4), limits)?.status == .requestHeaderFieldsTooLarge)
        #expect(HTTP1Reading.requests([Array(repeating: 0x41, count: head.utf8.count + 3)], limits: limits).error == nil)
        let answer = "HTTP/1.1 204 No Content\r\nX: 1"
        #expect(answerError(answer + "\r\n\r\n", HTTP1Limits(headBytes: answer.utf8.count)) == nil)
        let refused = answerError(answer + "\r\n\r\n", HTTP1Limits(headBytes: answer.utf8.count - 1))
        #expect(refused?.status == .requestHeaderFieldsTooLarge)
    }

    @Test("the limit of a head holds for each, not for all of a connection")
    func headBytesOfEach() {
        let head = "GET / HTTP/1.1\r\nHost: h"
        #expect(error(String(repeating: head + "\r\n\r\n", count: 50), HTTP1Limits(headBytes: head.utf8.count)) == nil)
    }

    @Test("as many fields as there may be are read, Host among them, one more is refused")
    func fields() {
        let limits = HTTP1Limits(headBytes: 4096, fields: 4)
        #expect(error("GET / HTTP/1.1\r\nHost: h\r\n" + String(repeating: "X: 1\r\n", count: 3) + "\r\n", limits) == nil)
        let status = error("GET / HTTP/1.1\r\nHost: h\r\n" + String(repeating: "X: 1\r\n", count: 4) + "\r\n", limits)?.status
        #expect(status == .requestHeaderFieldsTooLarge)
        #expect(answerError("HTTP/1.1 204 x\r\n" + String(repeating: "X: 1\r\n", count: 4) + "\r\n", limits) == nil)
        #expect(answerError("HTTP/1.1 204 x\r\n" + String(repeating: "X: 1\r\n", count: 5) + "\r\n", limits) != nil)
    }

    @Test("the extensions of all chunks together have one limit", arguments: [1, 2, 16])
    func chunkExtensions(chunks: Int) {
        var limits = HTTP1Limits.test
        limits.chunkExtensionBytes = 64
        let each = String(repeating: "a", count: 64 / chunks - 1)
        let body = String(repeating: "1;\(each)\r\nx\r\n", count: chunks)
        #expect(error(chunked + body + "0\r\n\r\n", limits) == nil)
        #expect(error(chunked + body + "0;\r\n\r\n", limits)?.status == .badRequest)
        #expect(error(chunked + body + "1;\(each)\r\nx\r\n0\r\n\r\n", limits)?.status == .badRequest)
    }

    @Test("an extension of 1 MB is refused when little of it has come")
    func largeExtension() {
        let part = chunked + "5;" + String(repeating: "a", count: 4 << 10) + String(repeating: "b", count: 14)
        #expect(HTTP1Reading.requests([Array(part.dropLast().utf8)]).error == nil)
        #expect(error(part)?.status == .badRequest)
        #expect(error(part + String(repeating: "a", count: 1 << 20))?.status == .badRequest)
    }

    @Test("a size of fifteen digits is read, whatever comes of it; one of sixteen is refused")
    func chunkSizes() {
        let fits = HTTP1Reading.requests([Array((chunked + "fffffffffffffff\r\nx").utf8)])
        #expect(fits.error == nil && fits.messages.last?.hasSuffix("||x") == true)
        #expect(error(chunked + "ffffffffffffffff\r\nx")?.status == .badRequest)
    }

    @Test("a length as large as an Int is read, whatever comes of it; one more is refused")
    func lengths() {
        let head = "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: "
        #expect(HTTP1Reading.requests([Array((head + "9223372036854775807\r\n\r\nx").utf8)]).error == nil)
        #expect(error(head + "9223372036854775808\r\n\r\nx")?.status == .contentTooLarge)
    }

    @Test("the trailers of a body together have one limit", arguments: [1, 2, 8])
    func trailers(count: Int) {
        var limits = HTTP1Limits.test
        limits.trailerBytes = 64
        let trailer = "X:" + String(repeating: "a", count: 64 / count - 4) + "\r\n"
        let body = chunked + "0\r\n" + String(repeating: trailer, count: count)
        #expect(error(body + "\r\n", limits) == nil)
        #expect(error(body + "X:\r\n\r\n", limits)?.status == .badRequest)
        #expect(error(chunked + "0\r\nY" + String(repeating: trailer, count: count) + "\r\n", limits)?.status == .badRequest)
    }

    @Test("as many informational answers as there may be are skipped, one more is refused")
    func informationalAnswers() {
        let limits = HTTP1Limits.test
        let last = "HTTP/1.1 204 No Content\r\n\r\n"
        let first = String(repeating: "HTTP/1.1 103 Early Hints\r\n\r\n", count: limits.informationalAnswers)
        #expect(answerError(first + last) == nil)
        #expect(answerError("HTTP/1.1 100 Continue\r\n\r\n" + first + last)?.status == .badRequest)
    }
}
