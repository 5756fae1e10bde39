import HTTPTypes
import HubCore
import NIOCore

/// What an MCP server answered an HTTP request with.
enum ServerAnswer {
    /// Taken, and there is nothing to read.
    case accepted
    /// One JSON text.
    case text(ByteBuffer)
    /// Events.
    case events(ServerEvents)
    /// Not done; with the error, where the body is one.
    case refused(status: Int, JSONRPCError?)
    /// It is elsewhere.
    case moved(to: String, keepsMethod: Bool)

    /// Reads the head, and the body where it is no stream of events.
    init(_ response: CallResponse) async throws {
        let type = response.contentType.flatMap { MediaType($0) }
        switch response.status {
        case 202, 204:
            response.body.giveUp()
            self = .accepted
        case 200..<300:
            if type?.essence == "text/event-stream" {
                self = .events(ServerEvents(response.body))
            } else {
                let body = try await response.body.collect(upTo: SessionLimits.message.maximumBytes)
                guard body.readableBytes > 0 else {
                    self = .accepted
                    return
                }
                guard type?.isJSON ?? true else { throw HubError.noMCP() }
                self = .text(body)
            }
        case 300..<400:
            response.body.giveUp()
            self = .moved(to: response.fields.value(.location) ?? "", keepsMethod: response.status == 307 || response.status == 308)
        default:
            guard type?.isJSON == true else {
                response.body.giveUp()
                self = .refused(status: response.status, nil)
                return
            }
            let body = try await response.body.collect(upTo: SessionLimits.refusal)
            self = .refused(status: response.status, ServerMessage.error(in: body))
        }
    }

    /// Why a refusal that says nothing in the words of MCP is one.
    static func failure(status: Int) -> HubError {
        switch status {
        case 401, 403, 407: HubError(.upstreamFailed, "The server does not let the hub in (status \(status))")
        case 429, 503: HubError(.overloaded, "The server is busy (status \(status))")
        default: HubError(.upstreamFailed, "The server answered with status \(status)")
        }
    }
}

extension ResponseBody {
    /// Nobody reads it.
    func giveUp() {
        if case .stream(let stream) = self { stream.cancel() }
    }
}
