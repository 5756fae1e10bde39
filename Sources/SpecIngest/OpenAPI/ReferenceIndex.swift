import HubCore

/// Finds what the references of one description lead to, in constant time for each object on the way.
///
/// References are JSON Pointers in a URI fragment (RFC 6901 §6) or, in OpenAPI 3.1, anchors. What
/// leads to another file is found where that file has been loaded; nothing is opened here.
final class ReferenceIndex {
    /// What a reference leads to.
    enum Resolution {
        /// A node of this description.
        case found(JSONValue)
        /// What is not here, and why, as the end of a sentence.
        case refused(String)
        /// Nothing.
        case dangling
    }

    private static let maximumHops = 32
    private let files: DescriptionFiles
    private let roots: [JSONValue]
    private let anchors: [[String: JSONValue]]
    private var resolved: [Key: JSONValue?] = [:]
    private var members: [Int: [String: JSONValue]] = [:]
    private var elements: [Int: [JSONValue]] = [:]

    /// A reference and the file in which it stands.
    struct Key: Hashable {
        var file: Int
        var text: String
    }

    /// - Parameters:
    ///   - files: the files of the description.
    ///   - anchors: the anchors of each of them.
    init(_ files: DescriptionFiles, anchors: [[String: JSONValue]]) {
        self.files = files
        self.roots = files.roots
        self.anchors = anchors
    }

    /// What makes two references the same.
    func key(of reference: JSONValue) -> Key { Key(file: files.number(of: reference), text: reference.string ?? "") }

    /// What `reference` leads to, one step: the node may be a reference itself.
    func resolve(_ reference: JSONValue) -> Resolution {
        resolve(reference, hops: Self.maximumHops)
    }

    private func resolve(_ reference: JSONValue, hops: Int) -> Resolution {
        switch files.resolve(reference.string ?? "", from: files.number(of: reference)) {
        case .failure(let refusal): .refused(refusal.reason)
        case .success(let (file, fragment)): find(Key(file: file, text: fragment), hops: hops).map { .found($0) } ?? .dangling
        }
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

    private func find(_ key: Key, hops: Int) -> JSONValue? {
        if let known = resolved[key] { return known }
        guard roots.indices.contains(key.file) else { return nil }
        let (root, fragment) = (roots[key.file], key.text)
        let node: JSONValue?
        if fragment.isEmpty {
            node = root
        } else if fragment.hasPrefix("/") {
            node = walk(fragment, from: root, hops: hops)
        } else {
            node = anchors.indices.contains(key.file) ? anchors[key.file][fragment] : nil
        }
        resolved[key] = .some(node)
        return node
    }

    private func walk(_ pointer: String, from root: JSONValue, hops: Int) -> JSONValue? {
        var node = root
        for token in pointer.dropFirst().split(separator: "/", omittingEmptySubsequences: false) {
            let name = Self.unescape(token)
            var next = step(name, from: node)
            // A pointer may go on behind a node that is itself a reference.
            if next == nil, hops > 0, let reference = node["$ref"], reference.kind == .string,
                case .found(let target) = resolve(reference, hops: hops - 1)
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
            if position <= 12 { return node.elements.dropFirst(position).first { _ in true } }
            let known = elements[node.index] ?? Array(node.elements)
            elements[node.index] = known
            return known[position]
        case .null, .true, .false, .number, .string:
            return nil
        }
    }

    private static func unescape(_ token: Substring) -> String {
        guard token.utf8.contains(where: { $0 == UInt8(ascii: "~") || $0 == UInt8(ascii: "%") }) else { return String(token) }
        return PercentEncoding.decodeWherePossible(token).replacing("~1", with: "/").replacing("~0", with: "~")
    }
}
