/// The versions of SOAP and what they call things.
public enum SOAPVersion: String, Sendable, Hashable, CaseIterable {
    /// SOAP 1.1 (W3C Note of 8 May 2000).
    case soap11 = "1.1"
    /// SOAP 1.2 (W3C Recommendation).
    case soap12 = "1.2"

    /// The version whose envelope is in `namespace`.
    init?(envelope namespace: String) {
        switch namespace {
        case SOAPVersion.soap11.envelope: self = .soap11
        case SOAPVersion.soap12.envelope: self = .soap12
        default: return nil
        }
    }

    /// The version whose binding in a WSDL is in `namespace`.
    init?(binding namespace: String) {
        switch namespace {
        case "http://schemas.xmlsoap.org/wsdl/soap/": self = .soap11
        case "http://schemas.xmlsoap.org/wsdl/soap12/": self = .soap12
        default: return nil
        }
    }

    /// The namespace of envelope, header, body and fault.
    var envelope: String {
        switch self {
        case .soap11: "http://schemas.xmlsoap.org/soap/envelope/"
        case .soap12: "http://www.w3.org/2003/05/soap-envelope"
        }
    }

    /// The encoding of section 5 of SOAP 1.1, and of part 2 of SOAP 1.2.
    var encoding: String {
        switch self {
        case .soap11: SchemaVocabulary.soapEncoding
        case .soap12: "http://www.w3.org/2003/05/soap-encoding"
        }
    }

    /// The prefixes that a message uses for what is not its own.
    var prefixes: [String: String] { self == .soap11 ? Self.prefixes11 : Self.prefixes12 }

    private static let prefixes11 = prefixes(.soap11)
    private static let prefixes12 = prefixes(.soap12)

    private static func prefixes(_ version: SOAPVersion) -> [String: String] {
        [
            version.envelope: "soapenv", SchemaVocabulary.instance: "xsi", SchemaVocabulary.namespace: "xsd", version.encoding: "soapenc",
        ]
    }

    /// The `Content-Type` of a request, and the header that names its action where that is not a part of it.
    ///
    /// SOAP 1.1 §6.1.1: the action stands in quotes, also an empty one. SOAP 1.2 part 2 §6.5.3, RFC 3902: it is a parameter.
    func contentType(action: String) -> String {
        switch self {
        case .soap11: "text/xml; charset=utf-8"
        case .soap12: "application/soap+xml; charset=utf-8" + (action.isEmpty ? "" : "; action=\(Self.quoted(action))")
        }
    }

    /// A text as a quoted string (RFC 9110 §5.6.4).
    static func quoted(_ text: String) -> String {
        "\"" + text.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"") + "\""
    }
}
