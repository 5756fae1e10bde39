public import HubCore

/// What a description of an HTTP API came to: its operations as tools, and everything that had to be left out or mended.
///
/// Made once when a description is read; immutable by use. `operations` stand in the order of the document and come out the
/// same on every read of the same text.
public struct IngestedAPI: Sendable {
    /// The dialect of a description, as far as it changes what a word in it means.
    public enum Dialect: String, Sendable, Hashable, CaseIterable {
        /// Swagger 2.0.
        case swagger2 = "2.0"
        /// OpenAPI 3.0.x.
        case openAPI30 = "3.0"
        /// OpenAPI 3.1.x.
        case openAPI31 = "3.1"
        /// OpenAPI 3.2.x, read as 3.1 with the `query` method and additional operations.
        case openAPI32 = "3.2"
        /// WSDL 1.1, whose schemas are read as those of OpenAPI 3.1.
        case wsdl = "wsdl 1.1"

        /// Whether schemas are JSON Schema 2020-12, where keywords beside a `$ref` count (OpenAPI 3.1.1 §4.8.24).
        var isJSONSchema2020: Bool {
            switch self {
            case .swagger2, .openAPI30: false
            case .openAPI31, .openAPI32, .wsdl: true
            }
        }
    }

    /// The name the API gives itself.
    public var title: String
    /// The version the API gives itself.
    public var version: String
    /// What the API says it is for, as plain text.
    public var description: String?
    /// The dialect it was written in.
    public var dialect: Dialect
    /// What became a tool, in document order.
    public var operations: [IngestedOperation]
    /// What was left out or mended, with its place.
    public var findings: [IngestFinding]
    /// How many operations stand under the paths, those left out included.
    public var operationCount: Int
    /// The security schemes by name.
    public var securitySchemes: [String: SecurityScheme]
    /// The servers that the description offers, in document order. Swagger 2.0 has one at most, which is not among them.
    public var servers: [ServerDescription] = []

    /// How much became tools and what had to be done about the rest, in one line.
    public var summary: String {
        let counts = Dictionary(grouping: findings, by: \.kind).mapValues(\.count)
        let kinds: [IngestFinding.Kind] = [.skippedOperation, .repaired, .unresolvedReference, .dropped]
        return "\(operations.count) tools of \(operationCount) operations; "
            + kinds.map { "\(counts[$0] ?? 0) \($0.rawValue)" }.joined(separator: ", ")
    }
}

extension IngestedAPI {
    /// The same API, in whose SOAP messages a token lets the hub in. Operations of other kinds stay as they are.
    public func secured(by token: UsernameToken) -> IngestedAPI {
        var api = self
        for index in api.operations.indices {
            guard let encoder = api.operations[index].encoder as? OperationEncoder, let secured = encoder.secured(by: token) else {
                continue
            }
            api.operations[index].encoder = secured
        }
        return api
    }
}

/// One operation of an API: the tool it is shown as, and how to perform it.
public struct IngestedOperation: Sendable {
    /// Name, description, input schema, hints and risk.
    public var tool: ToolDefinition
    /// Turns arguments into the request, whose path is below the server's.
    public var encoder: any RequestEncoder
    /// Turns the upstream's answer into JSON, where it is written otherwise; nil passes it on.
    public var decoder: (any ResponseDecoder)?
    /// Where the description says the operation is served.
    public var server: ServerReference
    /// The servers that the description offers for it alone, in place of those of the API; nil: those of the API.
    public var servers: [ServerDescription]?
    /// What a caller must show: one of these (OR), each all of its schemes (AND). Empty: nothing.
    public var security: [SecurityRequirement]
    /// The media types a good answer may have, in document order.
    public var responseTypes: [String]
    /// Those of `responseTypes` whose answers are values that follow one another (OpenAPI 3.2, `itemSchema`): streams to be collected.
    public var sequenceTypes: [String] = []
    /// The arguments by the name the caller uses, with the name and place they have on the wire, in the order of the schema.
    public var arguments: [ArgumentBinding]
    /// What is sent without being asked for, because it has to be and there is but one value, as JSON text.
    public var constants: [(binding: ArgumentBinding, json: String)] = []
}

/// Which name and place of the request an argument of a tool stands for: the exact and reversible map of the aliases.
public struct ArgumentBinding: Sendable, Hashable {
    /// Where in a request an argument goes.
    public enum Place: String, Sendable, Hashable {
        /// Part of the path.
        case path
        /// Part of the query.
        case query
        /// A header field.
        case header
        /// Part of the `Cookie` header.
        case cookie
        /// A member of the body, or all of it.
        case body
    }

    /// The name in the tool's schema.
    public var name: String
    /// The name in the request; empty where the argument is the whole body.
    public var wireName: String
    /// The place in the request.
    public var place: Place

    /// The same under another name.
    func named(_ name: String) -> ArgumentBinding { ArgumentBinding(name: name, wireName: wireName, place: place) }
}
