/// The namespaces of WSDL and what else it is told by.
enum WSDLVocabulary {
    /// WSDL 1.1.
    static let wsdl = "http://schemas.xmlsoap.org/wsdl/"
    /// WSDL 2.0, which hardly anybody wrote.
    static let wsdl2 = "http://www.w3.org/ns/wsdl"
    /// Parts of a message that travel beside the envelope.
    static let mime = "http://schemas.xmlsoap.org/wsdl/mime/"

    /// The elements of WSDL in `element` that have this name.
    static func children(of element: XMLElement, _ name: String) -> [XMLElement] {
        element.elements.filter { $0.name.local == name && $0.name.namespace == wsdl }
    }

    /// What an element says about itself, as plain text of at most `limit` characters; nil where it says nothing.
    static func documentation(of element: XMLElement, limit: Int) -> String? {
        for child in children(of: element, "documentation") {
            let text = PlainText.sentences(allText(of: child), limit: limit)
            if !text.isEmpty { return text }
        }
        return nil
    }

    // Some write HTML in it.
    private static func allText(of element: XMLElement, depth: Int = 0) -> String {
        guard depth < 16 else { return "" }
        var text = ""
        for child in element.children {
            switch child {
            case .text(let part): text += part
            case .name: continue
            case .element(let inner): text += " " + allText(of: inner, depth: depth + 1) + " "
            }
        }
        return text
    }
}
