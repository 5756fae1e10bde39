import HTTPTypes
import HubCore
import NIOHPACK
import Testing

@testable import HubServer

@Suite("HTTP/2 heads")
struct HTTP2FramingTests {
    private static let good = [(":method", "GET"), (":scheme", "https"), (":authority", "hub.test"), (":path", "/mcp/a?x=1")]

    private func read(_ fields: [(String, String)], bounds: ListenerBounds = ListenerBounds()) throws(HTTP1Error) -> (
        HTTPRequest, host: String
    ) {
        var framing = HTTP2Framing(bounds: bounds)
        return try framing.head(HPACKHeaders(fields))
    }

    @Test("a head becomes a request with the one authority, and cookies stay apart")
    func request() throws {
        let (request, host) = try read(Self.good + [("accept", "a"), ("cookie", "b=1"), ("cookie", "c=2"), ("host", "hub.test")])
        #expect(request.method == .get)
        #expect(request.authority == "hub.test")
        #expect(request.path == "/mcp/a?x=1")
        #expect(host == "hub.test")
        #expect(request.headerFields[.cookie] == "b=1; c=2")
        #expect(request.headerFields.contains { $0.name.canonicalName == "host" } == false)
        #expect(try read(Self.replacing(":authority", nil) + [("host", "hub.test:8443")]).host == "hub.test")
    }

    @Test(
        "what HTTP/1.1 callers may not send, HTTP/2 callers may not either",
        arguments: [
            ([(":authority", nil)], 400), ([(":authority", "hub.test/admin?x=")], 400), ([(":authority", "hub.test@evil")], 400),
            ([(":authority", "")], 400), ([("host", "other.test")], 400), ([("host", "HUB.test")], 400), ([(":path", "*")], 400),
            ([(":path", "/a#b")], 400), ([(":path", "/a b")], 400), ([(":path", "/\u{e9}")], 400), ([(":path", "https://hub.test/")], 400),
            ([(":path", nil)], 400), ([(":method", "CONNECT")], 400), ([(":method", "G T")], 400), ([(":scheme", "http")], 400),
            ([("content-length", "1"), ("content-length", "1")], 400), ([("content-length", "+1")], 400), ([("content-length", "")], 400),
            ([("content-length", "99999999")], 413), ([("content-length", "99999999999999999999999")], 413),
            ([("content-encoding", "gzip")], 415), ([("x-bad", "a\nb")], 400), ([("bad name", "a")], 400),
        ] as [([(String, String?)], Int)])
    func refusals(changes: [(String, String?)], status: Int) {
        var fields = Self.good
        for (name, value) in changes {
            if name.hasPrefix(":") { fields.removeAll { $0.0 == name } }
            if let value { fields.append((name, value)) }
        }
        let error = #expect(throws: HTTP1Error.self) { try read(fields) }
        #expect(error?.status.code == status)
    }

    @Test("two hosts are one too many, also where they agree")
    func twoHosts() {
        #expect(throws: HTTP1Error.self) { try read(Self.good + [("host", "hub.test"), ("host", "hub.test")]) }
    }

    @Test("fields and their bytes are bounded: one at the bound passes, one above is refused")
    func bounds() throws {
        let many = (0..<100).map { ("x-\($0)", "1") }
        _ = try read(Self.good + many)
        #expect(throws: HTTP1Error(.requestHeaderFieldsTooLarge, "The header has more than 100 fields")) {
            try read(Self.good + many + [("x-more", "1")])
        }
        let base = Self.good.reduce(0) { $0 + $1.0.utf8.count + $1.1.utf8.count + 4 }
        let bounds = ListenerBounds(headerBytes: base + 10)
        _ = try read(Self.good + [("a", "12345")], bounds: bounds)
        let error = #expect(throws: HTTP1Error.self) { try read(Self.good + [("a", "123456")], bounds: bounds) }
        #expect(error?.status == .requestHeaderFieldsTooLarge)
    }

    private static func replacing(_ name: String, _ value: String?) -> [(String, String)] {
        good.compactMap { $0.0 == name ? value.map { (name, $0) } : $0 }
    }
}
