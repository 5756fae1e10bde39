import HubCore

extension SchemaShaper {
    /// Writes the members of a schema object but for its description: first what kind of value, then its bounds, then its parts.
    func writeMembers(of node: JSONValue, _ keywords: SchemaKeywords, named key: String, to writer: inout FragmentWriter, depth: Int) {
        if let reference = keywords.reference {
            // Only 2020-12 gets here: elsewhere the neighbours of a reference do not count, and it is an alias.
            if let target = target(of: reference) { writer.referenceMember(target) }
        }
        let kinds = declaredKinds(keywords, at: node)
        if keywords.description == nil, let title = keywords.title?.string, !Self.isSameName(title, key) {
            let plain = PlainText.sentences(title, limit: 120)
            if !plain.isEmpty {
                writer.key("title")
                writer.string(plain)
            }
        }
        if keywords.deprecated {
            writer.key("deprecated")
            writer.bool(true)
        }
        let merged = keywords.allOf == nil ? nil : mergedObject(node)
        write(merged == nil ? kinds : kinds ?? .object, to: &writer)
        if let format = keywords.format?.string, format.utf8.count <= 64 {
            writer.key("format")
            writer.string(format)
        }
        writeValues(keywords, kinds: kinds, named: key, to: &writer)
        writeAssertions(keywords, kinds: kinds, to: &writer)
        writeItems(keywords, kinds: kinds, to: &writer, depth: depth)
        if let merged {
            writeProperties(merged, to: &writer, depth: depth)
        } else {
            writeProperties(ownObject(keywords), to: &writer, depth: depth)
            writeList("allOf", keywords.allOf, to: &writer, depth: depth)
            // `oneOf` counts matches, which a validator may get wrong once readOnly parts are gone; `anyOf` takes all it took.
            writeList("anyOf", keywords.anyOf ?? keywords.oneOf, to: &writer, depth: depth)
            if keywords.anyOf != nil { writeList("oneOf", keywords.oneOf, to: &writer, depth: depth) }
        }
        if let patterns = keywords.patternProperties, patterns.count > 0 {
            writer.key("patternProperties")
            writer.beginObject()
            for (name, schema) in patterns.members {
                writer.key(name.string ?? "")
                write(schema, named: "", to: &writer, depth: depth + 1)
            }
            writer.endObject()
        }
        for (name, schema) in keywords.applicators where dialect.isJSONSchema2020 || name == "not" {
            guard schema.kind == .object || schema.bool != nil else {
                log.add(.repaired, "`\(name)` has to be a schema; it is left out", at: schema)
                continue
            }
            writer.key(name)
            write(schema, named: "", to: &writer, depth: depth + 1)
        }
    }

    private func write(_ kinds: ValueKinds?, to writer: inout FragmentWriter) {
        guard let names = kinds?.names, let first = names.first, kinds != .any else { return }
        writer.key("type")
        guard names.count > 1 else { return writer.string(first) }
        writer.beginArray()
        for name in names { writer.string(name) }
        writer.endArray()
    }

    // MARK: Arrays

    private func writeItems(_ keywords: SchemaKeywords, kinds: ValueKinds?, to writer: inout FragmentWriter, depth: Int) {
        guard keywords.items != nil || keywords.prefixItems != nil || kinds?.contains(.array) == true, kinds != .any else { return }
        guard kinds?.contains(.array) ?? true else { return }
        var items = keywords.items
        var prefix = keywords.prefixItems
        if let tuple = items, tuple.kind == .array {
            // Draft 4 wrote tuples as a list under `items`; JSON Schema 2020-12 §10.3.1.1 calls that `prefixItems`.
            log.add(.repaired, "`items` is a list, as in JSON Schema draft 4; it is read as `prefixItems`", at: tuple)
            prefix = tuple
            items = keywords.additionalItems
        }
        if let prefix, prefix.kind == .array, prefix.count > 0 {
            writer.key("prefixItems")
            writer.beginArray()
            for schema in prefix.elements { write(schema, named: "", to: &writer, depth: depth + 1) }
            writer.endArray()
        }
        writer.key("items")
        if let items { write(items, named: "", to: &writer, depth: depth + 1) } else { writer.any() }
    }

    // MARK: Objects

    private func writeProperties(_ object: ObjectParts, to writer: inout FragmentWriter, depth: Int) {
        if !object.properties.isEmpty {
            writer.key("properties")
            writer.beginObject()
            for (name, schema) in object.properties {
                writer.key(name)
                write(schema, named: name, to: &writer, depth: depth + 1)
            }
            writer.endObject()
        }
        if !object.required.isEmpty {
            writer.key("required")
            writer.beginArray()
            for name in object.required { writer.string(name) }
            writer.endArray()
        }
        if let additional = object.additional {
            writer.key("additionalProperties")
            write(additional, named: "", to: &writer, depth: depth + 1)
        } else if object.isClosed {
            writer.key("additionalProperties")
            writer.bool(false)
        }
    }

    private func writeList(_ keyword: String, _ list: JSONValue?, to writer: inout FragmentWriter, depth: Int) {
        guard let list else { return }
        guard list.kind == .array, list.count > 0 else {
            if list.kind != .array { log.add(.repaired, "`\(keyword)` has to be a list of schemas; it is left out", at: list) }
            return
        }
        writer.key(keyword)
        writer.beginArray()
        for schema in list.elements { write(schema, named: "", to: &writer, depth: depth + 1) }
        writer.endArray()
    }

    /// Whether a title only repeats the name it stands under: the same letters and digits, whatever their case.
    private static func isSameName(_ title: String, _ key: String) -> Bool {
        let letters = { (text: String) in
            text.utf8.lazy.filter { ($0 | 0x20) &- UInt8(ascii: "a") < 26 || $0 &- UInt8(ascii: "0") < 10 || $0 >= 0x80 }.map {
                $0 &- UInt8(ascii: "A") < 26 ? $0 | 0x20 : $0
            }
        }
        return letters(title).elementsEqual(letters(key))
    }
}
