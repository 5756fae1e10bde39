import HubCore

/// The parameters of an operation: those of its path, overridden and added to by its own (OpenAPI 3.1.1 §4.8.10.1).
struct ParameterList {
    private struct Key: Hashable {
        var name: String
        var place: String
    }

    private let reading: DescriptionReading
    private var nodes: [JSONValue] = []
    private var positions: [Key: Int] = [:]

    init(_ reading: DescriptionReading) {
        self.reading = reading
    }

    /// The parameters that hold, in order; each an object with a name and a place.
    static func merged(_ reading: DescriptionReading, shared: [JSONValue], own: JSONValue?) -> [(
        node: JSONValue, name: String, place: String
    )] {
        var list = ParameterList(reading)
        for node in shared where reading.budget.spend(on: node) { list.add(node) }
        for node in list.elements(of: own) { list.add(node) }
        return list.nodes.compactMap { node in
            guard let name = node["name"]?.string, let place = node["in"]?.string else { return nil }
            return (node, name, place.lowercased())
        }
    }

    /// The nodes of a `parameters` list; nothing, with a finding, where it is no list.
    func elements(of list: JSONValue?) -> [JSONValue] {
        guard let list else { return [] }
        guard list.kind == .array else {
            if list.count > 0 || list.kind != .object {
                reading.log.add(.dropped, "`parameters` has to be a list; it is left out", at: list)
            }
            return []
        }
        return Array(list.elements)
    }

    private mutating func add(_ written: JSONValue) {
        guard let node = reading.object(written, "the parameter") else { return }
        guard reading.budget.spend(WorkBudget.argument) else { return }
        guard let name = node["name"]?.string, let place = node["in"]?.string else {
            reading.log.add(.dropped, "a parameter has to have `name` and `in`; it is left out", at: node)
            return
        }
        guard name.utf8.count <= ArgumentNames.maximumWireLength else {
            reading.log.add(.dropped, "the name of a parameter is longer than \(ArgumentNames.maximumWireLength) bytes", at: node)
            return
        }
        let key = Key(name: name, place: place.lowercased())
        if let position = positions[key] {
            nodes[position] = node
        } else {
            positions[key] = nodes.count
            nodes.append(node)
        }
    }
}
