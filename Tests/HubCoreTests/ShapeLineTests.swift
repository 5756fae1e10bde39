import HubCore
import NIOCore
import Testing

@Suite("Shapes in one line")
struct ShapeLineTests {
    @Test(
        "a schema reads as its shape",
        arguments: [
            (
                #"{"type":"object","properties":{"id":{"type":"integer"},"name":{"type":"string"}},"required":["id"]}"#,
                "{id: integer, name?: string}"
            ),
            (#"{"type":"array","items":{"type":"string"}}"#, "[string]"), (#"{"type":"array"}"#, "[any]"),
            (#"{"type":["string","null"]}"#, "string | null"), (#"{"enum":["a",1,null]}"#, #""a" | 1 | null"#),
            (#"{"const":"x"}"#, #""x""#),
            (#"{"anyOf":[{"type":"string"},{"type":"object"}]}"#, "string | object"),
            (#"{"type":"object","additionalProperties":{"type":"number"}}"#, "{[name]: number}"),
            (
                ##"{"$ref":"#/$defs/a","$defs":{"a":{"type":"object","properties":{"a":{"$ref":"#/$defs/a"}}}}}"##,
                "{a?: {a?: {a?: {a?: {…}}}}}"
            ),
            (##"{"type":"array","items":{"$ref":"#/$defs/gone"}}"##, "[any]"),
        ])
    func lines(schema: String, line: String) {
        #expect(ShapeLine.text(ByteBuffer(string: schema)) == line)
    }

    @Test("what says nothing has no line", arguments: ["{}", "true", "", #"{"description":"x"}"#])
    func nothing(schema: String) {
        #expect(ShapeLine.text(ByteBuffer(string: schema)) == nil)
    }

    @Test("a line is bounded, and gives up depth before members")
    func bounds() throws {
        let inner = (0..<30).map { #""m\#($0)":{"type":"string"}"# }.joined(separator: ",")
        let outer = (0..<30).map { #""o\#($0)":{"type":"object","properties":{\#(inner)}}"# }.joined(separator: ",")
        let line = try #require(ShapeLine.text(ByteBuffer(string: #"{"type":"object","properties":{\#(outer)}}"#)))
        #expect(line.hasPrefix("{o0?: {…}, o1?: {…}") && line.hasSuffix("o29?: {…}}"))
        let many = (0..<5_000).map { #""m\#($0)":{"type":"string"}"# }.joined(separator: ",")
        #expect(ShapeLine.text(ByteBuffer(string: #"{"type":"object","properties":{\#(many)}}"#)).map { $0.utf8.count < 1_100 } == true)
        let choice = String(repeating: #"{"anyOf":["#, count: 60) + "{}" + String(repeating: "]}", count: 60)
        #expect(ShapeLine.text(ByteBuffer(string: choice)).map { $0.utf8.count < 1_100 } == true)
    }
}
