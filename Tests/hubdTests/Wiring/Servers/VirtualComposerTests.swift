import HubCore
import HubTelemetry
import Logging
import MCPHub
import NIOCore
import Testing

@testable import hubd

@Suite("Virtual servers")
struct VirtualComposerTests {
    private let origins = ["docs", "files"].map { StubOrigin($0) }
    private let metrics = HubMetrics(version: "1")

    /// The virtual server `v` with these members, of `docs` and `files`, which are MCP servers, and `pets` and `shop`, which are APIs.
    private func compose(
        _ members: String, docs: VirtualComposer.Part? = nil, files: VirtualComposer.Part? = nil
    ) throws -> (offer: ServerOffer, list: ListReport, findings: [ConfigFinding]) {
        let text = """
            upstreams: { u: { addresses: ["http://a"] } }
            servers:
              docs: { mcp: "https://docs.test/mcp" }
              files: { command: [files] }
              pets: { openapi: pets.yaml, upstream: u }
              shop: { openapi: shop.yaml, upstream: u }
            virtualServers:
              v: { \(members) }
            """
        let (settings, problems) = SettingsTestFiles.load(text)
        #expect(problems == [])
        let entry = try #require(settings?.virtualServers.first)
        let parts = [
            "docs": docs
                ?? .there(ingredient(0, .stub(tools: ["search", "read", "find_x"], prompts: ["ask", "sum"], resources: ["r1", "r2"]))),
            "files": files
                ?? .there(ingredient(1, .stub(tools: ["read", "write"], prompts: ["ask"], resources: ["r2"], templates: ["path"]))),
            "pets": .there(api("pets", ["get_pet", "find_pet", "find_owner"])), "shop": .there(api("shop", ["get_item", "find_pet"])),
        ]
        var findings = FindingCollector()
        let (offer, list, _) = VirtualComposer.compose(entry, of: parts, metrics: metrics, &findings)
        return (offer, list, findings.findings)
    }

    private func ingredient(_ number: Int, _ catalogue: Catalogue, problem: String? = nil) -> Ingredient {
        let origin = origins[number]
        var findings = FindingCollector()
        let place = SourcePlace(file: "hub.yaml")
        guard let remote = RemoteServer("https://a.test/mcp") else { return Ingredient(name: "", tools: [], isRemote: true) }
        let entry = ServerEntry(
            name: origin.name, place: place, description: Placed(value: .mcp(remote), place: place), auth: .unwritten, tools: [])
        var made = OriginComposer(entry: entry).ingredient(catalogue, origin: origin, problem: problem, &findings)
        made.completes = true
        made.logs = true
        made.tellsOfUpdates = true
        return made
    }

    private func api(_ name: String, _ tools: [String]) -> Ingredient {
        Ingredient(
            name: name,
            tools: Catalogue.stub(tools: tools).tools.map {
                ComposedTool(
                    definition: $0.definition, of: $0.definition, target: OriginToolTarget(origin: origins[0], tool: $0.definition.name),
                    fill: nil,
                    server: name)
            }, isRemote: false)
    }

    private func names(_ offer: ServerOffer) -> [String] { offer.tools.tools.map(\.definition.name) }

    @Test(
        "tools stand in the order of the includes and of their patterns; without patterns all of them",
        arguments: [
            ("{ server: pets }", ["get_pet", "find_pet", "find_owner"]),
            ("{ server: pets, tools: [] }", []),
            ("{ server: pets, tools: [\"find_*\", \"get*\"] }", ["find_pet", "find_owner", "get_pet"]),
            ("{ server: pets, tools: [find_owner, \"*\"] }", ["find_owner", "get_pet", "find_pet"]),
            ("{ server: shop, tools: [get_item] }, { server: pets, tools: [get_pet] }", ["get_item", "get_pet"]),
            ("{ server: pets, tools: [get_pet] }, { server: pets }", ["get_pet", "find_pet", "find_owner"]),
            (
                "{ server: pets, prefix: a_ }, { server: docs, tools: [\"*\"], prefix: b- }",
                ["a_get_pet", "a_find_pet", "a_find_owner", "b-search", "b-read", "b-find_x"]
            ),
        ])
    func order(includes: String, tools: [String]) throws {
        let (offer, list, findings) = try compose("include: [ \(includes) ]")
        #expect(names(offer) == tools)
        #expect(list.tools == tools.count)
        #expect(findings == [])
    }

