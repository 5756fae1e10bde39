import HubCore

/// Turns the schemas of a description, in whatever dialect, into plain JSON Schema 2020-12 that is short and that every client takes.
///
/// Lives as long as one reading and is not shared. Each shared schema of the document is shaped at most once, however many
/// operations use it; what is malformed becomes what it evidently means, or the schema that takes everything, with a finding.
final class SchemaShaper {
    /// A schema that others refer to.
    private struct Definition {
        var name: String
        var node: JSONValue
        var fragment: SchemaFragment?
    }

    /// Which way the values go.
    enum Direction {
        /// To the API: what only it sets is left out.
        case input
        /// From the API: what it never tells is left out.
        case output

        /// The keyword of what is left out.
        var leavesOut: String {
            switch self {
            case .input: "readOnly"
            case .output: "writeOnly"
            }
        }
    }

    /// A node and how it is read.
    struct NodeKey: Hashable {
        var index: Int
        var origin: SchemaKeywords.Origin
    }

    private static let maximumDepth = 32
    private static let maximumDescription = 300
    let dialect: IngestedAPI.Dialect
    let index: ReferenceIndex
    let log: FindingLog
    let direction: Direction
    let budget: WorkBudget
    private var definitions: [Definition] = []
    private var numbers: [Int: Int] = [:]
    private var targets: [ReferenceIndex.Key: Int] = [:]
    private var names: Set<String> = []
    private var uses: [NodeKey: SchemaUse] = [:]
    var knownKinds: [NodeKey: ValueKinds] = [:]

    init(
        dialect: IngestedAPI.Dialect, index: ReferenceIndex, log: FindingLog, budget: WorkBudget, direction: Direction = .input
    ) {
        self.budget = budget
        self.direction = direction
        self.dialect = dialect
        self.index = index
        self.log = log
    }

    // MARK: Shared schemas

    /// The name of a shared schema under `$defs`.
    func name(of target: Int) -> String { definitions[target].name }

    /// The node of a shared schema.
    func node(of target: Int) -> JSONValue { definitions[target].node }

    /// A shared schema in its final words.
    func fragment(of target: Int) -> SchemaFragment {
        if let fragment = definitions[target].fragment { return fragment }
        let fragment = fragment(of: definitions[target].node, named: definitions[target].name, origin: .schema)
        definitions[target].fragment = fragment
        return fragment
    }

    /// The shared schema a `$ref` leads to, references to references followed; nil, with a finding, where it leads nowhere.
    func target(of reference: JSONValue) -> Int? {
        guard var text = reference.string else { return nil }
        let key = index.key(of: reference)
        if let known = targets[key] { return known }
        var current = reference
        for _ in 0..<32 {
            switch index.resolve(current) {
            case .refused(let reason):
                log.add(.unresolvedReference, "$ref \(FindingLog.quoted(text)) \(reason)", at: reference)
                return nil
            case .dangling:
                log.add(.unresolvedReference, "$ref \(FindingLog.quoted(text)) leads nowhere", at: reference)
                return nil
            case .found(let node):
                guard node.kind == .object else {
                    if node.kind != .true {
                        log.add(.repaired, "$ref \(FindingLog.quoted(text)) leads to something that is no schema", at: reference)
                    }
                    return nil
                }
                if let next = node["$ref"], let nextText = next.string, !dialect.isJSONSchema2020 || SchemaKeywords(node).isBareReference {
                    (text, current) = (nextText, next)
                    continue
                }
                let number = define(node, as: text)
                targets[key] = number
                return number
            }
        }
        log.add(.unresolvedReference, "$ref \(FindingLog.quoted(text)) leads round in a circle", at: reference)
        return nil
    }

    private func define(_ node: JSONValue, as reference: String) -> Int {
        if let number = numbers[node.index] { return number }
        let token = reference.split(separator: "/").last.map { PercentEncoding.decodeWherePossible($0).replacing("~1", with: "/") } ?? ""
        var name = SafeName.words(token)
        if name.isEmpty { name = "schema" }
        name = SafeName.shortened(name, original: token, limit: 64)
        if names.contains(name) { name = SafeName.hashed(name, original: reference, limit: 64) }
        var round = 1
        while !names.insert(name).inserted {
            round += 1
            name = SafeName.hashed(name, original: "\(reference) \(round)", limit: 64)
        }
        definitions.append(Definition(name: name, node: node))
        numbers[node.index] = definitions.count - 1
        return definitions.count - 1
    }

