import FoundationEssentials
import HubCore
import NIOCore
import Testing

/// The hostile JSON texts of the corpora (`hostile/json`): run where `HUBD_CORPORA` names their folder.
@Suite("Hostile JSON", .enabled(if: JSONCorpus.folder != nil, "HUBD_CORPORA is not set"))
struct JSONCorpusTests {
    /// What the parser does where the verdict is open: it refuses what is not JSON or has half a surrogate pair, and takes the rest within its
    /// limits. That is the same each time.
    @Test("every text gets its verdict, the same each time", arguments: JSONCorpus.cases)
    func verdicts(text: JSONCorpus.Case) throws {
        let verdict = JSONCorpus.accepts(text.bytes, .payload)
        #expect(verdict == JSONCorpus.accepts(text.bytes, .payload))
        switch text.expect {
        case "accept": #expect(verdict, "\(text.id) was refused")
        case "reject": #expect(!verdict, "\(text.id) was taken")
        default: break
        }
        if JSONCorpus.accepts(text.bytes, .message) { #expect(verdict) }
    }

    @Test("what was taken is written back byte for byte", arguments: JSONCorpus.cases)
    func roundTrip(text: JSONCorpus.Case) throws {
        guard let document = try? JSONDocument(parsing: text.bytes, limits: .payload) else { return }  // refused: nothing to write
        var writer = JSONWriter()
        writer.value(document.root)
        let again = try JSONDocument(parsing: writer.buffer, limits: .payload)
        #expect(JSONTree(again.root) == JSONTree(document.root))
    }

    @Test("a text cut off at any byte up to 4 KiB, and at 256 places beyond, ends in a verdict", arguments: JSONCorpus.cases)
    func truncations(text: JSONCorpus.Case) {
        let length = text.bytes.readableBytes
        let near = 0..<min(length, 4096)
        let far = length > 4096 ? Array(stride(from: 4096, to: length, by: max(1, (length - 4096) / 256))) : []
        var verdicts = 0
        for cut in Array(near) + far {
            guard let bytes = text.bytes.getSlice(at: text.bytes.readerIndex, length: cut) else { continue }
            _ = JSONCorpus.accepts(bytes, .message)
            verdicts += 1
        }
        #expect(verdicts == near.count + far.count)
    }
}

/// Reads the corpus files.
enum JSONCorpus {
    struct Case: Sendable, CustomTestStringConvertible {
        var id: String
        var expect: String
        /// Answers that fit, where a case names them.
        var statuses: [Int]
        var bytes: ByteBuffer
        var testDescription: String { id }
    }

    static let folder = ProcessInfo.processInfo.environment["HUBD_CORPORA"]

    static let cases = cases(in: ["json/json-test-suite", "json/json-transform"])

    /// The cases of files under `hostile`.
    static func cases(in files: [String]) -> [Case] {
        guard let folder else { return [] }
        return files.flatMap { file -> [Case] in
            // Without the file the count test fails.
            guard let data = try? Data(contentsOf: URL(filePath: "\(folder)/hostile/\(file).jsonl")) else { return [] }
            return data.split(separator: 0x0A).compactMap { read(ByteBuffer(bytes: $0)) }
        }
    }

    static func accepts(_ bytes: ByteBuffer, _ limits: JSONLimits) -> Bool {
        (try? JSONDocument(parsing: bytes, limits: limits)) != nil  // the verdict is what is asked
    }

    /// A line: `{id, expect, b64}`, or `parts: [{b64, times}]` in its place.
    private static func read(_ line: ByteBuffer) -> Case? {
        guard let root = try? JSONDocument(parsing: line, limits: .payload).root, let expect = root["expect"]?.string else { return nil }
        var bytes = ByteBuffer()
        for part in [root] + Array(root["parts"]?.elements ?? JSONValue.Elements.none) {
            guard let text = part["b64"]?.string, let decoded = Base64.decode(text) else { continue }
            for _ in 0..<(part["times"]?.int ?? 1) { bytes.writeBytes(decoded) }
        }
        let statuses = Array(root["status"]?.elements ?? JSONValue.Elements.none).compactMap(\.int)
        return Case(id: root["id"]?.string ?? "", expect: expect, statuses: statuses, bytes: bytes)
    }
}

@Suite("Hostile JSON is there", .enabled(if: JSONCorpus.folder != nil, "HUBD_CORPORA is not set"))
struct JSONCorpusPresenceTests {
    @Test("the corpus has cases of every verdict")
    func hasCases() {
        #expect(Set(JSONCorpus.cases.map(\.expect)).isSuperset(of: ["accept", "reject", "either"]))
    }
}
