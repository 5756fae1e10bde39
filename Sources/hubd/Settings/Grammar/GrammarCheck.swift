import HubCore

/// Walks the files of a configuration along the grammar and says all that is wrong with their form.
///
/// 1. An unknown key, a wrong type, a bad name, a repeated key, a missing or contradicting key, and a bare value where a secret
///    reference belongs are errors at the key or value itself.
/// 2. What this version does not implement is one error at its key; below it, form is still checked, but no further section
///    is reported as missing from this version.
/// 3. References are collected on the way and compared with the entries of all files at the end.
struct GrammarCheck {
    /// A name that must be that of an entry.
    private struct Reference {
        var kind: EntryKind
        var name: String
        var place: SourcePlace
    }

    /// What has been found.
    var findings: FindingCollector
    private var references: [Reference] = []
    private var entries: [EntryKind: [String: SourcePlace]] = [:]

    init(findings: FindingCollector = FindingCollector()) {
        self.findings = findings
    }

    /// Where the walk is: what to call the place in a message, and whether a section above is not in this version anyway.
    struct Context {
        /// A key in quotes, or what else the value is called.
        var label: String
        /// Whether this version lacks something above.
        var isLater = false
        /// What stands around it, for what must stand in it: the place of the key.
        var place: SourcePlace
    }

    /// Checks a value against a shape. Depth is bounded by that of the document.
    mutating func check(_ value: ConfigValue, _ shape: Shape, in context: Context) {
        guard !findings.isFull else { return }
        switch shape {
        case .anything: break
        case .object(let object): checkObject(value, object, in: context)
        case .map(let keys, let values): checkMap(value, keys, values, in: context)
        case .list(let element, let minimum): checkList(value, element, minimum: minimum, in: context)
        case .text(let kind): checkText(value, kind, in: context)
        case .choice(let choices): checkChoice(value, choices, in: context)
        case .number: if value.json.kind != .number { wrongType(value, shape, in: context) }
        case .boolean: if value.json.bool == nil { wrongType(value, shape, in: context) }
        case .integer(let range): checkInteger(value, range, in: context)
        case .secret(let place): checkSecret(value, place, in: context)
        case .environment: checkEnvironment(value, in: context)
        case .reference(let kind): checkReference(value, kind, in: context)
        case .oneOf(let shapes): checkOneOf(value, shapes, in: context)
        }
    }

