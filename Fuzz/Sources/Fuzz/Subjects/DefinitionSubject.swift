import HubCore
import NIOCore

/// Definitions of tools: a record has one spelling, what is the same has no difference, and a review of anything ends.
///
/// An input is the texts of two tools, apart by a zero byte: name, description and schema of each, apart by line breaks.
enum DefinitionSubject: Subject {
    static let name = "definition"

    static func check(_ input: ByteBuffer) {
        let tools = input.readableBytesView.split(separator: 0, maxSplits: 1, omittingEmptySubsequences: false).map { tool(in: $0) }
        let records = tools.compactMap { try? DefinitionRecord($0) }  // one without a canonical form is refused
        let neighbours = DefinitionNeighbours(tools.enumerated().map { (server: "s\($0.offset)", names: [$0.element.name]) })
        for record in records {
            claim((try? DefinitionRecord(stored: record.bytes)) == record, "a record is read as it was written")
            claim(DefinitionDigest(text: record.digest.text) == record.digest, "a digest is read as it was written")
            claim(DefinitionDifference(from: record, to: record).isEmpty, "a record does not differ from itself")
            let findings = DefinitionReview.findings(in: record, server: "s0", neighbours: neighbours)
            claim(findings.count <= DefinitionReview.maximumFindings, "findings are bounded")
            for finding in findings { checkVisible(finding.excerpt) }
        }
        guard records.count == 2 else { return }
        let difference = DefinitionDifference(from: records[0], to: records[1])
        claim(difference.isEmpty == (records[0] == records[1]), "what differs has a difference")
        for line in difference.lines { checkVisible(line) }
    }

    private static func tool(in text: ByteBufferView) -> ToolDefinition {
        let lines = text.split(separator: UInt8(ascii: "\n"), maxSplits: 2, omittingEmptySubsequences: false)
        let line = { (number: Int) in lines.indices.contains(number) ? Array(lines[number]) : [] }
        let schema = line(2)
        return ToolDefinition(
            name: String(decoding: line(0), as: UTF8.self), description: String(decoding: line(1), as: UTF8.self),
            inputSchema: schema.isEmpty ? ByteBuffer(string: "{}") : ByteBuffer(bytes: schema), annotations: ToolAnnotations(), risk: .read,
            operation: "")
    }

    private static func checkVisible(_ text: String) {
        let scalars = text.unicodeScalars
        let hasFlag = scalars.contains("\u{1F3F4}")  // the flags of England, Scotland and Wales are spelled in tags
        claim(
            scalars.allSatisfy { $0.value >= 0x20 && $0.value != 0x7F && (hasFlag || !(0xE0000...0xE007F).contains($0.value)) },
            "what people are shown has no signs that they cannot see")
    }
}
