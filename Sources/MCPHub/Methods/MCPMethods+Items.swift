import HubCore
import Logging
import NIOCore

/// Prompts, resources and the completion of their arguments.
extension MCPMethods {
    func list(_ listing: ItemListing, _ request: MethodRequest) throws(JSONRPCError) -> ByteBuffer {
        try refuseCursor(request)
        let isShown = server.showsItems(to: request.context.principal)
        return result(id: request.id, unavailable: server.offer.away) { json in
            json.member(listing.kind.listName, raw: isShown ? listing.bytes(for: revision) : ByteBuffer(staticString: "[]"))
            writeCaching(isForAll: server.hasSameItemsForAll, to: &json)
        }
    }

    func getPrompt(_ request: MethodRequest) async throws -> ByteBuffer {
        let (envelope, id) = (request.envelope, request.id)
        guard let name = envelope.params?["name"]?.string else {
            throw JSONRPCError(.invalidParams, "The name of a prompt is missing", id: id)
        }
        let arguments = envelope.params?["arguments"].flatMap { $0.isNull ? nil : $0 }
        guard arguments.map({ $0.kind == .object }) ?? true else {
            throw JSONRPCError(.invalidParams, "The arguments must be an object", id: id)
        }
        guard let prompt = server.prompt(name, for: request.context.principal) else {
            throw JSONRPCError(.invalidParams, "Unknown prompt: \(name.prefix(128))", id: id)
        }
        let passed = originRequest(.getPrompt, envelope) { json in json.member("name", prompt.originalName) }
        return try await answer(passed, to: request, by: prompt.origin, kind: .prompt)
    }

    func readResource(_ request: MethodRequest) async throws -> ByteBuffer {
        let (envelope, id) = (request.envelope, request.id)
        guard let uri = envelope.params?["uri"]?.string else {
            throw JSONRPCError(.invalidParams, "The uri of a resource is missing", id: id)
        }
        guard let origin = server.origin(ofResource: uri, for: request.context.principal) else {
            throw JSONRPCError(revision.isModern ? .invalidParams : .resourceNotFound, "Resource not found", id: id)
        }
        let passed = originRequest(.readResource, envelope) { json in json.member("uri", uri) }
        return try await answer(passed, to: request, by: origin, kind: .resource)
    }

    func complete(_ request: MethodRequest) async throws -> ByteBuffer {
        let (envelope, id) = (request.envelope, request.id)
        guard let reference = envelope.params?["ref"], let argument = envelope.params?["argument"], argument["name"]?.string != nil,
            argument["value"]?.string != nil
        else {
            throw JSONRPCError(.invalidParams, "A completion needs a ref, and an argument with name and value", id: id)
        }
        let origin: any MCPOrigin
        var json = JSONWriter()
        if reference["type"]?.isString("ref/prompt") == true, let name = reference["name"]?.string {
            guard let prompt = server.prompt(name, for: request.context.principal) else {
                throw JSONRPCError(.invalidParams, "Unknown prompt: \(name.prefix(128))", id: id)
            }
            origin = prompt.origin
            json.string(prompt.originalName)
            json = JSONWriter(buffer: reference.replacingMember("name", with: json.buffer))
        } else if reference["type"]?.isString("ref/resource") == true, let uri = reference["uri"]?.string {
            let principal = request.context.principal
            guard let found = server.template(uri, for: principal)?.origin ?? server.origin(ofResource: uri, for: principal) else {
                throw JSONRPCError(.invalidParams, "Unknown template: \(uri.prefix(128))", id: id)
            }
            origin = found
            json = JSONWriter(buffer: reference.rawBytes)
        } else {
            throw JSONRPCError(.invalidParams, "The ref is neither a prompt nor a resource", id: id)
        }
        let passed = originRequest(.complete, envelope) { $0.member("ref", raw: json.buffer) }
        return try await answer(passed, to: request, by: origin, kind: .completion)
    }

    // MARK: Subscriptions of sessions

