import HubCore
import NIOCore
import Testing

struct LazyToolTests {
    @Test(
        "a lazy tool has one short line and a schema that says nothing",
        arguments: [
            ("Finds pets. It takes a while.", "Finds pets."), ("Finds pets", "Finds pets"), ("", ""), ("One\ntwo", "One"),
            ("e.g. this. And that.", "e.g. this."),
            (String(repeating: "word ", count: 30), String(repeating: "word ", count: 14) + "word…"),
            (String(repeating: "x", count: 200), String(repeating: "x", count: 79) + "…"),
            (String(repeating: "é", count: 80), String(repeating: "é", count: 80)),
        ])
    func lazy(description: String, line: String) {
        let tool = ToolDefinition(
            name: "find", title: nil, description: description,
            inputSchema: ByteBuffer(string: #"{"type":"object","properties":{"a":{}}}"#),
            annotations: ToolAnnotations(readOnly: true), risk: .read, operation: "GET /pets")
        let lazy = tool.lazy
        #expect(lazy.name == "find")
        #expect(lazy.description == line)
        #expect(String(buffer: lazy.inputSchema) == #"{"type":"object"}"#)
        #expect(lazy.operation == "GET /pets")
    }
}
