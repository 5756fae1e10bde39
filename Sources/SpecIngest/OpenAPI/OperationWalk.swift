import HubCore

/// Walks the paths of a document and reads each operation by itself: what is wrong with one never costs another.
struct OperationWalk {
    /// More operations than this are no description of an API; the rest is named in one finding.
    private static let maximumOperations = 25_000
    private static let methods = ["get", "put", "post", "delete", "options", "head", "patch", "trace"]

    private let reading: DescriptionReading
    private let lift: any OperationLift
    /// The operations that could be read, in document order.
    private(set) var operations: [OperationModel] = []
    /// All operations there are.
    private(set) var count = 0
    /// The servers of the document.
    let servers: [ServerDescription]
    private var seen: [String: Int] = [:]
    private var isBudgetNoted = false

    init(_ reading: DescriptionReading) {
        self.reading = reading
        switch reading.dialect {
        case .swagger2:
            lift = Swagger2Lift(reading)
            servers = []
        case .openAPI30, .openAPI31, .openAPI32, .wsdl:
            let openAPI3 = OpenAPI3Lift(reading)
            lift = openAPI3
            servers = openAPI3.documentServers?.all ?? []
        }
    }

    /// Reads them all.
    mutating func run() {
        guard var paths = reading.root["paths"] else { return }
        if paths["$ref"]?.kind == .string {
            // No version allows it, and people write it: the paths in a file of their own.
            guard let target = reading.object(paths, "`paths`") else { return }
            paths = target
        }
        guard paths.kind == .object else {
            if paths.count > 0 || paths.kind != .array { reading.log.add(.dropped, "`paths` has to be an object", at: paths) }
            return
        }
        for (name, item) in paths.members {
            guard let path = name.string, !path.hasPrefix("x-") else { continue }
            readItem(path, item, name: name)
        }
        reading.log.operation = nil
    }

    /// Gives the operations away.
    mutating func take() -> [OperationModel] {
        let all = operations
        operations = []
        return all
    }

    private mutating func readItem(_ path: String, _ written: JSONValue, name: JSONValue) {
        reading.log.operation = FindingLog.line(path)
        guard let item = reading.object(written, "the path") else { return }
        let shared = lift.sharedParts(of: item)
        for (key, node) in operationNodes(of: item) { readOperation(key, path, node, shared, item, name: name) }
        // OpenAPI 3.1.1 §4.8.9.1: what stands beside the reference of a path counts too.
        if written.index != item.index, reading.dialect.isJSONSchema2020 {
            let shared = lift.sharedParts(of: written)
            for (key, node) in operationNodes(of: written) { readOperation(key, path, node, shared, written, name: name) }
        }
    }

    private func operationNodes(of item: JSONValue) -> [(method: String, node: JSONValue)] {
        var nodes: [(method: String, node: JSONValue)] = []
        for (name, node) in item.members {
            guard let name = name.string else { continue }
            if Self.methods.contains(name) || (reading.dialect == .openAPI32 && name == "query") {
                nodes.append((name.uppercased(), node))
            } else if reading.dialect == .openAPI32, name == "additionalOperations" {
                for (method, node) in node.members { nodes.append((method.string ?? "", node)) }
            }
        }
        return nodes
    }

    private mutating func readOperation(
        _ method: String, _ path: String, _ node: JSONValue, _ shared: SharedParts, _ item: JSONValue, name: JSONValue
    ) {
        count += 1
        reading.log.operation = FindingLog.line(method + " " + path)
        guard count <= Self.maximumOperations else {
            if count == Self.maximumOperations + 1 {
                reading.log.add(.skippedOperation, "this and all that follow: more than \(Self.maximumOperations) operations", at: node)
            }
            return
        }
        // A path is taken apart for each of its operations.
        guard reading.budget.spend(2 * path.utf8.count) else {
            if !isBudgetNoted { reading.log.add(.skippedOperation, WorkBudget.refusal, at: node) }
            isBudgetNoted = true
            return
        }
        guard node.kind == .object else {
            reading.log.add(.skippedOperation, "an operation has to be an object", at: node)
            return
        }
        if let problem = PathTemplate.problem(with: path) {
            reading.log.add(.skippedOperation, problem, at: name)
            return
        }
        guard let node = reading.object(node, "the operation") else { return }
        let operation = lift.operation(method: method, path: path, node: node, shared: shared)
        if let earlier = seen[operation.name] {
            // RFC 8259 §4 leaves open what a repeated name means; the last one counts, as everywhere here.
            reading.log.add(.dropped, "the operation stands twice; the last one counts", at: name)
            count -= 1
            operations[earlier] = operation
        } else {
            seen[operation.name] = operations.count
            operations.append(operation)
        }
    }
}

/// What a path gives to each of its operations.
struct SharedParts {
    var parameters: [JSONValue] = []
    var servers: (all: [ServerDescription], usable: ServerReference)?
}

/// Reads operations of one dialect into the common model.
protocol OperationLift {
    /// What the path item gives to each of its operations.
    func sharedParts(of item: JSONValue) -> SharedParts
    /// The operation at `node`, an object. What is wrong in it is left out, with a finding.
    func operation(method: String, path: String, node: JSONValue, shared: SharedParts) -> OperationModel
}