    func subscribe(_ request: MethodRequest) async throws(JSONRPCError) -> ByteBuffer {
        guard let uri = request.envelope.params?["uri"]?.string else {
            throw JSONRPCError(.invalidParams, "The uri of a resource is missing", id: request.id)
        }
        guard let session, let origin = server.origin(ofResource: uri, for: request.context.principal) else {
            throw JSONRPCError(.resourceNotFound, "Resource not found", id: request.id)
        }
        let runtime = server.runtime
        let isNew = !runtime.subscriptions.contains(.session(session.id))
        guard runtime.subscriptions.subscribe(.session(session.id), entry: server.name, to: uri, at: origin) else {
            throw JSONRPCError(.overloaded, "Too many resources are subscribed to", id: request.id)
        }
        // A client that never opens a stream is not told of anything.
        if isNew { runtime.releaseSubscriptions(ofSessionWithoutStream: session.id) }
        await origin.watchesSettle()
        return result(id: request.id) { _ in }
    }

    func unsubscribe(_ request: MethodRequest) throws(JSONRPCError) -> ByteBuffer {
        guard let uri = request.envelope.params?["uri"]?.string else {
            throw JSONRPCError(.invalidParams, "The uri of a resource is missing", id: request.id)
        }
        if let session { server.runtime.subscriptions.unsubscribe(.session(session.id), from: uri) }
        return result(id: request.id) { _ in }
    }

    // MARK: Origins

    /// The request of a client for an origin; `naming` writes the one member that is said in the origin's words.
    private func originRequest(
        _ method: OriginRequest.Method, _ envelope: JSONRPCEnvelope, naming: (inout JSONWriter) -> Void
    ) -> OriginRequest {
        let own = method == .complete ? "ref" : method == .readResource ? "uri" : "name"
        var json = JSONWriter()
        json.beginObject()
        naming(&json)
        for (name, value) in (envelope.params?.members ?? .none)
        where !name.isString(own) && !name.isString("_meta") && !name.isString("inputResponses") && !name.isString("requestState") {
            json.key(name)
            json.value(value)
        }
        json.endObject()
        return OriginRequest(method, params: json.buffer, meta: CallerMeta.passed(envelope.params?["_meta"]))
    }

    private func answer(
        _ passed: OriginRequest, to request: MethodRequest, by origin: any MCPOrigin, kind: OriginResult.Kind
    ) async throws -> ByteBuffer {
        let distrusted = server.offer.distrusted.contains(origin.name) ? origin.name : nil
        do {
            try keepFlows(reading: origin, request)
            let outcome = try await perform(request, use: origin.asksByRequest ? .asked : .told) { context, resumption in
                var passed = passed
                passed.resumption = resumption
                return .result(try await origin.answer(passed, context: context))
            }
            switch outcome {
            case .reply(let reply): return reply
            case .performed(let performed):
                let root = try completeResult(of: performed)
                let encoder = OriginResult(revision: revision, kind: kind)
                return try result(id: request.id, meta: root["_meta"], distrusted: distrusted) { try encoder.write(root, to: &$0) }
            }
        } catch {
            throw itemFailure(error, method: passed.method, request)
        }
    }

    /// A failure as an error of the protocol: other results than a tool's have no place for it.
    func itemFailure(_ error: any Error, method: OriginRequest.Method, _ request: MethodRequest) -> any Error {
        let id = request.id
        switch error {
        case is CancellationError: return JSONRPCError(.cancelled, "The request was cancelled", id: id)
        case let error as JSONRPCError: return refusal(error, method: method, id: id)
        case let error as HubError:
            switch error.code {
            case .overloaded: return JSONRPCError(.overloaded, error.message, id: id)
            case .invalidArguments: return JSONRPCError(.invalidParams, error.message, id: id)
            case .internal: return error
            default:
                request.context.logger.info("a server did not answer", metadata: ["method": "\(method.rawValue)", "error": "\(error)"])
                return JSONRPCError(.internalError, error.message, id: id)
            }
        default: return error
        }
    }
}
