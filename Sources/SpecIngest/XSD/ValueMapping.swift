import HubCore
import NIOCore

/// The mapping between values of XML Schema types and JSON, for one description: the schemas a caller sees, and the plans by which
/// `ValueWriter` and `ValueReader` go.
///
/// Made while a description is read: first everything that messages hold is reached, then schemas are written. The plans are kept.
///
/// | XML Schema | JSON |
/// |---|---|
/// | `boolean` | `true`, `false` |
/// | `byte` … `unsignedInt`, short `integer` | integer |
/// | `long`, `unsignedLong`, `integer`, `decimal` | number, or a string where it has more than 15 digits |
/// | `float`, `double` | number; `"INF"`, `"-INF"`, `"NaN"` |
/// | `base64Binary`, `hexBinary` | string in Base64 |
/// | `QName` | `"{namespace}local"` |
/// | list, union, other simple types | array, the first member that fits, string |
/// | element | member by its local name; an array where it may be repeated |
/// | attribute, text beside attributes | `@name`, `#text` |
/// | `xsi:nil`, `xsi:type` | `null`, `@type` |
/// | wildcard, mixed content | `#any`, `#xml`: XML as a string |
/// | array of the SOAP encoding | array |
/// | `anyType` and what is missing | any JSON |
struct ValueMapping {
    private var planner: TypePlanner

    /// A mapping in which no type has been reached.
    init(_ set: SchemaSet) { planner = TypePlanner(set) }

    /// The plans of what has been reached.
    var plans: ValuePlans { planner.plans }

    /// Takes in an element of a message.
    mutating func reach(_ element: SchemaElement) { planner.reach(element.type) }

    /// Takes in the type of a part of a message.
    mutating func reach(type: Int) { planner.reach(type) }

    /// A member of an object that becomes an argument of its own.
    struct Property {
        /// Its name in the object.
        var name: String
        /// Its schema, as JSON.
        var schema: ByteBuffer
        /// Whether the object has to have it.
        var isRequired: Bool
        /// What the schema says about it.
        var documentation: String?
    }

    /// Whether objects stand for elements of a type.
    func isObject(_ number: Int) -> Bool { if case .members = plans[number].content { true } else { false } }

    /// Whether the objects that stand for elements of a type have a member of this name.
    func hasMember(_ name: String, ofType number: Int) -> Bool {
        guard case .members(let plan) = plans[number].content else { return false }
        return plan.memberNumbers[name] != nil
    }

    /// How many members the objects that stand for elements of a type may have.
    func memberCount(ofType number: Int) -> Int {
        guard case .members(let plan) = plans[number].content else { return 0 }
        return plan.members.count + plan.attributes.count
    }

    /// The members of the object that stands for an element, as its type alone has them; nil where another value stands for it.
    ///
    /// Of a choice, no member is required, and each says which it excludes: the schema of arguments cannot.
    func properties(ofType number: Int) -> [Property]? {
        guard case .members(let plan) = plans[number].content else { return nil }
        var result: [Property] = []
        var written = 0
        forEachMember(of: plan, notes: exclusions(plan)) { name, isRequired, documentation, write in
            var json = JSONWriter()
            if written <= JSONLimits.description.maximumBytes { write(&json) } else { json.raw("{}") }
            written += json.buffer.readableBytes
            result.append(Property(name: name, schema: json.buffer, isRequired: isRequired, documentation: documentation))
        }
        return result
    }

    /// By the name of a member, what is said of those it cannot be given together with.
    private func exclusions(_ plan: MembersPlan) -> [String: String] {
        var result: [String: String] = [:]
        for choice in plan.exclusives {
            for branch in choice {
                let own = Set(branch)
                let others = Array(choice.joined().lazy.filter { !own.contains($0) }.prefix(5))
                guard !others.isEmpty else { continue }
                let names = NearestName.list(others.map { plan.members[$0].name }, limit: 4)
                for member in branch { result[plan.members[member].name] = "Not together with \(names)." }
            }
        }
        return result
    }

