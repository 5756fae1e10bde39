import HubCore
import Logging
import NIOCore

/// Tools.
extension MCPMethods {
    func listTools(_ envelope: JSONRPCEnvelope, id: JSONValue, viewer: Principal) throws(JSONRPCError) -> ByteBuffer {
        try refuseCursor(envelope, id: id)
        let view = server.view(for: viewer)
        return result(id: id, unavailable: server.offer.away) { json in
            json.member("tools", raw: view.listing.tools(for: revision))
            writeCaching(isForAll: view.isForAll, to: &json)
        }
    }

    func callTool(_ envelope: JSONRPCEnvelope, id: JSONValue, context: CallContext) async throws -> ByteBuffer {
        guard let name = envelope.params?["name"]?.string else {
            throw JSONRPCError(.invalidParams, "The name of a tool is missing", id: id)
        }
        let visible = server.view(for: context.principal).tools
        guard let tool = visible[name] else {
            throw JSONRPCError(.invalidParams, "Unknown tool: \(name.prefix(128))", id: id)
        }
        let arguments = envelope.params?["arguments"].flatMap { $0.isNull ? nil : $0 }
        guard arguments.map({ $0.kind == .object }) ?? true else {
            throw JSONRPCError(.invalidParams, "The arguments must be an object", id: id)
        }
        var call = Call(entry: server.name, tool: name, arguments: arguments)
        call.meta = CallerMeta.passed(envelope.params?["_meta"])
        var context = context
        context.visibleTools = visible
        do {
            let response = try await tool.target.perform(call, context: context)
            let body = try await response.body.collect(upTo: ToolResult.maximumBytes)
            return try toolResult(response, body: body, id: id, context: context)
        } catch {
            return try toolFailure(error, tool: name, id: id, context: context)
        }
    }

    /// A response of an HTTP API, or the result of another server's tool, as a result.
    private func toolResult(_ response: CallResponse, body: ByteBuffer, id: JSONValue, context: CallContext) throws -> ByteBuffer {
        guard response.form == .toolResult else {
            return result(id: id) { toolResult(context).write(response, body: body, to: &$0) }
        }
        let document = try response.document ?? Self.parsed(body)
        guard document.root.kind == .object, OriginResult.type(of: document.root) == "complete" else {
            throw HubError(.upstreamFailed, "The server's answer is not understood")
        }
        let encoder = OriginResult(revision: revision, kind: .tool)
        return try result(id: id, meta: document.root["_meta"]) { try encoder.write(document.root, notes: response.notes, to: &$0) }
    }

    private static func parsed(_ body: ByteBuffer) throws(HubError) -> JSONDocument {
        do throws(JSONParseError) {
            return try JSONDocument(parsing: body, limits: .payload)
        } catch {
            throw HubError(.upstreamFailed, "The server's answer is not understood", cause: error)
        }
    }

    /// A failure as a result that says why, where it is the tool's; as an error of the protocol where it is the request's or the hub's.
    private func toolFailure(_ error: any Error, tool: String, id: JSONValue, context: CallContext) throws -> ByteBuffer {
        switch error {
        case is CancellationError: throw JSONRPCError(.cancelled, "The call was cancelled", id: id)
        case let error as JSONRPCError: throw refusal(error, method: .callTool, id: id)
        case let error as HubError:
            switch error.code {
            case .unknownTool: throw JSONRPCError(.invalidParams, "Unknown tool: \(tool.prefix(128))", id: id)
            case .overloaded: throw JSONRPCError(.overloaded, error.message, id: id)
            case .internal:
                context.logger.error("a call failed", metadata: ["tool": "\(tool)", "error": "\(error)"])
                throw JSONRPCError(.internalError, "The hub failed to answer", id: id)
            default: return result(id: id) { toolResult(context).write(error, to: &$0) }
            }
        default: throw error
        }
    }

    private func toolResult(_ context: CallContext) -> ToolResult {
        ToolResult(revision: revision, resourceURI: "hubd://\(server.name)/answers/\(context.requestID)")
    }
}
