import HubCore
import NIOCore

/// The rounds of a request that may ask its client for something, in either era.
extension MCPMethods {
    /// What became of performing a request.
    enum Outcome {
        /// It is done.
        case performed(Performed)
        /// The client is asked: this is the reply.
        case reply(ByteBuffer)
    }

    /// Performs a request with a client that fits.
    ///
    /// 1. What leaves the client alone has none. 2. In a handshake session the client is asked by requests. 3. In the modern era a server
    /// that asks by results asks for itself. 4. For one that asks by requests, the work runs in a task of its own, if there is anything that
    /// the client can be asked. 5. Who brings answers to a call that waits goes on with that call.
    ///
    /// - Parameter work: what is performed, once, with the context that has the client, and what the client brought along.
    func perform(
        _ request: MethodRequest, use: ClientUse,
        work: @escaping @Sendable (_ context: CallContext, _ resumption: CallResumption?) async throws -> Performed
    ) async throws -> Outcome {
        var context = request.context
        guard revision.isModern else {
            if use != .none, let session {
                request.channel.progress?.expectReports()
                context.client = HandshakeClient(
                    session: session, runtime: server.runtime, isLogging: server.offer.logs, channel: request.channel)
            }
            return .performed(try await work(context, nil))
        }
        let resumption: CallResumption?
        switch try brought(request) {
        case .nothing: resumption = nil
        case .answers(let answers): resumption = answers
        case .toParked(let call, let round, let answers):
            return try await goOn(call, round: round, answers: answers, request)
        }
        guard use != .none else { return .performed(try await work(context, resumption)) }
        request.channel.progress?.expectReports()
        let client = modernClient(request)
        guard use == .asked, !client.capabilities.isDisjoint(with: .askable) else {
            context.client = client
            return try outcome(try await work(context, resumption), request)
        }
        let call = ParkedCall(
            owner: ParkedOwner(SessionOwner(context.principal), address: context.callerAddress), client: client,
            calls: server.runtime.parkedCalls)
        let event = await call.run { [context] client in
            var context = context
            context.client = client
            return try await work(context, resumption)
        }
        return try outcome(of: event, in: call.id, request)
    }

    /// The result of another server, where it is the last word.
    func completeResult(of performed: Performed) throws(HubError) -> JSONValue {
        let root = try Self.document(of: performed)?.root
        guard let root, root.kind == .object, OriginResult.type(of: root) == "complete" else {
            throw HubError(.upstreamFailed, "The server's answer is not understood")
        }
        return root
    }

    static func document(of performed: Performed) throws(HubError) -> JSONDocument? {
        switch performed {
        case .result(let document): return document
        case .response(let response, let body):
            guard response.form == .toolResult else { return nil }
            if let document = response.document { return document }
            do throws(JSONParseError) {
                return try JSONDocument(parsing: body, limits: .payload)
            } catch {
                throw HubError(.upstreamFailed, "The server's answer is not understood", cause: error)
            }
        }
    }

    func modernClient(_ request: MethodRequest) -> ModernClient {
        let meta = request.envelope.params?["_meta"]
        return ModernClient(
            capabilities: ClientCapabilities(meta?[MetaKey.clientCapabilities]),
            logLevel: server.offer.logs ? meta?[MetaKey.logLevel]?.string.flatMap { LogLevel(rawValue: $0) } : nil,
            channel: request.channel)
    }

    // MARK: What the client brings

    private enum Brought {
        case nothing
        case answers(CallResumption)
        case toParked(call: UInt128, round: UInt32, answers: JSONValue?)
    }

    private func brought(_ request: MethodRequest) throws(JSONRPCError) -> Brought {
        guard let params = request.envelope.params, request.envelope.method != OriginRequest.Method.complete.rawValue else {
            return .nothing
        }
        let answers = params["inputResponses"].flatMap { $0.isNull ? nil : $0 }
        guard answers.map({ $0.kind == .object }) ?? true else {
            throw JSONRPCError(.invalidParams, "inputResponses must be an object", id: request.id)
        }
        guard let text = params["requestState"], !text.isNull else {
            return answers.map { .answers(CallResumption(inputResponses: $0, requestState: nil)) } ?? .nothing
        }
        guard let state = text.string.flatMap({ server.runtime.stateSealer.open($0, binding: binding(of: request)) }) else {
            throw JSONRPCError(.invalidParams, "requestState is not one that this request was given", id: request.id)
        }
        let isExpired = state.expiry <= server.runtime.now
        switch state.content {
        case .relayed(let inner):
            guard !isExpired else { throw JSONRPCError(.invalidParams, "requestState has expired", id: request.id) }
            return .answers(CallResumption(inputResponses: answers, requestState: inner))
        case .parked(let call, let round): return .toParked(call: call, round: round, answers: answers)
        }
    }

