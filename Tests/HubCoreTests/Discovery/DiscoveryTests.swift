import HTTPTypes
import HubCore
import Logging
import NIOCore
import Testing

@Suite("The catalogue")
struct DiscoveryTests {
    private struct Described: DescribedEntry {
        static let cardType = "application/mcp-server-card+json"
        static let cardPath = "/server-card"

        func respond(to request: InboundRequest, subpath: Substring, writer: any ResponseWriter) async throws {}
    }

    private static func key(_ name: String) -> EntryKey { EntryKey(kind: .mcp, name: name) }

    private static let snapshot = HubSnapshot(
        entries: ["orders": Described(), "stock": Described()].reduce(into: [:]) { $0[key($1.key)] = $1.value },
        hosts: HostRule(names: [], allowsLoopback: true))
    private static let discovery = Discovery(
        listings: [
            Discovery.Listing(key: key("stock"), purpose: nil), Discovery.Listing(key: key("orders"), purpose: "Takes \"orders\"."),
            Discovery.Listing(key: key("away"), purpose: nil),
        ])

    private func entries(at base: String, sees: (EntryKey) -> Bool = { _ in true }) throws -> [JSONValue] {
        let document = Self.discovery.catalogue(at: try #require(HTTPAddress(base)), of: Self.snapshot, sees: sees)
        #expect(document.contentType == "application/ai-catalog+json")
        let root = try JSONDocument(parsing: document.json, limits: .message).root
        #expect(root["specVersion"]?.string == "0.9")
        return try Array(#require(root["entries"]).elements)
    }

    @Test("it lists what can serve, in order, with a name of the publisher's and the place of the card")
    func form() throws {
        let found = try entries(at: "https://hub.example.com/x")
        #expect(found.map { $0["identifier"]?.string } == ["urn:air:hub.example.com:stock:mcp", "urn:air:hub.example.com:orders:mcp"])
        #expect(
            String(buffer: try #require(found.last).rawBytes)
                == #"{"identifier":"urn:air:hub.example.com:orders:mcp","displayName":"orders","type":"application/mcp-server-card+json","url":"https://hub.example.com/x/mcp/orders/server-card","description":"Takes \"orders\"."}"#
        )
        #expect(try entries(at: "http://127.0.0.1:8080").first?["identifier"]?.string == "urn:air:localhost:stock:mcp")
    }

    @Test("a caller finds what the caller sees, under the name that the caller uses")
    func visibility() throws {
        for base in ["https://a.example", "https://b.example"] {
            for _ in 0..<2 {
                #expect(try entries(at: base) { $0.name == "stock" }.map { $0["url"]?.string } == ["\(base)/mcp/stock/server-card"])
                #expect(try entries(at: base) { $0.name == "orders" }.map { $0["url"]?.string } == ["\(base)/mcp/orders/server-card"])
                #expect(try entries(at: base) { _ in false }.isEmpty)
            }
        }
    }

    @Test("more names than are kept do no harm")
    func names() throws {
        for port in 1...200 {
            #expect(
                try entries(at: "http://localhost:\(port)").first?["url"]?.string
                    == "\(try #require(HTTPAddress("http://localhost:\(port)")))/mcp/stock/server-card")
        }
    }

    @Test("without a configured address the hub has the name that it was called by")
    func addresses() throws {
        func base(_ address: PublicAddress, _ authority: String, host: String) -> String? {
            let head = HTTPRequest(method: .get, scheme: "http", authority: authority, path: "/")
            let request = InboundRequest(
                head: head, host: host, body: ByteBuffer(), id: "1", remoteAddress: "::1",
                logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
            return address.base(for: request)?.description
        }
        #expect(base(PublicAddress(), "LOCALHOST:8080", host: "localhost") == "http://localhost:8080")
        #expect(base(PublicAddress(isEncrypted: true), "hub.test", host: "hub.test") == "https://hub.test")
        #expect(base(PublicAddress(), "[::1]:99", host: "::1") == "http://[::1]:99")
        #expect(base(PublicAddress(url: HTTPAddress("https://hub.test/x")), "evil", host: "evil") == "https://hub.test/x")
        #expect(HTTPAddress("https://mcp.example.com")?.reversedPublisher == "com.example.mcp")
        #expect(HTTPAddress("https://[::1]")?.reversedPublisher == "localhost")
    }

    @Test("a document that the caller has already is not sent again")
    func revalidation() throws {
        let document = PublicDocument(json: ByteBuffer(string: "{}"))
        func answer(_ method: HTTPRequest.Method, _ fields: HTTPFields = [:]) -> HTTPResponse? {
            document.answer(
                to: HTTPRequest(method: method, scheme: "http", authority: "a", path: "/", headerFields: fields), caching: .own)?.head
        }
        let tag = document.entityTag
        #expect(answer(.get)?.status == .ok && answer(.head)?.headerFields[.eTag] == tag && answer(.post) == nil)
        for known in [tag, "W/\(tag)", "\"x\", \(tag)", "*"] { #expect(answer(.get, [.ifNoneMatch: known])?.status == .notModified) }
        for other in ["\"x\"", "", String(tag.dropLast())] { #expect(answer(.get, [.ifNoneMatch: other])?.status == .ok) }
        #expect(answer(.get)?.headerFields[.cacheControl] == "private, no-cache")
        #expect(PublicDocument(json: ByteBuffer(string: "{ }")).entityTag != tag)
    }
}
