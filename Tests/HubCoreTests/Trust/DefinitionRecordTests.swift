import HubCore
import NIOCore
import Testing

@Suite("Records of definitions")
struct DefinitionRecordTests {
    static func tool(
        _ name: String = "fact", _ description: String = "Returns a fact.", schema: String = #"{"type":"object","properties":{}}"#
    ) -> ToolDefinition {
        ToolDefinition(
            name: name, description: description, inputSchema: ByteBuffer(string: schema), annotations: ToolAnnotations(), risk: .read,
            operation: "tools/call \(name)")
    }

    @Test("what is stored is canonical JSON of what the owner gave, and what is absent stays absent")
    func form() throws {
        var tool = Self.tool()
        #expect(
            String(buffer: try DefinitionRecord(tool).bytes)
                == #"{"description":"Returns a fact.","inputSchema":{"properties":{},"type":"object"},"name":"fact"}"#)
        tool.title = "Fact"
        tool.annotations.destructive = false
        tool.meta = ByteBuffer(string: #"{"traceparent":"x","ui":{"resourceUri":"ui://a"},"ui/resourceUri":"ui://a"}"#)
        #expect(
            String(buffer: try DefinitionRecord(tool).bytes)
                == #"{"_meta":{"ui":{"resourceUri":"ui://a"},"ui/resourceUri":"ui://a"},"annotations":{"destructiveHint":false},"#
                + #""description":"Returns a fact.","inputSchema":{"properties":{},"type":"object"},"name":"fact","title":"Fact"}"#)
    }

    @Test("the digest is SHA-256 of the domain and the form, and can be read back")
    func digest() throws {
        let digest = try DefinitionRecord(Self.tool()).digest
        #expect(digest.text == "sha256:1eb06c5e50e23946da3f9d880e162d0e859bca9a2639b37d21563cc69e5fc270")
        #expect(DefinitionDigest(text: digest.text) == digest)
    }

    @Test(
        "other texts are no digests",
        arguments: [
            "", "sha256:", "sha256:" + String(repeating: "0", count: 63), "sha256:" + String(repeating: "A", count: 64),
            "sha256:" + String(repeating: "g", count: 64), "SHA256:" + String(repeating: "0", count: 64), String(repeating: "0", count: 71),
        ])
    func noDigest(text: String) { #expect(DefinitionDigest(text: text) == nil) }

    @Test("the order of members and white space do not matter; what the hub adds does not either")
    func sameness() throws {
        var tool = Self.tool(schema: #"{"type":"object","properties":{"a":{"type":"string"},"b":{}}}"#)
        let first = try DefinitionRecord(tool)
        tool.inputSchema = ByteBuffer(string: "{ \"properties\": {\"b\" : {}, \"a\": {\"type\": \"string\"}},\n \"type\":\"object\" }")
        tool.risk = .destructive
        tool.operation = "other"
        tool.examples = ["a fact"]
        tool.listsOutputSchema = true
        #expect(try DefinitionRecord(tool) == first)
        #expect(try DefinitionRecord(tool).digest == first.digest)
    }

    @Test("every part that a model or client sees changes the digest")
    func changes() throws {
        var digests = [try DefinitionRecord(Self.tool()).digest]
        for change: (inout ToolDefinition) -> Void in [
            { $0.name = "fact2" }, { $0.title = "" }, { $0.description += " " }, { $0.description = "Returns a fac\u{0442}." },
            { $0.inputSchema = ByteBuffer(string: #"{"type":"object","properties":{},"x":1}"#) },
            { $0.outputSchema = ByteBuffer(string: "{}") },
            { $0.annotations.readOnly = true }, { $0.annotations.readOnly = false }, { $0.annotations.destructive = true },
            { $0.annotations.idempotent = true }, { $0.annotations.openWorld = true }, { $0.icons = ByteBuffer(string: "[]") },
            { $0.meta = ByteBuffer(string: #"{"ui":{"resourceUri":"ui://b"}}"#) },
        ] {
            var tool = Self.tool()
            change(&tool)
            digests.append(try DefinitionRecord(tool).digest)
        }
        #expect(Set(digests).count == digests.count)
    }

    @Test("texts that Swift takes for equal have two digests")
    func canonicalEquivalence() throws {
        #expect(try DefinitionRecord(Self.tool("a", "caf\u{E9}")).digest != DefinitionRecord(Self.tool("a", "cafe\u{301}")).digest)
    }

    @Test("a stored record is the record; bytes that are none are refused")
    func stored() throws {
        let record = try DefinitionRecord(Self.tool())
        #expect(try DefinitionRecord(stored: record.bytes) == record)
        #expect(try DefinitionRecord(stored: record.bytes).digest == record.digest)
        for text in ["", "[]", "{}", #"{"name": "a"}"#, #"{"name":1}"#, #"{"name":"a","name":"a"}"#, "null"] {
            #expect(throws: DefinitionRecordError.self, "\(text)") { try DefinitionRecord(stored: ByteBuffer(string: text)) }
        }
    }

    @Test(
        "a schema without a canonical form cannot be recorded, and the error names the part",
        arguments: [#"{"maximum":1e999}"#, #"{"a":1,"a":2}"#, "{", String(repeating: "[", count: 300)])
    func unrecordable(schema: String) throws {
        var tool = Self.tool()
        tool.outputSchema = ByteBuffer(string: schema)
        do throws(DefinitionRecordError) {
            _ = try DefinitionRecord(tool)
            Issue.record("recorded")
        } catch {
            #expect(error.member == "outputSchema")
            #expect(error.description.hasPrefix("its outputSchema has no canonical form: "))
        }
    }

    @Test("a definition of a mebibyte is recorded, one of five is not")
    func bounds() throws {
        #expect(try DefinitionRecord(Self.tool("a", String(repeating: "a", count: 1 << 20))).bytes.readableBytes > 1 << 20)
        #expect(throws: DefinitionRecordError.self) { try DefinitionRecord(Self.tool("a", String(repeating: "a", count: 5 << 20))) }
    }
}
