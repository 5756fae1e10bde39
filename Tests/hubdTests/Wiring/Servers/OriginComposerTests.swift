import HubCore
import HubTelemetry
import Logging
import MCPHub
import NIOCore
import Testing

@testable import hubd

@Suite("What an MCP server has, as its entry shows it")
struct OriginComposerTests {
    private let origin = StubOrigin("docs")

    private func ingredient(_ written: String, _ catalogue: Catalogue) throws -> (Ingredient, [ConfigFinding]) {
        let (settings, problems) = SettingsTestFiles.load("servers: { docs: { mcp: \"https://docs.test/mcp\", \(written) } }")
        #expect(problems == [])
        var findings = FindingCollector()
        let entry = try #require(settings?.servers.first)
        let made = OriginComposer(entry: entry).ingredient(catalogue, origin: origin, problem: nil, &findings)
        return (made, findings.findings)
    }

    @Test("tools are renamed, redescribed and hidden as those of an API are, and calls go by the names that the server gives")
    func changes() async throws {
        let (made, findings) = try ingredient(
            """
            tools: { find: { rename: search, title: Search, description: Looks, risk: read, arguments: { a: { fix: x } } }, drop: { hidden: true } }
            """, .stub(tools: ["find", "drop", "other"], prompts: ["p"], resources: ["r"], templates: ["t"]))
        #expect(findings == [])
        #expect(made.tools.map(\.definition.name) == ["search", "other"])
        let tool = try #require(made.tools.first)
        #expect(tool.definition.title == "Search" && tool.definition.description == "Looks" && tool.definition.risk == .read)
        #expect(
            made.prompts.map(\.name) == ["p"] && made.resources.map(\.uri) == ["test://r"] && made.templates.map(\.uri) == ["test://{t}"])
        let list = ComposedTool.list(made.tools, of: "docs", profile: nil, detail: nil, metrics: HubMetrics(version: "1")).tools
        let context = CallContext(requestID: "1", logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        let response = try await #require(list["search"]).target.perform(
            Call(entry: "docs", tool: "search", arguments: nil), context: context)
        #expect(response.form == .toolResult)
        #expect(origin.requests == [#"{"name":"find","arguments":{"a":"x"}}"#])
    }

    @Test("a change that fits nothing is a warning: what a server has may change at any time")
    func unknown() throws {
        let (made, findings) = try ingredient(
            "tools: { finds: { rename: x }, find: { arguments: { b: { fix: 1 } } }, a: { rename: b } }",
            .stub(tools: ["find", "a", "b"], problems: ["a tool is left out: it has no name"]))
        #expect(made.tools.map(\.definition.name) == ["find", "b"])
        #expect(
            findings.map(\.description) == [
                "hub.yaml:1:25: warning: docs: a tool is left out: it has no name",
                #"hub.yaml:1:102: warning: find of docs has no argument "b" at present"#,
                #"hub.yaml:1:12: warning: docs would have two tools named "b": the second is left out — rename one of them"#,
                #"hub.yaml:1:59: warning: docs has no tool "finds" at present — did you mean "find"?"#,
            ])
    }

    @Test("what the operator says of a server comes before what the server says of itself")
    func instructions() throws {
        var catalogue = Catalogue.stub()
        (catalogue.title, catalogue.version, catalogue.instructions) = ("Docs", "2", "Ask.")
        let (own, _) = try ingredient("share: true", catalogue)
        #expect(own.title == "Docs" && own.version == "2" && own.instructions == "Ask.")
        let (told, _) = try ingredient("description: Documents.", catalogue)
        #expect(told.instructions == "Documents.")
    }
}
