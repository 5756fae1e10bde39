import HubCore

extension SchemaShaper {
    /// The most values an `enum` may have; OpenAI takes no more, and no model reads them.
    private static let maximumValues = 1_000
    private static let maximumValueBytes = 64 << 10
    private static let maximumConstantBytes = 4 << 10
    private static let maximumDefaultBytes = 1_024
    /// Readers of JSON give up on numbers with more digits, and on all of the list that one is in.
    private static let maximumDigits = 400

    /// The kinds that `type` and `nullable` name, or that the other keywords leave no doubt about; nil where nothing tells.
    func declaredKinds(_ keywords: SchemaKeywords, at node: JSONValue) -> ValueKinds? {
        guard var kinds = namedKinds(keywords.type) else {
            if keywords.properties?.kind == .object { return keywords.nullable ? [.object, .null] : .object }
            if keywords.items?.kind == .object { return keywords.nullable ? [.array, .null] : .array }
            return nil
        }
        if keywords.nullable { kinds.insert(.null) }
        return kinds
    }

    private func namedKinds(_ type: JSONValue?) -> ValueKinds? {
        guard let type else { return nil }
        var kinds: ValueKinds = []
        let words = type.kind == .array ? Array(type.elements) : [type]
        for word in words {
            if let text = word.string, let known = ValueKinds.reading(text) {
                if !known.isExact, text != "file" {
                    log.add(.repaired, "type \(FindingLog.quoted(text)) is read as \(known.kinds.phrase)", at: word)
                }
                kinds.formUnion(known.kinds)
            } else if word.isNull {
                log.add(.repaired, "type null is not quoted", at: word)
                kinds.insert(.null)
            } else {
                log.add(.repaired, "type \(FindingLog.quoted(word.string ?? "")) is not known and left out", at: word)
            }
        }
        return kinds.isEmpty ? nil : kinds
    }

    /// Writes `enum`, `const` and `default`.
    func writeValues(_ keywords: SchemaKeywords, kinds: ValueKinds?, named key: String, to writer: inout FragmentWriter) {
        if let list = keywords.enumeration { writeEnumeration(list, kinds: kinds, to: &writer) }
        if let constant = keywords.constant, constant.range.count <= Self.maximumConstantBytes,
            !Self.isUnfit(JSONCompactor.text(constant))
        {
            writer.key("const")
            writer.value(constant)
        }
        if let value = keywords.defaultValue, value.range.count <= Self.maximumDefaultBytes, !Self.isSecret(key),
            let text = Self.literal(value, as: kinds ?? .any), !Self.isUnfit(text)
        {
            writer.key("default")
            writer.raw(text)
        }
    }

    /// Whether a value of this name may be a credential that somebody left in the description: it is not shown to callers.
    private static func isSecret(_ name: String) -> Bool {
        let plain = name.lowercased().filter { $0 != "_" && $0 != "-" }
        return ["apikey", "token", "secret", "password", "passwd", "credential"].contains { plain.hasSuffix($0) }
    }

