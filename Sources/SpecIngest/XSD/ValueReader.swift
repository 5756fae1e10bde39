import HubCore
import NIOCore

/// Reads the elements of a message as JSON, by the plans of their types.
///
/// Never fails: what does not fit its type is passed on as it is, names of members from the local names of elements, and so is all of
/// which nothing is known. What a message can make of itself by references (`href` and `id` of the SOAP encoding) is bounded.
///
/// Lives as long as one answer and is not shared.
struct ValueReader {
    let plans: ValuePlans
    /// What references lead to.
    let references: MessageReferences?
    /// The references being followed.
    private var active: Set<String> = []
    /// How much may be written.
    let maximumBytes: Int
    private var depth = 0

    /// Elements that stand deeper are passed on as XML.
    private static let maximumDepth = 100

    /// A reader for one answer.
    ///
    /// - Parameters:
    ///   - plans: The plans of the description.
    ///   - references: The elements with an `id`, where the answer uses the SOAP encoding.
    ///   - maximumBytes: How much JSON is written at most, give or take one value; what is left then becomes null.
    init(_ plans: ValuePlans, references: MessageReferences? = nil, maximumBytes: Int = 16 << 20) {
        self.plans = plans
        self.references = references
        self.maximumBytes = maximumBytes
    }

    /// Writes the value of an element that a schema declares, or of any other.
    mutating func write(_ element: XMLElement, as declared: SchemaElement?, to json: inout JSONWriter) {
        write(element, type: declared?.type ?? 0, defaultValue: declared?.defaultValue ?? declared?.fixedValue, to: &json)
    }

    /// Writes the value of an element of a type.
    mutating func write(_ element: XMLElement, type: Int, defaultValue: String? = nil, to json: inout JSONWriter) {
        guard isWithinBounds(json) else { return json.null() }
        if let (id, target) = references?.target(of: element) {
            guard let target, depth < Self.maximumDepth, active.insert(id).inserted else {
                json.beginObject()
                json.member("@href", "#" + id)
                return json.endObject()
            }
            depth += 1
            write(target, type: type, defaultValue: defaultValue, to: &json)
            depth -= 1
            active.remove(id)
            return
        }
        if SchemaCompiler.isTrue(element.attribute("nil", namespace: SchemaVocabulary.instance).map(SimplePlan.collapsed)) {
            return json.null()
        }
        guard depth < Self.maximumDepth else { return json.string(XMLFragment.text(element) ?? "") }
        depth += 1
        defer { depth -= 1 }
        let declared = plans[type]
        let (plan, word) = chosen(declared, type, element)
        switch plan.content {
        case .text(let simple):
            guard !element.children.contains(where: \.isElement) else {
                return writeFreely(element, to: &json)
            }
            let text = element.text
            simple.write(text.isEmpty ? defaultValue ?? text : text, prefixes: element.prefixes, to: &json)
        case .members(let members): write(element, members, typeMember: word.map { (declared.typeMember, $0) }, to: &json)
        case .array(let array):
            json.beginArray()
            for item in element.elements { write(item, type: array.item, to: &json) }
            json.endArray()
        case .free: writeFreely(element, to: &json)
        }
    }

    /// Whether there is room for more.
    func isWithinBounds(_ json: JSONWriter) -> Bool { json.buffer.writerIndex <= maximumBytes }

    /// The type that an element names for itself, or the one declared; and the word for it, where a caller has to be told.
    private func chosen(_ declared: TypePlan, _ type: Int, _ element: XMLElement) -> (plan: TypePlan, word: String?) {
        guard let text = element.attribute("type", namespace: SchemaVocabulary.instance),
            let name = element.prefixes.resolve(qname: text, usesDefault: true), name != declared.name, let number = plans.numbers[name],
            number != type
        else { return (declared, nil) }
        let plan = plans[number]
        if let word = declared.derivedWords[number] { return (plan, word) }
        switch (declared.content, plan.content) {
        case (.free, .members): return (plan, "{\(name.namespace)}\(name.local)")
        case (.free, _): return (plan, nil)
        // An answer that says `xsd:string` of an object is wrong about one of them; the elements are there.
        case (.members, .members), (.text, .text), (.array, .array): return (plan, nil)
        default: return (declared, nil)
        }
    }
}
