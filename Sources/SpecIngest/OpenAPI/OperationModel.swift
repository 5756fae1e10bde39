import HTTPTypes
import HubCore

/// An operation as OpenAPI 3.1 would write it, whatever dialect it was written in. Schemas still lie in the document.
///
/// Everything the later stages look at is here; to read another dialect means to make one of these.
struct OperationModel {
    /// The method, in capitals.
    var method: String
    /// The path as the document writes it.
    var path: String
    /// The node, for findings.
    var node: JSONValue
    var operationID: String?
    var summary: String?
    var description: String?
    var isDeprecated: Bool
    var parameters: [ParameterModel] = []
    var body: BodyModel?
    var server: ServerReference = .none
    /// The servers it has in place of those of the document.
    var servers: [ServerDescription]?
    var security: [SecurityRequirement] = []
    var responseTypes: [String] = []
    /// The schema of a good answer in JSON.
    var answer: JSONValue?
    var sequenceTypes: [String] = []
    /// Headers that are always sent; only endpoints written by hand have them.
    var fixedHeaders: [(field: HTTPField.Name, value: String)] = []
    /// The `Accept` header, where it does not follow from `responseTypes`.
    var accept: String?
    /// The values of arguments that are not given, by the name of the parameter.
    var defaults: [String: JSONValue] = [:]

    /// What every dialect writes in the same words; the lift adds the rest.
    init(method: String, path: String, node: JSONValue, _ reading: DescriptionReading) {
        self.method = method
        self.path = path
        self.node = node
        operationID = reading.text(node, "operationId")
        summary = reading.text(node, "summary")
        description = reading.text(node, "description")
        isDeprecated = node["deprecated"]?.bool ?? false
    }

    /// Whether the path is what follows the server's own address: empty, or a query.
    var isAtServer = false
    /// What it is called where it has another name than method and path.
    var label: String?

    /// For findings and for people: `GET /pets/{id}`.
    var name: String { label ?? method + " " + path }
}

/// Where a schema is found.
enum SchemaSource {
    /// At a node.
    case node(JSONValue)
    /// In a parameter of Swagger 2.0, which is its own schema.
    case parameter(JSONValue)
    /// Nowhere: everything is taken.
    case none
    /// Nowhere, but it is evident that it is a string.
    case string
}

/// A parameter in path, query, header or cookie.
struct ParameterModel {
    var name: String
    var place: ArgumentBinding.Place
    var node: JSONValue
    var description: String?
    var isRequired: Bool
    var isDeprecated = false
    var schema: SchemaSource
    var style: ParameterStyle
    var explode: Bool
    var allowReserved = false
    /// The value travels as JSON text: `content` with a JSON type.
    var isJSON = false
    /// What callers know it by, where that is not made of the name on the wire.
    var argument: String?
    /// The value is the query as a whole.
    var isWholeQuery = false
}

/// A request body with the media types it may have.
struct BodyModel {
    /// What the description says about whether it has to be sent; nil where it says nothing.
    var isRequired: Bool?
    var description: String?
    /// At least one, in document order.
    var media: [MediaModel]
}

/// A body in one media type.
struct MediaModel {
    /// The most media types that a body or an answer may have.
    static let maximum = 64

    var type: MediaType
    var schema: MediaSchema
    /// The schema of each of the values that follow one another (OpenAPI 3.2 §4.14.5).
    var itemSchema: JSONValue?
    /// How single properties of a form or a multipart body are written.
    var encoding: [String: EncodingModel] = [:]
    /// The body written by hand, with places for the fields.
    var template: JSONValue?
    /// What writes the members of the schema, where that is more than the media type says.
    var writer: (any MessageWriter)?
}

/// What a body is made of.
enum MediaSchema {
    /// A schema.
    case schema(SchemaSource)
    /// Form fields that are parameters of Swagger 2.0.
    case fields([FieldModel])
}

/// A form field.
struct FieldModel {
    var name: String
    var schema: SchemaSource
    var description: String?
    var isRequired: Bool
    var isFile = false
    /// How it is written where its media type leaves a choice.
    var encoding = EncodingModel()
}

/// An Encoding Object (OpenAPI 3.1.1 §4.8.15).
struct EncodingModel {
    var contentType: String?
    /// nil: not written, so that the default of the media type holds.
    var style: ParameterStyle?
    var explode: Bool?
    var allowReserved = false
    /// The headers of the part of a multipart body.
    var headers: [PartHeaderModel] = []
}

/// A header of a part of a multipart body.
struct PartHeaderModel {
    var name: String
    var node: JSONValue
    var description: String?
    var isRequired: Bool
    var schema: SchemaSource
    var explode: Bool
}
