import HubCore

/// What the parts of one reading of a description share: the document, its references, what was found. Not shared, not kept.
final class DescriptionReading {
    private static let maximumText = 8 << 10
    let root: JSONValue
    let dialect: IngestedAPI.Dialect
    let index: ReferenceIndex
    let log: FindingLog
    let shaper: SchemaShaper
    let repairs: RepairPlanner
    /// Shapes answers. What is wrong with them costs no call, so that nothing of it is reported.
    let answerShaper: SchemaShaper
    let budget: WorkBudget

    init(root: JSONValue, dialect: IngestedAPI.Dialect, index: ReferenceIndex, log: FindingLog, budget: WorkBudget = WorkBudget()) {
        self.root = root
        self.budget = budget
        self.dialect = dialect
        self.log = log
        self.index = index
        self.shaper = SchemaShaper(dialect: dialect, index: index, log: log, budget: budget)
        self.repairs = RepairPlanner(shaper)
        self.answerShaper = SchemaShaper(dialect: dialect, index: index, log: log.silent, budget: WorkBudget(), direction: .output)
    }

    /// The object at `node`, references followed; nil, with a finding, where there is none. `what` names it in the finding.
    func object(_ node: JSONValue?, _ what: String) -> JSONValue? {
        guard var node else { return nil }
        for _ in 0..<32 {
            guard node.kind == .object else {
                log.add(.dropped, "\(what) has to be an object; it is left out", at: node)
                return nil
            }
            guard let reference = node["$ref"], let text = reference.string else { return node }
            switch index.resolve(reference) {
            case .found(let target):
                guard budget.spend(on: target) else {
                    log.add(.unresolvedReference, "\(what): the description repeats itself too often to follow its $ref", at: reference)
                    return nil
                }
                node = target
            case .refused(let reason):
                log.add(
                    .unresolvedReference, "\(what): $ref \(FindingLog.quoted(text)) \(reason)",
                    at: reference)
                return nil
            case .dangling:
                log.add(.unresolvedReference, "\(what): $ref \(FindingLog.quoted(text)) leads nowhere", at: reference)
                return nil
            }
        }
        log.add(.unresolvedReference, "\(what): its $ref leads round in a circle", at: node)
        return nil
    }

    /// The text of a string member, if it is one and not empty; of a very long one the beginning.
    func text(_ node: JSONValue, _ name: String) -> String? {
        guard let text = node[name]?.string, !text.isEmpty else { return nil }
        return text.utf8.count <= Self.maximumText ? text : String(decoding: text.utf8.prefix(Self.maximumText), as: UTF8.self)
    }
}
