import HTTPTypes
import HubCore
import NIOCore
import Testing

/// The raw messages of the corpora (`hostile/http`), as far as their verdict is one about framing: run where `HUBD_CORPORA` names their
/// folder.
@Suite("Hostile HTTP/1.1", .enabled(if: JSONCorpus.folder != nil, "HUBD_CORPORA is not set"))
struct HTTP1CorpusTests {
    private static let limits = HTTP1Limits(headBytes: 64 << 10)
    private static let requests = JSONCorpus.cases(in: ["http/requests"])
    private static let answers = JSONCorpus.cases(in: ["http/upstream-answers"])
    /// What begins so is about framing, but for the ones named behind it, which are about what is asked, or by whom.
    private static let framing = [
        "ok-", "cl-", "te-", "bare-lf", "chunk-", "trailer-", "line-", "host-none", "host-two", "hdr-", "h2-", "tls-",
    ]
    private static let asking = ["line-lower"]
    private static let answerFraming: Set = [
        "up-cl-te", "up-cl-dup", "up-cl-neg", "up-header-bomb", "up-status-99", "up-status-1000", "up-http09", "up-inject", "up-1xx-flood",
    ]

    @Test("a request about framing gets its verdict from the parser, every other one is read", arguments: requests)
    func verdicts(message: JSONCorpus.Case) {
        let bytes = Array(message.bytes.readableBytesView)
        let reading = HTTP1Reading.requests([bytes], limits: Self.limits)
        let isComplete = reading.error == nil && reading.isConsumed && reading.messages.last?.hasSuffix(".") == true
        if Self.framing.contains(where: message.id.hasPrefix), !Self.asking.contains(message.id) {
            switch message.expect {
            case "accept": #expect(isComplete)
            case "reject":
                let status = reading.error?.status.code
                #expect(status != nil && (message.statuses.isEmpty || message.statuses.contains(status ?? 0)))
                #expect(!reading.messages.contains { $0.hasSuffix(".") })
            default: #expect(isComplete || reading.error != nil)
            }
        } else if let error = reading.error {
            #expect(message.statuses.isEmpty || message.statuses.contains(error.status.code))
        } else {
            #expect(!reading.messages.isEmpty)
        }
        #expect(HTTP1Reading.requests(bytes.count < 20_000 ? bytes.single : bytes.halves, limits: Self.limits) == reading)
    }

    @Test("an answer about framing gets its verdict from the parser, every other one is read", arguments: answers)
    func answerVerdicts(message: JSONCorpus.Case) {
        let bytes = Array(message.bytes.readableBytesView)
        let reading = HTTP1Reading.answers([bytes], isClosed: true, limits: .answer)
        if Self.answerFraming.contains(message.id) {
            #expect(reading.error != nil && reading.messages.isEmpty)
        } else if message.bytes.readableBytes > 0 {
            #expect(reading.messages.count == 1)
        }
        #expect(HTTP1Reading.answers(bytes.count < 20_000 ? bytes.single : bytes.halves, isClosed: true, limits: .answer) == reading)
        // Nobody asked: nothing is read.
        #expect(HTTP1Reading.answers([bytes], count: 0).messages.isEmpty)
    }

    @Test("the corpora have cases of every verdict")
    func hasCases() {
        #expect(Set(Self.requests.map(\.expect)) == ["accept", "reject", "either"])
        #expect(Self.answerFraming.isSubset(of: Self.answers.map(\.id)))
    }
}

extension [UInt8] {
    fileprivate var halves: [[UInt8]] { [Array(prefix(count / 2)), Array(dropFirst(count / 2))] }
}
