import HubCore
import NIOCore
import Testing

@testable import MCPHub

@Suite struct FlowMarksTests {
    private let rule = FlowRule(after: nil, deny: [NamePattern("send*")], seconds: 60)
    private let other = FlowRule(after: [NamePattern("read")], deny: [NamePattern("post")], seconds: 10)
    private let reader = CallerKey.session(7)

    @Test("who has read is known until the time of the rule is over, and each reading begins it anew")
    func time() {
        let marks = FlowMarks()
        #expect(!marks.isMarked([rule], at: "all", by: reader, now: 100))
        #expect(marks.mark([rule], at: "all", by: reader, now: 100))
        #expect(marks.isMarked([rule], at: "all", by: reader, now: 159))
        #expect(marks.mark([rule], at: "all", by: reader, now: 150))
        #expect(marks.isMarked([rule], at: "all", by: reader, now: 209))
        #expect(!marks.isMarked([rule], at: "all", by: reader, now: 210))
    }

    @Test("rules, entries and readers are each known by themselves")
    func apart() {
        let marks = FlowMarks()
        #expect(marks.mark([rule], at: "all", by: reader, now: 100))
        #expect(!marks.isMarked([other], at: "all", by: reader, now: 100))
        #expect(marks.isMarked([other, rule], at: "all", by: reader, now: 100))
        #expect(!marks.isMarked([rule], at: "some", by: reader, now: 100))
        #expect(!marks.isMarked([rule], at: "all", by: .session(8), now: 100))
        #expect(!marks.isMarked([], at: "all", by: reader, now: 100))
    }

    @Test("where there is no room to remember a reading it is refused, until the time of others is over")
    func full() {
        let marks = FlowMarks(maximum: 2)
        #expect(marks.mark([rule], at: "all", by: .session(1), now: 100))
        #expect(marks.mark([other], at: "all", by: .session(2), now: 100))
        #expect(!marks.mark([rule], at: "all", by: .session(3), now: 100))
        #expect(marks.mark([rule], at: "all", by: .session(1), now: 100), "one that is known already has its room")
        #expect(marks.mark([rule], at: "all", by: .session(3), now: 111), "the second has ended")
        #expect(marks.isMarked([rule], at: "all", by: .session(1), now: 111))
    }

    @Test("a time that goes past the end of time is the end of time")
    func overflow() {
        let marks = FlowMarks()
        let rule = FlowRule(after: nil, deny: [NamePattern("*")], seconds: .max)
        #expect(marks.mark([rule], at: "all", by: reader, now: 100))
        #expect(marks.isMarked([rule], at: "all", by: reader, now: .max - 1))
    }

    @Test("without words of its own a rule is about the tools of servers whose results are untrusted")
    func compiled() throws {
        struct Nothing: CallTarget {
            func perform(_ call: Call, context: CallContext) async throws -> CallResponse {
                CallResponse(status: 204, contentType: nil, body: ByteBuffer())
            }
        }
        let tools = ToolSet(
            ["look", "read", "send_mail", "post"].map { name in
                let definition = ToolDefinition(
                    name: name, description: "", inputSchema: ByteBuffer(string: "{}"), annotations: ToolAnnotations(), risk: .read,
                    operation: "")
                return Tool(definition: definition, target: Nothing(), distrusted: name == "look" ? "web" : nil)
            })
        #expect(FlowGuard([], tools: tools) == nil)
        let flows = try #require(FlowGuard([rule, other], tools: tools))
        #expect(flows.reading(by: "look") == [rule] && flows.reading(by: "read") == [other] && flows.reading(by: "post") == [])
        #expect(flows.barring("send_mail") == [rule] && flows.barring("post") == [other] && flows.barring("nothing") == [])
        #expect(flows.readingItems == [rule])
    }
}
