import HubCore

/// Collects what one reading of a description finds. Lives as long as the reading; not shared.
///
/// A node that many operations share is reported once, and a document made of nothing but mistakes costs no more than
/// `limit` findings, and as many again for operations that are left out: no number of smaller things may hide those.
final class FindingLog {
    private struct Mark: Hashable {
        var index: Int
        var kind: IngestFinding.Kind
        var message: String
    }

    private let limit: Int

    /// The operation being read, for the findings that follow.
    var operation: String?
    /// Where what is found next stands, where the document was made of another text and its own places say nothing.
    var place: (file: String?, position: SourcePosition?)?
    private let files: DescriptionFiles
    private var findings: [IngestFinding] = []
    private var marks: Set<Mark> = []
    private var skipped = 0
    private var unkept = 0

    init(_ files: DescriptionFiles, limit: Int = 2_000) {
        self.files = files
        self.limit = limit
    }

    /// A log of the same files that keeps nothing.
    var silent: FindingLog { FindingLog(files, limit: 0) }

    /// Notes something about `node`.
    func add(_ kind: IngestFinding.Kind, _ message: @autoclosure () -> String, at node: JSONValue) {
        let isSkipped = kind == .skippedOperation
        guard (isSkipped ? skipped : findings.count - skipped) < limit else {
            unkept += 1
            return
        }
        let message = message()
        guard marks.insert(Mark(index: node.index, kind: kind, message: message)).inserted else { return }
        let (file, position) = place ?? files.place(of: node)
        if isSkipped { skipped += 1 }
        findings.append(IngestFinding(kind: kind, message: message, file: file, position: position, operation: operation))
    }

    /// Everything noted, in the order in which it was found.
    var all: [IngestFinding] {
        guard unkept > 0 else { return findings }
        return findings + [IngestFinding(kind: .more, message: "\(unkept) more findings are not listed")]
    }

    /// A text out of the document, safe to stand in a message: one line, at most 200 characters.
    static func line(_ text: String) -> String {
        var result = String.UnicodeScalarView()
        for scalar in text.unicodeScalars.prefix(200) { result.append(scalar.properties.generalCategory == .control ? " " : scalar) }
        return String(result)
    }

    /// A name out of the document, safe to stand in a message: one line, at most 80 characters.
    static func quoted(_ text: String) -> String {
        let clean = text.unicodeScalars.prefix(81).map { $0.properties.generalCategory == .control ? " " : String($0) }
        return "\"" + clean.prefix(80).joined() + (clean.count > 80 ? "…" : "") + "\""
    }
}
