import HubCore
import NIOCore
import SpecIngest
import Testing

struct SchemaTests {
    private static func shaped(_ schema: String, openapi: String = "3.1.0") throws -> String {
        try Description(openapi: openapi, operation: #"{"operationId":"op","parameters":[{"name":"q","in":"query","schema":\#(schema)}]}"#)
            .schema(argument: "q")
    }

    @Test(
        "a schema of 3.0 becomes JSON Schema 2020-12",
        arguments: [
            (#"{"type":"string","nullable":true}"#, #"{"type":["string","null"]}"#),
            (#"{"type":"string","nullable":true,"enum":["a"]}"#, #"{"type":["string","null"],"enum":["a",null]}"#),
            (#"{"type":"number","minimum":1,"exclusiveMinimum":true}"#, #"{"type":"number","exclusiveMinimum":1}"#),
            (#"{"type":"number","minimum":1,"exclusiveMinimum":false,"maximum":9}"#, #"{"type":"number","minimum":1,"maximum":9}"#),
            (
                #"{"oneOf":[{"type":"string"},{"type":"integer"}],"discriminator":{"propertyName":"x"}}"#,
                #"{"anyOf":[{"type":"string"},{"type":"integer"}]}"#
            ),
        ] as [(String, String)])
    func lift30(written: String, shaped: String) throws {
        #expect(try Self.shaped(written, openapi: "3.0.3") == shaped)
    }

    @Test(
        "what says nothing to a caller is left out, the rest stays",
        arguments: [
            (#"{"type":"string","example":"x","examples":["y"],"xml":{},"externalDocs":{},"x-y":1,"title":"Q"}"#, #"{"type":"string"}"#),
            (#"{"type":"string","title":"Search words"}"#, #"{"title":"Search words","type":"string"}"#),
            (
                #"{"type":"string","format":"date","minLength":2,"pattern":"^a$","default":"b"}"#,
                #"{"type":"string","format":"date","default":"b","minLength":2,"pattern":"^a$"}"#
            ),
            (#"{"type":"object","additionalProperties":true}"#, #"{"type":"object"}"#),
            (#"{"type":"object","additionalProperties":false}"#, #"{"type":"object","additionalProperties":false}"#),
            (#"{"type":["array","null"],"items":{"const":1}}"#, #"{"type":["array","null"],"items":{"const":1}}"#),
            (
                #"{"properties":{"a":{"readOnly":true},"b":true,"c":false},"required":["a","b"]}"#,
                #"{"type":"object","properties":{"b":{},"c":{"not":{}}},"required":["b"]}"#
            ),
            (
                #"{"allOf":[{"type":"object","properties":{"a":{"type":"string"}}},{"required":["a"]}]}"#,
                #"{"type":"object","properties":{"a":{"type":"string"}},"required":["a"]}"#
            ),
            (#"{"allOf":[{"type":"string"}],"maxLength":3}"#, #"{"maxLength":3,"allOf":[{"type":"string"}]}"#),
            (#"{"prefixItems":[{"type":"string"}],"type":"array"}"#, #"{"type":"array","prefixItems":[{"type":"string"}],"items":{}}"#),
        ] as [(String, String)])
    func shrinking(written: String, shaped: String) throws {
        #expect(try Self.shaped(written) == shaped)
    }

    @Test("an enum of more values than a provider takes is left out with a finding")
    func hugeEnum() throws {
        let values = (0...1_000).map { "v\($0)" }
        let description = try Description(
            operation:
                #"{"operationId":"op","parameters":[{"name":"q","in":"query","schema":{"type":"string","enum":[\#(values.map { "\"\($0)\"" }.joined(separator: ","))]}}]}"#
        )
        #expect(try description.schema(argument: "q") == #"{"type":"string"}"#)
        #expect(description.api.findings.count == 1)
    }

    @Test("a schema nested past the bound accepts anything below it")
    func deepSchema() throws {
        let depth = 100
        let schema = String(repeating: #"{"type":"array","items":"#, count: depth) + "{}" + String(repeating: "}", count: depth)
        let shaped = try Self.shaped(schema)
        #expect(shaped.hasSuffix(String(repeating: "}", count: 30)))
        #expect(shaped.split(separator: "items").count < 40)
    }

    @Test("a tool's schema is bounded: its farthest parts accept anything")
    func bounded() throws {
        let count = 4_000
        let text = String(repeating: "a", count: 100)
        let properties = (0..<count).map { ##""p\##($0)":{"$ref":"#/components/schemas/S\##($0)"}"## }.joined(separator: ",")
        let schemas = (0..<count).map { #""S\#($0)":{"type":"string","pattern":"\#(text)\#($0)"}"# }.joined(separator: ",")
        let description = try Description(
            #"{"openapi":"3.1.0","paths":{"/x":{"post":{"requestBody":{"content":{"application/json":{"schema":{"properties":{"all":{"properties":{\#(properties)}}}}}}}}}},"components":{"schemas":{\#(schemas)}}}"#
        )
        #expect(try description.operation().tool.inputSchema.readableBytes < 300_000)
        #expect(description.api.findings.map(\.kind) == [.repaired])
    }

    @Test(
        "descriptions are plain sentences",
        arguments: [
            ("One\n  line.", "One line."), ("**Bold** and `code` and [a link](https://x.test/y).", "Bold and code and a link."),
            ("<p>Tagged &amp; <b>bold</b></p>", "Tagged & bold"), ("List<String> of <id>", "List<String> of <id>"),
            ("# Head\n\nText *here*. 2 * 3.", "Head. Text here. 2 * 3."), ("* one\n* two", "one two"), ("a\\_b", "a_b"),
            ("![x](y.png)Text", "Text"),
            ("Before.\n```\ncode\n```\nAfter.", "Before. After."),
        ] as [(String, String)])
    func words(written: String, plain: String) throws {
        let escaped = written.replacing("\\", with: "\\\\").replacing("\n", with: "\\n").replacing("\"", with: "\\\"")
        let api = try Description(#"{"openapi":"3.1.0","info":{"description":"\#(escaped)"},"paths":{}}"#).api
        #expect(api.description == plain)
    }

    @Test("a long description ends after a sentence, a long sentence after a word")
    func longWords() throws {
        let sentence = "This is a sentence of some words. "
        let many = String(repeating: sentence, count: 40)
        let description = try Description(
            operation:
                #"{"operationId":"op","description":"\#(many)\#(many)","parameters":[{"name":"q","in":"query","description":"\#(many)"},{"name":"r","in":"query","description":"\#(many.replacing(".", with: ""))"}]}"#
        )
        let tool = try description.operation().tool
        #expect(tool.description.utf8.count <= 1_000 && tool.description.hasSuffix("words."))
        #expect(try description.schema(argument: "q").hasSuffix(#"words."}"#))
        #expect(try description.schema(argument: "r").hasSuffix(#"…"}"#))
        #expect(try description.schema(argument: "r").utf8.count < 340)
    }
}
