import HTTPTypes
import HubCore
import NIOCore
import SpecIngest
import Testing

@Suite("bodies of values that follow one another")
struct SequenceTests {
    private static func description(_ type: String, _ media: String, openapi: String = "3.2.0") throws -> Description {
        try Description(
            method: "post", openapi: openapi,
            operation: #"{"operationId":"op","requestBody":{"required":true,"content":{"\#(type)":\#(media)}}}"#)
    }

    private static let item = #"{"type":"object","properties":{"a":{"type":"integer"}}}"#

    @Test(
        "each element is a line of JSON, as it was written",
        arguments: [
            ("application/jsonl", "{\"a\":1.50}\n\"x y\"\n"), ("application/x-ndjson", "{\"a\":1.50}\n\"x y\"\n"),
            ("application/json-seq", "\u{1E}{\"a\":1.50}\n\u{1E}\"x y\"\n"),
            ("application/geo+json-seq", "\u{1E}{\"a\":1.50}\n\u{1E}\"x y\"\n"),
        ])
    func lines(type: String, body: String) throws {
        let description = try Self.description(type, #"{"itemSchema":\#(Self.item)}"#)
        let request = try description.request("{\"body\":[{ \"a\": 1.50 }, \"x y\"]}")
        #expect(request.body.map { String(buffer: $0) } == body)
        #expect(request.headers[.contentType] == type)
        #expect(try description.body(#"{"body":[]}"#).isEmpty)
        #expect(
            try description.schema(argument: "body")
                == #"{"description":"Each element is sent as a line of JSON.","type":"array","items":{"type":"object","properties":{"a":{"type":"integer"}}}}"#
        )
        #expect(try description.refusal(#"{"body":{"a":1}}"#).contains("must be an array"))
    }

    @Test("the schema of a whole sequence is that of a list, also before 3.2; one of a line alone says nothing about the rest")
    func wholeSchemas() throws {
        let list = try Self.description("application/x-ndjson", #"{"schema":{"type":"array","items":\#(Self.item)}}"#, openapi: "3.0.3")
        #expect(try list.body(#"{"body":[{"a":1}]}"#) == "{\"a\":1}\n")
        let line = try Self.description("application/x-ndjson", #"{"schema":{"type":"string"}}"#, openapi: "3.0.3")
        #expect(try line.body(#"{"body":"{}\n{}\n"}"#) == "{}\n{}\n")
        let early = try Self.description("application/jsonl", #"{"itemSchema":\#(Self.item)}"#, openapi: "3.1.0")
        #expect(try early.body(#"{"body":"{}\n"}"#) == "{}\n", "3.1 does not know the word")
    }

    @Test("shared schemas of elements are shared")
    func shared() throws {
        let description = try Description(
            ##"{"openapi":"3.2.0","info":{"title":"t","version":"1"},"components":{"schemas":{"E":{"type":"object","properties":{"next":{"$ref":"#/components/schemas/E"}}}}},"paths":{"/x":{"post":{"operationId":"op","requestBody":{"content":{"application/jsonl":{"itemSchema":{"$ref":"#/components/schemas/E"}}}}}}}}"##
        )
        #expect(try description.schema().contains(##""items":{"$ref":"#/$defs/E"}"##))
    }

    @Test("the answers that are sequences are remembered")
    func answers() throws {
        let operation =
            #"{"responses":{"200":{"content":{"application/json":{"schema":{}},"text/event-stream":{"itemSchema":{}}}},"404":{"content":{"application/jsonl":{"itemSchema":{}}}}}}"#
        let description = try Description(openapi: "3.2.0", operation: operation)
        #expect(try description.operation().sequenceTypes == ["text/event-stream"])
        #expect(try Description(openapi: "3.1.0", operation: operation).operation().sequenceTypes.isEmpty)
    }
}
