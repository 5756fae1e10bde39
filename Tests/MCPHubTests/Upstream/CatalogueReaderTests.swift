import HubCore
import NIOCore
import Testing

@testable import MCPHub

@Suite("What is read of a server's lists")
struct CatalogueReaderTests {
    private func read(_ list: CatalogueList, _ items: String, revision: ProtocolRevision = .v2026_07_28) throws -> Catalogue {
        var reader = CatalogueReader(.of(revision))
        for item in try json(items).root.elements { reader.take(item, of: list) }
        return reader.result
    }

    private func text(_ bytes: ByteBuffer?) -> String? { bytes.map { String(buffer: $0) } }

    @Test("a tool keeps its words, its schemas, its pictures and what others put into its _meta")
    func tool() throws {
        let catalogue = try read(
            .tools,
            #"""
            [{"name":"find","title":"Find","description":"Finds.","inputSchema":{"type":"object", "properties":{}},
              "outputSchema":{"type":"array"},"annotations":{"readOnlyHint":true,"title":"No"},"icons":[{"src":"a:b"},{"href":"c"}],
              "_meta":{"ui":{"resourceUri":"ui://x"},"io.modelcontextprotocol/serverInfo":{},"x":1}}]
            """#)
        let tool = try #require(catalogue.tools.first)
        #expect(tool.definition.title == "Find")
        #expect(tool.definition.description == "Finds.")
        #expect(text(tool.definition.inputSchema) == #"{"type":"object","properties":{}}"#)
        #expect(text(tool.definition.outputSchema) == #"{"type":"array"}"#)
        #expect(tool.definition.listsOutputSchema)
        #expect(text(tool.definition.icons) == #"[{"src":"a:b"}]"#)
        #expect(text(tool.definition.meta) == #"{"ui":{"resourceUri":"ui://x"},"x":1}"#)
        #expect(tool.definition.operation == "tools/call find")
        #expect(catalogue.problems.isEmpty)
        #expect(catalogue.title == "Stub" && catalogue.version == "7" && catalogue.instructions == "Use it.")
    }

    @Test(
        "what a tool may do is taken from its hints, at worst everything",
        arguments: [
            (#"{"readOnlyHint":true,"destructiveHint":true}"#, Risk.read), (#"{"destructiveHint":false}"#, .write),
            (#"{"readOnlyHint":false}"#, .destructive),
            (#"{"readOnlyHint":"yes"}"#, .destructive), ("[]", .destructive), ("null", .destructive),
        ])
    func risk(annotations: String, risk: Risk) throws {
        let catalogue = try read(.tools, #"[{"name":"t","inputSchema":{"type":"object"},"annotations":\#(annotations)}]"#)
        #expect(catalogue.tools.first?.definition.risk == risk)
    }

    @Test(
        "a malformed tool costs itself and is named",
        arguments: [
            ("7", "tool 1 is left out: it is no object"), ("{}", "tool 1 is left out: it has no name"),
            (#"{"name":"a\u0000","inputSchema":{}}"#, "tool 1 is left out: it has no name"),
            (#"{"name":"a"}"#, #"tool "a" is left out: its inputSchema is no object"#),
            (#"{"name":"a","inputSchema":{"type":"string"}}"#, #"tool "a" is left out: its inputSchema is not of the type object"#),
            (#"{"name":"ok","inputSchema":{"type":"object"}}"#, nil),
        ])
    func malformed(item: String, problem: String?) throws {
        let catalogue = try read(.tools, #"[\#(item),{"name":"ok","inputSchema":{}}]"#)
        #expect(catalogue.tools.map(\.definition.name) == ["ok"])
        #expect(text(catalogue.tools.first?.definition.inputSchema) == #"{"type":"object"}"#)
        #expect(catalogue.problems == [problem ?? #"tool "ok" is left out: there is one before it of that name"#])
    }

    @Test("a tool of 2025-11-25 that is called only as a task is left out")
    func taskOnly() throws {
        let items = #"[{"name":"slow","inputSchema":{"type":"object"},"execution":{"taskSupport":"required"}}]"#
        #expect(try read(.tools, items, revision: .v2025_11_25).tools.isEmpty)
        #expect(try read(.tools, items).tools.count == 1)
    }

    @Test(
        "arguments that travel in headers are found; one annotation that breaks a rule costs the tool",
        arguments: [
            (
                #"{"type":"object","properties":{"r":{"type":"string","x-mcp-header":"Region"},"o":{"properties":{"n":{"type":"integer","x-mcp-header":"N"}}}}}"#,
                "N=o.n Region=r"
            ),
            (#"{"type":"object","properties":{"x-mcp-header":{"type":"string"}}}"#, ""),
            (#"{"type":"object","properties":{"r":{"type":"string","default":{"x-mcp-header":"A"}}}}"#, ""),
            (#"{"type":"object","x-mcp-header":"A"}"#, nil),
            (#"{"type":"object","properties":{"r":{"type":"number","x-mcp-header":"A"}}}"#, nil),
            (#"{"type":"object","properties":{"r":{"type":["string"],"x-mcp-header":"A"}}}"#, nil),
            (#"{"type":"object","properties":{"r":{"type":"string","x-mcp-header":"A B"}}}"#, nil),
            (#"{"type":"object","properties":{"r":{"type":"string","x-mcp-header":""}}}"#, nil),
            (#"{"type":"object","properties":{"r":{"type":"string","x-mcp-header":7}}}"#, nil),
            (#"{"type":"object","properties":{"r":{"type":"string","x-mcp-header":"A"},"s":{"type":"string","x-mcp-header":"a"}}}"#, nil),
            (#"{"type":"object","properties":{"r":{"items":{"type":"string","x-mcp-header":"A"}}}}"#, nil),
            (#"{"type":"object","$defs":{"d":{"properties":{"r":{"type":"string","x-mcp-header":"A"}}}}}"#, nil),
            (#"{"type":"object","anyOf":[{"properties":{"r":{"type":"string","x-mcp-header":"A"}}}]}"#, nil),
        ])
    func headers(schema: String, expected: String?) throws {
        let catalogue = try read(.tools, #"[{"name":"t","inputSchema":\#(schema)}]"#)
        let found = catalogue.tools.first.map {
            $0.mirrored.map { "\($0.header)=\($0.path.joined(separator: "."))" }.joined(separator: " ")
        }
        #expect(found == expected)
        #expect(catalogue.problems.count == (expected == nil ? 1 : 0))
    }

    @Test("a header says what the argument says, and nothing where it is not there")
    func mirroredText() throws {
        let arguments = try json(#"{"s":"é","i":42,"b":false,"n":null,"o":{"d":"x"},"a":[]}"#).root
        let texts = [["s"], ["i"], ["b"], ["n"], ["o", "d"], ["a"], ["o"], ["s", "d"], ["z"]].map {
            MirroredArgument(header: "H", path: $0).text(in: arguments)
        }
        #expect(texts == ["é", "42", "false", nil, "x", nil, nil, nil, nil])
        #expect(MirroredArgument(header: "H", path: ["s"]).text(in: nil) == nil)
    }

    @Test("prompts, resources and templates keep their members, without malformed ones and without what is about one hop")
    func items() throws {
        let prompts = try read(
            .prompts,
            #"""
            [{"name":"p","title":7,"description":null,"arguments":[{"name":"a","required":true}],"_meta":{"dev.mcp/x":1}},
             {"name":"q","arguments":[{"title":"no name"}]},{"name":"p"}]
            """#)
        #expect(prompts.prompts.map { text($0.members) } == [#"{"arguments":[{"name":"a","required":true}]}"#])
        #expect(
            prompts.problems == [
                #"prompt "p" has malformed members, which are left out: title"#, #"prompt "q" is left out: its arguments are malformed"#,
                #"prompt "p" is left out: there is one before it of that name"#,
            ])
        let resources = try read(
            .resources,
            #"[{"uri":"a:1","name":"A","size":3,"annotations":{"audience":["nobody"]},"extra":[1]},{"uri":"a:2"},{"name":"no uri"},{"uri":"a:1","name":"B"}]"#
        )
        #expect(resources.resources.map(\.name) == ["A", "a:2"])
        #expect(text(resources.resources.first?.members) == #"{"size":3,"extra":[1]}"#)
        #expect(resources.problems.count == 3)
        let templates = try read(.templates, #"[{"uriTemplate":"a:{x}","name":"T","mimeType":"text/plain"}]"#)
        #expect(
            templates.templates.first == Catalogue.Item(name: "T", uri: "a:{x}", members: ByteBuffer(string: #"{"mimeType":"text/plain"}"#))
        )
    }

    @Test(
        "members of _meta that are the protocol's own are known by the labels of their prefix",
        arguments: [
            ("io.modelcontextprotocol/x", true), ("dev.mcp/x", true), ("modelcontextprotocol.io/x", true), ("tools.mcp.com/x", true),
            ("com.example.mcp/x", false), ("com.example/x", false), ("mcp", false), ("mcp/x", false), ("progressToken", false),
            ("ui/resourceUri", false),
        ])
    func reserved(name: String, isReserved: Bool) { #expect(ReservedMeta.isReserved(name) == isReserved) }

    @Test("a thousand problems are a hundred lines and a number")
    func boundedProblems() throws {
        let catalogue = try read(.tools, "[" + Array(repeating: "1", count: 1000).joined(separator: ",") + "]")
        #expect(catalogue.problems.count == ItemProblems.maximum + 1)
        #expect(catalogue.problems.last == "and 900 more")
    }

    @Test("the same lists in another order of pages are the same catalogue; another word is another")
    func equality() throws {
        let one = try read(.tools, #"[{"name":"t","inputSchema":{"type":"object"}}]"#)
        let same = try read(.tools, #"[ {"name":"t", "inputSchema":{ "type":"object"}} ]"#)
        let other = try read(.tools, #"[{"name":"t","description":"d","inputSchema":{"type":"object"}}]"#)
        #expect(one == same)
        #expect(one != other)
    }

    @Test("no shape of an item, and no place for it, breaks the reader")
    func anyShape() throws {
        var random = SplitMix(state: 20_261_201)
        for _ in 0..<3_000 {
            let item = random.value(depth: 4)
            let document = try json(item)
            for list in CatalogueList.allCases {
                var reader = CatalogueReader(.of(random.next() % 2 == 0 ? .v2026_07_28 : .v2024_11_05))
                reader.take(document.root, of: list)
                reader.take(document.root, of: list)
                let result = reader.result
                #expect(result.tools.count + result.prompts.count + result.resources.count + result.templates.count <= 1)
                #expect(!result.problems.isEmpty, "\(item)")
                for item in result.prompts + result.resources + result.templates {
                    let names = try JSONDocument(parsing: item.members, limits: .payload).root.members.map { $0.name.string }
                    #expect(Set(names).count == names.count)
                }
                for tool in result.tools {
                    #expect(try JSONDocument(parsing: tool.definition.inputSchema, limits: .payload).root["type"]?.string == "object")
                }
            }
        }
    }
}

/// Makes JSON out of the words that the reader looks for, the same in every run.
private struct SplitMix: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }

    private static let names = [
        "name", "uri", "uriTemplate", "title", "description", "inputSchema", "outputSchema", "type", "properties", "items", "anyOf",
        "$defs",
        "x-mcp-header", "annotations", "readOnlyHint", "icons", "src", "sizes", "_meta", "io.modelcontextprotocol/x", "arguments",
        "required",
        "size", "mimeType", "execution", "taskSupport", "audience", "priority", "", "/", "a/",
    ]
    private static let scalars = [
        "null", "true", "false", "0", "-1.5e300", "\"object\"", "\"string\"", "\"\"", "\"x\"", "\"required\"", "\"\\u0000\"", "\"user\"",
        "\"Region\"",
    ]

    mutating func value(depth: Int) -> String {
        switch depth > 0 ? next() % 8 : 7 {
        case 0...4:
            let members = (0..<next() % 7).map { _ in "\"\(Self.names.randomElement(using: &self) ?? "")\":\(value(depth: depth - 1))" }
            return "{" + members.joined(separator: ",") + "}"
        case 5: return "[" + (0..<next() % 4).map { _ in value(depth: depth - 1) }.joined(separator: ",") + "]"
        default: return Self.scalars.randomElement(using: &self) ?? "null"
        }
    }
}
