import HubCore

/// Writes JSON values as the elements of a message, by the plans of their types, in the order of the schema.
///
/// 1. A value of another kind than the type has, a name it does not have, or one more than there is room for is refused; so is the lack of
///    what the schema demands, except that what has a value by itself has that then, and what may be nil is nil.
/// 2. `null` is `xsi:nil` where the element may be nil; elsewhere it is the same as leaving the member out.
/// 3. Of a group that repeats, each round takes the next value of each member; of a choice that repeats, all values of a kind follow each
///    other. Of a choice that does not, the alternative is taken that uses most of what was given.
///
/// Lives as long as one call and is not shared. What it says names arguments and members, and never repeats values.
struct ValueWriter {
    let plans: ValuePlans
    /// Whether each element says what type it has (SOAP 1.1 §5).
    let isEncoded: Bool
    /// Where in the arguments the value lies.
    private(set) var path: [Step] = []

    /// A step on the way to a value.
    enum Step {
        case argument(String)
        case member(String)
        case index(Int)
    }

    private var elementCount = 0
    private var work = 0

    private static let maximumDepth = 100
    /// How many steps are taken through the plans for one argument: a short one may go through a large schema many times.
    private static let maximumWork = 50_000_000
    /// As many as are read of an answer.
    private static let maximumElements = XMLLimits.message.maximumElements
    private static let nilName = XMLName(namespace: SchemaVocabulary.instance, local: "nil")
    static let typeName = XMLName(namespace: SchemaVocabulary.instance, local: "type")

    /// A writer for one call.
    init(_ plans: ValuePlans, isEncoded: Bool = false) {
        self.plans = plans
        self.isEncoded = isEncoded
    }

    /// The element for one argument.
    ///
    /// - Throws: `HubError` with `.invalidArguments`, naming the argument and the place in it.
    static func element(
        _ element: SchemaElement, value: JSONValue, argument: String, plans: ValuePlans, isEncoded: Bool = false
    ) throws(HubError) -> XMLElement {
        var writer = ValueWriter(plans, isEncoded: isEncoded)
        writer.path = [.argument(argument)]
        return try writer.element(element, value)
    }

    /// The element for an object whose members are arguments of their own.
    ///
    /// - Throws: `HubError` with `.invalidArguments`, naming the argument and the place in it.
    static func element(
        _ name: XMLName, type: Int, members: [(name: String, argument: String, value: JSONValue)], plans: ValuePlans,
        isEncoded: Bool = false
    ) throws(HubError) -> XMLElement {
        var writer = ValueWriter(plans, isEncoded: isEncoded)
        var element = XMLElement(name: name)
        if case .members(let plan) = plans[type].content {
            try writer.fill(&element, plan, members.map { Given(name: $0.name, argument: $0.argument, value: $0.value) })
        } else if let first = members.first {
            writer.path = [.argument(first.argument)]
            try writer.fill(&element, type: type, first.value)
        }
        return element
    }

    // MARK: Elements

    /// The element for a value.
    mutating func element(_ element: SchemaElement, _ value: JSONValue) throws(HubError) -> XMLElement {
        var result = XMLElement(name: element.name)
        if value.isNull {
            guard element.isNillable else { throw refusal("must not be null") }
            result.attributes.append(XMLAttribute(name: Self.nilName, value: "true"))
        } else {
            try fill(&result, type: element.type, value)
        }
        return result
    }

    /// The element of a member for which there is no value: with the value it has by itself, or nil where it may be.
    mutating func missing(_ member: MembersPlan.Member) throws(HubError) -> XMLElement {
        try count()
        var result = XMLElement(name: member.element.name)
        if let value = member.element.standingValue {
            if case .members(let plan) = plans[member.element.type].content { try fill(&result, plan, []) }
            result.children = standing(value, plan: plans[member.element.type])
        } else if member.element.isNillable {
            result.attributes.append(XMLAttribute(name: Self.nilName, value: "true"))
        } else {
            throw refusal("must have \"\(member.name)\"")
        }
        return result
    }

    /// Counts an element, or an attribute that nobody gave.
    mutating func count() throws(HubError) {
        elementCount += 1
        guard elementCount <= Self.maximumElements else { throw refusal("is one of too many elements") }
    }

    /// Pays for a walk through a plan.
    mutating func spend(_ steps: Int) throws(HubError) {
        work += steps
        guard work <= Self.maximumWork else { throw refusal("is too much for this schema") }
    }

    private func standing(_ value: String, plan: TypePlan) -> [XMLNode] {
        if case .text(let simple) = plan.content, case .name = simple.kind, let name = plans.name(value) { return [.name(name)] }
        return value.isEmpty ? [] : [.text(value)]
    }

