import HTTPTypes
import HubCore
import NIOCore
import SpecIngest
import Testing

/// A description in a few lines of YAML or JSON, read; and requests of its tools as text.
struct Description {
    let api: IngestedAPI

    init(_ text: String) throws {
        api = try OpenAPIReader.read(ByteBuffer(string: text))
    }

    /// An OpenAPI 3.1 description of one `GET /x`-like operation.
    init(path: String = "/x", method: String = "get", openapi: String = "3.1.0", operation: String) throws {
        try self.init(#"{"openapi":"\#(openapi)","info":{"title":"t","version":"1"},"paths":{"\#(path)":{"\#(method)":\#(operation)}}}"#)
    }

    /// The names of the tools, in order.
    var names: [String] { api.operations.map(\.tool.name) }

    /// The tool of this name, or the only one.
    func operation(_ name: String? = nil) throws -> IngestedOperation {
        try #require(api.operations.first { name == nil || $0.tool.name == name })
    }

    /// The input schema of a tool, as text.
    func schema(_ name: String? = nil) throws -> String {
        String(buffer: try operation(name).tool.inputSchema)
    }

    /// The schema of one argument, as text.
    func schema(_ name: String? = nil, argument: String) throws -> String {
        let schema = try JSONDocument(parsing: try operation(name).tool.inputSchema, limits: .message).root
        return String(buffer: try #require(schema[path: "properties", argument]).rawBytes)
    }

    /// The request that a tool makes of these arguments.
    func request(_ arguments: String, of name: String? = nil) throws -> OutboundRequest {
        let document = try JSONDocument(parsing: arguments, limits: .message)
        return try operation(name).encoder.encode(document.root)
    }

    /// The path and query that a tool makes of these arguments.
    func target(_ arguments: String, of name: String? = nil) throws -> String {
        try request(arguments, of: name).path
    }

    /// The body that a tool makes of these arguments, as text.
    func body(_ arguments: String, of name: String? = nil) throws -> String {
        String(buffer: try request(arguments, of: name).body ?? ByteBuffer())
    }

    /// What a tool says to arguments it refuses.
    func refusal(_ arguments: String, of name: String? = nil) throws -> String {
        do {
            let request = try request(arguments, of: name)
            return "accepted: \(request.path)"
        } catch let error as HubError {
            #expect(error.code.description == HubError.Code.invalidArguments.description)
            return error.message
        }
    }
}

/// The refusal of a text that is read as a description.
func refusal(of text: String) -> IngestError? {
    do {
        _ = try OpenAPIReader.read(ByteBuffer(string: text))
        return nil
    } catch {
        return error
    }
}
