import HubCore

/// Makes the repair plans of the operations of one description. Lives as long as the reading; what is known of a schema is kept for all
/// operations that use it.
final class RepairPlanner {
    /// How many places a plan has; what is farther from the arguments stays as it is.
    private static let maximumNodes = 4_096
    /// How many members may still be looked at: all plans of a description together are bounded, however many operations share them.
    private var remaining = 1 << 20

    private struct Shape {
        var kinds: ValueKinds
        var members: [(name: String, schema: JSONValue)] = []
        var others: JSONValue?
        var items: JSONValue?

        var isLeaf: Bool { members.isEmpty && others == nil && items == nil }
        /// Whether a value may be taken for something else than it is.
        var isOpen: Bool { kinds.contains(.string) || kinds.isEmpty }
    }

    private let shaper: SchemaShaper
    private var shapes: [SchemaShaper.NodeKey: Shape] = [:]

    init(_ shaper: SchemaShaper) {
        self.shaper = shaper
    }

    /// The plan for arguments with these schemas, and where each begins in it; nil where nothing below an argument can be put right.
    func plan(_ sources: [SchemaSource]) -> (plan: RepairPlan, roots: [Int?]) {
        var draft = Draft(planner: self)
        let roots = sources.map { source -> Int? in
            switch source {
            case .node(let node): draft.root(node, origin: .schema)
            case .parameter(let node): draft.root(node, origin: .parameter)
            case .none, .string: nil
            }
        }
        draft.finish()
        return (RepairPlan(nodes: draft.nodes), roots)
    }

    private func shape(of node: JSONValue, origin: SchemaKeywords.Origin) -> Shape {
        let key = SchemaShaper.NodeKey(index: node.index, origin: origin)
        if let known = shapes[key] { return known }
        let shape = read(node, origin: origin)
        shapes[key] = shape
        return shape
    }

    private func read(_ node: JSONValue, origin: SchemaKeywords.Origin) -> Shape {
        var shape = Shape(kinds: shaper.kinds(of: node, origin: origin))
        switch shape.kinds.subtracting(.null) {
        case .object where remaining > 0:
            guard let parts = shaper.plainObject(node), spend(parts.properties.count) else { break }
            shape.members = parts.properties
            shape.others = parts.additional
        case .array:
            var own = node
            if let reference = node["$ref"], reference.kind == .string, let target = shaper.target(of: reference) {
                own = shaper.node(of: target)
            }
            if own["prefixItems"] == nil, own["allOf"] == nil, let items = own["items"], items.kind == .object { shape.items = items }
        default: break
        }
        return shape
    }

    /// Whether so many members more may be looked at.
    private func spend(_ members: Int) -> Bool {
        remaining -= members + 1
        return remaining > 0
    }

    private struct Draft {
        let planner: RepairPlanner
        var nodes: [RepairPlan.Node] = []
        private var numbers: [SchemaShaper.NodeKey: Int] = [:]
        private var leaves: [UInt8: Int] = [:]
        private var queue: [(number: Int, shape: Shape)] = []

        init(planner: RepairPlanner) { self.planner = planner }

        mutating func root(_ node: JSONValue, origin: SchemaKeywords.Origin) -> Int? {
            let shape = planner.shape(of: node, origin: origin)
            // The argument itself is looked at anyway.
            return shape.isLeaf ? nil : number(of: node, shape, origin: origin)
        }

        mutating func finish() {
            var next = 0
            while next < queue.count {
                let (number, shape) = queue[next]
                next += 1
                guard planner.spend(shape.members.count) else { continue }
                for (name, schema) in shape.members { nodes[number].members[name] = self.number(of: schema) }
                nodes[number].others = shape.others.flatMap { self.number(of: $0) }
                nodes[number].items = shape.items.flatMap { self.number(of: $0) }
            }
        }

        private mutating func number(of node: JSONValue) -> Int? {
            guard node.kind == .object else { return nil }
            return number(of: node, planner.shape(of: node, origin: .schema), origin: .schema)
        }

        private mutating func number(of node: JSONValue, _ shape: Shape, origin: SchemaKeywords.Origin) -> Int? {
            if shape.isLeaf {
                guard !shape.isOpen else { return nil }
                if let known = leaves[shape.kinds.rawValue] { return known }
                nodes.append(RepairPlan.Node(kinds: shape.kinds))
                leaves[shape.kinds.rawValue] = nodes.count - 1
                return nodes.count - 1
            }
            let key = SchemaShaper.NodeKey(index: node.index, origin: origin)
            if let known = numbers[key] { return known }
            guard nodes.count < RepairPlanner.maximumNodes else { return nil }
            nodes.append(RepairPlan.Node(kinds: shape.kinds))
            numbers[key] = nodes.count - 1
            queue.append((nodes.count - 1, shape))
            return nodes.count - 1
        }
    }
}
