import HubCore
import NIOCore

/// Writes arguments as an XML document.
struct XMLBodyWriter {
    private static let maximumDepth = 64
    // The prefixes that need no declaration.
    private static let bound = ["xml": "", "xmlns": ""]
    private let plan: XMLPlan
    private var bytes = Array(#"<?xml version="1.0" encoding="UTF-8"?>"#.utf8)
    /// The argument that is being written, for what is said of it.
    private var argument = "body"

    private init(_ plan: XMLPlan) { self.plan = plan }

    /// The document of an object whose members are these arguments.
    static func write(
        _ plan: XMLPlan, members: [(name: String, argument: String, value: JSONValue)]
    ) throws(HubError) -> ByteBuffer {
        var writer = XMLBodyWriter(plan)
        var root = plan.root
        root.kind = .element
        try writer.element(root, fallback: plan.rootName, members: members, scope: Self.bound, depth: 0)
        return ByteBuffer(bytes: writer.bytes)
    }

    /// The document of one argument. A list has the document's element around it, for there can be only one.
    static func write(_ plan: XMLPlan, whole value: JSONValue, argument: String) throws(HubError) -> ByteBuffer {
        if value.kind == .object { return try write(plan, members: Self.members(value, argument)) }
        var writer = XMLBodyWriter(plan)
        writer.argument = argument
        var root = plan.root
        (root.kind, root.isWrapped) = (.element, true)
        try writer.write(value, root, fallback: plan.rootName, scope: Self.bound, depth: 0)
        return ByteBuffer(bytes: writer.bytes)
    }

    private static func members(_ value: JSONValue, _ argument: String) -> [(name: String, argument: String, value: JSONValue)] {
        value.members.map { ($0.name.string ?? "", argument, $0.value) }
    }

    // MARK: Nodes

    private mutating func write(
        _ value: JSONValue, _ node: XMLPlan.Node, fallback: String, scope: [String: String], depth: Int
    ) throws(HubError) {
        guard depth < Self.maximumDepth else {
            throw HubError(.invalidArguments, "argument \"\(argument)\" must not be nested more than \(Self.maximumDepth) deep")
        }
        guard bytes.count <= JSONLimits.payload.maximumBytes else {
            throw HubError(.invalidArguments, "argument \"\(argument)\" makes the body too long")
        }
        guard !value.isNull else { return }
        switch node.kind {
        case .attribute: return
        case .text: try append(text(value), isAttribute: false)
        case .cdata: try appendData(text(value))
        case .none where value.kind == .object:
            try children(Self.members(value, argument), node, scope: scope, depth: depth)
        case .none where value.kind != .array: try append(text(value), isAttribute: false)
        case .none, .element:
            if node.isList || value.kind == .array {
                try list(value, node, fallback: fallback, scope: scope, depth: depth)
            } else if value.kind == .object {
                try element(node, fallback: fallback, members: Self.members(value, argument), scope: scope, depth: depth)
            } else {
                var scope = scope
                let name = try open(node, fallback: fallback, attributes: [], scope: &scope)
                bytes.append(UInt8(ascii: ">"))
                try append(text(value), isAttribute: false)
                close(name)
            }
        }
    }

    private mutating func list(
        _ value: JSONValue, _ node: XMLPlan.Node, fallback: String, scope: [String: String], depth: Int
    ) throws(HubError) {
        let item = plan.node(node.items)
        let elements = value.kind == .array ? Array(value.elements) : [value]
        guard node.isWrapped else {
            for element in elements { try write(element, item, fallback: fallback, scope: scope, depth: depth + 1) }
            return
        }
        var scope = scope
        let name = try open(node, fallback: fallback, attributes: [], scope: &scope)
        bytes.append(UInt8(ascii: ">"))
        for element in elements { try write(element, item, fallback: node.name ?? fallback, scope: scope, depth: depth + 1) }
        close(name)
    }

    private mutating func element(
        _ node: XMLPlan.Node, fallback: String, members: [(name: String, argument: String, value: JSONValue)], scope: [String: String],
        depth: Int
    ) throws(HubError) {
        var scope = scope
        var attributes: [(node: XMLPlan.Node, name: String, value: String)] = []
        for member in members where !member.value.isNull {
            let child = plan.node(node.members[member.name])
            if child.kind == .attribute { attributes.append((child, member.name, text(member.value))) }
        }
        let name = try open(node, fallback: fallback, attributes: attributes, scope: &scope)
        bytes.append(UInt8(ascii: ">"))
        try children(members, node, scope: scope, depth: depth)
        close(name)
    }

    private mutating func children(
        _ members: [(name: String, argument: String, value: JSONValue)], _ node: XMLPlan.Node, scope: [String: String], depth: Int
    ) throws(HubError) {
        for member in members {
            argument = member.argument
            try write(member.value, plan.node(node.members[member.name]), fallback: member.name, scope: scope, depth: depth + 1)
        }
    }

    // MARK: Tags

    // Everything but the closing ">" of a start tag; namespaces are declared where they are not yet in force.
    private mutating func open(
        _ node: XMLPlan.Node, fallback: String, attributes: [(node: XMLPlan.Node, name: String, value: String)],
        scope: inout [String: String]
    ) throws(HubError) -> String {
        var declarations: [(name: String, value: String)] = []
        let name = try qualified(node, fallback, isAttribute: false, &scope, &declarations)
        var pairs: [(name: String, value: String)] = []
        for attribute in attributes {
            pairs.append((try qualified(attribute.node, attribute.name, isAttribute: true, &scope, &declarations), attribute.value))
        }
        bytes.append(UInt8(ascii: "<"))
        bytes.append(contentsOf: name.utf8)
        var seen: Set<String> = []
        for (name, value) in declarations + pairs where seen.insert(name).inserted {
            bytes.append(UInt8(ascii: " "))
            bytes.append(contentsOf: name.utf8)
            bytes.append(contentsOf: "=\"".utf8)
            try append(value, isAttribute: true)
            bytes.append(UInt8(ascii: "\""))
        }
        return name
    }

    private mutating func close(_ name: String) {
        bytes.append(contentsOf: "</".utf8)
        bytes.append(contentsOf: name.utf8)
        bytes.append(UInt8(ascii: ">"))
    }

    private func qualified(
        _ node: XMLPlan.Node, _ fallback: String, isAttribute: Bool, _ scope: inout [String: String],
        _ declarations: inout [(name: String, value: String)]
    ) throws(HubError) -> String {
        let local = node.name ?? fallback
        guard NCName.isValid(local) else {
            throw HubError(.invalidArguments, "argument \"\(argument)\" has the member \(FindingLog.quoted(local)): no name in XML")
        }
        let prefix = node.prefix ?? ""
        // An attribute without a prefix is in no namespace, whatever the default is (Namespaces in XML §6.2).
        if let namespace = node.namespace, !(isAttribute && prefix.isEmpty), scope[prefix] != namespace {
            scope[prefix] = namespace
            declarations.append((prefix.isEmpty ? "xmlns" : "xmlns:" + prefix, namespace))
        }
        // A prefix that stands for nothing would not be well-formed.
        return prefix.isEmpty || scope[prefix] == nil ? local : prefix + ":" + local
    }

    // MARK: Text

    private func text(_ value: JSONValue) -> String {
        value.kind == .array
            ? value.elements.map { ParameterShape.text($0) }.joined(separator: " ") : ParameterShape.text(value)
    }

    private mutating func append(_ text: String, isAttribute: Bool) throws(HubError) {
        try check(text)
        XMLText.append(text, inAttribute: isAttribute, to: &bytes)
    }

    private mutating func appendData(_ text: String) throws(HubError) {
        try check(text)
        bytes.append(contentsOf: "<![CDATA[".utf8)
        bytes.append(contentsOf: text.replacing("]]>", with: "]]]]><![CDATA[>").utf8)
        bytes.append(contentsOf: "]]>".utf8)
    }

    // Not even a reference may stand for what XML cannot hold.
    private func check(_ text: String) throws(HubError) {
        guard let forbidden = XMLText.forbidden(in: text) else { return }
        throw HubError(.invalidArguments, "argument \"\(argument)\" must not contain \(forbidden), which XML cannot hold")
    }
}
