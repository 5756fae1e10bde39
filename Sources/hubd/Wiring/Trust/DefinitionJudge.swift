import HubCore
import HubStore
import NIOCore

/// Judges what one server lists by what was decided before.
struct DefinitionJudge {
    /// For each tool of the list, in its order.
    private(set) var standings: [ToolStanding] = []
    /// Definitions that were not known.
    private(set) var fresh: [ToolApproval] = []
    /// The digest of each tool of the list, in its order; nil where it has no canonical form: it is held.
    private(set) var digests: [DefinitionDigest?] = []
    /// The digests of all that is listed.
    private(set) var listed: Set<String> = []
    /// What is known when this is over.
    private(set) var after: ApprovalRepository.Standing

    private let list: ToolApprovals.Listed
    private let before: ApprovalRepository.Standing
    private let known: [DefinitionDigest?]?
    private let now: Int64

    /// - Parameters:
    ///   - list: what the server lists.
    ///   - before: what was decided.
    ///   - digests: what `digests` of the same list was before; nil: it is another.
    ///   - now: seconds since 1970.
    init(_ list: ToolApprovals.Listed, _ before: ApprovalRepository.Standing, digests: [DefinitionDigest?]?, now: Int64) {
        self.list = list
        self.now = now
        self.before = before
        known = digests
        after = before
    }

    /// Whether the store does not know all of it.
    var isNews: Bool { !fresh.isEmpty || before != after }

    /// Judges every tool.
    ///
    /// - Parameter neighbours: the names of all tools of the hub.
    mutating func judge(beside neighbours: DefinitionNeighbours) {
        digests.reserveCapacity(list.tools.count)
        for (index, tool) in list.tools.enumerated() {
            // One at a time: all canonical forms of a large list are large.
            let record = known == nil ? try? DefinitionRecord(tool) : nil
            let digest = known?[index] ?? record?.digest
            digests.append(digest)
            guard let digest else {
                standings.append(.held)
                continue
            }
            let text = digest.text
            listed.insert(text)
            if let state = before.states[tool.name]?[text] {
                standings.append(ToolStanding(state))
            } else if let record = record ?? (try? DefinitionRecord(tool)) {
                standings.append(take(tool, record, text, beside: neighbours))
            } else {
                standings.append(.held)
            }
        }
        for (tool, states) in after.states {
            after.states[tool] = states.filter { $0.value != .held || listed.contains($0.key) }
            if after.states[tool]?.isEmpty ?? false { after.states[tool] = nil }
        }
        after.isPinned = before.isPinned || !listed.isEmpty
    }

    private mutating func take(
        _ tool: ToolDefinition, _ record: DefinitionRecord, _ digest: String, beside neighbours: DefinitionNeighbours
    ) -> ToolStanding {
        let findings = DefinitionReview.findings(in: record, server: list.server, neighbours: neighbours)
        let isKnown = before.states[tool.name]?.values.contains { $0 != .held } ?? false
        let reason: ToolApproval.Reason =
            if isKnown {
                .changed
            } else if before.isPinned {
                .new
            } else if findings.contains(where: { $0.severity == .hold }) {
                .suspicious
            } else {
                .none
            }
        let state: ToolApproval.State = reason == .none ? .pinned : .held
        fresh.append(
            ToolApproval(
                server: list.server, tool: tool.name, digest: digest, state: state, reason: reason, definition: record.bytes,
                findings: DefinitionFinding.json(of: findings), seenAt: now))
        after.states[tool.name, default: [:]][digest] = state
        return ToolStanding(state)
    }
}

extension ToolStanding {
    /// What a state in the store means.
    init(_ state: ToolApproval.State) {
        switch state {
        case .pinned: self = .pinned
        case .held: self = .held
        case .approved: self = .approved
        case .rejected: self = .rejected
        }
    }
}

extension DefinitionFinding {
    /// Findings as the store keeps them.
    static func json(of findings: [DefinitionFinding]) -> ByteBuffer {
        var json = JSONWriter()
        json.beginArray()
        for finding in findings {
            json.beginObject()
            json.member("rule", finding.rule.id)
            json.member("severity", finding.severity.rawValue)
            json.member("place", finding.pointer)
            json.member("excerpt", finding.excerpt)
            json.member("message", finding.message)
            json.endObject()
        }
        json.endArray()
        return json.buffer
    }
}
