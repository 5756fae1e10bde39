import HTTPTypes
import HubCore
import NIOCore

/// HTTP+JSON of both versions below an agent's address. The path says which version is spoken.
struct HTTPTransport {
    let agent: A2AAgent

    /// Answers one request whose path continues with `subpath`.
    func respond(to request: InboundRequest, subpath: Substring, writer: any ResponseWriter) async throws {
        let fields = request.head.headerFields
        let routes = A2ARoute.routes(of: subpath)
        let type = A2AHeaders.answerType(fields)
        guard let any = routes.first?.route else {
            return try await refuse(A2AFailure(.methodNotFound, "There is nothing here"), .v1_0, type, writer)
        }
        guard let route = routes.first(where: { $0.methods.contains(request.head.method) })?.route else {
            return try await writer.refuseMethod(Set(routes.flatMap(\.methods).map(\.rawValue)).sorted())
        }
        var dialect = A2ADialect(http: any.version)
        let answer: AgentMethods.Answer
        do {
            let asked = try read(request, route, type, &dialect)
            answer = try await agent.methods(for: request, route.version).answer(asked, lastEventID: fields.value(.lastEventID))
        } catch {
            return try await refuse(try A2AFailure(of: error, in: request), route.version, type, writer)
        }
        let frame = { (result: A2AResult) -> ByteBuffer in
            var json = JSONWriter()
            result.write(to: &json, as: dialect)
            return json.buffer
        }
        let activated = agent.activated(request, route.version)
        switch answer {
        case .result(let result): try await writer.answer(200, json: frame(result), type: type, fields: activated)
        case .stream(let stream):
            defer { stream.close() }
            try await writer.beginEvents(fields: activated)
            try await stream.send(to: writer, frame: { frame(.event($0)) }) { failure in
                var event = ByteBuffer()
                SSEEncoder.write(event: "error", json: failure.http(agent.profile(route.version)).body, to: &event)
                return event
            }
        }
    }

    private func refuse(_ failure: A2AFailure, _ version: A2AVersion, _ type: String?, _ writer: any ResponseWriter) async throws {
        let (status, body) = failure.http(agent.profile(version))
        try await writer.answer(status, json: body, type: type, fields: failure.fields)
    }

    private func read(_ request: InboundRequest, _ route: A2ARoute, _ type: String?, _ dialect: inout A2ADialect) throws -> A2ARequest {
        if request.isOverload { throw A2AFailure(.overloaded, "The hub is at its limit") }
        try A2AHeaders.check(request.head.headerFields, query: request.query, against: route.version)
        let hasBody = request.body.readableBytes > 0 && request.head.method == .post
        if hasBody, type == nil || request.head.headerFields.value(.contentType) == nil {
            throw A2AFailure(.unsupportedMediaType, "The body must be application/a2a+json or application/json")
        }
        let parameters: JSONDocument
        if hasBody {
            parameters = try JSONDocument(message: request.body)
        } else {
            guard let query = CallQuery.object(of: request.query) else { throw A2AFailure(.tooLarge, "The query is too large") }
            parameters = query
        }
        let isSchema = route.version == .v0_3 && WireValue(parameters.root, .v0_3Proto).isOfSchema
        dialect = A2ADialect(http: route.version, isSchema: isSchema)
        return try A2ARequest(route.operation, WireValue(parameters.root, dialect), route: route)
    }
}
