import HubCore
import NIOCore

/// What can be put right inside the arguments of one operation. Compiled when the description is read; a call follows it as far as its
/// arguments go, and looks at no schema.
///
/// 1. A string that holds JSON of a kind the place takes, where it takes no strings, is that JSON.
/// 2. A single value where the place takes only lists is a list of one.
/// 3. Everything else stays as it is: what is wrong inside an argument is the upstream's to refuse.
/// 4. Where a schema is a choice of shapes, nothing below it is touched.
struct RepairPlan: Sendable {
    /// A place that a value may stand at.
    struct Node: Sendable {
        /// The kinds of value it takes.
        var kinds: ValueKinds
        /// The members of an object in which something can be put right.
        var members: [String: Int] = [:]
        /// The members that have no name here.
        var others: Int?
        /// The elements of a list.
        var items: Int?

        /// Whether nothing but a list may stand here.
        var takesOnlyLists: Bool { kinds.subtracting(.null) == .array }
    }

    /// No place.
    static let none = RepairPlan(nodes: [])
    /// The places, which refer to one another by number.
    let nodes: [Node]

    /// The value as it is to be sent.
    func repaired(_ value: JSONValue, at number: Int) -> JSONValue {
        var repairs: [(value: JSONValue, with: ByteBuffer)] = []
        collect(value, at: number, into: &repairs)
        guard !repairs.isEmpty else { return value }
        // A text that grew past the limits of a message stays as it was.
        return (try? JSONDocument(parsing: Self.splice(repairs, into: value), limits: .message).root) ?? value
    }

    private func collect(_ value: JSONValue, at number: Int, into repairs: inout [(value: JSONValue, with: ByteBuffer)]) {
        guard nodes.indices.contains(number) else { return }
        let node = nodes[number]
        switch value.kind {
        case .object where node.kinds.contains(.object):
            guard !node.members.isEmpty || node.others != nil else { return }
            for (name, member) in value.members {
                if let next = node.members[name.string ?? ""] ?? node.others { collect(member, at: next, into: &repairs) }
            }
        case .array where node.kinds.contains(.array):
            guard let items = node.items else { return }
            for element in value.elements { collect(element, at: items, into: &repairs) }
        case .null, .object, .array: break
        case .true, .false, .number, .string:
            if let repair = scalar(value, node, at: number) { repairs.append((value, repair)) }
        }
    }

    /// What stands in place of a scalar that the place does not take; nil where it stays.
    private func scalar(_ value: JSONValue, _ node: Node, at number: Int) -> ByteBuffer? {
        if node.kinds.takes(ValueKinds(of: value)) { return nil }
        if let text = value.string, let unquoted = ArgumentRepair.unquoted(text, kinds: node.kinds) {
            return repaired(unquoted, at: number).rawBytes
        }
        guard node.takesOnlyLists else { return nil }
        // Of lists of lists a single value says nothing, and a list of such lists would never end.
        if let items = node.items, nodes.indices.contains(items), nodes[items].takesOnlyLists { return nil }
        var list = ByteBuffer(staticString: "[")
        list.writeImmutableBuffer((node.items.map { repaired(value, at: $0) } ?? value).rawBytes)
        list.writeStaticString("]")
        return list
    }

    /// The bytes of a value with parts of it replaced, which come in their order.
    private static func splice(_ repairs: [(value: JSONValue, with: ByteBuffer)], into value: JSONValue) -> ByteBuffer {
        let source = value.rawBytes
        let start = value.range.lowerBound
        var result = ByteBuffer()
        var copied = 0
        let copy = { (range: Range<Int>, result: inout ByteBuffer) in
            guard let slice = source.getSlice(at: source.readerIndex + range.lowerBound, length: range.count) else { return }
            result.writeImmutableBuffer(slice)
        }
        for (part, replacement) in repairs {
            copy(copied..<part.range.lowerBound - start, &result)
            result.writeImmutableBuffer(replacement)
            copied = part.range.upperBound - start
        }
        copy(copied..<source.readableBytes, &result)
        return result
    }
}
