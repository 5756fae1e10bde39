import HubCore

extension ValueMapping {
    /// How many derived types are told with all they have; more are only named.
    private static let maximumAlternatives = 8
    private static let maximumNames = 40

    /// Writes the keywords of the schema of an object.
    func writeObject(_ plan: MembersPlan, isNullable: Bool, to json: inout JSONWriter) {
        json.key("type")
        if isNullable { json.raw(#"["object","null"]"#) } else { json.string("object") }
        var required: [String] = []
        var isOpen = false
        forEachMember(of: plan) { name, isRequired, _, write in
            if !isOpen {
                json.key("properties")
                json.beginObject()
                isOpen = true
            }
            json.key(name)
            write(&json)
            if isRequired { required.append(name) }
        }
        if isOpen { json.endObject() }
        write(required: required, to: &json)
        let choices = plan.choices.map { $0.map { $0.map { plan.members[$0].name } } }
        if choices.count == 1 {
            write(alternatives: choices[0], to: &json)
        } else if choices.count > 1 {
            json.key("allOf")
            json.beginArray()
            for choice in choices {
                json.beginObject()
                write(alternatives: choice, to: &json)
                json.endObject()
            }
            json.endArray()
        }
    }

    private func write(required: [String], to json: inout JSONWriter) {
        if !required.isEmpty { json.member("required", required) }
    }

    private func write(alternatives: [[String]], to json: inout JSONWriter) {
        json.key("anyOf")
        json.beginArray()
        for names in alternatives {
            json.beginObject()
            write(required: names, to: &json)
            json.endObject()
        }
        json.endArray()
    }

    /// Gives each member with what a schema of the object says of it, and what `notes` say of the members of these names.
    func forEachMember(
        of plan: MembersPlan, notes: [String: String] = [:],
        _ body: (_ name: String, _ isRequired: Bool, _ documentation: String?, _ write: (inout JSONWriter) -> Void) -> Void
    ) {
        for attribute in plan.attributes {
            let (value, fixed) = (attribute.attribute.defaultValue, attribute.attribute.fixedValue)
            let documentation = attribute.attribute.documentation
            let description = Self.description(documentation, defaultValue: value, fixedValue: fixed)
            body(attribute.name, attribute.isRequired, documentation) { attribute.simple.writeSchema(description: description, to: &$0) }
        }
        if let simple = plan.simple { body(MembersPlan.text, false, nil) { simple.writeSchema(to: &$0) } }
        for var member in plan.members {
            if let note = notes[member.name] {
                member.element.documentation = note + (member.element.documentation.map { " " + $0 } ?? "")
            }
            body(member.name, member.isRequired, member.element.documentation) { writeSchema(of: member, to: &$0) }
        }
        if plan.isMixed {
            body(MembersPlan.xml, false, nil) {
                Self.writeText("XML: all that stands in the element, in place of the other members.", to: &$0)
            }
            if plan.simple == nil { body(MembersPlan.text, false, nil) { Self.writeText("The text before the elements.", to: &$0) } }
        }
        if plan.any != nil {
            body(MembersPlan.any, false, nil) { json in
                let element = #"{"type":"string","contentMediaType":"application/xml"}"#
                json.raw(plan.isAnyArray ? #"{"type":"array","items":\#(element)}"# : element)
            }
        }
    }

    private static func writeText(_ description: String, to json: inout JSONWriter) {
        json.beginObject()
        json.member("description", description)
        json.member("type", "string")
        json.endObject()
    }

    private func writeSchema(of member: MembersPlan.Member, to json: inout JSONWriter) {
        let element = member.element
        guard member.isArray else { return writeSchema(of: element, to: &json) }
        json.beginObject()
        if let description = Self.description(of: element) { json.member("description", description) }
        json.member("type", "array")
        json.key("items")
        writeSchema(ofType: element.type, isNullable: element.isNillable, to: &json)
        if let bounds = member.occurrence {
            if member.isRequired, bounds.minimum > 0 { json.member("minItems", bounds.minimum) }
            if let maximum = bounds.maximum { json.member("maxItems", maximum) }
        } else if member.isRequired {
            json.member("minItems", 1)
        }
        json.endObject()
    }

    /// Writes the schema of a type and those that may stand in its place.
    func writeFamily(_ number: Int, _ plan: TypePlan, to json: inout JSONWriter) {
        json.beginObject()
        guard plan.derived.count > Self.maximumAlternatives else {
            json.key("anyOf")
            json.beginArray()
            if !plan.isAbstract { writeReference(number, to: &json) }
            for (word, type) in plan.derived {
                writeReference(type, member: plan.typeMember, isRequired: true, to: &json) { $0.member("const", word) }
            }
            json.endArray()
            json.endObject()
            return
        }
        writeMembers(number, member: plan.typeMember, isRequired: plan.isAbstract, to: &json) { json in
            json.member("description", "A type derived from this one, whose further members may be given too.")
            json.member("type", "string")
            guard plan.derived.count <= Self.maximumNames else { return }
            let own = plan.isAbstract ? nil : plan.name?.local
            json.member("enum", (own.map { [$0] } ?? []) + plan.derived.map(\.word))
        }
        json.endObject()
    }

    private func writeReference(
        _ number: Int, member: String? = nil, isRequired: Bool = false, to json: inout JSONWriter,
        _ body: (inout JSONWriter) -> Void = { _ in }
    ) {
        json.beginObject()
        writeMembers(number, member: member, isRequired: isRequired, to: &json, body)
        json.endObject()
    }

    private func writeMembers(
        _ number: Int, member: String?, isRequired: Bool, to json: inout JSONWriter, _ body: (inout JSONWriter) -> Void
    ) {
        if case .members = plans[number].content, let name = ownComponent(number) {
            Self.writeReference(name, isNullable: false, to: &json)
        }
        guard let member else { return }
        json.key("properties")
        json.beginObject()
        json.key(member)
        json.beginObject()
        body(&json)
        json.endObject()
        json.endObject()
        if isRequired { write(required: [member], to: &json) }
    }
}