    /// Fills an element with the value of a type.
    mutating func fill(_ element: inout XMLElement, type: Int, _ value: JSONValue) throws(HubError) {
        guard path.count < Self.maximumDepth else { throw refusal("is nested too deeply") }
        try count()
        let declared = plans[type]
        let (plan, isNamed) = try chosen(declared, type, value)
        // Of anything at all, the value itself tells the type.
        let isFree = if case .free = plan.content { true } else { false }
        if isEncoded && !isFree || isNamed, let name = plan.name {
            element.attributes.append(XMLAttribute(name: Self.typeName, value: "", reference: name))
        }
        switch plan.content {
        case .text(let simple):
            element.children = try nodes(of: Self.unwrapped(value), simple)
        case .members(let members):
            let object = unquoted(value)
            if object.kind == .object {
                let ignored = isNamed ? declared.typeMember : nil
                let given = object.members.lazy.map { Given(name: $0.name.string ?? "", argument: nil, value: $0.value) }
                try fill(&element, members, given.filter { $0.name != ignored })
            } else if members.simple != nil {
                try fill(&element, members, [Given(name: MembersPlan.text, argument: nil, value: value)])
            } else if value.kind == .array, members.members.count == 1, members.members[0].isArray, members.attributes.isEmpty {
                // An object that is nothing but a list, as `ArrayOfString` is, may be given as that list.
                try fill(&element, members, [Given(name: members.members[0].name, argument: nil, value: value)])
            } else {
                throw refusal("must be an object")
            }
        case .array(let array): try fill(&element, array, value)
        case .free: try fillFreely(&element, value)
        }
    }

    /// The type that a value names for itself, or the one declared.
    private func chosen(_ declared: TypePlan, _ type: Int, _ value: JSONValue) throws(HubError) -> (plan: TypePlan, isNamed: Bool) {
        if case .text = declared.content { return (declared, false) }
        guard value.kind == .object, let word = value[declared.typeMember]?.string else {
            guard declared.isAbstract, !declared.derived.isEmpty else { return (declared, false) }
            throw refusal("must have \"\(declared.typeMember)\": \(NearestName.list(declared.derived.lazy.map(\.word)))")
        }
        if let type = declared.derivedTypes[word] { return (plans[type], true) }
        if case .members(let members) = declared.content, declared.derived.isEmpty, members.attributeNumbers[declared.typeMember] != nil {
            return (declared, false)  // an attribute of that name
        }
        if word == declared.name?.local, !declared.isAbstract { return (declared, true) }
        let name = plans.name(word)
        if let name, name == declared.name, !declared.isAbstract { return (declared, true) }
        if let name, let number = plans.numbers[name] {
            if case .free = declared.content { return (plans[number], true) }
            if declared.derivedWords[number] != nil { return (plans[number], true) }
        }
        if case .free = declared.content { return (declared, false) }
        let words = (declared.isAbstract ? [] : [declared.name?.local ?? ""]) + declared.derived.map(\.word)
        throw refusal("has \"\(declared.typeMember)\" \(FindingLog.quoted(word)); \(NearestName.hint(for: word, among: words))")
    }

    /// An object that arrived as the text of one, or the value as it is.
    private func unquoted(_ value: JSONValue) -> JSONValue {
        guard let text = value.string, text.utf8.first == UInt8(ascii: "{") else { return value }
        return ArgumentRepair.unquoted(text, kinds: .object) ?? value
    }

    /// The text of an object that has nothing else.
    static func unwrapped(_ value: JSONValue) -> JSONValue {
        value.kind == .object ? value[MembersPlan.text] ?? value : value
    }

    // MARK: Places

    mutating func enter(_ step: Step) { path.append(step) }
    mutating func leave() { if !path.isEmpty { path.removeLast() } }

    /// An error about the value at hand: `argument "order.items[3].price" must be …`.
    func refusal(_ message: String) -> HubError {
        var place = ""
        for step in path {
            switch step {
            case .argument(let name): place += FindingLog.line(name)
            case .member(let name): place += (place.isEmpty ? "" : ".") + FindingLog.line(name)
            case .index(let index): place += "[\(index)]"
            }
        }
        return HubError(.invalidArguments, place.isEmpty ? "the arguments \(message)" : "argument \"\(place)\" \(message)")
    }

    /// A member of an object, or an argument.
    struct Given {
        var name: String
        /// The argument, where the member is one of its own.
        var argument: String?
        var value: JSONValue

        /// The step to it.
        var step: Step { argument.map { .argument($0) } ?? .member(name) }
    }
}
