import HubCore
import NIOCore

/// Which format a text is in: one of those this version reads, or one it can name when it refuses.
enum DescriptionFormat {
    /// The dialect of an OpenAPI or Swagger document.
    ///
    /// - Throws: `IngestError` that names the format and says what to do instead.
    static func dialect(of root: JSONValue, in document: SourceDocument) throws(IngestError) -> IngestedAPI.Dialect {
        guard root.kind == .object else {
            throw IngestError(.notADescription, "this is no description of an API: the document is not an object", hint: whatIsRead)
        }
        if let version = text(root["openapi"]) {
            switch version.split(separator: ".").prefix(2).joined(separator: ".") {
            case "3.0", "3": return .openAPI30
            case "3.1": return .openAPI31
            case let minor where minor.hasPrefix("3."): return .openAPI32
            case "2.0", "2": return .swagger2
            default: throw unsupportedVersion("OpenAPI", version, at: root["openapi"], in: document)
            }
        }
        if let version = text(root["swagger"]) ?? text(root["swaggerVersion"]) {
            switch version {
            case "2", "2.0", "2.0.0": return .swagger2
            case let old where old.hasPrefix("1"):
                throw IngestError(
                    .unsupportedFormat, "this is Swagger \(old.prefix(8)), which hubd does not read",
                    hint: "convert it to Swagger 2.0 or OpenAPI 3", position: position(of: root["swaggerVersion"], in: document))
            default: throw unsupportedVersion("Swagger", version, at: root["swagger"], in: document)
            }
        }
        if let (name, hint) = otherFormat(root) {
            throw IngestError(.unsupportedFormat, "this is \(name), which hubd does not read", hint: hint)
        }
        throw IngestError(
            .notADescription, "this is no description of an API: it has neither `openapi` nor `swagger` at the top", hint: whatIsRead)
    }

    /// The error for a text that is not JSON or YAML at all but in a format that can be named; nil for all else.
    static func refusal(ofText bytes: ByteBuffer) -> IngestError? {
        var view = bytes.readableBytesView[...]
        if view.starts(with: [0xEF, 0xBB, 0xBF]) { view = view.dropFirst(3) }
        let start = view.drop { $0 == 0x20 || $0 == 0x0A || $0 == 0x0D || $0 == 0x09 }.prefix(4096)
        if start.starts(with: "#%RAML".utf8) {
            return IngestError(.unsupportedFormat, "this is RAML, which hubd does not read", hint: convert)
        }
        guard start.first == UInt8(ascii: "<") else { return nil }
        let text = String(decoding: start, as: UTF8.self).lowercased()
        return text.contains("<html") || text.hasPrefix("<!doctype html") ? otherXML("an HTML page") : nil
    }

    /// The error for XML that is no WSDL 1.1; nil for that.
    static func refusal(ofXML root: XMLElement) -> IngestError? {
        switch (root.name.namespace, root.name.local) {
        case (WSDLVocabulary.wsdl, "definitions"):
            return nil
        case (WSDLVocabulary.wsdl2, _):
            return IngestError(
                .unsupportedFormat, "this is WSDL 2.0, which hubd does not read", hint: "most services have a WSDL 1.1 too")
        case (SchemaVocabulary.namespace, "schema"):
            return IngestError(
                .unsupportedFormat, "this is an XML schema, which describes values and no operations", hint: "name the WSDL that imports it"
            )
        case (_, "application") where root.name.namespace.contains("wadl"):
            return IngestError(.unsupportedFormat, "this is WADL, which hubd does not read", hint: convert)
        case (_, "html"):
            return otherXML("an HTML page")
        case (let namespace, "Edmx") where namespace.contains("edmx"):
            return IngestError(.unsupportedFormat, "this is OData's EDMX, which hubd does not read", hint: convert)
        default:
            return otherXML("XML")
        }
    }

    private static func otherXML(_ name: String) -> IngestError {
        IngestError(
            .unsupportedFormat, "this is \(name), not a description of an API",
            hint: "look for the address of its openapi.json, openapi.yaml or ?wsdl")
    }

    private static let whatIsRead = "hubd reads Swagger 2.0 and OpenAPI 3.0 to 3.2, in JSON or YAML, and WSDL 1.1"
    private static let convert = "convert it to OpenAPI 3"

    private static func otherFormat(_ root: JSONValue) -> (name: String, hint: String)? {
        if root["asyncapi"] != nil {
            return ("AsyncAPI", "it describes messages, not HTTP operations; \(whatIsRead)")
        }
        if root[path: "info", "_postman_id"] != nil || root[path: "info", "schema"]?.string?.contains("getpostman.com") == true
            || root[path: "collection", "info", "schema"] != nil
        {
            return ("a Postman collection", "export the API as OpenAPI 3 from Postman")
        }
        if root[path: "log", "entries"] != nil { return ("a HAR file", "`hubd import --har FILE` makes endpoints of it") }
        if root["_type"]?.isString("export") == true, root["resources"] != nil {
            return ("an Insomnia export", "export the API as OpenAPI 3")
        }
        if root["discoveryVersion"] != nil || root["kind"]?.string?.hasPrefix("discovery#") == true {
            return ("a Google API discovery document", convert)
        }
        if root["baseUri"] != nil || (root["title"] != nil && root.members.contains { $0.name.string?.hasPrefix("/") == true }) {
            return ("RAML", convert)
        }
        return nil
    }

    private static func unsupportedVersion(
        _ format: String, _ version: String, at node: JSONValue?, in document: SourceDocument
    ) -> IngestError {
        IngestError(
            .unsupportedFormat, "\(format) \(FindingLog.quoted(version)) is not a version hubd reads", hint: whatIsRead,
            position: position(of: node, in: document))
    }

    private static func position(of node: JSONValue?, in document: SourceDocument) -> SourcePosition? {
        node.map { document.position(of: $0) }
    }

    // An unquoted `swagger: 2.0` is a number in YAML.
    private static func text(_ value: JSONValue?) -> String? {
        value?.string ?? value?.numberText
    }
}
