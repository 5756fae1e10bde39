import HubCore
import NIOCore
import SpecIngest
import Testing

@Suite("Schemas of answers")
struct AnswerSchemaTests {
    private static func description(_ responses: String, components: String = "{}", openapi: String = "3.1.0") throws -> Description {
        try Description(
            #"{"openapi":"\#(openapi)","info":{"title":"t","version":"1"},"paths":{"/x":{"get":{"operationId":"op","responses":\#(responses)}}},"components":\#(components)}"#
        )
    }

    private static func schema(_ description: Description) throws -> String? {
        try description.operation().tool.outputSchema.map { String(buffer: $0) }
    }

    private static func json(_ schema: String) -> String { #"{"content":{"application/json":{"schema":\#(schema)}}}"# }

    @Test("what an API never tells is not in its answer, what only it sets is")
    func writeOnly() throws {
        let schema =
            ##"{"type":"object","required":["id","pin"],"properties":{"id":{"type":"integer","readOnly":true},"pin":{"type":"string","writeOnly":true},"key":{"$ref":"#/components/schemas/Key"}}}"##
        let description = try Self.description(
            #"{"200":\#(Self.json(schema))}"#, components: #"{"schemas":{"Key":{"type":"string","writeOnly":true}}}"#)
        #expect(try Self.schema(description) == #"{"type":"object","properties":{"id":{"type":"integer"}},"required":["id"]}"#)
    }

    @Test("the answer is that of success, or else the default one")
    func choice() throws {
        let responses = [
            (
                #"{"404":\#(Self.json(#"{"type":"null"}"#)),"201":\#(Self.json(#"{"type":"integer"}"#)),"202":\#(Self.json("{}"))}"#,
                #"{"type":"integer"}"#
            ),
            (#"{"default":\#(Self.json(#"{"type":"string"}"#))}"#, #"{"type":"string"}"#),
            (
                #"{"200":{"content":{"text/plain":{"schema":{"type":"string"}},"application/hal+json":{"schema":{"type":"array","items":{}}}}}}"#,
                #"{"type":"array","items":{}}"#
            ),
            (#"{"200":{"content":{"text/plain":{"schema":{"type":"string"}}}}}"#, nil), (#"{"204":{}}"#, nil),
            (#"{"200":\#(Self.json("{}"))}"#, nil),
            (#"{"200":\#(Self.json("true"))}"#, nil), ("[]", nil), (#"{"200":\#(Self.json("7"))}"#, nil),
        ]
        for (responses, expected) in responses {
            #expect(try Self.schema(Self.description(responses)) == expected, "\(responses)")
        }
    }

    @Test("an answer that contains itself has its definitions")
    func recursion() throws {
        let node = ##"{"type":"object","properties":{"next":{"$ref":"#/components/schemas/Node"}}}"##
        let description = try Self.description(
            ##"{"200":\##(Self.json(##"{"$ref":"#/components/schemas/Node"}"##))}"##, components: #"{"schemas":{"Node":\#(node)}}"#)
        #expect(
            try Self.schema(description)
                == ##"{"$ref":"#/$defs/Node","$defs":{"Node":{"type":"object","properties":{"next":{"$ref":"#/$defs/Node"}}}}}"##)
    }

    @Test("a large answer is shortened, and its mistakes are nobody's trouble")
    func bounds() throws {
        let inner = (0..<100).map { #""m\#($0)":{"type":"strng","description":"Member \#($0)"}"# }.joined(separator: ",")
        let outer = (0..<100).map { #""o\#($0)":{"type":"object","properties":{\#(inner)}}"# }.joined(separator: ",")
        let description = try Self.description(#"{"200":\#(Self.json(#"{"type":"object","properties":{\#(outer)}}"#))}"#)
        let schema = try #require(try Self.schema(description))
        #expect(schema.utf8.count <= 8_192 && schema.contains(#""o99":{"type":"object"}"#))
        #expect(description.api.findings.isEmpty)
    }

    @Test("Swagger 2.0 has the schema at the response")
    func swagger() throws {
        let description = try Description(
            ##"{"swagger":"2.0","info":{"title":"t","version":"1"},"paths":{"/x":{"get":{"operationId":"op","responses":{"200":{"description":"d","schema":{"$ref":"#/definitions/Pet"}}}}}},"definitions":{"Pet":{"type":"object","properties":{"id":{"type":"integer"}}}}}"##
        )
        #expect(try Self.schema(description) == #"{"type":"object","properties":{"id":{"type":"integer"}}}"#)
    }
}
