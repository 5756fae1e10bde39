import HTTPTypes
import HubCore
import NIOCore
import SpecIngest
import Testing

@Suite("Arguments with one value")
struct ConstantTests {
    private static func description(_ schema: String, openapi: String = "3.1.0") throws -> Description {
        try Description(
            path: "/x/{v}", method: "post", openapi: openapi,
            operation:
                #"{"operationId":"op","parameters":[{"name":"v","in":"path","required":true,"schema":\#(schema)},{"name":"q","in":"query","schema":\#(schema)},{"name":"X-V","in":"header","required":true,"schema":\#(schema)}],"requestBody":{"required":true,"content":{"application/json":{"schema":{"type":"object","required":["k","n"],"properties":{"k":\#(schema),"n":{"type":"string"}}}}}}}"#
        )
    }

    @Test(
        "what must be given and has one value is sent without being asked for",
        arguments: [
            (#"{"const":"a b"}"#, "a%20b", #""a b""#), (#"{"type":"string","enum":["a b"]}"#, "a%20b", #""a b""#),
            (#"{"type":"integer","enum":[1]}"#, "1", "1"), (#"{"type":"integer","enum":["1"]}"#, "1", "1"),
            (#"{"type":"string","enum":[1]}"#, "1", #""1""#), (#"{"type":"boolean","enum":[true]}"#, "true", "true"),
            (#"{"enum":["z","z"]}"#, "z", #""z""#), (##"{"$ref":"#/components/schemas/V"}"##, "v1", #""v1""#),
        ])
    func constants(schema: String, text: String, json: String) throws {
        let components = #"{"openapi":"3.1.0","components":{"schemas":{"V":{"enum":["v1"]}}},"#
        let operation = try Self.description(schema)
        // The description helper has no components of its own.
        let description =
            schema.contains("$ref")
            ? try Description(
                components
                    + #""info":{"title":"t","version":"1"},"paths":{"/x/{v}":{"post":{"operationId":"op","parameters":[{"name":"v","in":"path","required":true,"schema":\#(schema)},{"name":"q","in":"query","schema":\#(schema)},{"name":"X-V","in":"header","required":true,"schema":\#(schema)}],"requestBody":{"required":true,"content":{"application/json":{"schema":{"type":"object","required":["k","n"],"properties":{"k":\#(schema),"n":{"type":"string"}}}}}}}}}}"#
            ) : operation
        let request = try description.request(#"{"n":"N"}"#)
        #expect(request.path == "/x/\(text)")
        #expect(request.headers[try #require(.init("X-V"))] == (text == "a%20b" ? "a b" : text))
        #expect(String(buffer: try #require(request.body)) == #"{"k":\#(json),"n":"N"}"#)
        #expect(try description.schema().hasPrefix(#"{"type":"object","properties":{"q":"#))
        #expect(try description.operation().arguments.map(\.name) == ["q", "n"])
        #expect(try description.operation().constants.map(\.json) == [json, json, json])
        #expect(try description.schema().contains(#""required":["n"],"#))
    }

    @Test(
        "what has another value, none, or is no scalar is asked for",
        arguments: [
            #"{"enum":["a","b"]}"#, #"{"type":["string","null"],"enum":["a"]}"#, #"{"enum":[null]}"#, #"{"const":{"a":1}}"#,
            #"{"enum":[]}"#,
            #"{"anyOf":[{"const":"a"},{"const":"b"}]}"#, #"{"type":"integer","enum":["a"]}"#, #"{"enum":["1",1]}"#,
        ])
    func others(schema: String) throws {
        #expect(try Self.description(schema).operation().constants.isEmpty)
    }

    @Test("in OpenAPI 3.0 nullable is a second value")
    func nullable() throws {
        #expect(try Self.description(#"{"type":"string","enum":["a"],"nullable":true}"#, openapi: "3.0.3").operation().constants.isEmpty)
        #expect(try Self.description(#"{"type":"string","enum":["a"]}"#, openapi: "3.0.3").operation().constants.count == 3)
    }

    @Test("who gives the value all the same may, and who gives another is told")
    func given() throws {
        let description = try Self.description(#"{"enum":["a"]}"#)
        #expect(try description.target(#"{"v":"a","n":"N","k":"a"}"#) == "/x/a")
        #expect(try description.target(#"{"v":null,"n":"N"}"#) == "/x/a")
        #expect(try description.refusal(#"{"k":"b","n":"N"}"#) == #"argument "k" is always "a"; leave it out"#)
        #expect(try description.refusal(#"{"n":"N","zzzzzz":1}"#) == #"there is no argument "zzzzzz"; there are "q", "n""#)
    }

    @Test("a body of nothing else is seen in the list")
    func wholeBody() throws {
        let description = try Description(
            method: "post",
            operation:
                #"{"operationId":"op","requestBody":{"required":true,"content":{"application/json":{"schema":{"type":"object","required":["k"],"properties":{"k":{"const":"a"}}}}}}}"#
        )
        #expect(try description.operation().arguments.map(\.name) == ["k"])
    }

    @Test("a body that may be left out is not sent for the sake of a constant")
    func optionalBody() throws {
        let description = try Description(
            method: "post",
            operation:
                #"{"operationId":"op","requestBody":{"required":false,"content":{"application/json":{"schema":{"type":"object","required":["k"],"properties":{"k":{"const":"a"},"n":{}}}}}}}"#
        )
        #expect(try description.request("{}").body == nil)
        #expect(try description.operation().arguments.map(\.name) == ["k", "n"])
    }
}
