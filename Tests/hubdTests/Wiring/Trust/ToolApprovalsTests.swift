import FoundationEssentials
import HubCore
import HubStore
import NIOCore
import Testing

@testable import hubd

@Suite final class ToolApprovalsTests {
    private let folder = FileManager.default.temporaryDirectory.appending(path: "hub-approvals-\(UUID())")
    private let store: OpenedStore
    private let approvals: ToolApprovals

    init() throws {
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        store = OpenedStore(path: folder.appending(path: "hub.sqlite").path)
        approvals = ToolApprovals(store)
    }

    deinit {
        try? FileManager.default.removeItem(at: folder)  // a temporary folder may stay
    }

    private func tool(_ name: String, _ description: String = "Looks things up.", risk: Risk = .read) -> ToolDefinition {
        ToolDefinition(
            name: name, description: description, inputSchema: ByteBuffer(string: #"{"type":"object"}"#), annotations: ToolAnnotations(),
            risk: risk, operation: "")
    }

    private func standings(
        _ tools: [ToolDefinition], at place: String = "here", isRecording: Bool = true
    ) throws -> [ToolStanding] {
        let judged = approvals.judge(
            [ToolApprovals.Listed(server: "docs", place: place, tools: tools)], isRecording: isRecording, now: 100)
        let standing = try #require(judged["docs"])
        #expect(standing.problem == nil)
        return standing.tools
    }

    private func repository() throws -> ApprovalRepository { ApprovalRepository(try #require(try store.database())) }

    @Test("the first list is taken, and what changes or comes later is held")
    func firstUse() throws {
        #expect(try standings([tool("a"), tool("b")]) == [.pinned, .pinned])
        #expect(try standings([tool("a"), tool("b", "Other words."), tool("c")]) == [.pinned, .held, .held])
        let held = try repository().list([.held])
        #expect(held.map(\.tool) == ["b", "c"] && held.map(\.reason) == [.changed, .new])
        #expect(try standings([tool("b"), tool("a")]) == [.pinned, .pinned], "what was taken may come back, in any order")
        #expect(try repository().list([.held]).isEmpty)
        #expect(approvals.held.map(\.tools) == [0])
    }

    @Test("at another place new tools are taken, and changed ones are held")
    func moved() throws {
        #expect(try standings([tool("a"), tool("b")]) == [.pinned, .pinned])
        #expect(try standings([tool("a", "Other words."), tool("b"), tool("c")], at: "there") == [.held, .pinned, .pinned])
        #expect(try standings([tool("d")], at: "there") == [.held])
    }

    @Test("a decision is taken up once, and is about one definition")
    func decision() throws {
        _ = try standings([tool("a")])
        _ = try standings([tool("a", "Other words.")])
        approvals.refresh()
        #expect(!approvals.takeChange(), "what the hub itself wrote is no news")
        let held = try #require(try repository().list([.held]).first)
        try repository().decide(.approved, tool: "a", server: "docs", digest: held.digest, by: "x", note: "", now: 200)
        approvals.refresh()
        #expect(approvals.takeChange())
        #expect(!approvals.takeChange())
        #expect(try standings([tool("a", "Other words.")]) == [.approved])
        #expect(try standings([tool("a", "Other words!")]) == [.held])
    }

    @Test("without recording nothing is written, and what would be taken is")
    func looking() throws {
        #expect(try standings([tool("a")], isRecording: false) == [.pinned])
        #expect(try store.database() == nil)
        _ = try standings([tool("a")])
        #expect(try standings([tool("a"), tool("b")], isRecording: false) == [.pinned, .held])
        #expect(try repository().list([.held]).isEmpty)
    }

    @Test("a store that cannot be opened is said, and what was known stays in force")
    func brokenStore() throws {
        try Data("no database at all, and long enough to be read as one".utf8).write(to: folder.appending(path: "hub.sqlite"))
        let judge = { (tools: [ToolDefinition]) in
            self.approvals.judge([ToolApprovals.Listed(server: "docs", place: "here", tools: tools)], isRecording: true, now: 100)["docs"]
        }
        let first = try #require(judge([tool("a")]))
        #expect(first.problem != nil && first.tools == [.pinned])
        #expect(judge([tool("a", "Other words.")])?.tools == [.held])
    }

    @Test("an empty list takes nothing: the first tools that come are the first list")
    func emptyFirst() throws {
        #expect(try standings([]) == [])
        #expect(try standings([tool("a")]) == [.pinned])
    }

    @Test("what is held, and by which setting an entry shows it")
    func shown() {
        let shown = { (pin: TrustEntry.Pin) in
            [ToolStanding.unjudged, .pinned, .approved, .held, .rejected].map { $0.isShown(under: pin) }
        }
        #expect(shown(.off) == [true, true, true, true, true])
        #expect(shown(.firstUse) == [true, true, true, false, false])
        #expect(shown(.approval) == [true, false, true, false, false])
    }
}
