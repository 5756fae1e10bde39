import HubCore
import NIOCore

/// The parameters of a request to an origin, and what of them stands in headers.
struct OriginParameters {
    private let root: JSONValue
    private let method: OriginRequest.Method

    init(_ request: OriginRequest) throws {
        do throws(JSONParseError) {
            root = try JSONDocument(parsing: request.params, limits: .payload).root
        } catch {
            throw HubError(.internal, "The hub failed to answer", cause: error)
        }
        method = request.method
    }

    /// What `Mcp-Name` says.
    var name: String? {
        switch method {
        case .callTool, .getPrompt: root["name"]?.string
        case .readResource: root["uri"]?.string
        case .complete: nil
        case .getTask, .updateTask, .cancelTask: root["taskId"]?.string
        }
    }

    /// What `Mcp-Param-*` say.
    func mirrored(_ arguments: [MirroredArgument]) -> [(header: String, value: String)] {
        arguments.compactMap { argument in argument.text(in: root["arguments"]).map { (argument.header, $0) } }
    }

    /// The parameters with what answers a result that asked.
    func bytes(inputResponses: ByteBuffer?, requestState: String?) -> ByteBuffer {
        guard inputResponses != nil || requestState != nil else { return root.rawBytes }
        var json = JSONWriter()
        json.beginObject()
        for (name, value) in root.members where !name.isString("inputResponses") && !name.isString("requestState") {
            json.key(name)
            json.value(value)
        }
        if let inputResponses { json.member("inputResponses", raw: inputResponses) }
        if let requestState { json.member("requestState", requestState) }
        json.endObject()
        return json.buffer
    }
}
