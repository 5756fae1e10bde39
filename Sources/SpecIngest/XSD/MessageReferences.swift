/// The elements of one message that others refer to, as the SOAP encoding does for values that stand in several places
/// (SOAP 1.1 §5.4.1, SOAP 1.2 Part 2 §3.1.5).
struct MessageReferences: Sendable {
    private var elements: [String: XMLElement] = [:]

    /// What is in `body` with an `id`.
    init(in body: XMLElement) { collect(body, depth: 0) }

    private mutating func collect(_ element: XMLElement, depth: Int) {
        guard depth < 256 else { return }
        let id = element.attribute("id") ?? element.attribute("id", namespace: SchemaVocabulary.encodings[1])
        // Of two with one id the first counts; which it is cannot be told.
        if let id, elements[id] == nil { elements[id] = element }
        for child in element.elements { collect(child, depth: depth + 1) }
    }

    /// What an element refers to instead of having a value: nil where it does not, and no element where there is none of that id.
    func target(of element: XMLElement) -> (id: String, element: XMLElement?)? {
        guard element.children.isEmpty else { return nil }
        let id: String
        if let reference = element.attribute("href"), reference.utf8.first == UInt8(ascii: "#") {
            id = String(reference.dropFirst())
        } else if let reference = element.attribute("ref", namespace: SchemaVocabulary.encodings[1]) {
            id = reference.utf8.first == UInt8(ascii: "#") ? String(reference.dropFirst()) : reference
        } else {
            return nil
        }
        return (id, elements[id])
    }
}
