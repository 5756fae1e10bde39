import HubCore
import Logging
import NIOCore
import Testing

@testable import MCPHub

@Suite("Lists of tools")
struct ToolListMakerTests {
    private static let deep =
        #"{"type":"object","properties":{"id":{"type":"integer","minimum":1},"filter":{"type":"object","properties":{"\#(String(repeating: "x", count: 400))":{"type":"string"},"y":{"type":"object","properties":{"z":{"type":"object","properties":{"w":{"type":"object","properties":{"\#(String(repeating: "v", count: 400))":{}}}}}}}}}},"required":["id"],"additionalProperties":false}"#
    private static let small = #"{"type":"object","properties":{"id":{"type":"string"}},"additionalProperties":false}"#

    private static func definition(_ name: String, _ schema: String = small) -> ToolDefinition {
        ToolDefinition(
            name: name, title: "Title of \(name)", description: "What \(name) does. And more of it than anybody wants to read in a list.",
            inputSchema: ByteBuffer(string: schema), outputSchema: ByteBuffer(string: #"{"type":"array","items":{"type":"integer"}}"#),
            annotations: ToolAnnotations(readOnly: true, destructive: false, idempotent: true, openWorld: true), risk: .read,
            operation: "GET /\(name)")
    }

    private static func list(_ definitions: [ToolDefinition], _ detail: ListDetail, _ profile: ClientProfile? = nil) -> ToolListMaker.List {
        ToolListMaker(profile: profile, detail: detail).list(definitions)
    }

    private static func tools(_ definitions: [ToolDefinition]) -> ToolSet {
        ToolSet(
            definitions.map { definition in
                Tool(
                    definition: definition,
                    target: StubTarget { call in
                        guard call.arguments?["id"] != nil else {
                            throw HubError(.invalidArguments, "argument \"id\" is missing", argument: "id")
                        }
                        guard call.arguments?["other"] == nil else { throw HubError(.invalidArguments, "there is no argument \"other\"") }
                        return CallResponse(
                            status: 200, contentType: "application/json", body: ByteBuffer(string: "\"\(definition.name)\""))
                    })
            })
    }

    private static func serve(_ definitions: [ToolDefinition], _ detail: ListDetail, _ profile: ClientProfile? = nil) -> ToolSet {
        let list = list(definitions, detail, profile)
        let served = tools(definitions).tools.enumerated().map { number, tool in
            Tool(definition: list.listed[number], target: PolicyChain([list.hint(number)].compactMap { $0 }, around: tool.target))
        }
        return ToolSet(served + [list.describing].compactMap { $0 })
    }

    private static func call(_ tools: ToolSet, _ name: String, _ arguments: String) async throws -> String {
        let call = Call(entry: "s", tool: name, arguments: try JSONDocument(parsing: arguments, limits: .message).root)
        let target = try #require(tools[name]).target
        let context = CallContext(requestID: "1", logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        return String(buffer: try await target.perform(call, context: context).body.collect(upTo: 1 << 20))
    }

    private static func refusal(_ tools: ToolSet, _ name: String, _ arguments: String) async throws -> String {
        do {
            return try await call(tools, name, arguments)
        } catch let error as HubError {
            return error.message
        }
    }

    @Test("the whole list is as it was")
    func full() {
        let definitions = [Self.definition("a"), Self.definition("b", Self.deep)]
        let list = Self.list(definitions, .full)
        #expect(list.listed == definitions)
        #expect(list.short.isEmpty && list.describing == nil)
        #expect(list.report.bytes == list.report.fullBytes)
        #expect(Self.serve(definitions, .full).tools.count == 2)
    }

    @Test("a name that a client's limit changed leads to the tool it was made of")
    func names() async throws {
        let long = String(repeating: "n", count: 60)
        let tools = Self.serve([Self.definition(long + "1"), Self.definition(long + "2")], .full, .cursor)
        #expect(tools[long + "1"] == nil)
        for (number, tool) in tools.tools.enumerated() {
            #expect(tool.definition.name.count == 48)
            #expect(try await Self.call(tools, tool.definition.name, #"{"id":1}"#) == "\"\(long)\(number + 1)\"")
        }
    }

    @Test("a lazy list has names, and a tool that tells the rest")
    func lazy() async throws {
        let tools = Self.serve([Self.definition("a"), Self.definition("b", Self.deep)], .lazy)
        #expect(tools.tools.map(\.definition.name) == ["a", "b", "describe_tool"])
        #expect(tools.tools[1].definition == Self.definition("b", Self.deep).lazy)
        #expect(try await Self.call(tools, "b", #"{"id":1}"#) == #""b""#)
        let one = try await Self.call(tools, "describe_tool", #"{"name":"b"}"#)
        #expect(one.hasPrefix(#"{"tools":[{"name":"b","title":"Title of b","description":"What b does. And more of it"#))
        #expect(one.contains(#""inputSchema":\#(Self.deep)"#) && one.contains(#""returns":"[integer]""#))
        let several = try await Self.call(tools, "describe_tool", #"{"name":["b","gone","a","b"]}"#)
        let root = try JSONDocument(parsing: several, limits: .message).root
        #expect(root["tools"]?.elements.map { $0["name"]?.string } == ["b", "gone", "a"])
        #expect(root["tools"]?.elements.map { $0["error"] != nil } == [false, true, false])
        #expect(!one.contains("outputSchema"))
        #expect(
            try await Self.call(tools, "describe_tool", #"{"name":"b","output":true}"#).contains(
                #""returns":"[integer]","outputSchema":{"type":"array","#))
        #expect(try await Self.call(tools, "describe_tool", #"{"name":"[\"a\"]"}"#).hasPrefix(#"{"tools":[{"name":"a""#))
    }

    @Test(
        "the tool that describes others says what is wrong with its own arguments",
        arguments: [
            (#"{}"#, #"argument "name" is missing"#), (#"{"name":7}"#, #"argument "name" must be"#),
            (#"{"name":[]}"#, #"argument "name" must be"#),
            (#"{"name":["a",1]}"#, #"argument "name" must be"#),
            (#"{"names":["a"]}"#, #"there is no argument "names"; there are "name" and "output""#),
            (#"{"name":"gone"}"#, #"there is no tool "gone""#),
        ])
    func refusals(arguments: String, message: String) async throws {
        let tools = Self.serve([Self.definition("a")], .lazy)
        #expect(try await Self.refusal(tools, "describe_tool", arguments).hasPrefix(message))
    }

    @Test("the tool that describes others takes no real tool's name")
    func clash() async throws {
        let tools = Self.serve([Self.definition("describe_tool"), Self.definition("describe_tool_2")], .lazy)
        #expect(tools.tools.map(\.definition.name) == ["describe_tool", "describe_tool_2", "describe_tool_3"])
        #expect(try await Self.call(tools, "describe_tool", #"{"id":1}"#) == #""describe_tool""#)
    }

    @Test("who got the arguments of a lazy tool wrong is told their schema")
    func hints() async throws {
        let tools = Self.serve([Self.definition("a", Self.deep)], .lazy)
        #expect(
            try await Self.refusal(tools, "a", "{}")
                == "argument \"id\" is missing\nSchema of \"id\": {\"type\":\"integer\",\"minimum\":1}")
        let other = try await Self.refusal(tools, "a", #"{"id":1,"other":2}"#)
        #expect(other == "there is no argument \"other\"\nSchema of the arguments: " + Self.deep)
        let full = Self.serve([Self.definition("a", Self.deep)], .full)
        #expect(try await Self.refusal(full, "a", "{}") == #"argument "id" is missing"#)
    }

    @Test("a hint has what its references lead to, and is bounded")
    func hintBounds() async throws {
        let members = (0..<200).map { ##""m\##($0)":{"$ref":"#/$defs/x","description":"Member number \##($0)"}"## }.joined(separator: ",")
        let schema =
            ##"{"type":"object","properties":{"id":{"$ref":"#/$defs/x"},\##(members)},"$defs":{"x":{"type":"object","properties":{"y":{"type":"string"}}}}}"##
        let tools = Self.serve([Self.definition("a", schema)], .lazy)
        #expect(
            try await Self.refusal(tools, "a", "{}").hasSuffix(
                ##""id": {"$ref":"#/$defs/x","$defs":{"x":{"type":"object","properties":{"y":{"type":"string"}}}}}"##))
        #expect(try await Self.refusal(tools, "a", #"{"id":1,"other":1}"#).utf8.count < 2_200)
    }

    @Test("a list that fits its budget is whole")
    func fits() {
        let definitions = [Self.definition("a"), Self.definition("b", Self.deep)]
        let list = Self.list(definitions, .within(tokens: 5_000))
        #expect(list.listed == definitions && list.short.isEmpty && list.describing == nil)
        #expect(!list.report.isOverBudget)
    }

    @Test("above a budget the largest schemas are shortened first, and say so")
    func shortened() async throws {
        let definitions = (0..<20).map { Self.definition("s\($0)") } + (0..<10).map { Self.definition("d\($0)", Self.deep) }
        let full = Self.list(definitions, .full).report
        let tokens = ListReport.tokens(ofBytes: full.bytes) - 500
        let list = Self.list(definitions, .within(tokens: tokens))
        #expect(Array(list.listed.prefix(20)) == Array(definitions.prefix(20)))
        #expect(list.report.shortened == (0..<10).map { "d\($0)" } && list.report.namesOnly.isEmpty)
        #expect(ListReport.tokens(ofBytes: list.report.bytes) <= tokens)
        #expect(list.listed[20].description.hasSuffix("(Arguments shortened: see describe_tool.)"))
        #expect(list.listed[20].inputSchema.readableBytes < Self.deep.utf8.count)
        let served = Self.serve(definitions, .within(tokens: tokens))
        #expect(try await Self.call(served, "describe_tool", #"{"name":"d3"}"#).contains(Self.deep))
        #expect(try await Self.refusal(served, "d3", "{}").contains("Schema of"))
        #expect(try await !Self.refusal(served, "s3", "{}").contains("Schema of"))
    }

    @Test("where that is not enough, tools are listed by name, and no more of them than it takes")
    func namesOnly() {
        let definitions = (0..<20).map { Self.definition("s\($0)") } + (0..<10).map { Self.definition("d\($0)", Self.deep) }
        let list = Self.list(definitions, .within(tokens: 1_800))
        #expect((1..<30).contains(list.report.namesOnly.count))
        #expect(ListReport.tokens(ofBytes: list.report.bytes) <= 1_800)
        #expect(ListReport.tokens(ofBytes: list.report.bytes) > 1_700)
        #expect(list.report.namesOnly.count + list.report.shortened.count == list.short.count)
        let again = Self.list(definitions, .within(tokens: 1_800))
        #expect(again.listed == list.listed && again.report == list.report)
    }

    @Test("a budget that not even names fit is kept as nearly as can be, and reported", arguments: [1, 100, 1_000_000_000])
    func overBudget(tokens: Int) {
        let definitions = (0..<200).map { Self.definition("s\($0)") }
        let list = Self.list(definitions, .within(tokens: tokens))
        #expect(list.report.isOverBudget == (tokens < 1_000))
        if tokens < 1_000 { #expect(list.report.namesOnly.count == 200) }
    }

    @Test("the size is that of the list as it is sent, to the byte and two brackets")
    func size() throws {
        for detail in [ListDetail.full, .lazy, .within(tokens: 1_000)] {
            let definitions = (0..<20).map { Self.definition("s\($0)") } + (0..<4).map { Self.definition("d\($0)", Self.deep) }
            let report = Self.list(definitions, detail).report
            let sent = ToolListing(Self.serve(definitions, detail).tools.map(\.definition)).tools(for: .v2026_07_28)
            #expect(sent.readableBytes == report.bytes + 1)
            #expect(try JSONDocument(parsing: sent, limits: .payload).root.count == report.tools)
        }
    }

    @Test("a client's list is within its limits also where it is lazy", arguments: ClientProfile.allCases)
    func profiles(profile: ClientProfile) throws {
        let served = Self.serve([Self.definition("a")], .lazy, profile)
        let describing = try #require(served.tools.last).definition
        #expect(String(buffer: describing.inputSchema).hasPrefix(#"{"type":"object","properties":{"name":{"#))
        #expect(profile.names([describing.name]) == [describing.name])
    }
}
