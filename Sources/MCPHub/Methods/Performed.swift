import HubCore
import NIOCore

/// What performing a request gave, before it is put into the words of its client.
enum Performed: Sendable {
    /// What a tool answered, complete.
    case response(CallResponse, body: ByteBuffer)
    /// The result of another server, of any `resultType`.
    case result(JSONDocument)

    /// Whether it is what was asked for, and no failure.
    var isGood: Bool {
        switch self {
        case .response(let response, _):
            response.form == .http ? response.status < 300 : response.document?.root["isError"]?.bool != true
        case .result(let document): document.root["isError"]?.bool != true
        }
    }
}