    /// Whether a client would stumble over this value: one that follows every `$ref` it sees, or gives up at a number of many digits.
    private static func isUnfit(_ json: String) -> Bool {
        if json.utf8.count > maximumDigits, let first = json.utf8.first, first == UInt8(ascii: "-") || first &- UInt8(ascii: "0") < 10 {
            return true
        }
        return json.contains(#""$ref""#)
    }

    private func writeEnumeration(_ list: JSONValue, kinds: ValueKinds?, to writer: inout FragmentWriter) {
        guard list.kind == .array, list.count > 0 else {
            log.add(.repaired, list.kind == .array ? "`enum` is empty and left out" : "`enum` has to be a list; it is left out", at: list)
            return
        }
        guard list.count <= Self.maximumValues else {
            log.add(.repaired, "`enum` has \(list.count) values, more than \(Self.maximumValues); it is left out", at: list)
            return
        }
        guard list.range.count <= Self.maximumValueBytes else {
            log.add(.repaired, "the values of `enum` are longer than \(Self.maximumValueBytes >> 10) KiB; it is left out", at: list)
            return
        }
        var seen: Set<String> = []
        var values: [String] = []
        for value in list.elements {
            let text = Self.literal(value, as: kinds ?? .any) ?? JSONCompactor.text(value)
            if seen.insert(text).inserted { values.append(text) }
        }
        if let kinds, kinds != .any, kinds.contains(.null), seen.insert("null").inserted { values.append("null") }
        guard !values.contains(where: { Self.isUnfit($0) }) else { return }
        writer.key("enum")
        writer.beginArray()
        for value in values { writer.raw(value) }
        writer.endArray()
    }

    /// The JSON text of a value, spelled as one of `kinds` where only the quotes are wrong; nil where it is another kind altogether.
    static func literal(_ value: JSONValue, as kinds: ValueKinds) -> String? {
        if kinds.takes(ValueKinds(of: value)) { return JSONCompactor.text(value) }
        switch value.kind {
        case .number, .true, .false:
            return kinds.contains(.string) ? "\"" + JSONCompactor.text(value) + "\"" : nil
        case .string:
            guard let text = value.string, let unquoted = ArgumentRepair.unquoted(text, kinds: kinds) else { return nil }
            return JSONCompactor.text(unquoted)
        case .null, .array, .object:
            return nil
        }
    }

    // MARK: Bounds

    /// Writes the keywords that bound a value, those that are well formed.
    func writeAssertions(_ keywords: SchemaKeywords, kinds: ValueKinds?, to writer: inout FragmentWriter) {
        let named = Dictionary(keywords.assertions, uniquingKeysWith: { $1 })
        for (name, value) in keywords.assertions {
            switch name {
            case "minimum", "maximum":
                let exclusive = name == "minimum" ? "exclusiveMinimum" : "exclusiveMaximum"
                // A boolean beside it is how OpenAPI 3.0 and draft 4 said "exclusive".
                if named[exclusive]?.bool == true {
                    writeNumber(exclusive, value, to: &writer)
                } else {
                    writeNumber(name, value, to: &writer)
                }
            case "exclusiveMinimum", "exclusiveMaximum":
                if value.bool == nil { writeNumber(name, value, to: &writer) }
            case "multipleOf":
                if value.double.map({ $0 > 0 }) ?? (value.kind != .number) { writeNumber(name, value, to: &writer) }
            case "minLength", "maxLength", "minItems", "maxItems", "minContains", "maxContains", "minProperties", "maxProperties":
                writeCount(name, value, to: &writer)
            case "uniqueItems":
                guard let flag = value.bool else {
                    log.add(.repaired, "`uniqueItems` has to be true or false; it is left out", at: value); continue
                }
                if flag {
                    writer.key(name)
                    writer.bool(true)
                }
            case "dependentRequired":
                guard value.kind == .object,
                    value.members.allSatisfy({ $0.value.kind == .array && $0.value.elements.allSatisfy { $0.kind == .string } })
                else { continue }
                writer.key(name)
                writer.value(value)
            default:
                guard let text = value.string, text.utf8.count <= 1_000 else { continue }
                writer.key(name)
                writer.string(text)
            }
        }
    }

    private func writeNumber(_ name: String, _ value: JSONValue, to writer: inout FragmentWriter) {
        guard value.range.count <= Self.maximumDigits, let text = Self.literal(value, as: .number) else {
            log.add(.repaired, "`\(name)` has to be a number; it is left out", at: value)
            return
        }
        writer.key(name)
        writer.raw(text)
    }

    private func writeCount(_ name: String, _ value: JSONValue, to writer: inout FragmentWriter) {
        guard value.range.count <= Self.maximumDigits, let text = Self.literal(value, as: .integer), let count = Double(text), count >= 0
        else {
            log.add(.repaired, "`\(name)` has to be a whole number; it is left out", at: value)
            return
        }
        writer.key(name)
        writer.raw(text)
    }
}
