import HubCore
import SpecIngest
import Testing

/// Defects of real descriptions: none of them costs more than the node it stands in.
struct ToleranceTests {
    private static func description(_ schema: String, openapi: String = "3.0.3") throws -> Description {
        try Description(
            openapi: openapi, operation: #"{"operationId":"op","parameters":[{"name":"q","in":"query","schema":\#(schema)}]}"#)
    }

    @Test(
        "a malformed schema is read as what it evidently means",
        arguments: [
            (#"{"type":"int"}"#, #"{"type":"integer"}"#), (#"{"type":"bool"}"#, #"{"type":"boolean"}"#),
            (#"{"type":"String"}"#, #"{"type":"string"}"#), (#"{"type":"float"}"#, #"{"type":"number"}"#),
            (#"{"type":"unheardOf"}"#, "{}"), (#"{"type":"null"}"#, #"{"type":"null"}"#),
            (#"{"type":"string","enum":[]}"#, #"{"type":"string"}"#), (#"{"type":"string","enum":"a"}"#, #"{"type":"string"}"#),
            (#"{"type":"string","enum":["a","b","a"]}"#, #"{"type":"string","enum":["a","b"]}"#),
            (#"{"type":"string","enum":[1,true]}"#, #"{"type":"string","enum":["1","true"]}"#),
            (#"{"type":"integer","enum":["1",2]}"#, #"{"type":"integer","enum":[1,2]}"#),
            (#"{"type":"array"}"#, #"{"type":"array","items":{}}"#), (#"{"type":"array","items":"x"}"#, #"{"type":"array","items":{}}"#),
            (
                #"{"type":"array","items":[{"type":"string"},{"type":"int"}]}"#,
                #"{"type":"array","prefixItems":[{"type":"string"},{"type":"integer"}],"items":{}}"#
            ),
            (#"{"type":"object","properties":[]}"#, #"{"type":"object"}"#),
            (#"{"type":"object","properties":{"a":"https://x.test"},"required":[]}"#, #"{"type":"object","properties":{"a":{}}}"#),
            (
                #"{"type":"object","properties":{"a":{"type":"string","required":true}}}"#,
                #"{"type":"object","properties":{"a":{"type":"string"}},"required":["a"]}"#
            ),
            (#"{"type":"integer","minimum":"1","maximum":"x"}"#, #"{"type":"integer","minimum":1}"#),
            (#"{"type":"string","minLength":-1,"maxLength":"5"}"#, #"{"type":"string","maxLength":5}"#),
            (#"{"type":"integer","default":"10"}"#, #"{"type":"integer","default":10}"#),
            (#"{"allOf":{},"oneOf":"x"}"#, "{}"), ("[]", "{}"), (#""words""#, "{}"),
        ] as [(String, String)])
    func schemas(written: String, shaped: String) throws {
        let description = try Self.description(written)
        #expect(try description.schema(argument: "q") == shaped)
    }

    @Test("a mended node is reported once, with its place and operation")
    func reported() throws {
        let text = """
            openapi: 3.0.3
            paths:
              /a: {get: {parameters: [{$ref: '#/components/parameters/n'}]}}
              /b: {get: {parameters: [{$ref: '#/components/parameters/n'}]}}
            components:
              parameters:
                n: {name: n, in: query, schema: {type: int}}
            """
        let findings = try Description(text).api.findings
        #expect(findings.map(\.description) == [#"7:44: repaired: GET /a: type "int" is read as an integer"#])
    }

    @Test("an odd path, operation or parameter is left out with its reason, and the others stay")
    func oddNodes() throws {
        let text = """
            openapi: 3.0.3
            paths:
              /list: []
              /nothing: null
              /bad: {get: [], post: {operationId: good, tags: [[a]], parameters: {}, requestBody: 5, responses: 7}}
              x-extension: {get: {}}
              //evil.test/x: {get: {operationId: authority}}
              /a/../b: {get: {operationId: dots}}
              /c: {parameters: [5, {in: query}, {name: ok, in: query}, {name: no, in: nowhere}], get: {operationId: c}}
            """
        let description = try Description(text)
        #expect(description.names == ["good", "c"])
        #expect(description.api.operationCount == 5)
        #expect(try description.operation("c").arguments.map(\.name) == ["ok"])
        let skipped = description.api.findings.filter { $0.kind == .skippedOperation }
        #expect(skipped.map(\.operation) == ["GET /bad", "GET //evil.test/x", "GET /a/../b"])
        #expect(skipped.allSatisfy { $0.position != nil })
    }

    @Test("a document in which nothing can be called is refused with the first reason", arguments: ["//evil.test/x", "/x\\r\\nX-Evil: 1"])
    func nothingUsable(path: String) throws {
        let error = try #require(refusal(of: #"{"openapi":"3.1.0","paths":{"\#(path)":{"get":{}}}}"#))
        #expect(error.reason == .nothingUsable)
        #expect(error.position != nil)
    }

    @Test("a variable that no parameter declares is taken as text, and a declared one that does not occur is left out")
    func undeclaredVariables() throws {
        let description = try Description(
            path: "/a/{b}/{petID}",
            operation: #"{"operationId":"op","parameters":[{"name":"petId","in":"path"},{"name":"z","in":"path"}]}"#)
        #expect(try description.target(#"{"b":"1","petID":"2"}"#) == "/a/1/2")
        #expect(description.api.findings.map(\.kind) == [.repaired, .dropped, .repaired])
    }

    @Test("a document of nothing but mistakes costs no more than a bound of findings")
    func boundedFindings() throws {
        let paths = (0..<3_000).map { #""/p\#($0)":[]"# }.joined(separator: ",")
        let findings = try Description(#"{"openapi":"3.0.0","paths":{\#(paths)}}"#).api.findings
        #expect(findings.count == 2_001)
        #expect(findings.last?.kind == .more)
    }
}
