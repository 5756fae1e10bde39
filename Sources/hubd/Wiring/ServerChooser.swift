import HubCore
import SpecIngest

/// Finds where each operation of one server is, as the operator chose among the servers of the description.
///
/// 1. Without a choice, an operation is where its own first server says, otherwise where that of the document does.
/// 2. A choice, by name, by the URL as it is written, or by number, is one among the servers of the document.
/// 3. An operation with servers of its own is at the one of the same name or URL, otherwise at its first.
struct ServerChooser {
    private let entry: ServerEntry
    private let values: [String: String]
    private let chosen: ServerDescription?
    private let reference: ServerReference?

    /// - Parameter findings: takes what is wrong with the choice.
    init(_ entry: ServerEntry, _ api: IngestedAPI, _ findings: inout FindingCollector) {
        self.entry = entry
        values = Dictionary(entry.serverVariables.map { ($0.name, $0.value) }, uniquingKeysWith: { first, _ in first })
        if let wanted = entry.server {
            let number = Int(wanted.value).flatMap { api.servers.indices.contains($0) ? $0 : nil }
            chosen = Self.find(wanted.value, in: api.servers) ?? number.map { api.servers[$0] }
            if chosen == nil {
                let names = api.servers.map { $0.name ?? $0.url }
                let near = NearestName.find(wanted.value, among: names).map { "did you mean \"\($0)\"?" }
                let known = names.prefix(8).map { ConfigFinding.quoted($0) }
                findings.error(
                    "the description of \(entry.name) has no server \(ConfigFinding.quoted(wanted.value))",
                    hint: near ?? (known.isEmpty ? "it offers none" : "it has \(ConfigFinding.listed(known)), from 0"), at: wanted.place)
            }
        } else {
            let values = values
            chosen = api.servers.first { if case .unusable = $0.reference(values) { false } else { true } } ?? api.servers.first
        }
        reference = chosen?.reference(values)
        let possible = (chosen.map { [$0] } ?? []) + api.operations.flatMap { $0.servers ?? [] }
        if entry.server == nil || chosen != nil { check(possible.flatMap(\.variables), &findings) }
    }

    private static func find(_ wanted: String, in servers: [ServerDescription]) -> ServerDescription? {
        servers.first { $0.name == wanted } ?? servers.first { $0.url == wanted }
    }

    private func check(_ variables: [ServerDescription.Variable], _ findings: inout FindingCollector) {
        for given in entry.serverVariables {
            let known = variables.filter { $0.name == given.name }
            let label = ConfigFinding.quoted(given.name)
            if known.isEmpty {
                let names = Set(variables.map(\.name))
                let near = NearestName.find(given.name, among: names).map { "did you mean \"\($0)\"?" }
                let all = names.isEmpty ? "it has none" : "it has \(ConfigFinding.listed(names.sorted()))"
                findings.error("the server of \(entry.name) has no variable \(label)", hint: near ?? all, at: given.place)
            } else if known.allSatisfy({ !$0.values.isEmpty && !$0.values.contains(given.value) }) {
                let values = known.first?.values.prefix(12).map { ConfigFinding.quoted($0) } ?? []
                findings.error(
                    "\(label) cannot be \(ConfigFinding.quoted(given.value))", hint: "it is \(ConfigFinding.listed(values))",
                    at: given.place)
            }
        }
    }

    /// Where an operation is.
    func server(of operation: IngestedOperation) -> ServerReference {
        guard entry.server != nil || !values.isEmpty else { return operation.server }
        guard let own = operation.servers else { return reference ?? operation.server }
        let wanted = chosen.flatMap { chosen in own.first { $0.name != nil && $0.name == chosen.name } ?? own.first { $0.url == chosen.url }
        }
        return (wanted ?? own.first)?.reference(values) ?? operation.server
    }
}
