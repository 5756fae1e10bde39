import HubCore
import NIOCore
import Testing

@testable import SpecIngest

/// Descriptions that are short to write down and long to read.
struct WorkBudgetTests {
    private static func walk(_ text: String, values: Int) throws -> (
        walk: OperationWalk, findings: [IngestFinding], reading: DescriptionReading
    ) {
        let document = try OpenAPIReader.document(ByteBuffer(string: text))
        let files = DescriptionFiles(document)
        let log = FindingLog(files)
        let reading = DescriptionReading(
            root: document.json.root, dialect: .openAPI32, index: ReferenceIndex(files, anchors: [[:]]), log: log,
            budget: WorkBudget(values: values))
        var walk = OperationWalk(reading)
        walk.run()
        return (walk, log.all, reading)
    }

    private static let operations = (0..<10).map { "M\($0): {}" }.joined(separator: ", ")

    @Test("operations that share a parameter are read until the budget is spent; one finding names the first that is left out")
    func sharedParameters() throws {
        let text = "{openapi: 3.2.0, paths: {/x: {parameters: [{name: a, in: query}], additionalOperations: {\(Self.operations)}}}}"
        let (walk, findings, _) = try Self.walk(text, values: 4 * WorkBudget.argument)
        #expect(walk.operations.map(\.method) == ["M0", "M1", "M2", "M3"])
        #expect(walk.count == 10)
        #expect(findings.map(\.kind) == [.skippedOperation])
        #expect(findings.first?.operation == "M4 /x")
        #expect(findings.first?.message.contains("repeats itself") == true)
    }

    @Test("a path that many refer to is followed until the budget is spent")
    func sharedPaths() throws {
        let paths = (0..<10).map { "/x\($0): {$ref: '#/x-item'}" }.joined(separator: ", ")
        let text = "{openapi: 3.2.0, paths: {\(paths)}, x-item: {get: {parameters: [{name: a, in: query}]}}}"
        let (walk, findings, _) = try Self.walk(text, values: 4 * WorkBudget.argument)
        #expect(walk.operations.count == 4)
        #expect(findings.contains { $0.kind == .unresolvedReference && $0.operation == "/x9" })
    }

    @Test("tools whose bodies have the same members are made until the budget is spent")
    func sharedBodies() throws {
        let operations = (0..<10).map { "M\($0): {requestBody: {$ref: '#/x-body'}}" }.joined(separator: ", ")
        let text = """
            {openapi: 3.2.0, paths: {/x: {additionalOperations: {\(operations)}}},
             x-body: {content: {application/json: {schema: {properties: {a: {}, b: {}, c: {}}}}}}}
            """
        let (walk, _, reading) = try Self.walk(text, values: 10 * WorkBudget.argument)
        #expect(walk.operations.count == 10)
        reading.budget.renew()
        var builder = ToolBuilder(reading, SecurityReader(reading))
        let tools = walk.operations.map { builder.build($0, named: $0.method) }
        #expect(tools.map { $0 != nil } == [true, true, true, true] + Array(repeating: false, count: 6))
        #expect(reading.log.all.filter { $0.kind == .skippedOperation }.map(\.operation) == ["M4 /x"])
    }

