import HubCore
import Logging
import NIOCore
import Testing

@testable import MCPHub

@Suite("What scopes open") struct ScopedViewsTests {
    private static let resource = ProtectedResource(
        identifier: "https://hub.test/mcp/s", metadataURL: "https://hub.test/m",
        scopes: [
            ProtectedResource.Scope(name: "read", tools: [NamePattern("get_*"), NamePattern("list")]),
            ProtectedResource.Scope(name: "write", tools: [NamePattern("put"), NamePattern("list")]),
        ])

    private static func caller(_ scopes: Set<String>?) -> Principal {
        Principal(consumer: "c", credential: CredentialID(kind: .oauth, name: "c"), scopes: scopes)
    }

    private static func definition(_ name: String) -> ToolDefinition {
        ToolDefinition(
            name: name, title: nil, description: "Does \(name).", inputSchema: ByteBuffer(string: #"{"type":"object"}"#),
            annotations: ToolAnnotations(), risk: .read,
            operation: "GET /\(name)")
    }

    private static let list = ToolListMaker(profile: nil, detail: .lazy).list(["get_a", "put", "list", "hidden"].map(definition))

    private static var tools: ToolSet {
        let target = StubTarget { _ in CallResponse(status: 200, contentType: "application/json", body: ByteBuffer(string: "1")) }
        return ToolSet(list.listed.map { Tool(definition: $0, target: target) } + [list.describing].compactMap { $0 })
    }

    @Test(
        "a token sees what its scopes open, and what tells of that; any other credential sees everything",
        arguments: [
            (nil, nil), ([], []), (["x"], []), (["read"], ["get_a", "list", "describe_tool"]),
            (["write", "x"], ["put", "list", "describe_tool"]),
            (["read", "write"], ["get_a", "put", "list", "describe_tool"]),
        ] as [(Set<String>?, [String]?)])
    func views(scopes: Set<String>?, names: [String]?) throws {
        let views = try #require(ScopedViews(Self.resource, of: Self.tools))
        for _ in 0..<2 {  // the second time from memory
            #expect(views.view(for: Self.caller(scopes))?.tools.tools.map(\.definition.name) == names)
        }
        #expect(views.view(for: Self.caller(scopes))?.isForAll != true)
    }

    @Test(
        "a call that another scope opens is told which, and one that none opens is not",
        arguments: [
            (["read"], "put", "write"), ([], "list", "read write"), (["write"], "get_a", "read"), (["read"], "get_a", nil),
            (["read"], "hidden", nil), (["read"], "nothing", nil), ([], "describe_tool", nil), (nil, "put", nil),
        ] as [(Set<String>?, String, String?)])
    func challenges(scopes: Set<String>?, tool: String, wanted: String?) throws {
        let views = try #require(ScopedViews(Self.resource, of: Self.tools))
        #expect(
            views.challenge(forCallOf: tool, by: Self.caller(scopes))
                == wanted.map { #"Bearer error="insufficient_scope", resource_metadata="https://hub.test/m", scope="\#($0)""# })
    }

    @Test("the tool that tells of others tells of none that the caller does not see")
    func describing() async throws {
        let views = try #require(ScopedViews(Self.resource, of: Self.tools))
        let visible = try #require(views.view(for: Self.caller(["read"]))?.tools)
        let describe = try #require(visible["describe_tool"])
        let context = CallContext(requestID: "1", logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }, visibleTools: visible)
        func told(_ arguments: String) async throws -> String {
            let call = Call(entry: "s", tool: "describe_tool", arguments: try JSONDocument(parsing: arguments, limits: .message).root)
            return String(buffer: try await describe.target.perform(call, context: context).body.collect(upTo: 1 << 20))
        }
        #expect(try await told(#"{"name":"get_a"}"#).contains("Does get_a."))
        #expect(try await told(#"{"name":["list","put"]}"#).contains(#"{"name":"put","error":"there is no such tool"}"#))
        await #expect(throws: HubError.self) { try await told(#"{"name":"put"}"#) }
    }

    @Test("without scopes there is one view")
    func none() {
        let open = ProtectedResource(identifier: "https://hub.test/mcp/s", metadataURL: "https://hub.test/m", scopes: [])
        #expect(ScopedViews(open, of: Self.tools) == nil)
    }
}
