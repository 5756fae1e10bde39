import HTTPTypes
import HubCore
import NIOCore

/// A Model API of the same hub as what performs calls: a message goes in at its door as a caller's would, with all that stands behind it.
struct LocalModelTarget: CallTarget {
    private let api: (any HubEntry)?

    /// The API that is used, of those of a snapshot.
    init(of use: AgentEntry.ModelUse, in models: [EntryKey: any HubEntry]) {
        api = models[EntryKey(kind: .models, name: use.api.value)]
    }

    func perform(_ call: Call, context: CallContext) async throws -> CallResponse {
        guard case .message(let message) = call.content else { throw HubError(.internal, "The hub failed to answer") }
        guard let api else { throw HubError(.upstreamFailed, "The model is not available at present") }
        let path = "/v1" + message.path
        var request = InboundRequest(
            head: HTTPRequest(method: message.method, scheme: "http", authority: "localhost", path: path, headerFields: message.headers),
            host: "localhost", body: message.body ?? ByteBuffer(), id: context.requestID, remoteAddress: context.callerAddress ?? "",
            logger: context.logger)
        request.principal = context.principal
        let pipe = ResponsePipe()
        let work = Task { [request] in
            do {
                try await api.respond(to: request, subpath: path[...], writer: pipe)
                pipe.finish()
            } catch {
                pipe.fail(error)
            }
        }
        pipe.whenAbandoned { work.cancel() }
        return try await withTaskCancellationHandler {
            try await pipe.response()
        } onCancel: {
            pipe.cancel()
        }
    }
}
