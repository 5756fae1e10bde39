import FoundationEssentials
import HubCore
import NIOCore
import Testing

/// The definitions of the corpora (`hostile/mcp`, `hostile/strings`): run where `HUBD_CORPORA` names their folder.
@Suite("Hostile definitions", .enabled(if: JSONCorpus.folder != nil, "HUBD_CORPORA is not set"))
struct TrustCorpusTests {
    private func lines(_ file: String) throws -> [JSONValue] {
        let folder = try #require(JSONCorpus.folder)
        let data = try Data(contentsOf: URL(filePath: "\(folder)/hostile/\(file).jsonl"))
        return try data.split(separator: UInt8(ascii: "\n")).map { try JSONDocument(parsing: ByteBuffer(bytes: $0), limits: .payload).root }
    }

    private func tool(_ value: JSONValue) throws -> ToolDefinition {
        var tool = DefinitionRecordTests.tool(try #require(value["name"]?.string), value["description"]?.string ?? "")
        tool.title = value["title"]?.string
        tool.inputSchema = try #require(value["inputSchema"]).rawBytes
        tool.outputSchema = value["outputSchema"]?.rawBytes
        tool.annotations.destructive = value["annotations"]?["destructiveHint"]?.bool
        return tool
    }

    private func isHeld(_ tool: ToolDefinition) throws -> Bool {
        try DefinitionReview.findings(in: tool, server: "here").contains { $0.severity == .hold }
    }

    @Test("poisoned definitions are held, honest ones in the same words pass")
    func definitions() throws {
        var (poisoned, held, honest, wrong) = (0, 0, 0, 0)
        for line in try lines("mcp/tool-definitions") {
            let isHeld = try isHeld(tool(try #require(line["tool"])))
            if line["expect"]?.string == "hold" {
                poisoned += 1
                if isHeld { held += 1 }
            } else {
                honest += 1
                if isHeld { wrong += 1 }
            }
        }
        #expect(poisoned > 0 && honest > 0)
        #expect(held * 10 >= poisoned * 9, "\(held) of \(poisoned)")
        #expect(wrong * 20 <= honest, "\(wrong) of \(honest)")
    }

    @Test("every change that matters has another digest and a difference to show, and no other has")
    func changes() throws {
        for line in try lines("mcp/rug-pulls") {
            let old = try DefinitionRecord(tool(try #require(line["before"])))
            let new = try DefinitionRecord(tool(try #require(line["after"])))
            let isChange = try #require(line["expect"]?.string).hasPrefix("hold")
            #expect((old.digest != new.digest) == isChange, "\(line["id"]?.string ?? "")")
            #expect(DefinitionDifference(from: old, to: new).isEmpty == !isChange)
        }
    }

    @Test("smuggled text is held, and what writing needs passes")
    func smuggling() throws {
        for line in try lines("strings/unicode-smuggling") {
            let text = try #require(line["text"]?.string)
            let isName = line["note"]?.string?.hasSuffix("in a name") == true || text.hasSuffix("_user") || text.hasSuffix("_read")
            let tool = isName ? DefinitionRecordTests.tool(text, "") : DefinitionRecordTests.tool("tool", text)
            switch line["expect"]?.string {
            case "hold": #expect(try isHeld(tool), "\(line["id"]?.string ?? "")")
            case "pass": #expect(try DefinitionReview.findings(in: tool, server: "here").isEmpty, "\(line["id"]?.string ?? "")")
            default: #expect(!(try DefinitionReview.findings(in: tool, server: "here").isEmpty), "\(line["id"]?.string ?? "")")
            }
        }
    }
}
