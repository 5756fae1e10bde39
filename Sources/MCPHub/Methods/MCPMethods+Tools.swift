import HubCore
import Logging
import NIOCore

/// Tools.
extension MCPMethods {
    func listTools(_ request: MethodRequest) throws(JSONRPCError) -> ByteBuffer {
        try refuseCursor(request)
        let view = server.view(for: request.context.principal)
        if let query = request.context.query, let listing = server.narrowed(view, to: query) {
            return result(id: request.id, unavailable: server.offer.away) { json in
                json.member("tools", raw: listing.tools(for: revision))
                writeCaching(isForAll: false, to: &json)
            }
        }
        return result(id: request.id, unavailable: server.offer.away) { json in
            json.member("tools", raw: view.listing.tools(for: revision))
            writeCaching(isForAll: view.isForAll, to: &json)
        }
    }

    /// Calls a tool. One that is not there, where a server has not been listed yet, may be about to come.
    func callTool(_ request: MethodRequest) async throws -> ByteBuffer {
        guard server.offer.isUnlisted, let name = server.called(by: request.envelope.params)?.name else {
            return try await callKnownTool(request)
        }
        let principal = request.context.principal
        guard server.tool(name, for: principal) == nil else { return try await callKnownTool(request) }
        let arrived: MCPServer?
        do {
            arrived = try await server.runtime.arrivals.wait(for: server.name) { server in
                server.tool(name, for: principal) != nil || !server.offer.isUnlisted
            }
        } catch {
            throw JSONRPCError(.cancelled, "The call was cancelled", id: request.id)
        }
        return try await MCPMethods(server: arrived ?? server, revision: revision, session: session).callKnownTool(request)
    }

    private func callKnownTool(_ request: MethodRequest) async throws -> ByteBuffer {
        let (params, id) = (request.envelope.params, request.id)
        guard let called = server.called(by: params) else {
            throw JSONRPCError(.invalidParams, "The name of a tool is missing", id: id)
        }
        let (name, arguments) = (called.name, called.arguments)
        let principal = request.context.principal
        guard let tool = server.tool(name, for: principal) else {
            throw JSONRPCError(.invalidParams, "Unknown tool: \(name.prefix(128))", id: id)
        }
        guard arguments.map({ $0.kind == .object }) ?? true else {
            throw JSONRPCError(.invalidParams, "The arguments must be an object", id: id)
        }
        guard server.allows(tool, arguments: arguments, by: principal) else {
            throw JSONRPCError(.invalidParams, "This tool may not be called with these arguments", id: id)
        }
        var call = Call(entry: server.name, tool: name, arguments: arguments)
        call.meta = CallerMeta.passed(params?["_meta"])
        var request = request
        if tool.tellsOfOthers {
            request.context.visibleTools = server.view(for: principal).tools
            request.context.now = server.runtime.now
        }
        do {
            try keepFlows(callOf: tool, request)
            let outcome = try await perform(request, use: tool.target.clientUse) { [call] context, resumption in
                var call = call
                call.resumption = resumption
                let response = try await tool.target.perform(call, context: context)
                return .response(response, body: try await response.body.collect(upTo: ToolResult.maximumBytes))
            }
            switch outcome {
            case .reply(let reply): return reply
            case .performed(let performed):
                if called.isFound { learn(performed, of: name, request) }
                return try toolReply(performed, of: tool, request)
            }
        } catch {
            return try toolFailure(error, tool: name, request)
        }
    }

    /// Remembers that a search led to a good call, where that is wanted.
    private func learn(_ performed: Performed, of tool: String, _ request: MethodRequest) {
        guard let learned = server.offer.routing?.tools.learned, performed.isGood else { return }
        learned.called(tool, by: CallerKey(request.context), now: server.runtime.now)
    }

    /// A response of an HTTP API, or the result of another server's tool, as a result.
    private func toolReply(_ performed: Performed, of tool: Tool, _ request: MethodRequest) throws -> ByteBuffer {
        var notes: [String] = []
        if case .response(let response, let body) = performed {
            guard response.form == .toolResult else {
                let encoder = toolResult(request.context)
                return result(id: request.id, distrusted: tool.distrusted) {
                    encoder.write(response, body: body, distrusted: tool.distrusted, to: &$0)
                }
            }
            notes = response.notes
        }
        if let root = try Self.document(of: performed)?.root, OriginResult.type(of: root) == "task" {
            return try taskReply(root, of: tool, request)
        }
        let root = try completeResult(of: performed)
        let encoder = OriginResult(revision: revision, kind: .tool)
        return try result(id: request.id, meta: root["_meta"], distrusted: tool.distrusted) { json in
            try encoder.write(root, notes: notes, distrusted: tool.distrusted, to: &json)
        }
    }

    /// A failure as a result that says why, where it is the tool's; as an error of the protocol where it is the request's or the hub's.
    private func toolFailure(_ error: any Error, tool: String, _ request: MethodRequest) throws -> ByteBuffer {
        let id = request.id
        switch error {
        case is CancellationError: throw JSONRPCError(.cancelled, "The call was cancelled", id: id)
        case let error as JSONRPCError: throw refusal(error, method: .callTool, id: id)
        case let error as HubError:
            switch error.code {
            case .unknownTool: throw JSONRPCError(.invalidParams, "Unknown tool: \(tool.prefix(128))", id: id)
            case .overloaded: throw JSONRPCError(.overloaded, error.message, id: id)
            case .internal:
                request.context.logger.error("a call failed", metadata: ["tool": "\(tool)", "error": "\(error)"])
                throw JSONRPCError(.internalError, "The hub failed to answer", id: id)
            default: return result(id: id) { toolResult(request.context).write(error, to: &$0) }
            }
        default: throw error
        }
    }

    private func toolResult(_ context: CallContext) -> ToolResult {
        ToolResult(revision: revision, resourceURI: "hubd://\(server.name)/answers/\(context.requestID)")
    }
}