    private func binding(of request: MethodRequest) -> RequestBinding {
        RequestBinding(
            owner: SessionOwner(request.context.principal), entry: server.name, method: request.envelope.method,
            params: request.envelope.params)
    }

    private func goOn(_ id: UInt128, round: UInt32, answers: JSONValue?, _ request: MethodRequest) async throws -> Outcome {
        guard let call = server.runtime.parkedCalls.call(id) else {
            throw HubError(.upstreamFailed, "The call that waited for this answer is gone. It may have been carried out in part or whole.")
        }
        request.channel.progress?.expectReports()
        guard let event = await call.resume(round: round, answers: answers, channel: request.channel) else {
            throw JSONRPCError(.invalidParams, "requestState has been used", id: request.id)
        }
        return try outcome(of: event, in: id, request)
    }

    // MARK: What the client is asked

    private func outcome(of event: ParkedCall.Event, in call: UInt128, _ request: MethodRequest) throws -> Outcome {
        switch event {
        case .finished(let result): return try outcome(try result.get(), request)
        case .asks(let questions, let round):
            let state = try seal(.parked(call: call, round: round), request)
            return .reply(
                result(id: request.id, type: "input_required") { json in
                    json.key("inputRequests")
                    json.beginObject()
                    for (key, question) in questions {
                        json.key(key)
                        json.beginObject()
                        json.member("method", question.method)
                        json.member("params", raw: question.params)
                        json.endObject()
                    }
                    json.endObject()
                    json.member("requestState", state)
                })
        }
    }

    /// A result that asks is passed on, its state in a cover of ours; any other is the last word.
    private func outcome(_ performed: Performed, _ request: MethodRequest) throws -> Outcome {
        guard let root = try Self.document(of: performed)?.root, OriginResult.type(of: root) == "input_required" else {
            return .performed(performed)
        }
        let questions = root["inputRequests"].flatMap { $0.isNull ? nil : $0 }
        try check(questions, request)
        let inner = root["requestState"]?.string
        guard questions != nil || inner != nil else { throw HubError(.upstreamFailed, "The server's answer is not understood") }
        let state = try inner.map { try seal(.relayed($0), request) }
        return .reply(
            result(id: request.id, type: "input_required", meta: root["_meta"]) { json in
                if let questions {
                    json.key("inputRequests")
                    json.value(questions)
                }
                if let state { json.member("requestState", state) }
            })
    }

    /// A client is asked for nothing that it did not declare (basic/utilities/mrtr, "Capabilities").
    func check(_ questions: JSONValue?, _ request: MethodRequest) throws {
        guard let questions else { return }
        var needs: ClientCapabilities = []
        for question in questions.members.map(\.value) {
            guard let method = question["method"]?.string,
                let needed = ClientCapabilities(neededFor: method, params: question["params"])
            else { throw HubError(.upstreamFailed, "The server asks for something that is not understood") }
            needs.formUnion(needed)
        }
        let missing = needs.subtracting(modernClient(request).capabilities)
        guard !missing.isEmpty else { return }
        var data = JSONWriter()
        data.beginObject()
        data.key("requiredCapabilities")
        missing.write(to: &data)
        data.endObject()
        throw JSONRPCError(
            .missingCapability, "The server asks for something that the client has not declared", id: request.id, data: data.buffer)
    }

    private func seal(_ content: RequestState.Content, _ request: MethodRequest) throws(HubError) -> String {
        let state = RequestState(content: content, expiry: server.runtime.now + RequestState.lifetime)
        guard let text = server.runtime.stateSealer.seal(state, binding: binding(of: request)) else {
            throw HubError(.upstreamFailed, "The server's state is too large")
        }
        return text
    }
}
