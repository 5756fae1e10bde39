import HTTPTypes
import HubCore
import NIOCore

/// Asks one agent elsewhere, in the version and the binding of one of its interfaces.
struct RemoteAgentClient: Sendable {
    /// The agent, a name of the configuration.
    let agent: String
    /// Which of its releases it is.
    let release: String
    /// Sends requests there.
    let target: any CallTarget
    /// How it is spoken to.
    let interface: RemoteInterface

    /// The largest answer, in bytes.
    private static let maximumAnswer = JSONLimits.message.maximumBytes
    /// How answers are read: those of an agent may name a member twice, and nothing of that is passed on.
    static let limits = JSONLimits(
        maximumBytes: maximumAnswer, maximumDepth: JSONLimits.message.maximumDepth, maximumValues: JSONLimits.message.maximumValues,
        duplicateKeys: .accept)
    /// The id of every request of JSON-RPC: each has a connection of its own.
    static let id = "1"

    /// Asks for something that is no stream.
    ///
    /// - Parameter extensions: those of the protocol that the request makes use of.
    /// - Throws: `A2AFailure`: the agent's refusal, or that its answer makes no sense; `HubError` where there is none; `CancellationError`.
    func ask(_ request: A2ARequest, extensions: [String] = [], context: CallContext) async throws -> A2AResult {
        let outbound = try self.outbound(request, extensions, accepting: "application/json")
        return try await RemoteAnswer(send(outbound, context), limit: Self.maximumAnswer).result(of: request.operation, interface)
    }

    /// Asks for a stream. An agent that answers with one event alone has given a stream of one.
    ///
    /// - Parameter lastEventID: the last event of a stream that was cut.
    /// - Throws: as `ask`.
    func stream(
        _ request: A2ARequest, extensions: [String] = [], after lastEventID: String? = nil, context: CallContext
    ) async throws -> RemoteEvents {
        var outbound = try self.outbound(request, extensions, accepting: "text/event-stream")
        outbound.headers[.lastEventID] = lastEventID
        let response = try await send(outbound, context)
        if let events = events(response, of: request.operation) { return events }
        let answer = try await RemoteAnswer(response, limit: Self.maximumAnswer)
        // Of `:subscribe` the protocol buffers say GET and the prose says POST; who has but the other knows no such place.
        if request.operation == .subscribe, interface.binding == .http,
            answer.status == 405 || (answer.status == 404 && !answer.isFailureOfProtocol)
        {
            (outbound.method, outbound.body, outbound.headers[.contentType]) = (.get, nil, nil)
            let response = try await send(outbound, context)
            if let events = events(response, of: request.operation) { return events }
            return RemoteEvents(single: try await RemoteAnswer(response, limit: Self.maximumAnswer).result(of: .subscribe, interface))
        }
        return RemoteEvents(single: try answer.result(of: request.operation, interface))
    }

    private func send(_ request: OutboundRequest, _ context: CallContext) async throws -> CallResponse {
        try await target.perform(Call(entry: agent, tool: release, content: .message(request)), context: context)
    }

    private func events(_ response: CallResponse, of operation: A2AOperation) -> RemoteEvents? {
        let type = response.contentType.flatMap { MediaType($0) }
        guard (200..<300).contains(response.status), type?.essence == "text/event-stream" else { return nil }
        return RemoteEvents(response.body, of: operation, interface, maximumEvent: Self.maximumAnswer)
    }

    private func outbound(_ request: A2ARequest, _ extensions: [String], accepting type: String) throws -> OutboundRequest {
        let unknown = A2AFailure(.unsupportedOperation, "The agent's version of the protocol has no such operation")
        var outbound: OutboundRequest
        switch interface.binding {
        case .jsonRPC:
            guard let body = request.naming(tenant: interface.tenant).jsonRPC(id: Self.id, interface.version) else { throw unknown }
            outbound = OutboundRequest(method: .post, path: interface.path ?? "", body: body)
        case .http:
            guard let (method, path, body) = request.naming(tenant: interface.tenant).http(interface.version) else { throw unknown }
            var base = (interface.path ?? "").prefix { $0 != "?" }
            while base.last == "/" { base.removeLast() }
            outbound = OutboundRequest(method: method, path: base + path, body: body)
        }
        outbound.isPathWhole = interface.path != nil
        outbound.headers = A2AHeaders.request(interface.version, extensions: extensions)
        outbound.headers[.accept] = type
        // 1.0.1 would have its own media type over HTTP+JSON; every agent reads this one.
        if outbound.body != nil { outbound.headers[.contentType] = "application/json" }
        return outbound
    }
}

extension A2ARequest {
    /// The request for one agent of an address.
    fileprivate func naming(tenant: String?) -> A2ARequest {
        func named<Parameters>(_ parameters: Parameters, _ member: WritableKeyPath<Parameters, String?>) -> Parameters {
            var parameters = parameters
            parameters[keyPath: member] = tenant
            return parameters
        }
        return switch self {
        case .sendMessage(let parameters): .sendMessage(named(parameters, \.tenant))
        case .streamMessage(let parameters): .streamMessage(named(parameters, \.tenant))
        case .getTask(let query): .getTask(named(query, \.tenant))
        case .listTasks(let query): .listTasks(named(query, \.tenant))
        case .cancelTask(let task): .cancelTask(named(task, \.tenant))
        case .subscribe(let task): .subscribe(named(task, \.tenant))
        case .createPush(let configuration): .createPush(named(configuration, \.tenant))
        case .getPush(let push): .getPush(named(push, \.tenant))
        case .listPushes(let query): .listPushes(named(query, \.tenant))
        case .deletePush(let push): .deletePush(named(push, \.tenant))
        case .extendedCard: .extendedCard(tenant: tenant)
        }
    }
}
