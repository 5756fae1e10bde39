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

    private static func tool(_ name: String) -> ToolDefinition {
        ToolDefinition(
            name: name, description: "", inputSchema: ByteBuffer(string: "{}"), annotations: ToolAnnotations(), risk: .read,
            operation: "GET /")
    }

    private static let long = String(repeating: "x", count: 60)

    @Test("Names that do not fit are cut, end in what stands for the whole of them, and stay unique")
    func names() {
        let tools = ["1a", Self.long + "1", Self.long + "2"].map { Self.tool($0) }
        let names = ClientProfile.cursor.tools(tools).map(\.name)
        #expect(names[0] == "1a")
        #expect(names[1...].allSatisfy { $0.hasPrefix(String(repeating: "x", count: 41) + "_") && $0.count == 48 })
        #expect(Set(names).count == 3)
        #expect(ClientProfile.gemini.tools(tools).map(\.name).first?.hasPrefix("_1a_") == true)
        #expect(ClientProfile.anthropic.tools(tools).map(\.name) == tools.map(\.name))
    }

    @Test("A name depends on no other tool and on no order", arguments: ClientProfile.allCases)
    func stability(profile: ClientProfile) {
        let names = (0..<50).map { "\($0)" + Self.long + "\($0)" } + ["short", "a.b", "a/b"]
        let alone = names.map { profile.names([$0])[0] }
        #expect(profile.names(names) == alone)
        #expect(profile.names(names.reversed()) == alone.reversed())
        #expect(Set(alone).count == names.count)
    }

    @Test("A name that fits is kept, also where another comes to it", arguments: ClientProfile.allCases)
    func clashes(profile: ClientProfile) {
        let cut = profile.names(["a b"])[0]
        let names = profile.names(["a b", cut])
        #expect(names[1] == cut)
        #expect(names[0] != cut)
    }

    @Test("OpenAI gets descriptions that it takes")
    func descriptions() {
        var tool = Self.tool("a")
        tool.description = String(repeating: "word ", count: 400)
        #expect(ClientProfile.openai.tools([tool])[0].description.unicodeScalars.count <= 1_024)
        #expect(ClientProfile.anthropic.tools([tool])[0].description == tool.description)
    }

    @Test("Cursor counts the name of the server")
    func server() {
        #expect(ClientProfile.cursor.names([Self.long], server: String(repeating: "s", count: 20))[0].count == 40)
        #expect(ClientProfile.cursor.names([Self.long], server: "s")[0].count == 48)
        #expect(ClientProfile.anthropic.names([Self.long], server: String(repeating: "s", count: 63)) == [Self.long])
        #expect(!ClientProfile.cursor.hasRoom(besideServer: String(repeating: "s", count: 40)))
        #expect(ClientProfile.cursor.hasRoom(besideServer: "orders"))
    }
}
