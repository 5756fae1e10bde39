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
            return .message(try await answer(envelope, id: id, context: context))
        } catch let error as JSONRPCError {
            return .error(error)
        } catch {
            context.logger.error("a method failed", metadata: ["method": "\(envelope.method.prefix(64))", "error": "\(error)"])
            return .error(JSONRPCError(.internalError, "The hub failed to answer", id: id))
        }
    }

    private func answer(_ envelope: JSONRPCEnvelope, id: JSONValue, context: CallContext) async throws -> ByteBuffer {
        switch envelope.method {
        case "tools/call": return try await callTool(envelope, id: id, context: context)
        case "tools/list": return try listTools(envelope, id: id, viewer: context.principal)
        case "prompts/list" where server.index.hasPrompts: return try list(server.index.prompts, envelope, id: id)
        case "prompts/get" where server.index.hasPrompts: return try await getPrompt(envelope, id: id, context: context)
        case "resources/list" where server.index.hasResources: return try list(server.index.resources, envelope, id: id)
        case "resources/templates/list" where server.index.hasResources: return try list(server.index.templates, envelope, id: id)
        case "resources/read": return try await readResource(envelope, id: id, context: context)
        case "completion/complete" where server.offer.completes: return try await complete(envelope, id: id, context: context)
        case "server/discover" where revision.isModern: return discover(id: id)
        case "ping" where !revision.isModern: return result(id: id) { _ in }
        default: throw JSONRPCError(.methodNotFound, "There is no such method", id: id)
        }
    }

    /// A reply as JSON, and the error it carries where it does.
    struct Reply: Sendable {
        let bytes: ByteBuffer
        let error: JSONRPCError.Code?

        static func message(_ bytes: ByteBuffer) -> Reply { Reply(bytes: bytes, error: nil) }
        static func error(_ error: JSONRPCError) -> Reply { Reply(bytes: error.bytes, error: error.code) }
    }

    // MARK: What the server is

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

    /// Tools always: they may come with the next configuration. All else where there is any.
    private func writeCapabilities(to json: inout JSONWriter) {
        func write(_ name: String, members: (inout JSONWriter) -> Void) {
            json.key(name)
            json.beginObject()
            members(&json)
            json.endObject()
        }
        json.key("capabilities")
        json.beginObject()
        write("tools") { $0.member("listChanged", true) }
        if server.index.hasPrompts { write("prompts") { $0.member("listChanged", true) } }
        if server.index.hasResources {
            write("resources") { json in
                if server.offer.tellsOfUpdates { json.member("subscribe", true) }
                json.member("listChanged", true)
            }
        }
        if server.offer.completes, revision >= .v2025_03_26 { write("completions") { _ in } }
        if server.offer.logs { write("logging") { _ in } }
        json.endObject()
    }

    func writeServerInfo(to json: inout JSONWriter) {
        json.beginObject()
        json.member("name", server.name)
        if let title = server.title, revision >= .v2025_06_18 { json.member("title", title) }
        json.member("version", server.version)
        json.endObject()
    }
}
