import HubCore
import NIOCore
import Testing

@testable import MCPHub

@Suite struct LearnedRequestsTests {
    private let learned = LearnedRequests()
    private let caller = CallerKey.session(1)

    @Test("a search and a good call by the same caller make an example, once")
    func learns() {
        learned.searched("give the money back", found: ["refund", "pay"], by: caller, now: 100)
        #expect(!learned.takeNews())
        learned.called("refund", by: caller, now: 110)
        #expect(learned.requests(for: "refund") == ["give the money back"])
        #expect(learned.takeNews() && !learned.takeNews())
        learned.called("refund", by: caller, now: 111)
        #expect(learned.requests(for: "refund").count == 1 && !learned.takeNews())
        #expect(learned.requests(for: "pay").isEmpty)
    }

    @Test("no other caller, no tool that was not found, and no call too late is led by a search")
    func unrelated() {
        learned.searched("give the money back", found: ["refund"], by: caller, now: 100)
        learned.called("refund", by: .session(2), now: 110)
        learned.called("pay", by: caller, now: 110)
        learned.called("refund", by: caller, now: 100 + LearnedRequests.patience + 1)
        #expect(learned.requests(for: "refund").isEmpty && learned.requests(for: "pay").isEmpty && !learned.takeNews())
    }

    @Test("of several searches the last that found the tool counts, of a tool's requests the latest stay")
    func bounds() {
        for number in 0..<20 {
            learned.searched("request \(number)", found: ["a"], by: caller, now: 100)
            learned.searched("another", found: ["b"], by: caller, now: 100)
            learned.called("a", by: caller, now: 100)
        }
        #expect(learned.requests(for: "a") == (12..<20).map { "request \($0)" })
        learned.searched(String(repeating: "x", count: LearnedRequests.maximumBytes + 1), found: ["c"], by: caller, now: 100)
        learned.searched("", found: ["c"], by: caller, now: 100)
        learned.called("c", by: caller, now: 100)
        #expect(learned.requests(for: "c").isEmpty)
    }

    @Test("no more callers are remembered than there is room for, until the time of others is over")
    func callers() {
        for number in 0..<LearnedRequests.maximumCallers {
            learned.searched("x", found: ["a"], by: .session(UInt128(number)), now: 100)
        }
        learned.searched("new", found: ["a"], by: .session(.max), now: 101)
        learned.called("a", by: .session(.max), now: 101)
        #expect(learned.requests(for: "a").isEmpty)
        learned.searched("new", found: ["a"], by: .session(.max), now: 800)
        learned.called("a", by: .session(.max), now: 800)
        #expect(learned.requests(for: "a") == ["new"])
    }
}

@Suite struct FindableToolsTests {
    private func item(_ name: String, _ description: String) -> FindableTools.Item {
        let definition = ToolDefinition(
            name: name, description: description, inputSchema: ByteBuffer(string: "{}"), annotations: ToolAnnotations(), risk: .read,
            operation: "")
        return FindableTools.Item(definition: definition, server: "s", purpose: nil)
    }

    private var items: [FindableTools.Item] { [item("a1", "Returns money to a buyer"), item("b2", "Lists parcels")] }

    private func found(_ query: String, by tools: FindableTools) -> [String] {
        tools.finder.search(query, limit: 1, in: ToolSet(tools.items.map { Tool(definition: $0.definition, target: Nothing()) })).found
            .map(\.name)
    }

    private struct Nothing: CallTarget {
        func perform(_ call: Call, context: CallContext) async throws -> CallResponse {
            CallResponse(status: 204, contentType: nil, body: ByteBuffer())
        }
    }

    @Test("the operator's words of one meaning are found")
    func synonyms() {
        #expect(found("chargeback", by: FindableTools(items)) == [])
        #expect(found("chargeback", by: FindableTools(items, synonyms: [["chargeback", "money"]])) == ["a1"])
    }

    @Test("what was learned is found after it is taken up, and stays when the tools change")
    func learned() throws {
        let entries = FindableToolsByEntry()
        let tools = FindableTools(items, learns: true)
        entries.prepare(tools, of: "v")
        entries.put(tools, of: "v")
        #expect(found("zzyzx", by: tools) == [])
        let learned = try #require(tools.learned)
        learned.searched("zzyzx", found: ["b2"], by: .session(1), now: 1)
        learned.called("b2", by: .session(1), now: 1)
        #expect(found("zzyzx", by: tools) == [])
        entries.relearn()
        #expect(found("zzyzx", by: tools) == ["b2"])
        let next = FindableTools(items + [item("c3", "More")], learns: true)
        entries.prepare(next, of: "v")
        entries.put(next, of: "v")
        #expect(found("zzyzx", by: next) == ["b2"])
    }

    @Test("tools that are the same have the index of before, others one of their own")
    func shared() {
        let entries = FindableToolsByEntry()
        let first = FindableTools(items)
        entries.prepare(first, of: "v")
        entries.put(first, of: "v")
        let finder = first.finder
        let same = FindableTools(items)
        entries.prepare(same, of: "v")
        entries.put(same, of: "v")
        #expect(same.finder === finder)
        let other = FindableTools([item("a1", "Other words")])
        entries.prepare(other, of: "v")
        entries.put(other, of: "v")
        #expect(other.finder !== finder)
    }

    @Test("what was prepared and never came into force takes nothing away from what is")
    func refused() throws {
        let entries = FindableToolsByEntry()
        let tools = FindableTools(items, learns: true)
        entries.prepare(tools, of: "v")
        let refused = FindableTools([item("a1", "Other words")], learns: true)
        entries.prepare(refused, of: "v")
        let learned = try #require(tools.learned)
        learned.searched("zzyzx", found: ["b2"], by: .session(1), now: 1)
        learned.called("b2", by: .session(1), now: 1)
        entries.relearn()
        #expect(found("zzyzx", by: tools) == ["b2"])
    }
}
