import HubCore

/// Reads the fault of a message as `{"fault": {"code", "message", …, "detail"}}` (SOAP 1.1 §4.4, SOAP 1.2 part 1 §5.4).
struct SOAPFaultReader {
    var values: ValueReader
    let elements: [XMLName: SchemaElement]

    /// Writes the fault.
    mutating func write(_ fault: XMLElement, to json: inout JSONWriter) {
        json.beginObject()
        json.key("fault")
        json.beginObject()
        for child in fault.elements {
            switch child.name.local {
            case "faultcode": json.member("code", Self.text(child))
            case "faultstring": json.member("message", Self.text(child))
            case "faultactor", "Node": json.member("actor", Self.text(child))
            case "Code": writeCode(child, to: &json)
            case "Reason":
                // One text for each language; English if it is there.
                let texts = child.elements.filter { $0.name.local == "Text" }
                let english = texts.first { $0.attribute("lang", namespace: XMLPrefixes.xml)?.lowercased().hasPrefix("en") == true }
                json.member("message", (english ?? texts.first).map(Self.text) ?? "")
            case "Role": json.member("role", Self.text(child))
            case "detail", "Detail": writeDetail(child, to: &json)
            default: continue
            }
        }
        json.endObject()
        json.endObject()
    }

    private func writeCode(_ code: XMLElement, to json: inout JSONWriter) {
        var codes: [String] = []
        var next: XMLElement? = code
        while let current = next, codes.count < 16 {
            if let value = current.elements.first(where: { $0.name.local == "Value" }) { codes.append(Self.text(value)) }
            next = current.elements.first { $0.name.local == "Subcode" }
        }
        json.member("code", codes.first ?? "")
        if codes.count > 1 { json.member("subcodes", codes.dropFirst()) }
    }

    private mutating func writeDetail(_ detail: XMLElement, to json: inout JSONWriter) {
        json.key("detail")
        guard detail.firstElement != nil else { return json.string(Self.text(detail)) }
        json.beginObject()
        var taken: Set<String> = []
        for element in detail.elements where taken.insert(element.name.local).inserted {
            json.key(element.name.local)
            values.write(element, as: elements[element.name], to: &json)
        }
        json.endObject()
    }

    /// Text without white space around it. A code's prefix says nothing outside its message.
    private static func text(_ element: XMLElement) -> String { XMLText.trimmed(element.text) }
}