    /// The name under which the schema of a type alone is shared.
    func ownComponent(_ number: Int) -> String? { planner.components.names[number] }

    // MARK: Schemas

    /// Writes the schema of the values of an element, whatever it is called.
    func writeSchema(of element: SchemaElement, to json: inout JSONWriter) {
        writeSchema(ofType: element.type, isNullable: element.isNillable, description: Self.description(of: element), to: &json)
    }

    /// Writes the schema of the values of a type.
    ///
    /// - Parameters:
    ///   - number: The type.
    ///   - isNullable: Whether null may take the place of a value.
    ///   - description: What is said of it.
    ///   - json: Takes the schema.
    ///   - dimensions: How many arrays it is the items of: those could go round in a circle without coming to a type that is shared.
    func writeSchema(
        ofType number: Int, isNullable: Bool = false, description: String? = nil, to json: inout JSONWriter, dimensions: Int = 0
    ) {
        // What is larger is refused when it is read; nothing more of it is written.
        guard json.buffer.readableBytes <= JSONLimits.description.maximumBytes else { return json.raw("{}") }
        let plan = plans[number]
        switch plan.content {
        case .text(let simple): simple.writeSchema(isNullable: isNullable, description: description, to: &json)
        case .members(let members):
            json.beginObject()
            if let description { json.member("description", description) }
            if let name = (plan.derived.isEmpty ? nil : planner.components.families[number]) ?? planner.components.names[number] {
                Self.writeReference(name, isNullable: isNullable, to: &json)
            } else {
                writeObject(members, isNullable: isNullable, to: &json)
            }
            json.endObject()
        case .array(let array):
            json.beginObject()
            if let description { json.member("description", description) }
            json.key("type")
            if isNullable { json.raw(#"["array","null"]"#) } else { json.string("array") }
            if dimensions < 4 {
                json.key("items")
                writeSchema(ofType: array.item, to: &json, dimensions: dimensions + 1)
            }
            json.endObject()
        case .free:
            json.beginObject()
            if let description { json.member("description", description) }
            json.endObject()
        }
    }

    /// Writes a reference to a shared schema, as members of an object.
    static func writeReference(_ name: String, isNullable: Bool, to json: inout JSONWriter) {
        let reference = "#/components/schemas/" + name
        guard isNullable else { return json.member("$ref", reference) }
        json.key("anyOf")
        json.beginArray()
        json.beginObject()
        json.member("$ref", reference)
        json.endObject()
        SimplePlan.writeNull(to: &json)
        json.endArray()
    }

    /// Writes the members of `components.schemas`: the types that were reached and have a name to be shared by.
    func writeComponents(to json: inout JSONWriter) {
        for (number, plan) in plans.plans.sorted(by: { $0.key < $1.key }) {
            guard case .members(let members) = plan.content else { continue }
            if let name = planner.components.names[number] {
                json.key(name)
                json.beginObject()
                if let documentation = plan.documentation { json.member("description", documentation) }
                writeObject(members, isNullable: false, to: &json)
                json.endObject()
            }
            if !plan.derived.isEmpty, let family = planner.components.families[number] {
                json.key(family)
                writeFamily(number, plan, to: &json)
            }
        }
        for (name, plan) in planner.sharedSimple {
            json.key(name)
            plan.writeSchema(isShared: false, to: &json)
        }
    }

    /// What the schema says about an element, with the value it has by itself.
    static func description(of element: SchemaElement) -> String? {
        description(element.documentation, defaultValue: element.defaultValue, fixedValue: element.fixedValue)
    }

    static func description(_ documentation: String?, defaultValue: String?, fixedValue: String?) -> String? {
        var parts = documentation.map { [$0] } ?? []
        if let fixedValue, fixedValue.utf8.count <= 100 {
            parts.append("Always \(FindingLog.quoted(fixedValue)).")
        } else if let defaultValue, fixedValue == nil, defaultValue.utf8.count <= 100 {
            parts.append("Default: \(FindingLog.quoted(defaultValue)).")
        }
        return parts.isEmpty ? nil : parts.joined(separator: " ")
    }
}
