import HubCore
import Logging
import NIOCore

/// Calls that became tasks at another server (extension `io.modelcontextprotocol/tasks`).
///
/// 1. A client that does not say that it follows tasks is refused, and no server is told that it does.
/// 2. An id is good at the entry that gave it, for the caller it was given to, and for as long as the caller sees the tool and the tool is
/// from the same server. Any other id is an unknown one.
/// 3. The server sees its own id, and the client the hub's, which stays the same for the whole of a task.
extension MCPMethods {
    /// Whether a client may ask for tasks: a server that is away may have them.
    var hasTasks: Bool { revision.isModern && (server.offer.extensions.contains(.tasks) || !server.offer.away.isEmpty) }

    /// The reply to a call that became a task.
    func taskReply(_ task: JSONValue, of tool: Tool, _ request: MethodRequest) throws -> ByteBuffer {
        guard revision.isModern, modernClient(request).capabilities.contains(.tasks),
            let target = tool.target.innermost as? OriginToolTarget, let inner = task["taskId"]?.string, !inner.isEmpty,
            let id = server.runtime.taskSealer.seal(
                TaskToken(
                    owner: SessionOwner(request.context.principal), entry: server.name, tool: tool.definition.name,
                    origin: target.origin.name, inner: inner, expiry: server.runtime.now + TaskToken.lifetime(ttl: task["ttlMs"])))
        else { throw Self.senselessTask }
        return try result(id: request.id, type: "task", meta: task["_meta"]) { json in
            try write(task, as: id, of: target.origin.name, distrusted: tool.distrusted, request, to: &json)
        }
    }

    /// Answers `tasks/get`, `tasks/update` and `tasks/cancel`.
    func followTask(_ method: OriginRequest.Method, _ request: MethodRequest) async throws -> ByteBuffer {
        let (envelope, id) = (request.envelope, request.id)
        if let refusal = Self.taskRefusal(of: envelope, id: id) { throw refusal }
        guard let text = envelope.params?["taskId"]?.string else {
            throw JSONRPCError(.invalidParams, "The taskId is missing", id: id)
        }
        guard method != .updateTask || envelope.params?["inputResponses"]?.kind == .object else {
            throw JSONRPCError(.invalidParams, "inputResponses must be an object", id: id)
        }
        let (token, origin, distrusted) = try task(text, request)
        var context = request.context
        let client = modernClient(request)
        context.client = ModernClient(capabilities: client.capabilities, logLevel: nil, channel: .closed)
        let answer: JSONValue
        do {
            answer = try await origin.answer(Self.originRequest(method, envelope, inner: token.inner), context: context).root
        } catch let error as JSONRPCError
            where error.code == .methodNotFound || (error.code == .invalidParams && method != .updateTask)
        {
            throw Self.unknownTask(id)
        } catch {
            throw itemFailure(error, method: method, request)
        }
        guard method == .getTask else { return result(id: id, meta: answer["_meta"]) { _ in } }
        do {
            guard answer["taskId"]?.string == token.inner else { throw Self.senselessTask }
            return try result(id: id, meta: answer["_meta"]) { json in
                try write(answer, as: text, of: origin.name, distrusted: distrusted, request, to: &json)
            }
        } catch {
            throw itemFailure(error, method: method, request)
        }
    }

    /// The refusal of a client that does not say that it follows tasks; nil where it does.
    static func taskRefusal(of envelope: JSONRPCEnvelope, id: JSONValue) -> JSONRPCError? {
        let capabilities = ClientCapabilities(envelope.params?["_meta"]?[MetaKey.clientCapabilities])
        guard !capabilities.contains(.tasks) else { return nil }
        var data = JSONWriter()
        data.beginObject()
        data.key("requiredCapabilities")
        ClientCapabilities.tasks.write(to: &data)
        data.endObject()
        return JSONRPCError(
            .missingCapability, "The client has not declared \(ServerExtensions.tasksName)", id: id, data: data.buffer)
    }

