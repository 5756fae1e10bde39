import HubCore
import MCPHub

extension SnapshotBuilder {
    /// Judges the tools of all servers of which any entry wants that, and marks those whose answers nobody trusts.
    func judge(_ parts: inout [String: ServerPart], _ settings: Settings, _ findings: inout FindingCollector) {
        let judged = settings.servers.filter { parts[$0.name]?.ingredient != nil && settings.strictestPin(of: $0) != .off }
        let lists = judged.map { entry in
            ToolApprovals.Listed(
                server: entry.name, place: entry.description.value.fingerprint,
                tools: parts[entry.name]?.ingredient?.tools.map(\.original) ?? [])
        }
        let standings = approvals.judge(lists, isRecording: recordsApprovals, now: Timekeeper.secondsSince1970)
        for entry in judged {
            guard let standing = standings[entry.name] else { continue }
            parts[entry.name]?.take(standing)
            let pin = settings.strictestPin(of: entry)
            let waiting = (parts[entry.name]?.ingredient?.tools ?? []).filter {
                $0.standing != .rejected && !$0.standing.isShown(under: pin)
            }
            if !waiting.isEmpty {
                let names = waiting.prefix(5).map { ConfigFinding.quoted($0.original.name) }
                let more = waiting.count > 5 ? [" and \(waiting.count - 5) more"] : []
                findings.warning(
                    "\(entry.name): held back until somebody approves: \((names.joined(separator: ", ") + more.joined()))",
                    hint: "look at them: hubd approvals list --server \(entry.name)", at: entry.place)
            }
            if let problem = standing.problem {
                findings.warning(
                    "what \(entry.name) lists could not be kept, so that a change of it will not be noticed after a restart: \(problem)",
                    hint: nil, at: entry.place)
            }
        }
        for entry in settings.servers where entry.trust.areResultsUntrusted { parts[entry.name]?.distrust() }
    }
}

extension SnapshotBuilder.ServerPart {
    /// Takes up what was decided.
    fileprivate mutating func take(_ standing: ToolApprovals.Standing) {
        guard var tools = ingredient?.tools, tools.count == standing.tools.count else { return }
        for index in tools.indices { tools[index].standing = standing.tools[index] }
        ingredient?.tools = tools
    }

    /// Marks all that it answers.
    fileprivate mutating func distrust() {
        guard var tools = ingredient?.tools else { return }
        for index in tools.indices { tools[index].isDistrusted = true }
        ingredient?.tools = tools
        ingredient?.isDistrusted = true
    }
}
