import NIOCore
import Testing

@testable import HubStore

@Suite struct ApprovalRepositoryTests {
    private let folder: StoreFolder
    private let approvals: ApprovalRepository

    init() throws {
        folder = try StoreFolder()
        approvals = ApprovalRepository(try HubDatabase(path: folder.path))
    }

    private func definition(
        _ tool: String, _ digest: String, _ state: ToolApproval.State, _ reason: ToolApproval.Reason = .none
    ) -> ToolApproval {
        ToolApproval(
            server: "docs", tool: tool, digest: digest, state: state, reason: reason, definition: ByteBuffer(string: "{\"\(digest)\":1}"),
            findings: ByteBuffer(string: "[]"), seenAt: 100)
    }

    @Test("the first list pins a server, and what is known of it is read back")
    func firstList() throws {
        #expect(try approvals.standings(of: ["docs": "here"])["docs"] == ApprovalRepository.Standing())
        try approvals.take(
            [definition("a", "1", .pinned), definition("b", "2", .held, .suspicious)], listed: ["1", "2"], of: "docs", at: "here", now: 100)
        let standing = try #require(try approvals.standings(of: ["docs": "here", "other": "here"])["docs"])
        #expect(standing.isPinned)
        #expect(standing.states == ["a": ["1": .pinned], "b": ["2": .held]])
        let held = try approvals.list([.held])
        #expect(held == [definition("b", "2", .held, .suspicious)])
        #expect(try approvals.list([.held], server: "other").isEmpty)
        #expect(try approvals.events(of: "b", server: "docs").map(\.action) == [.held])
    }

    @Test("at another place a server has not been taken yet, and its tools are known all the same")
    func moved() throws {
        try approvals.take([definition("a", "1", .pinned)], listed: ["1"], of: "docs", at: "here", now: 100)
        let standing = try #require(try approvals.standings(of: ["docs": "there"])["docs"])
        #expect(!standing.isPinned && standing.states == ["a": ["1": .pinned]])
    }

    @Test("a server that lists nothing is not pinned by that")
    func emptyList() throws {
        try approvals.take([], listed: [], of: "docs", at: "here", now: 100)
        #expect(try approvals.standings(of: ["docs": "here"])["docs"]?.isPinned == false)
    }

    @Test("of a tool that changes again and again the latest definition is held, and one that is listed no more goes")
    func replaced() throws {
        try approvals.take([definition("a", "1", .pinned)], listed: ["1"], of: "docs", at: "here", now: 100)
        try approvals.take([definition("a", "2", .held, .changed)], listed: ["2"], of: "docs", at: "here", now: 101)
        try approvals.take([definition("a", "3", .held, .changed)], listed: ["3"], of: "docs", at: "here", now: 102)
        #expect(try approvals.list([.held]).map(\.digest) == ["3"])
        try approvals.take([], listed: ["1"], of: "docs", at: "here", now: 103)
        #expect(try approvals.list([.held]).isEmpty)
        #expect(try approvals.list([.pinned]).map(\.digest) == ["1"])
    }

    @Test("a decision stays when the definition is seen again, and is recorded with who made it and why")
    func decisions() throws {
        try approvals.take([definition("a", "1", .held, .new)], listed: ["1"], of: "docs", at: "here", now: 100)
        try approvals.decide(.approved, tool: "a", server: "docs", digest: "1", by: "eve@host", note: "seen", now: 105)
        try approvals.take([definition("a", "1", .held, .new)], listed: ["1"], of: "docs", at: "here", now: 110)
        let known = try approvals.definitions(of: "a", server: "docs")
        #expect(known.map(\.state) == [.approved])
        #expect(known.first?.decidedBy == "eve@host" && known.first?.decidedAt == 105)
        let event = try #require(try approvals.events(of: "a", server: "docs").first { $0.action == .approved })
        #expect(event.note == "seen" && event.actor == "eve@host" && event.at == 105 && event.digest == "1")
    }

    @Test("a definition that is gone cannot be decided about, and nothing but approving and rejecting is a decision")
    func unknown() throws {
        #expect(throws: StoreError.self) {
            try approvals.decide(.approved, tool: "a", server: "docs", digest: "1", by: "x", note: "", now: 1)
        }
        try approvals.take([definition("a", "1", .held, .new)], listed: ["1"], of: "docs", at: "here", now: 100)
        #expect(throws: StoreError.self) {
            try approvals.decide(.pinned, tool: "a", server: "docs", digest: "1", by: "x", note: "", now: 1)
        }
        #expect(try approvals.list([.held]).count == 1)
    }

    @Test("a server that changes without end fills the record no further than a bound")
    func bound() throws {
        for round in 0..<6 {
            let fresh = (0..<2_500).map { definition("t\($0)", "\(round)-\($0)", .held, .changed) }
            try approvals.take(fresh, listed: Set(fresh.map(\.digest)), of: "docs", at: "here", now: Int64(round))
        }
        #expect(try approvals.list([.held]).count == 2_500)
        let events = try (0..<2_500).reduce(0) { try $0 + approvals.events(of: "t\($1)", server: "docs").count }
        #expect(events == ApprovalRepository.maximumHeldEvents)
    }
}
