/// What one message of an operation is made of. Compiled when the description is read.
struct SOAPMessage: Sendable {
    /// A part of a message as an element: the one it names, or one of its name and type.
    struct Part: Sendable {
        /// What callers know it by.
        var name: String
        /// The element.
        var element: SchemaElement
    }

    /// What stands in the body of the envelope.
    enum Body: Sendable {
        /// One element, whose members callers give and get one by one (document/literal, wrapped or bare).
        case element(SchemaElement)
        /// Elements side by side: one that is no object, several, or none (document).
        case parts([Part])
        /// An element with this name around the parts (rpc; WSDL 1.1 §3.5).
        case call(XMLName, [Part])
        /// What may stand in an element of this type, without an element around it (document with a part that names a type).
        case content(Int)
    }

    /// The version of the envelope.
    var version: SOAPVersion
    /// What stands in the body.
    var body = Body.parts([])
    /// What stands in the header, where it is given.
    var headers: [Part] = []
    /// Whether every element says of which type it is (SOAP 1.1 §5).
    var isEncoded = false
    /// The argument that holds the members of the header.
    var headersName = "headers"
}
