import HubUpstream
import Testing

@testable import hubd

@Suite("answers of authorization servers")
struct RedirectReceiverTests {
    @Test(
        "the query is found in what somebody pastes",
        arguments: [
            ("http://127.0.0.1:8082/callback?code=a&state=b", "?code=a&state=b"), ("  http://x/?code=a#fragment  ", "?code=a"),
            ("code=a&state=b", "code=a&state=b"), ("?code=a rest", "?code=a"),
        ])
    func pasted(line: String, query: String) {
        #expect(RedirectReceiver.query(ofPasted: line).map { String($0) } == query)
    }

    @Test("an empty line is no answer, and nothing is one before there is a question")
    func nothing() {
        #expect(RedirectReceiver.query(ofPasted: "") == nil && RedirectReceiver.query(ofPasted: "   ") == nil)
        guard case .foreign = RedirectReceiver().take("code=a&state=") else {
            Issue.record("taken")
            return
        }
    }
}