    // MARK: Shaping

    /// How the schema at `node` fills the place of an argument or property called `key`.
    func use(of node: JSONValue, named key: String, origin: SchemaKeywords.Origin = .schema) -> SchemaUse {
        if let known = uses[NodeKey(index: node.index, origin: origin)] { return known }
        let use: SchemaUse
        if let alias = alias(node, SchemaKeywords(node, origin: origin)) {
            use = alias.target.map { .shared($0, description: alias.description) } ?? .inline(.any)
        } else {
            use = .inline(fragment(of: node, named: key, origin: origin))
        }
        uses[NodeKey(index: node.index, origin: origin)] = use
        return use
    }

    /// How a list of what `node` describes fills the place of an argument called `key`.
    func listUse(of node: JSONValue, named key: String) -> SchemaUse {
        var writer = FragmentWriter()
        writer.key("type")
        writer.string("array")
        writer.key("items")
        write(node, named: key, to: &writer, depth: 2)
        return .inline(writer.fragment(description: nil))
    }

    /// A description as it stands in a schema.
    static func shorten(_ text: JSONValue?) -> String? {
        guard let text = text?.string, !text.isEmpty else { return nil }
        let plain = PlainText.sentences(text, limit: maximumDescription)
        return plain.isEmpty ? nil : plain
    }

    private func fragment(of node: JSONValue, named key: String, origin: SchemaKeywords.Origin) -> SchemaFragment {
        guard isSchema(node), node.kind == .object else { return .any }
        var writer = FragmentWriter()
        let keywords = SchemaKeywords(node, origin: origin)
        writeMembers(of: node, keywords, named: key, to: &writer, depth: 1)
        return writer.fragment(description: Self.shorten(keywords.description))
    }

    /// Writes the schema at `node` where a schema belongs.
    func write(_ node: JSONValue, named key: String, to writer: inout FragmentWriter, depth: Int) {
        guard isSchema(node) else { return writer.any() }
        guard depth < Self.maximumDepth else {
            log.add(.repaired, "the schema is nested more than \(Self.maximumDepth) deep; anything is accepted below", at: node)
            return writer.any()
        }
        switch node.kind {
        case .false:
            writer.raw(#"{"not":{}}"#)
        case .object:
            let keywords = SchemaKeywords(node)
            if let alias = alias(node, keywords) {
                if let target = alias.target { writer.shared(target, description: alias.description) } else { writer.any() }
                return
            }
            writer.beginObject()
            if let description = Self.shorten(keywords.description) {
                writer.key("description")
                writer.string(description)
            }
            writeMembers(of: node, keywords, named: key, to: &writer, depth: depth)
            writer.endObject()
        case .null, .true, .number, .string, .array:
            writer.any()
        }
    }

    /// Whether `node` can be a schema at all; if not, a finding.
    private func isSchema(_ node: JSONValue) -> Bool {
        switch node.kind {
        case .object, .true, .false: return true
        case .null, .number, .string, .array:
            log.add(.repaired, "a schema has to be an object; anything is accepted in its place", at: node)
            return false
        }
    }

    /// A schema that is only a reference, or a list of one reference: what it leads to. `target` is nil where that is nothing.
    private func alias(_ node: JSONValue, _ keywords: SchemaKeywords) -> (target: Int?, description: String?)? {
        if let reference = keywords.reference {
            if !dialect.isJSONSchema2020 { return (target(of: reference), nil) }
            return keywords.isBareReference ? (target(of: reference), Self.shorten(keywords.description)) : nil
        }
        let list = keywords.allOf ?? keywords.anyOf ?? keywords.oneOf
        guard let list, list.kind == .array, list.count == 1, keywords.saysNothingBut(list),
            let only = list.elements.first(where: { _ in true }),
            only.kind == .object
        else { return nil }
        let inner = SchemaKeywords(only)
        guard let reference = inner.reference, !dialect.isJSONSchema2020 || inner.isBareReference, let target = target(of: reference)
        else { return nil }
        return (target, Self.shorten(keywords.description))
    }
}