    /// What an id stands for that this caller may follow.
    private func task(
        _ text: String, _ request: MethodRequest
    ) throws(JSONRPCError) -> (token: TaskToken, origin: any MCPOrigin, distrusted: String?) {
        guard let token = server.runtime.taskSealer.open(text), token.entry == server.name,
            token.owner == SessionOwner(request.context.principal), token.expiry > server.runtime.now
        else { throw Self.unknownTask(request.id) }
        guard let tool = server.tool(token.tool, for: request.context.principal) else {
            // Not yet listed since the hub began: the task is not gone for that.
            guard server.offer.away.contains(token.origin) else { throw Self.unknownTask(request.id) }
            throw JSONRPCError(.internalError, "The server \(token.origin) is away", id: request.id)
        }
        guard let target = tool.target.innermost as? OriginToolTarget, target.origin.name == token.origin else {
            throw Self.unknownTask(request.id)
        }
        return (token, target.origin, tool.distrusted)
    }

    private static func unknownTask(_ id: JSONValue) -> JSONRPCError { JSONRPCError(.invalidParams, "Unknown task", id: id) }

    private static var senselessTask: HubError { HubError(.upstreamFailed, "The server's task is not understood") }

    /// The request of a client under the id that the server gave.
    private static func originRequest(_ method: OriginRequest.Method, _ envelope: JSONRPCEnvelope, inner: String) -> OriginRequest {
        var json = JSONWriter()
        json.beginObject()
        json.member("taskId", inner)
        for (name, value) in (envelope.params?.members ?? .none) where !name.isString("taskId") && !name.isString("_meta") {
            json.key(name)
            json.value(value)
        }
        json.endObject()
        return OriginRequest(method, params: json.buffer, meta: CallerMeta.passed(envelope.params?["_meta"]))
    }

    // MARK: What is said of a task

    private static let states: Set = ["working", "input_required", "completed", "failed", "cancelled"]

    /// Writes the members of a task, with the id that the client knows.
    private func write(
        _ task: JSONValue, as id: String, of origin: String, distrusted: String?, _ request: MethodRequest, to json: inout JSONWriter
    ) throws {
        guard let status = task["status"]?.string, Self.states.contains(status) else { throw Self.senselessTask }
        json.member("taskId", id)
        for (name, value) in task.members {
            switch name.string {
            case "taskId", "resultType", "_meta": continue
            case "inputRequests" where !value.isNull:
                try check(value, request)
                json.key(name)
                json.value(value)
            case "result" where !value.isNull:
                json.key(name)
                try writeResult(value, distrusted: distrusted, to: &json)
            case "error" where !value.isNull:
                json.key(name)
                write(error: value, of: origin, to: &json)
            default:
                json.key(name)
                json.value(value)
            }
        }
    }

    /// The result that the call would have had, without what it says about the hop.
    private func writeResult(_ result: JSONValue, distrusted: String?, to json: inout JSONWriter) throws {
        guard result.kind == .object, OriginResult.type(of: result) == "complete" else { throw Self.senselessTask }
        json.beginObject()
        try OriginResult(revision: revision, kind: .tool).write(result, distrusted: distrusted, to: &json)
        if let type = result["resultType"] {
            json.key("resultType")
            json.value(type)
        }
        if let meta = CallerMeta.passed(result["_meta"]) { json.member("_meta", raw: meta) }
        json.endObject()
    }

    /// The error that the call would have had.
    private func write(error: JSONValue, of origin: String, to json: inout JSONWriter) {
        let failure = JSONRPCError(
            JSONRPCError.Code(rawValue: error["code"]?.int ?? JSONRPCError.Code.internalError.rawValue),
            error["message"]?.string ?? "The task failed", data: error["data"]?.rawBytes)
        let told: JSONRPCError
        switch UpstreamRefusal.translated(failure, by: origin) {
        case let error as JSONRPCError: told = error
        case let error as HubError: told = JSONRPCError(.internalError, error.message)
        default: told = JSONRPCError(.internalError, "The task failed")
        }
        json.beginObject()
        json.member("code", told.code.rawValue)
        json.member("message", told.message)
        if let data = told.data { json.member("data", raw: data) }
        json.endObject()
    }
}
