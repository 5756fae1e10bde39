import HubCore

extension A2AResult {
    /// Reads what an agent answered over JSON-RPC, or one event of its stream.
    ///
    /// - Parameters:
    ///   - message: the whole message, which must answer the request of `id`.
    ///   - id: as `A2ARequest.jsonRPC` wrote it.
    /// - Throws: `A2AFailure`: the agent's own, or `invalidAgentResponse` where the message is none of the protocol.
    init(jsonRPC message: JSONValue, id: String, to operation: A2AOperation, _ version: A2AVersion) throws(A2AFailure) {
        if let error = message["error"], error.kind == .object { throw A2AFailure(jsonRPC: error) }
        guard message["id"]?.isString(id) == true, let result = message["result"] else {
            throw A2AFailure(agent: WireProblem(place: "result", reason: .missing))
        }
        try self.init(answer: operation, WireValue(result, A2ADialect(jsonRPC: version)))
    }

    /// Reads what an agent answered over HTTP+JSON, or one event of its stream.
    ///
    /// - Parameters:
    ///   - status: of the answer; that of a stream for its events.
    ///   - body: nil where there is none, or no JSON.
    /// - Throws: `A2AFailure`: the agent's own, or `invalidAgentResponse` where the body is none of the protocol.
    init(http status: Int, body: JSONValue?, to operation: A2AOperation, _ version: A2AVersion) throws(A2AFailure) {
        let isFailed = !(200..<300).contains(status) || (operation.isStream && body?["error"] != nil)
        if isFailed { throw A2AFailure(status: status, body: body) }
        if operation == .deletePush {
            self = .nothing
            return
        }
        guard let body else { throw A2AFailure(agent: WireProblem(place: "", reason: .missing)) }
        try self.init(answer: operation, WireValue(body, A2ADialect(http: version)))
    }

    private init(answer operation: A2AOperation, _ source: WireValue) throws(A2AFailure) {
        do {
            try self.init(operation, source)
        } catch {
            throw A2AFailure(agent: error)
        }
    }
}