    /// Compares references with entries; to be called once, after all files.
    mutating func checkReferences() {
        for reference in references where !findings.isFull {
            let known = entries[reference.kind] ?? [:]
            guard known[reference.name] == nil else { continue }
            let hint = NearestName.find(reference.name, among: known.keys).map { "did you mean \"\($0)\"?" }
            let all =
                known.isEmpty ? "there is none" : "there is \(ConfigFinding.listed(known.keys.sorted().prefix(8).map { "\"\($0)\"" }))"
            findings.error(
                "no \(reference.kind.rawValue) is called \(ConfigFinding.quoted(reference.name))", hint: hint ?? all, at: reference.place)
        }
    }

    // MARK: Containers

    private mutating func checkObject(_ value: ConfigValue, _ shape: ObjectShape, in context: Context) {
        guard value.json.kind == .object else { return wrongType(value, .object(shape), in: context) }
        var seen: [String: SourcePlace] = [:]
        for (key, member) in value.members {
            let name = key.string ?? ""
            guard let field = shape.field(name) else {
                unknownKey(key, shape)
                continue
            }
            guard !isRepeated(key, in: &seen) else { continue }
            check(member, field, key: key, isLater: context.isLater)
        }
        checkGroups(shape, seen, in: context)
    }

    /// Checks the value of a known key.
    mutating func check(_ value: ConfigValue, _ field: Field, key: ConfigValue, isLater: Bool) {
        if !field.isImplemented, !isLater { notInThisVersion(field.name, at: key.place) }
        let context = Context(label: ConfigFinding.quoted(field.name), isLater: isLater || !field.isImplemented, place: key.place)
        check(value, field.shape, in: context)
    }

    private mutating func checkGroups(_ shape: ObjectShape, _ seen: [String: SourcePlace], in context: Context) {
        for field in shape.fields where field.isRequired && seen[field.name] == nil {
            findings.error("\(context.label) needs \"\(field.name)\"", at: context.place)
        }
        for group in shape.exactlyOne where group.allSatisfy({ seen[$0] == nil }) {
            findings.error("\(context.label) needs one of \(ConfigFinding.listed(group))", at: context.place)
        }
        for group in shape.exactlyOne + shape.atMostOne {
            let standing = group.filter { seen[$0] != nil }
            guard standing.count > 1, let last = standing.compactMap({ seen[$0] }).max(by: { Self.isBefore($0, $1) }) else { continue }
            findings.error("only one of \(ConfigFinding.listed(standing)) may stand in \(context.label)", at: last)
        }
    }

    private mutating func checkMap(_ value: ConfigValue, _ rule: KeyRule, _ shape: Shape, in context: Context) {
        guard value.json.kind == .object else { return wrongType(value, .map(keys: rule, values: shape), in: context) }
        var kind: EntryKind?
        if case .entry(let entryKind) = rule { kind = entryKind }
        // Names with a kind are compared across maps and files: servers and virtual servers share one namespace.
        var seen = kind.flatMap { entries.removeValue(forKey: $0) } ?? [:]
        for (key, member) in value.members {
            let name = key.string ?? ""
            switch rule {
            case .any: if name.isEmpty { findings.error("an empty name in \(context.label)", at: key.place) }
            case .entry: checkName(key)
            }
            _ = isRepeated(key, in: &seen)
            check(member, shape, in: Context(label: ConfigFinding.quoted(name), isLater: context.isLater, place: key.place))
        }
        if let kind { entries[kind] = seen }
    }

    private mutating func checkList(_ value: ConfigValue, _ shape: Shape, minimum: Int, in context: Context) {
        guard value.json.kind == .array else { return wrongType(value, .list(shape, minimum: minimum), in: context) }
        if value.json.count < minimum { findings.error("\(context.label) is empty", at: value.place) }
        for element in value.elements {
            check(element, shape, in: Context(label: "an element of \(context.label)", isLater: context.isLater, place: element.place))
        }
    }

    private mutating func checkOneOf(_ value: ConfigValue, _ shapes: [Shape], in context: Context) {
        guard let shape = shapes.first(where: { $0.fits(value) }) else { return wrongType(value, .oneOf(shapes), in: context) }
        check(value, shape, in: context)
    }

    // MARK: Scalars

    private mutating func checkText(_ value: ConfigValue, _ kind: TextKind, in context: Context) {
        guard let text = value.string else { return wrongType(value, .text(kind), in: context) }
        guard !kind.accepts(text) else {
            if kind == .policyTarget, let (kind, name) = TextKind.target(text) {
                references.append(Reference(kind: kind, name: name, place: value.place))
            }
            if kind == .callerName, TextKind.isConfigured(caller: text) {
                references.append(Reference(kind: .consumer, name: text, place: value.place))
            }
            return
        }
        let shown = kind.mayBeShown ? ", not \(ConfigFinding.quoted(text))" : ""
        findings.error("\(context.label) must be \(kind.noun)\(shown)", hint: kind.advice(for: text), at: value.place)
    }

    private mutating func checkInteger(_ value: ConfigValue, _ range: ClosedRange<Int>, in context: Context) {
        guard value.json.kind == .number, let number = value.json.int else { return wrongType(value, .integer(range), in: context) }
        guard !range.contains(number) else { return }
        findings.error("\(context.label) must be \(Shape.integer(range).noun)", at: value.place)
    }

    private mutating func checkChoice(_ value: ConfigValue, _ choices: [Choice], in context: Context) {
        guard let text = value.string else { return wrongType(value, .choice(choices), in: context) }
        if let choice = choices.first(where: { $0.name == text }) {
            guard !choice.isImplemented, !context.isLater else { return }
            let present = choices.filter(\.isImplemented).map(\.name)
            notInThisVersion(text, hint: present.isEmpty ? nil : "this version has \(present.joined(separator: ", "))", at: value.place)
            return
        }
        let nearest = NearestName.find(text, among: choices.map(\.name)).map { "did you mean \"\($0)\"?" }
        findings.error(
            "\(context.label) cannot be \(ConfigFinding.quoted(text))", hint: nearest ?? "it is \(Shape.choice(choices).noun)",
            at: value.place)
    }

    private mutating func checkReference(_ value: ConfigValue, _ kind: EntryKind, in context: Context) {
        guard let name = value.string else { return wrongType(value, .reference(kind), in: context) }
        references.append(Reference(kind: kind, name: name, place: value.place))
    }

    private mutating func checkSecret(_ value: ConfigValue, _ place: SecretPlace, in context: Context) {
        let forms = place.schemes.map(\.form)
        // Never anything of the value: it is most likely the secret itself.
        guard let text = value.string, let scheme = SecretReference.scheme(of: text), place.schemes.contains(scheme) else {
            findings.error(
                "\(context.label) takes a reference to a secret, never the secret itself",
                hint: "keep the secret elsewhere and write \(ConfigFinding.listed(forms))", at: value.place)
            return
        }
        guard SecretReference.parts(of: text, scheme: scheme) != nil else {
            let form = forms.first { $0.hasPrefix(scheme.rawValue + ":") } ?? scheme.form
            findings.error("\(context.label) is not a whole reference", hint: "write \(form)", at: value.place)
            return
        }
    }

    private mutating func checkEnvironment(_ value: ConfigValue, in context: Context) {
        guard value.json.kind == .object else { return wrongType(value, .environment, in: context) }
        var seen: [String: SourcePlace] = [:]
        for (key, member) in value.members {
            let name = key.string ?? ""
            if name.isEmpty || name.contains("=") { findings.error("not the name of an environment variable", at: key.place) }
            guard !isRepeated(key, in: &seen) else { continue }
            let inner = Context(label: ConfigFinding.quoted(name), isLater: context.isLater, place: key.place)
            check(member, Self.soundsSecret(name) ? .secret(.credential) : .text(.plainOrReference), in: inner)
        }
    }

    /// Whether an environment variable with this name most likely holds a secret.
    static func soundsSecret(_ name: String) -> Bool {
        let upper = name.uppercased()
        return ["KEY", "TOKEN", "SECRET", "PASSWORD", "PASSWD", "CREDENTIAL"].contains { upper.contains($0) }
    }

    // MARK: Complaints

    mutating func unknownKey(_ key: ConfigValue, _ shape: ObjectShape) {
        guard !findings.isFull else { return }
        let names = shape.fields.map(\.name)
        let nearest = NearestName.find(key.string ?? "", among: names).map { "did you mean \"\($0)\"?" }
        let list = names.count <= 12 ? "known here: \(names.joined(separator: ", "))" : nil
        findings.error("unknown key \(ConfigFinding.quoted(key.string ?? ""))", hint: nearest ?? list, at: key.place)
    }

    private mutating func checkName(_ key: ConfigValue) {
        let name = key.string ?? ""
        guard !EntryName.isValid(name) else { return }
        let suggestion = EntryName.suggestion(for: name).map { "for example \"\($0)\"" }
        findings.error("\(ConfigFinding.quoted(name)) is not a name: \(EntryName.rule)", hint: suggestion, at: key.place)
    }

    /// Whether a key stood before; the second one is an error.
    mutating func isRepeated(_ key: ConfigValue, in seen: inout [String: SourcePlace]) -> Bool {
        let name = key.string ?? ""
        guard let first = seen[name] else {
            seen[name] = key.place
            return false
        }
        findings.error("\(ConfigFinding.quoted(name)) stands twice", hint: "first at \(first.description)", at: key.place)
        return true
    }

    private mutating func notInThisVersion(_ name: String, hint: String? = nil, at place: SourcePlace) {
        findings.error("\(ConfigFinding.quoted(name)) is not in this version", hint: hint, at: place)
    }

    private mutating func wrongType(_ value: ConfigValue, _ shape: Shape, in context: Context) {
        findings.error(
            "\(context.label) must be \(shape.noun), not \(Self.noun(of: value.json.kind))", hint: shape.advice(for: value), at: value.place
        )
    }

    private static func noun(of kind: JSONKind) -> String {
        switch kind {
        case .null: "nothing"
        case .true, .false: "true or false"
        case .number: "a number"
        case .string: "text"
        case .array: "a list"
        case .object: "a mapping"
        }
    }

    private static func isBefore(_ a: SourcePlace, _ b: SourcePlace) -> Bool {
        guard let a = a.position, let b = b.position else { return false }
        return a < b
    }
}
