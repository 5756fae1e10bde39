import HubCore
import Logging
import NIOCore

/// What the methods of MCP answer, whichever transport asked.
struct MCPMethods {
    let server: MCPServer
    let revision: ProtocolRevision

    /// How long a client may use a list it has without asking again. Changes are announced to those that listen; the rest may be
    /// this much behind.
    static let listTimeToLive = 15_000

    /// The reply to a request.
    func reply(to envelope: JSONRPCEnvelope, id: JSONValue, context: CallContext) async -> Reply {
        do {
            switch envelope.method {
            case "tools/call": return .message(try await callTool(envelope, id: id, context: context))
            case "tools/list": return .message(try listTools(envelope, id: id, viewer: context.principal))
            case "server/discover" where revision.isModern: return .message(discover(id: id))
            case "ping" where !revision.isModern: return .message(emptyResult(id: id))
            case "resources/read":  // these servers have no resources
                throw JSONRPCError(revision.isModern ? .invalidParams : .resourceNotFound, "Resource not found", id: id)
            default: throw JSONRPCError(.methodNotFound, "There is no such method", id: id)
            }
        } catch let error as JSONRPCError {
            return .error(error)
        } catch {
            context.logger.error("a method failed", metadata: ["method": "\(envelope.method.prefix(64))", "error": "\(error)"])
            return .error(JSONRPCError(.internalError, "The hub failed to answer", id: id))
        }
    }

    /// A reply as JSON, and the error it carries where it does.
    struct Reply: Sendable {
        let bytes: ByteBuffer
        let error: JSONRPCError.Code?

        static func message(_ bytes: ByteBuffer) -> Reply { Reply(bytes: bytes, error: nil) }
        static func error(_ error: JSONRPCError) -> Reply { Reply(bytes: error.bytes, error: error.code) }
    }

    // MARK: Methods

    func initialize(id: JSONValue) -> ByteBuffer {
        var json = JSONWriter()
        json.jsonRPCResponse(id: id) { json in
            json.beginObject()
            json.member("protocolVersion", revision.rawValue)
            writeCapabilities(to: &json)
            json.key("serverInfo")
            writeServerInfo(to: &json)
            if let instructions = server.instructions { json.member("instructions", instructions) }
            json.endObject()
        }
        return json.buffer
    }

    private func discover(id: JSONValue) -> ByteBuffer {
        result(id: id) { json in
            json.member("supportedVersions", ProtocolRevision.modern.map(\.rawValue))
            writeCapabilities(to: &json)
            if let instructions = server.instructions { json.member("instructions", instructions) }
            writeCaching(isForAll: true, to: &json)
        }
    }

    private func emptyResult(id: JSONValue) -> ByteBuffer { result(id: id) { _ in } }

    private func listTools(_ envelope: JSONRPCEnvelope, id: JSONValue, viewer: Principal) throws(JSONRPCError) -> ByteBuffer {
        if let cursor = envelope.params?["cursor"], !cursor.isNull {
            // The list is one page, so that no cursor was ever given out.
            throw JSONRPCError(.invalidParams, "The cursor is not one of this server", id: id)
        }
        let view = server.view(for: viewer)
        return result(id: id) { json in
            json.member("tools", raw: view.listing.tools(for: revision))
            writeCaching(isForAll: view.isForAll, to: &json)
        }
    }

    private func callTool(_ envelope: JSONRPCEnvelope, id: JSONValue, context: CallContext) async throws -> ByteBuffer {
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
        let call = Call(entry: server.name, tool: name, arguments: arguments)
        var context = context
        context.visibleTools = visible
        let encoder = ToolResult(revision: revision, resourceURI: "hubd://\(server.name)/answers/\(context.requestID)")
        do {
            let response = try await tool.target.perform(call, context: context)
            let body = try await response.body.collect(upTo: ToolResult.maximumBytes)
            return result(id: id) { encoder.write(response, body: body, to: &$0) }
        } catch is CancellationError {
            throw JSONRPCError(.cancelled, "The call was cancelled", id: id)
        } catch let error as HubError {
            switch error.code {
            case .unknownTool: throw JSONRPCError(.invalidParams, "Unknown tool: \(name.prefix(128))", id: id)
            case .overloaded: throw JSONRPCError(.overloaded, error.message, id: id)
            case .internal:
                context.logger.error("a call failed", metadata: ["tool": "\(name)", "error": "\(error)"])
                throw JSONRPCError(.internalError, "The hub failed to answer", id: id)
            default: return result(id: id) { encoder.write(error, to: &$0) }
            }
        }
    }

    // MARK: Parts of results

    /// A response with a result; what every result of the modern era carries is added.
    private func result(id: JSONValue, members: (inout JSONWriter) -> Void) -> ByteBuffer {
        var json = JSONWriter()
        json.jsonRPCResponse(id: id) { json in
            json.beginObject()
            members(&json)
            if revision.isModern {
                json.member("resultType", "complete")
                json.key("_meta")
                json.beginObject()
                json.key(MetaKey.serverInfo)
                writeServerInfo(to: &json)
                json.endObject()
            }
            json.endObject()
        }
        return json.buffer
    }

    private func writeCapabilities(to json: inout JSONWriter) {
        json.key("capabilities")
        json.beginObject()
        json.key("tools")
        json.beginObject()
        json.member("listChanged", true)
        json.endObject()
        json.endObject()
    }

    func writeServerInfo(to json: inout JSONWriter) {
        json.beginObject()
        json.member("name", server.name)
        if let title = server.title, revision >= .v2025_06_18 { json.member("title", title) }
        json.member("version", server.version)
        json.endObject()
    }

    /// A list that not everybody gets is kept for the one who got it.
    private func writeCaching(isForAll: Bool, to json: inout JSONWriter) {
        guard revision.isModern else { return }
        json.member("ttlMs", Self.listTimeToLive)
        json.member("cacheScope", isForAll ? "public" : "private")
    }
}
