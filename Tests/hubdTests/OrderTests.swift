import Crypto
import HTTPTypes
import HubCore
import HubTelemetry
import Logging
import MCPHub
import NIOCore
import Testing

@testable import hubd

@Suite("Orders")
struct OrderTests {
    @Test("a request passes the checks in this order")
    func checks() {
        #expect(PublicResponder.checks.map { "\(type(of: $0))" } == ["HostCheck", "AddressCheck"])
    }

    @Test("a call passes the policies in this order")
    func policies() {
        let fills = [ToolOverride.filling].compactMap { $0 }
        let hint = ToolListMaker(profile: nil, detail: .lazy).list([ToolOverride.tool]).hint(0)
        let metrics = HubMetrics(version: "1")
        let order = ComposedTool.policies(server: "s", tool: "t", hint: hint, fills: fills, metrics: metrics)
        #expect(order.map { "\(type(of: $0))" } == ["CallMetrics", "SchemaHint", "ArgumentFill"])
        #expect(ComposedTool.policies(server: "s", tool: "t", hint: nil, fills: [], metrics: metrics).count == 1)
        let models = ModelComposer.policies(api: "a", toolLimit: 3, metrics: HubMetrics(version: "1"))
        #expect(models.map { "\(type(of: $0))" } == ["ModelCallMetrics", "ToolSelection"])
        #expect(ModelComposer.policies(api: "a", toolLimit: nil, metrics: HubMetrics(version: "1")).count == 1)
    }
}

extension ToolOverride {
    /// What a fixed argument adds to a call.
    fileprivate static var filling: ArgumentFill? {
        var change = ToolOverride()
        change.arguments = ["a": .init(fixed: .integer(1))]
        return change.apply(to: tool).fill
    }

    fileprivate static let tool = ToolDefinition(
        name: "t", description: "", inputSchema: ByteBuffer(string: #"{"type":"object","properties":{"a":{}}}"#),
        annotations: ToolAnnotations(), risk: .read, operation: "GET /")
}

@Suite("Paths of entries")
struct EntryPathTests {
    @Test(
        "a path names an entry and what follows",
        arguments: [
            ("/mcp/a", "a", ""), ("/mcp/a/", "a", "/"), ("/mcp/a/sse", "a", "/sse"), ("/mcp/a//x", "a", "//x"), ("/mcp/%61", "%61", ""),
        ])
    func splits(path: String, name: String, subpath: String) throws {
        let (key, rest) = try #require(EntryPath.split(path[...]))
        #expect(key == EntryKey(kind: .mcp, name: name))
        #expect(rest == subpath[...])
    }

    @Test(
        "a path names a Model API, the one called default also without its name",
        arguments: [
            ("/models/a/v1/chat/completions", "a", "/v1/chat/completions"), ("/models/a", "a", ""),
            ("/v1/chat/completions", "default", "/v1/chat/completions"), ("/v1", "default", "/v1"), ("/v1/", "default", "/v1/"),
        ])
    func models(path: String, name: String, subpath: String) throws {
        let (key, rest) = try #require(EntryPath.split(path[...]))
        #expect(key == EntryKey(kind: .models, name: name))
        #expect(rest == subpath[...])
    }

    @Test(
        "other paths name none",
        arguments: [
            "/v1x", "/v10/chat", "/V1/chat", "/models", "/models/", "/", "", "/mcp", "/mcp/", "/mcp//a", "//mcp/a", "mcp/a", "/MCP/a",
            "/other/a",
        ])
    func refuses(path: String) {
        #expect(EntryPath.split(path[...]) == nil)
    }
}
