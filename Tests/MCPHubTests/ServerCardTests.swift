import Crypto
import HTTPTypes
import HubCore
import NIOCore
import Testing

@testable import MCPHub

@Suite("Server card")
struct ServerCardTests {
    private func card(title: String? = "Orders", version: String? = "2.1", purpose: String? = nil, url: String? = nil) async throws
        -> JSONValue
    {
        let hub = StubHub()
        let server = MCPServer(
            name: "orders", title: title, version: version, instructions: purpose, tools: ToolSet([]),
            hosts: HostRule(names: [], allowsLoopback: true), address: PublicAddress(url: url.flatMap { HTTPAddress($0) }),
            runtime: hub.runtime)
        let writer = StubResponseWriter()
        try await server.respond(to: hub.request(.get, path: "/mcp/orders/server-card"), subpath: "/server-card", writer: writer)
        #expect(writer.status == 200 && writer.recorded.head?.headerFields[.contentType] == "application/mcp-server-card+json")
        #expect(writer.recorded.head?.headerFields[.accessControlAllowOrigin] == "*")
        return try writer.json()
    }

    @Test("it says where the server is and in which revisions it speaks")
    func content() async throws {
        let card = try await card(purpose: "Takes orders.", url: "https://hub.example.com/x")
        #expect(
            String(buffer: card.rawBytes)
                == #"{"$schema":"https://static.modelcontextprotocol.io/schemas/v1/server-card.schema.json","name":"com.example.hub/orders","version":"2.1","title":"Orders","description":"Takes orders.","remotes":[{"type":"streamable-http","url":"https://hub.example.com/x/mcp/orders","supportedProtocolVersions":["2025-03-26","2025-06-18","2025-11-25","2026-07-28"]},{"type":"sse","url":"https://hub.example.com/x/mcp/orders/sse","supportedProtocolVersions":["2024-11-05"]}]}"#
        )
    }

    @Test("texts are as long as the schema allows, and the description is there")
    func texts() async throws {
        let long = try await card(title: String(repeating: "t", count: 101), purpose: String(repeating: "ä", count: 300))
        for name in ["title", "description"] {
            let text = try #require(long[name]?.string)
            #expect(text.unicodeScalars.count == 100 && text.hasSuffix("…"))
        }
        #expect(try await card(purpose: String(repeating: "p", count: 100))["description"]?.string == String(repeating: "p", count: 100))
        let bare = try await card(title: nil, version: nil)
        #expect(bare["title"] == nil && bare["description"]?.string == "The tools of orders" && bare["version"]?.string == "1.0")
        #expect(bare["name"]?.string == "localhost/orders")
    }

    @Test("pages of any origin may read it, and nobody may write it")
    func methods() async throws {
        let hub = StubHub()
        let page: HTTPFields = [.origin: "https://page.test", .accessControlRequestMethod: "GET"]
        #expect(try await hub.send(hub.request(.get, fields: page), subpath: "/server-card").status == 200)
        #expect(try await hub.send(hub.request(.options, fields: page), subpath: "/server-card").status == 204)
        let refused = try await hub.send(hub.request(.post, "{}"), subpath: "/server-card")
        #expect(refused.status == 405 && refused.recorded.head?.headerFields[.allow] == "GET, HEAD")
        #expect(try await hub.send(hub.request(.get), subpath: "/server-card/").status == 404)
    }
}