    @Test("a large schema that many tools share is written out in some and left open in the rest")
    func sharedSchema() throws {
        let properties = (0..<4_000).map { #""a_property_of_some_length_\#($0)":{"type":"string"}"# }.joined(separator: ",")
        let body = ##"{"requestBody":{"content":{"application/json":{"schema":{"$ref":"#/components/schemas/S"}}}}}"##
        let paths = (0..<400).map { #""/x\#($0)":{"post":\#(body)}"# }.joined(separator: ",")
        let text = #"{"openapi":"3.1.0","paths":{\#(paths)},"components":{"schemas":{"S":{"oneOf":[{"properties":{\#(properties)}},{}]}}}}"#
        let description = try Description(text)
        let sizes = description.api.operations.map(\.tool.inputSchema.readableBytes)
        #expect(sizes.count == 400)
        #expect(sizes.reduce(0, +) < 33 << 20)
        #expect(sizes.first ?? 0 > 100_000)
        #expect(sizes.last ?? .max < 5_000)
        #expect(description.api.findings.contains { $0.message.contains("too large") })
    }

    @Test("a reference leads to any element of a list", arguments: [0, 11, 12, 13, 299])
    func elements(position: Int) throws {
        let list = (0..<300).map { #"{"const":\#($0)}"# }.joined(separator: ",")
        let text = """
            {"openapi":"3.1.0","x-list":[\(list)],"paths":{"/x":{"get":{"parameters":[
              {"name":"a","in":"query","schema":{"$ref":"#/x-list/\(position)"}},{"name":"b","in":"query","schema":{"$ref":"#/x-list/300"}}]}}}}
            """
        let description = try Description(text)
        #expect(try description.schema(argument: "a") == #"{"const":\#(position)}"#)
        #expect(description.api.findings.map(\.kind) == [.unresolvedReference])
    }

    @Test("a name of 1,024 bytes is taken and a longer one left out")
    func names() throws {
        let name = String(repeating: "n", count: 1_024)
        let parameters = #"[{"name":"\#(name)","in":"query"},{"name":"\#(name)n","in":"query"}]"#
        let body = #"{"content":{"application/json":{"schema":{"properties":{"\#(name)":{},"\#(name)n":{}}}}}}"#
        let description = try Description(method: "post", operation: #"{"parameters":\#(parameters),"requestBody":\#(body)}"#)
        #expect(try description.operation().arguments.map(\.wireName) == [name, name])
        #expect(description.api.findings.map(\.kind) == [.dropped, .dropped])
    }

    @Test("of many media types of one body the first 64 are looked at")
    func mediaTypes() throws {
        let types = (0..<64).map { #""application/x-\#($0)":{}"# }.joined(separator: ",")
        let last = #""application/json":{"schema":{"properties":{"a":{}}}}"#
        let description = try Description(method: "post", operation: #"{"requestBody":{"content":{\#(types),\#(last)}}}"#)
        #expect(description.api.findings.map(\.kind) == [.dropped])
        #expect(try description.operation().arguments.map(\.wireName) == [""])
    }

    @Test("a server whose variables make it longer than 8 KiB is not used", arguments: [8, 9])
    func variables(count: Int) throws {
        let url = "https://x.test/" + String(repeating: "{v}", count: count)
        let value = String(repeating: "a", count: 1_000)
        let operation = #"{"servers":[{"url":"\#(url)","variables":{"v":{"default":"\#(value)"}}}]}"#
        let server = try Description(operation: operation).operation().server
        switch server {
        case .absolute: #expect(count == 8)
        case .unusable(_, let reason):
            #expect(count == 9)
            #expect(reason.contains("longer than 8192 bytes"))
        case .relative, .none: Issue.record("the server is read as \(server)")
        }
    }

    @Test("a text that declares more than a thousand tags is refused at once, with the place", arguments: [1_000, 1_001])
    func directives(count: Int) {
        let text = (0..<count).map { "%TAG !\($0)! tag:x\($0)\n" }.joined() + "---\nopenapi: 3.1.0\npaths: {}\n"
        let error = refusal(of: text)
        if count == 1_000 {
            #expect(error == nil)
        } else {
            #expect(error?.message.contains("more than 1000 tags") == true)
            #expect(error?.position == SourcePosition(line: 1_001, column: 1))
        }
    }

    @Test("a number of more digits than its readers take is left out of a schema")
    func digits() throws {
        let long = String(repeating: "9", count: 401)
        for schema in [
            #"{"minimum":\#(long)}"#, #"{"minLength":\#(long)}"#, #"{"enum":[\#(long)]}"#, #"{"const":\#(long)}"#, #"{"default":\#(long)}"#,
        ] {
            let description = try Description(operation: #"{"parameters":[{"name":"a","in":"query","schema":\#(schema)}]}"#)
            #expect(try description.schema(argument: "a") == "{}")
        }
        let list = "[" + String(repeating: "1,", count: 500) + "1]"
        let description = try Description(operation: #"{"parameters":[{"name":"a","in":"query","schema":{"const":\#(list)}}]}"#)
        #expect(try description.schema(argument: "a") == #"{"const":\#(list)}"#)
    }

    @Test("an enumeration of more than 64 KiB is left out")
    func longEnumeration() throws {
        let value = String(repeating: "v", count: 64 << 10)
        let description = try Description(operation: #"{"parameters":[{"name":"a","in":"query","schema":{"enum":["\#(value)"]}}]}"#)
        #expect(try description.schema(argument: "a") == "{}")
        #expect(description.api.findings.map(\.kind) == [.repaired])
    }

    @Test("an operation that is left out is named, however many smaller things were found before")
    func skippedAreNamed() throws {
        let parameters = (0..<2_500).map { #"{"name":"p\#($0)","in":"body"}"# }.joined(separator: ",")
        let paths = #""/x":{"get":{"parameters":[\#(parameters)]}},"/../y":{"get":{}}"#
        let findings = try Description(#"{"openapi":"3.1.0","paths":{\#(paths)}}"#).api.findings
        #expect(findings.filter { $0.kind == .dropped }.count == 2_000)
        #expect(findings.filter { $0.kind == .skippedOperation }.map(\.operation) == ["GET /../y"])
        #expect(findings.last?.message == "500 more findings are not listed")
    }
}
