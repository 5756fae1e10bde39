import HubCore
import NIOCore

/// Calls of servers of the modern era, whose results may ask (2026-07-28, "Multi Round-Trip Requests").
extension UpstreamCall {
    /// How often one call may ask.
    static let maximumRounds = 16

    /// Performs the request, and asks the client for what the server needs where the client does not take results that ask.
    func inRounds(_ session: any UpstreamSession, _ parameters: OriginParameters) async throws -> JSONDocument {
        var responses = request.resumption?.inputResponses?.rawBytes
        var state = request.resumption?.requestState
        for round in 0...Self.maximumRounds {
            let document: JSONDocument
            do {
                document = try await send(parameters.bytes(inputResponses: responses, requestState: state), parameters, in: session)
            } catch let error as HubError where round > 0 && error.cause is SessionLoss {
                // Nobody is asked the same twice: this is not sent anew from the start.
                throw HubError(error.code, error.message)
            }
            guard let asked = try questions(in: document.root) else { return try passedOn(document) }
            if let client = context.client, client.takesInputRequests { return try passedOn(document) }
            guard round < Self.maximumRounds else { break }
            responses = try await answers(to: asked)
            state = asked.requestState
        }
        throw HubError(.upstreamFailed, "The server \(server.name) asks again and again")
    }

    /// What a result asks; nil where it is complete.
    private func questions(in result: JSONValue) throws -> InputRequests? {
        guard let type = result["resultType"] else { return nil }  // absent is complete
        if type.isString("complete") { return nil }
        if type.isString("task"), request.method == .callTool, capabilities.contains(.tasks) { return nil }
        guard type.isString("input_required"), !request.method.isOfTask, request.method != .complete, let asked = InputRequests(result)
        else { throw senseless }
        if let refusal = asked.refusal(by: capabilities) {
            throw HubError(.upstreamFailed, "The server \(server.name) asks for what the client has not offered: \(refusal.message)")
        }
        return asked
    }

    private func answers(to asked: InputRequests) async throws -> ByteBuffer? {
        guard let client = context.client else { return nil }  // it offered nothing, so that nothing is asked
        do {
            return try await asked.ask(client)
        } catch let error as JSONRPCError {
            throw HubError(
                .upstreamFailed, "The client did not answer the server \(server.name): \(error.message.prefix(512))", cause: ClientFault())
        } catch let error as HubError {
            throw HubError(error.code, error.message, argument: error.argument, cause: ClientFault())
        }
    }
}
