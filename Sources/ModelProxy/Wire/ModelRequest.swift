import HTTPTypes
import HubCore
import NIOCore

/// What the hub has to know of a request to a model. All else in its body is between the caller and the provider, and passes as it is.
struct ModelRequest {
    /// The model that is asked for.
    let model: String

    /// Reads a body.
    ///
    /// - Throws: what is wrong, in words of the protocol; never any of the body itself.
    init(_ body: ByteBuffer) throws(OpenAIError) {
        let root: JSONValue
        do throws(JSONParseError) {
            root = try JSONDocument(parsing: body, limits: .message).root
        } catch {
            guard error.reason != .tooLarge else {
                throw OpenAIError(
                    .contentTooLarge, .invalidRequest, "The body is larger than \(JSONLimits.message.maximumBytes) bytes",
                    code: "request_too_large")
            }
            throw OpenAIError(.badRequest, .invalidRequest, "The body is not JSON: \(error)", code: "invalid_json")
        }
        guard root.kind == .object else {
            throw OpenAIError(.badRequest, .invalidRequest, "The body must be a JSON object", code: "invalid_type")
        }
        guard let model = root["model"] else {
            throw OpenAIError(
                .badRequest, .invalidRequest, "The parameter model is missing", parameter: "model", code: "missing_required_parameter")
        }
        guard let name = model.string, !name.isEmpty else {
            throw OpenAIError(
                .badRequest, .invalidRequest, "The parameter model must be the name of a model", parameter: "model", code: "invalid_type")
        }
        if let stream = root["stream"], stream.bool == nil, !stream.isNull {
            throw OpenAIError(
                .badRequest, .invalidRequest, "The parameter stream must be true or false", parameter: "stream", code: "invalid_type")
        }
        self.model = name
    }
}
