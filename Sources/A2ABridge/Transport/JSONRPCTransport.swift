import HTTPTypes
import HubCore
import NIOCore

/// JSON-RPC of both versions at an agent's address. The method says which version is spoken.
struct JSONRPCTransport {
    let agent: A2AAgent

    /// A request that was read, and what an answer has to know of it.
    private struct Read {
        var id: JSONValue?
        var version = A2AVersion.v0_3
    }

    /// Answers one request.
    func respond(to request: InboundRequest, writer: any ResponseWriter) async throws {
        guard request.head.method == .post else { return try await writer.refuseMethod(["POST"]) }
        var read = Read(version: A2AVersion(named: request.head.headerFields.value(.a2aVersion) ?? "") ?? .v1_0)
        let answer: AgentMethods.Answer
        do {
            let asked = try self.read(request, &read)
            let lastEventID = request.head.headerFields.value(.lastEventID)
            answer = try await agent.methods(for: request, read.version).answer(asked, lastEventID: lastEventID)
        } catch {
            let failure = try A2AFailure(of: error, in: request)
            let (status, body) = failure.jsonRPC(id: read.id, agent.profile(read.version))
            return try await writer.answer(status, json: body, fields: failure.fields)
        }
        let (id, dialect) = (read.id, A2ADialect(jsonRPC: read.version))
        let frame = { (result: A2AResult) -> ByteBuffer in
            var json = JSONWriter()
            json.object { json in
                json.member("jsonrpc", "2.0")
                json.key("id")
                if let id { json.value(id) } else { json.null() }
                json.key("result")
                result.write(to: &json, as: dialect)
            }
            return json.buffer
        }
        let fields = agent.activated(request, read.version)
        switch answer {
        case .result(let result): try await writer.answer(200, json: frame(result), fields: fields)
        case .stream(let stream):
            defer { stream.close() }
            try await writer.beginEvents(fields: fields)
            try await stream.send(to: writer, frame: { frame(.event($0)) }) { failure in
                var event = ByteBuffer()
                SSEEncoder.write(json: failure.jsonRPC(id: id, agent.profile(dialect.version)).body, to: &event)
                return event
            }
        }
    }

    private func read(_ request: InboundRequest, _ read: inout Read) throws -> A2ARequest {
        if request.isOverload { throw A2AFailure(.overloaded, "The hub is at its limit") }
        guard request.head.headerFields.value(.contentType) != nil, A2AHeaders.answerType(request.head.headerFields) != nil else {
            throw A2AFailure(.unsupportedMediaType, "The body must be application/json")
        }
        let root = try JSONDocument(message: request.body).root
        let envelope: JSONRPCEnvelope
        do throws(JSONRPCError) {
            envelope = try JSONRPCEnvelope(root)
        } catch {
            read.id = error.id
            throw A2AFailure(error.code == .invalidParams ? .invalidParameters : .invalidRequest, error.message)
        }
        // A message without an id is told first what else is wrong with it.
        if case .request(let id) = envelope.kind { read.id = id }
        guard let (operation, version) = A2AOperation.named(envelope.method) else {
            throw A2AFailure(.methodNotFound, "There is no such method")
        }
        read.version = version
        try A2AHeaders.check(request.head.headerFields, query: request.query, against: version)
        var params = envelope.params
        if params == nil { params = try JSONDocument(message: ByteBuffer(string: "{}")).root }
        guard let params else { throw A2AFailure(.internal, "The hub failed to answer") }
        let asked = try A2ARequest(operation, WireValue(params, A2ADialect(jsonRPC: version)))
        guard read.id != nil else { throw A2AFailure(.invalidRequest, "The body must be one request with an id") }
        return asked
    }
}