    @Test("prompts and resources come only where they are asked for; a prefix is for names, not for addresses")
    func promptsAndResources() throws {
        let none = try compose("include: [ { server: docs } ]").offer
        #expect(none.prompts.isEmpty && none.resources.isEmpty && none.unlistedResources == nil && !none.completes && !none.tellsOfUpdates)
        #expect(none.logs)
        let (some, _, findings) = try compose(
            "include: [ { server: docs, tools: [], prompts: [sum], resources: [\"test://r2\"], prefix: d_ }, { server: files, resources: [\"*\"] } ]"
        )
        #expect(findings.map(\.message) == [#"docs and files both have a resource "test://r2" for v: that of files is left out"#])
        #expect(some.prompts.map(\.name) == ["d_sum"] && some.prompts.map(\.originalName) == ["sum"])
        #expect(some.resources.map(\.uri) == ["test://r2"] && some.resources.map(\.origin.name) == ["docs"])
        #expect(some.templates.map(\.uri) == ["test://{path}"])
        #expect(some.unlistedResources?.name == "files" && some.completes && some.tellsOfUpdates)
        #expect(names(some) == ["read", "write"])
    }

    @Test("two tools of one name are an error where both come from local descriptions, and the fix is named")
    func localCollision() throws {
        let (offer, _, findings) = try compose("include: [ { server: pets }, { server: shop } ]")
        #expect(names(offer) == ["get_pet", "find_pet", "find_owner", "get_item"])
        #expect(
            findings.map(\.description) == [
                #"hub.yaml:8:47: error: pets and shop both have a tool "find_pet" for v — write prefix: at one of them, or leave one of the two out"#
            ])
    }

    @Test("where one of them may change by itself the first stays, with a warning")
    func remoteCollision() throws {
        let (offer, _, findings) = try compose("include: [ { server: files, tools: [read] }, { server: docs, prompts: [\"*\"] } ]")
        #expect(names(offer) == ["read", "search", "find_x"])
        #expect(findings.map(\.severity) == [.warning])
        #expect(findings.map(\.message) == [#"files and docs both have a tool "read" for v: that of docs is left out"#])
    }

    @Test("changes here go by the names that are shown here, and come before those of the server itself")
    func changes() async throws {
        let (offer, _, findings) = try compose(
            """
            include: [ { server: docs, prefix: d_ } ], tools: { d_search: { rename: look, description: Looks, arguments: { a: { fix: q } } },
              d_read: { hidden: true } }
            """)
        #expect(findings == [])
        #expect(names(offer) == ["look", "d_find_x"])
        #expect(offer.tools["look"]?.definition.description == "Looks")
        let context = CallContext(requestID: "1", logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        _ = try await #require(offer.tools["look"]).target.perform(Call(entry: "v", tool: "look", arguments: nil), context: context)
        #expect(origins[0].requests == [#"{"name":"search","arguments":{"a":"q"}}"#])
        #expect(metrics.prometheusText().contains(#"hubd_calls_total{server="docs",tool="search",outcome="ok"} 1"#))
    }

    @Test(
        "a pattern or a change that fits nothing is said at its place",
        arguments: [
            ("include: [ { server: pets, tools: [get_pets] } ]", #"8:43: warning: pets has no tool "get_pets" — did you mean "get_pet"?"#),
            (
                "include: [ { server: docs, prompts: [asks] } ]",
                #"8:45: warning: docs has no prompt "asks" at present — did you mean "ask"?"#
            ),
            (
                "include: [ { server: pets } ], tools: { get: { hidden: true } }",
                #"8:48: error: v has no tool "get" — changes here go by the names that this server gives, with the prefix"#
            ),
            (
                "include: [ { server: docs } ], tools: { reads: { hidden: true } }",
                #"8:48: warning: v has no tool "reads" at present — did you mean "read"?"#
            ),
            (
                "include: [ { server: pets } ], tools: { get_pet: { arguments: { b: { fix: 1 } } } }",
                #"8:72: error: get_pet has no argument "b""#
            ),
        ])
    func nothing(members: String, complaint: String) throws {
        #expect(try compose(members).findings.map(\.description) == ["hub.yaml:\(complaint)"])
    }

    @Test("a server that is away costs what is of it, and is named; what it had before is still there")
    func away() throws {
        let includes =
            "include: [ { server: docs, tools: [\"*\"] }, { server: pets, tools: [get_pet] } ], tools: { search: { hidden: true } }"
        let (without, _, findings) = try compose(includes, docs: .away)
        #expect(names(without) == ["get_pet"] && without.away == ["docs"])
        #expect(findings == [])
        let stale = VirtualComposer.Part.there(ingredient(0, .stub(tools: ["search", "read"]), problem: "it broke off"))
        let (with, _, _) = try compose(includes, docs: stale)
        #expect(names(with) == ["read", "get_pet"] && with.away == ["docs"])
        let (offline, _, none) = try compose(includes, docs: .unknown)
        #expect(names(offline) == ["get_pet"] && offline.away.isEmpty && none == [])
    }

    @Test("the page of a tool comes with it, asked for or not, and once")
    func pages() throws {
        var catalogue = Catalogue.stub(tools: ["chart", "table", "plain"], resources: ["r1", "r2", "r3"])
        for index in 0..<2 { catalogue.resources[index].uri = "ui://r\(index + 1)" }
        catalogue.tools[0].definition.meta = ByteBuffer(string: #"{"ui":{"resourceUri":"ui://r1"}}"#)
        catalogue.tools[1].definition.meta = ByteBuffer(string: #"{"ui/resourceUri":"ui://r2"}"#)
        catalogue.tools[2].definition.meta = ByteBuffer(string: #"{"ui":{"resourceUri":"test://r3"}}"#)
        catalogue.extensions = [.apps, .tasks]
        let part = VirtualComposer.Part.there(ingredient(0, catalogue))
        let pages = try compose("include: [ { server: docs } ]", docs: part).offer
        #expect(pages.resources.map(\.uri) == ["ui://r1", "ui://r2"] && pages.resources.allSatisfy { $0.comesWithTool })
        #expect(pages.extensions == [.apps, .tasks])
        let all = try compose("include: [ { server: docs, tools: [chart], resources: [r3, r1] } ]", docs: part)
        #expect(all.offer.resources.map(\.uri) == ["ui://r1", "test://r3"] && all.findings == [])
        #expect(!all.offer.resources.contains { $0.comesWithTool })
        #expect(try compose("include: [ { server: docs, tools: [] }, { server: pets } ]", docs: part).offer.extensions == [])
    }

    @Test("names that are too long are cut the same way each time, and a change finds them by either name")
    func longNames() throws {
        let long = String(repeating: "long_", count: 16) + "name"
        let part = VirtualComposer.Part.there(ingredient(0, .stub(tools: [long, long + "r"])))
        let includes = "include: [ { server: docs, prefix: p_ } ]"
        let first = names(try compose(includes, docs: part).offer)
        #expect(first.allSatisfy { $0.utf8.count <= 59 && $0.hasPrefix("p_long_") } && Set(first).count == 2)
        #expect(names(try compose(includes, docs: part).offer) == first)
        for name in ["p_" + long, first[0]] {
            let (offer, _, findings) = try compose(includes + ", tools: { \(name): { rename: short } }", docs: part)
            #expect(names(offer) == ["short", first[1]])
            #expect(findings == [])
        }
    }

    @Test("the list is made for one client, or as short as it is wanted")
    func lists() throws {
        let (offer, list, _) = try compose("include: [ { server: pets } ], list: lazy")
        #expect(names(offer) == ["get_pet", "find_pet", "find_owner", "describe_tool"])
        #expect(list.namesOnly.count == 3)
        let (fitted, _, _) = try compose("include: [ { server: pets, prefix: 1- } ], profile: gemini")
        #expect(names(fitted).allSatisfy { $0.first?.isLetter == true || $0.first == "_" })
    }
}
