import HubCore

/// Finds what the references of one document lead to, in constant time for each object on the way.
///
/// References are JSON Pointers in a URI fragment (RFC 6901 §6) or, in OpenAPI 3.1, anchors. Nothing outside the document is
/// ever opened.
final class ReferenceIndex {
    /// What a reference leads to.
    enum Resolution {
        /// A node of this document.
        case found(JSONValue)
        /// Another file or address.
        case external
        /// Nothing.
        case dangling
    }

    private static let maximumHops = 32
    private let root: JSONValue
    private let anchors: [String: JSONValue]
    private var resolved: [String: JSONValue?] = [:]
    private var members: [Int: [String: JSONValue]] = [:]

    init(root: JSONValue, anchors: [String: JSONValue] = [:]) {
        self.root = root
        self.anchors = anchors
    }

    /// What `reference` leads to, one step: the node may be a reference itself.
    func resolve(_ reference: String) -> Resolution {
        guard reference.hasPrefix("#") else { return .external }
        return find(String(reference.dropFirst()), hops: Self.maximumHops).map { .found($0) } ?? .dangling
    }

    /// The member of an object: the last of that name.
    func member(_ name: String, of object: JSONValue) -> JSONValue? {
        guard object.kind == .object else { return nil }
        if object.count <= 12 { return object[name] }
        if let known = members[object.index] { return known[name] }
        var known: [String: JSONValue] = [:]
        known.reserveCapacity(object.count)
        for (name, value) in object.members { known[name.string ?? ""] = value }
        members[object.index] = known
        return known[name]
    }

    private func find(_ fragment: String, hops: Int) -> JSONValue? {
        if let known = resolved[fragment] { return known }
        let node: JSONValue?
        if fragment.isEmpty {
            node = root
        } else if fragment.hasPrefix("/") {
            node = walk(fragment, hops: hops)
        } else {
            node = anchors[fragment]
        }
        resolved[fragment] = .some(node)
        return node
    }

    private func walk(_ pointer: String, hops: Int) -> JSONValue? {
        var node = root
        for token in pointer.dropFirst().split(separator: "/", omittingEmptySubsequences: false) {
            let name = Self.unescape(token)
            var next = step(name, from: node)
            // A pointer may go on behind a node that is itself a reference.
            if next == nil, hops > 0, let reference = node["$ref"]?.string, reference.hasPrefix("#"),
                let target = find(String(reference.dropFirst()), hops: hops - 1)
            {
                next = step(name, from: target)
            }
            guard let next else { return nil }
            node = next
        }
        return node
    }

    private func step(_ name: String, from node: JSONValue) -> JSONValue? {
        switch node.kind {
        case .object:
            return member(name, of: node)
        case .array:
            guard let position = Int(name), position >= 0, position < node.count else { return nil }
            var elements = node.elements
            for _ in 0..<position { _ = elements.next() }
            return elements.next()
        case .null, .true, .false, .number, .string:
            return nil
        }
    }

    private static func unescape(_ token: Substring) -> String {
        guard token.utf8.contains(where: { $0 == UInt8(ascii: "~") || $0 == UInt8(ascii: "%") }) else { return String(token) }
        return PercentEncoding.decodeWherePossible(token).replacing("~1", with: "/").replacing("~0", with: "~")
    }
}
