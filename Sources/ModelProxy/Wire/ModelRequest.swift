import HTTPTypes
import HubCore
import NIOCore

/// What the hub has to know of a request to a model. All else in its body is between the caller and the provider, and passes as it is.
struct ModelRequest {
    /// The model that is asked for.
    let model: String
    /// Whether the answer is wanted in pieces.
    let isStreaming: Bool
    /// All of it.
    let document: JSONDocument

    /// Reads a body.
    ///
    /// - Parameter mayLackModel: whether the provider has a model of its own for this; `model` is then empty.
    /// - Throws: what is wrong, in words of the protocol; never any of the body itself.
    init(_ body: ByteBuffer, mayLackModel: Bool = false) throws(OpenAIError) {
        do throws(JSONParseError) {
            document = try JSONDocument(parsing: body, limits: .message)
        } catch {
            guard error.reason != .tooLarge else {
                throw OpenAIError(
                    .contentTooLarge, .invalidRequest, "The body is larger than \(JSONLimits.message.maximumBytes) bytes",
                    code: "request_too_large")
            }
            throw OpenAIError(.badRequest, .invalidRequest, "The body is not JSON: \(error)", code: "invalid_json")
        }
        let root = document.root
        guard root.kind == .object else {
            throw OpenAIError(.badRequest, .invalidRequest, "The body must be a JSON object", code: "invalid_type")
        }
        if let model = root["model"] {
            guard let name = model.string, !name.isEmpty else {
                throw OpenAIError(
                    .badRequest, .invalidRequest, "The parameter model must be the name of a model", parameter: "model",
                    code: "invalid_type")
            }
            self.model = name
        } else if mayLackModel {
            model = ""
        } else {
            throw OpenAIError(
                .badRequest, .invalidRequest, "The parameter model is missing", parameter: "model", code: "missing_required_parameter")
        }
        if let stream = root["stream"], stream.bool == nil, !stream.isNull {
            throw OpenAIError(
                .badRequest, .invalidRequest, "The parameter stream must be true or false", parameter: "stream", code: "invalid_type")
        }
        isStreaming = root["stream"]?.bool ?? false
    }

    /// The body with another model in its place; every other byte stays as it was.
    func body(naming name: String) -> ByteBuffer {
        guard name != model, let value = document.root["model"] else { return document.bytes }
        var json = JSONWriter()
        json.string(name)
        return document.replacing([(value, json.buffer)])
    }
}
