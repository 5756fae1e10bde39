public import NIOCore

/// Which parts of a JSON value are kept: paths from its root, made once, read by many answers.
///
/// 1. A name is a member; where an array stands, it is the member of each of its elements. A number is an element too.
/// 2. `*` is every element or member.
/// 3. What a path leads to is kept whole. Objects and arrays on the way stay, also where nothing in them is kept.
public struct FieldSelection: Sendable {
    /// The longest path, in steps.
    private static let maximumDepth = 64

    private struct Node: Sendable {
        var isWhole = false
        var every: Int?
        var members: [(name: String, node: Int)] = []
        var elements: [(index: Int, node: Int)] = []
    }

    /// A node that the path has reached; `isThrough` where it stands for the elements of an array that the path does not mention.
    private struct Reached: Hashable {
        var node: Int
        var isThrough = false
    }

    private var nodes = [Node()]

    /// The parts at JSON pointers (RFC 6901) with `*`.
    public init(pointers: [String]) {
        for pointer in pointers { add(JSONPointer.steps(of: pointer)) }
    }

    /// The parts that a caller names: dotted paths such as `data.id`, or JSON pointers.
    ///
    /// - Parameters:
    ///   - value: an array of texts, or a text with commas between the paths.
    ///   - argument: what the caller calls it, for errors.
    /// - Throws: `HubError` with `.invalidArguments`.
    public init(fields value: JSONValue, argument: String) throws(HubError) {
        let paths: [String]
        switch value.kind {
        case .string: paths = (value.string ?? "").split(separator: ",").map { String($0.trimmingSpaces) }
        case .array: paths = value.elements.map { $0.string ?? "" }
        case .null, .true, .false, .number, .object: paths = []
        }
        guard (1...100).contains(paths.count), paths.allSatisfy({ (1...256).contains($0.utf8.count) }) else {
            throw HubError(.invalidArguments, "argument \"\(argument)\" must be a list of 1 to 100 paths such as \"data.id\"")
        }
        for path in paths { add(path.hasPrefix("/") ? JSONPointer.steps(of: path) : Self.dotted(path)) }
    }

    /// `data.items[].id` and `$.data.items[*].id` in steps; brackets without a number only repeat what goes without saying.
    private static func dotted(_ path: String) -> [String] {
        var steps: [String] = []
        for part in path.split(separator: ".") where part != "$" {
            let pieces = part.split(separator: "[", omittingEmptySubsequences: false)
            if let name = pieces.first, !name.isEmpty { steps.append(String(name)) }
            for piece in pieces.dropFirst() {
                let index = piece.prefix { $0 != "]" }
                if Int(index) != nil { steps.append(String(index)) }
            }
        }
        return steps
    }

    private mutating func add(_ steps: [String]) {
        var place = 0
        for step in steps.prefix(Self.maximumDepth) {
            if step == "*" {
                if let next = nodes[place].every {
                    place = next
                } else {
                    nodes[place].every = nodes.count
                    place = nodes.count
                    nodes.append(Node())
                }
                continue
            }
            if let known = nodes[place].members.first(where: { $0.name.utf8.elementsEqual(step.utf8) }) {
                place = known.node
                continue
            }
            nodes[place].members.append((step, nodes.count))
            if let index = Int(step) { nodes[place].elements.append((index, nodes.count)) }
            place = nodes.count
            nodes.append(Node())
        }
        nodes[place].isWhole = true
    }

    /// What is left of `value`, and whether a path led to anything, or to an array or object that is empty.
    public func apply(to value: JSONValue) -> (bytes: ByteBuffer, found: Bool) {
        var json = JSONWriter()
        var found = false
        write(value, [Reached(node: 0)], to: &json, found: &found)
        return (json.buffer, found)
    }

    private func write(_ value: JSONValue, _ reached: [Reached], to json: inout JSONWriter, found: inout Bool) {
        if reached.contains(where: { nodes[$0.node].isWhole }) {
            found = true
            return json.raw(value.compactBytes)
        }
        if value.count == 0 { found = true }
        switch value.kind {
        case .array:
            // The same for every element but those that a path names by number.
            let shared = Self.once(reached.flatMap { stepsToAnyElement(from: $0) })
            let named = Dictionary(grouping: reached.flatMap { nodes[$0.node].elements }, by: \.index)
            json.beginArray()
            for (index, element) in value.elements.enumerated() {
                let next = named[index].map { Self.once($0.map { Reached(node: $0.node) } + shared) } ?? shared
                if isWritten(element, next) { write(element, next, to: &json, found: &found) }
            }
            json.endArray()
        case .object:
            json.beginObject()
            for (name, member) in value.members {
                let next = Self.once(reached.flatMap { steps(from: $0, toMember: name) })
                guard isWritten(member, next) else { continue }
                json.key(name)
                write(member, next, to: &json, found: &found)
            }
            json.endObject()
        case .null, .true, .false, .number, .string:
            json.value(value)  // the root, which nothing can be taken out of
        }
    }

    private func isWritten(_ value: JSONValue, _ reached: [Reached]) -> Bool {
        guard !reached.isEmpty else { return false }
        return value.kind == .array || value.kind == .object || reached.contains { nodes[$0.node].isWhole }
    }

    private func stepsToAnyElement(from place: Reached) -> [Reached] {
        let node = nodes[place.node]
        var next = place.isThrough ? [] : (node.every.map { [Reached(node: $0)] } ?? [])
        if node.members.count > node.elements.count { next.append(Reached(node: place.node, isThrough: true)) }
        return next
    }

    /// Each place once: through arrays in arrays the same one is reached in ever more ways.
    private static func once(_ places: [Reached]) -> [Reached] {
        guard places.count > 1 else { return places }
        var seen: Set<Reached> = []
        return places.filter { seen.insert($0).inserted }
    }

    private func steps(from place: Reached, toMember name: JSONValue) -> [Reached] {
        let node = nodes[place.node]
        var next = place.isThrough ? [] : (node.every.map { [Reached(node: $0)] } ?? [])
        for member in node.members where name.isString(member.name) { next.append(Reached(node: member.node)) }
        return next
    }
}

/// JSON pointers (RFC 6901).
enum JSONPointer {
    /// The pointer of some steps.
    static func text(of steps: some Sequence<String>) -> String {
        steps.reduce(into: "") { $0 += "/" + $1.replacing("~", with: "~0").replacing("/", with: "~1") }
    }

    /// The steps of a pointer, unescaped.
    static func steps(of pointer: String) -> [String] {
        pointer.split(separator: "/", omittingEmptySubsequences: false).dropFirst().map {
            String($0.replacing("~1", with: "/").replacing("~0", with: "~"))
        }
    }

    /// The value that steps lead to.
    static func value(at steps: [String], in root: JSONValue) -> JSONValue? {
        var value = root
        for step in steps {
            switch value.kind {
            case .object:
                guard let next = value[step] else { return nil }
                value = next
            case .array:
                guard let index = Int(step), index >= 0, index < value.count,
                    let next = value.elements.dropFirst(index).first(where: { _ in true })
                else { return nil }
                value = next
            case .null, .true, .false, .number, .string: return nil
            }
        }
        return value
    }
}
