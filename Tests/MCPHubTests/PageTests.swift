import HubCore
import NIOCore
import Testing

@testable import MCPHub

@Suite("Pages of tools", .timeLimit(.minutes(1)))
struct PageTests {
    private static let origin = StubOrigin("far") { _, _ in #"{"contents":[]}"# }

    private static func tool(_ name: String, _ page: String, more: String = "") -> Tool {
        let tool = origin.tool(name)
        var definition = tool.definition
        definition.meta = ByteBuffer(string: #"{"ui":{"resourceUri":"\#(page)"\#(more)}}"#)
        return Tool(definition: definition, target: tool.target)
    }

    /// A server whose tool `see` is opened by the scope `read`, and `hide` by `write`.
    private static func server(isScoped: Bool) -> MCPServer {
        var offer = ServerOffer(
            tools: ToolSet([
                tool("see", "ui://far/see"), tool("hide", "ui://far/hide", more: #","visibility":["app"]"#), tool("odd", "file:///etc"),
            ]))
        offer.resources = [origin.item("chosen", uri: "ui://far/chosen"), origin.item("hide", uri: "ui://far/hide")]
        offer.resources[1].comesWithTool = true
        offer.unlistedResources = StubOrigin("rest")
        let scopes = [("read", "see"), ("write", "hide")].map { ProtectedResource.Scope(name: $0.0, tools: [NamePattern($0.1)]) }
        return MCPServer(
            name: "stub", title: nil, version: nil, instructions: nil, offer: offer, hosts: HostRule(names: [], allowsLoopback: true),
            runtime: StubHub().runtime,
            resource: isScoped ? ProtectedResource(identifier: "https://h.test/s", metadataURL: "https://h.test/m", scopes: scopes) : nil)
    }

    private static func caller(_ scopes: Set<String>) -> Principal {
        Principal(consumer: "c", credential: CredentialID(kind: .oauth, name: "c"), scopes: scopes)
    }

    @Test(
        "a page is read by those who see a tool that leads to it, one that was chosen by all, and any other by nobody",
        arguments: [
            ("ui://far/see", ["read"], "far"), ("ui://far/see", ["write"], nil), ("ui://far/hide", ["write"], "far"),
            ("ui://far/hide", ["read"], nil), ("ui://far/chosen", [], "far"), ("ui://far/other", ["read", "write"], nil),
            ("UI://far/other", ["read"], nil), ("file:///etc", ["read"], "rest"), ("x:y", [], "rest"),
        ] as [(String, Set<String>, String?)])
    func reads(uri: String, scopes: Set<String>, origin: String?) {
        let server = Self.server(isScoped: true)
        #expect(server.origin(ofResource: uri, for: Self.caller(scopes))?.name == origin)
    }

    @Test("a page that comes with a tool is listed where all see all tools")
    func lists() {
        func list(isScoped: Bool) -> String { String(buffer: Self.server(isScoped: isScoped).index.resources.bytes(for: .v2026_07_28)) }
        #expect(list(isScoped: false).contains("ui://far/hide"))
        #expect(!list(isScoped: true).contains("ui://far/hide") && list(isScoped: true).contains("ui://far/chosen"))
    }

    @Test("a tool that is for pages alone is listed as its server lists it")
    func appOnly() {
        let listed = String(buffer: Self.server(isScoped: false).listing.tools(for: .v2026_07_28))
        #expect(listed.contains(#""_meta":{"ui":{"resourceUri":"ui://far/hide","visibility":["app"]}}"#))
    }
}
