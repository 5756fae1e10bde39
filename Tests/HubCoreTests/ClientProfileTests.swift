import HubCore
import NIOCore
import Testing

@Suite("Client profiles")
struct ClientProfileTests {
    private static func shaped(_ schema: String, for profile: ClientProfile) -> String {
        String(buffer: profile.schema(ByteBuffer(string: schema)))
    }

    @Test(
        "A schema for Gemini stays in its subset",
        arguments: [
            (#"{"type":["string","null"]}"#, #"{"nullable":true,"type":"string"}"#),
            (#"{"type":"integer","enum":[1,2]}"#, #"{"type":"integer","description":"One of: 1, 2."}"#),
            (#"{"const":"a"}"#, #"{"type":"string","enum":["a"]}"#),
            (#"{"type":"array"}"#, #"{"type":"array","items":{"type":"string"}}"#),
            (#"{"oneOf":[{"type":"string"},{"type":"null"}]}"#, #"{"nullable":true,"type":"string"}"#),
            (##"{"$ref":"#/$defs/gone"}"##, #"{"type":"object"}"#),
            (#"{"type":"string","contentEncoding":"base64","format":"uuid"}"#, #"{"type":"string"}"#),
        ])
    func subset(schema: String, expected: String) {
        #expect(
            Self.shaped(#"{"type":"object","properties":{"a":\#(schema)}}"#, for: .gemini)
                == #"{"type":"object","properties":{"a":\#(expected)}}"#)
    }

    @Test("Every client gets a plain object, items of arrays and enums of values each once", arguments: ClientProfile.allCases)
    func common(profile: ClientProfile) {
        let schema = #"{"anyOf":[{}],"properties":{"a":{"type":"string","enum":["x","x"]},"b[c]":{},"d":{"type":"array"}}}"#
        let result = Self.shaped(schema, for: profile)
        #expect(!result.contains("anyOf") && !result.contains("b[c]") && !result.contains(#""x","x""#))
        #expect(result.contains(#""items""#) && result.contains(#""type":"object""#))
    }

    @Test("Schemas that contain themselves many times over end", arguments: ClientProfile.allCases)
    func recursion(profile: ClientProfile) {
        let names = (0..<30).map { "n\($0)" }
        let properties = names.map { ##""\##($0)":{"$ref":"#/$defs/\##($0)"}"## }.joined(separator: ",")
        let definitions = names.map { #""\#($0)":{"type":"object","properties":{\#(properties)}}"# }.joined(separator: ",")
        let result = Self.shaped(#"{"type":"object","properties":{\#(properties)},"$defs":{\#(definitions)}}"#, for: profile)
        #expect(result.utf8.count < 1_000_000)
        #expect(result.contains("$ref") == (profile != .gemini))
    }

    @Test("A schema as deep as JSON may be is cut", arguments: ClientProfile.allCases)
    func depth(profile: ClientProfile) {
        let deep = String(repeating: #"{"type":"object","properties":{"a":"#, count: 60) + "{}" + String(repeating: "}}", count: 60)
        #expect(Self.shaped(deep, for: profile).utf8.count < deep.utf8.count)
    }

    @Test("Enums beyond the limit are left out for OpenAI")
    func values() {
        let values = (0..<5_000).map { #""v\#($0)""# }.joined(separator: ",")
        let schema = #"{"type":"object","properties":{"a":{"type":"string","enum":[\#(values)]}}}"#
        #expect(Self.shaped(schema, for: .openai) == #"{"type":"object","properties":{"a":{"type":"string"}}}"#)
        #expect(Self.shaped(schema, for: .anthropic).contains("v4999"))
    }

    @Test("Names that do not fit are cut and stay unique")
    func names() {
        let tools = ["1a", String(repeating: "x", count: 60) + "1", String(repeating: "x", count: 60) + "2"].map {
            ToolDefinition(
                name: $0, description: "", inputSchema: ByteBuffer(string: "{}"), annotations: ToolAnnotations(), risk: .read,
                operation: "GET /")
        }
        let cut = String(repeating: "x", count: 46)
        #expect(ClientProfile.cursor.tools(tools).map(\.name) == ["1a", cut + "xx", cut + "_2"])
        #expect(ClientProfile.gemini.tools(tools).map(\.name).first == "_1a")
    }
}
