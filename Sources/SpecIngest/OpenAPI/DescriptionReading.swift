import HubCore

/// What the parts of one reading of a description share: the document, its references, what was found. Not shared, not kept.
final class DescriptionReading {
    let root: JSONValue
    let dialect: IngestedAPI.Dialect
    let index: ReferenceIndex
    let log: FindingLog
    let shaper: SchemaShaper
    let repairs: RepairPlanner
    /// Shapes answers. What is wrong with them costs no call, so that nothing of it is reported.
    let answerShaper: SchemaShaper

    init(root: JSONValue, dialect: IngestedAPI.Dialect, index: ReferenceIndex, log: FindingLog) {
        self.root = root
        self.dialect = dialect
        self.log = log
        self.index = index
        self.shaper = SchemaShaper(dialect: dialect, index: index, log: log)
        self.repairs = RepairPlanner(shaper)
        self.answerShaper = SchemaShaper(dialect: dialect, index: index, log: log.silent, direction: .output)
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

    /// The text of a string member, if it is one and not empty.
    func text(_ node: JSONValue, _ name: String) -> String? {
        guard let text = node[name]?.string, !text.isEmpty else { return nil }
        return text
    }
}
