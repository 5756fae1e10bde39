import HTTPTypes
import HubCore
import Logging
import NIOCore

/// Talks to the application behind an agent; its address and credential are the target's affair.
struct ApplicationClient: Sendable {
    /// The agent, as rules around the target know it.
    let agent: String
    /// What is called there, likewise.
    let tool: String
    /// Sends the messages.
    let target: any CallTarget

    /// The longest answer that is no stream, in bytes.
    private static let maximumAnswerBytes = 4 << 20
    /// The longest answer that says why there is none, in bytes.
    private static let maximumFailureBytes = 64 << 10

    /// Sends JSON, and gives the events that answer it.
    ///
    /// - Throws: `ApplicationFailure` where the application refuses; what `send` throws.
    func events(
        _ method: HTTPRequest.Method, _ path: String, _ body: ByteBuffer? = nil, fields: HTTPFields = [:], context: CallContext
    ) async throws -> ApplicationEvents {
        var fields = fields
        fields[.accept] = "text/event-stream"
        let response = try await send(method, path, body, fields: fields, context: context)
        guard response.contentType.flatMap({ MediaType($0) })?.essence == "text/event-stream" else {
            // Some say at 200 that they failed.
            let object = try await Self.object(of: response, upTo: Self.maximumFailureBytes)
            guard let object, object["code"]?.string != nil || object["error"] != nil else { throw ApplicationEvents.nonsense }
            throw ApplicationFailure(object, status: 0)
        }
        return ApplicationEvents(response.body)
    }

    /// Sends JSON, and gives the object that answers it; nil where the answer is none.
    ///
    /// - Throws: `ApplicationFailure` where the application refuses; what `send` throws.
    func object(
        _ method: HTTPRequest.Method, _ path: String, _ body: ByteBuffer? = nil, fields: HTTPFields = [:], context: CallContext
    ) async throws -> JSONValue? {
        try await Self.object(of: send(method, path, body, fields: fields, context: context), upTo: Self.maximumAnswerBytes)
    }

    /// Fetches a file that an answer names by its path at the application's address.
    ///
    /// - Throws: `ApplicationFailure` where it is not to be had; what `send` throws.
    func file(_ path: String, context: CallContext) async throws -> (bytes: ByteBuffer, type: MediaType?) {
        let response = try await send(.get, path, nil, fields: [:], isPathWhole: true, context: context)
        return (try await response.body.collect(upTo: Self.maximumAnswerBytes), response.contentType.flatMap { MediaType($0) })
    }

    private func send(
        _ method: HTTPRequest.Method, _ path: String, _ body: ByteBuffer?, fields: HTTPFields, isPathWhole: Bool = false,
        context: CallContext
    ) async throws -> CallResponse {
        var request = OutboundRequest(method: method, path: path, headers: fields, body: body)
        request.isPathWhole = isPathWhole
        if body != nil, request.headers[.contentType] == nil { request.headers[.contentType] = "application/json" }
        let call = Call(entry: agent, tool: tool, content: .message(request))
        let response = try await target.perform(call, context: context)
        if (200..<300).contains(response.status) { return response }
        if (300..<400).contains(response.status) {
            if case .stream(let stream) = response.body { stream.cancel() }
            throw HubError(.upstreamFailed, "The application redirects, which is not followed")
        }
        let failure = ApplicationFailure(
            try await Self.object(of: response, upTo: Self.maximumFailureBytes), status: response.status)
        context.logger.info(
            "an application refused",
            metadata: ["agent": "\(agent)", "status": "\(response.status)", "code": "\(failure.code)"])
        throw failure
    }

    private static func object(of response: CallResponse, upTo limit: Int) async throws -> JSONValue? {
        let body: ByteBuffer
        do {
            body = try await response.body.collect(upTo: limit)
        } catch let error as HubError where error.code == .tooLarge {
            return nil
        }
        // What does not parse says nothing.
        guard let root = try? JSONDocument(parsing: body, limits: .message).root, root.kind == .object else { return nil }
        return root
    }
}

extension CallContext {
    /// A name for the caller that an application may keep: the same for each of its messages, and telling nothing of its credential. Callers
    /// without one share a name: their addresses could be guessed from any other.
    var opaqueUser: String {
        guard principal.credential != nil else { return "anonymous" }
        let digits = String(TaskOwner(self).digest, radix: 16)
        return "hub-" + String(repeating: "0", count: max(0, 32 - digits.utf8.count)) + digits
    }
}
