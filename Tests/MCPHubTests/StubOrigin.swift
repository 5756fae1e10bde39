import HubCore
import NIOConcurrencyHelpers
import NIOCore

@testable import MCPHub

/// A server whose answers the test says, and which remembers what it was asked.
final class StubOrigin: MCPOrigin {
    struct Asked: Sendable {
        var method: String
        var params: String
        var meta: String?
        var resumption: CallResumption?
        var session: UInt128?
        var takesInputRequests: Bool?
        var logLevel: LogLevel?
    }

    let name: String
    let asksByRequest: Bool
    /// More resources than this it does not watch.
    let maximumWatched: Int
    private let respond: @Sendable (OriginRequest, CallContext) async throws -> String
    private let state = NIOLockedValueBox<(asked: [Asked], watched: [String: Int])>(([], [:]))

    init(
        _ name: String = "origin", asksByRequest: Bool = true, maximumWatched: Int = .max,
        respond: @escaping @Sendable (OriginRequest, CallContext) async throws -> String = { _, _ in "{}" }
    ) {
        self.name = name
        self.asksByRequest = asksByRequest
        self.maximumWatched = maximumWatched
        self.respond = respond
    }

    var asked: [Asked] { state.withLockedValue { $0.asked } }
    /// What is watched, with how often.
    var watched: [String: Int] { state.withLockedValue { $0.watched } }

    func answer(_ request: OriginRequest, context: CallContext) async throws -> JSONDocument {
        state.withLockedValue { state in
            state.asked.append(
                Asked(
                    method: request.method.rawValue, params: String(buffer: request.params), meta: request.meta.map { String(buffer: $0) },
                    resumption: request.resumption, session: context.session, takesInputRequests: context.client?.takesInputRequests,
                    logLevel: context.client?.logLevel))
        }
        return try JSONDocument(parsing: try await respond(request, context), limits: .payload)
    }

    func watch(resource uri: String) -> Bool {
        state.withLockedValue { state in
            guard state.watched.count < maximumWatched else { return false }
            state.watched[uri, default: 0] += 1
            return true
        }
    }
    func watchesSettle() async {}

    func unwatch(resource uri: String) {
        state.withLockedValue { state in
            state.watched[uri, default: 0] -= 1
            if state.watched[uri] == 0 { state.watched[uri] = nil }
        }
    }

    /// A tool of this server, under the name that clients see.
    func tool(_ name: String, original: String? = nil) -> Tool {
        Tool(
            definition: StubHub.definition(name, "Elsewhere."),
            target: PolicyChain([], around: OriginToolTarget(origin: self, tool: original ?? name)))
    }

    func item(_ name: String, uri: String = "", members: String = "{}", original: String? = nil) -> ServerOffer.Item {
        ServerOffer.Item(name: name, uri: uri, members: ByteBuffer(string: members), origin: self, originalName: original ?? name)
    }
}

extension StubHub {
    /// A hub whose server shows what `fill` adds to an offer of no tools.
    static func offering(_ fill: (inout ServerOffer) -> Void) -> StubHub {
        var hub = StubHub()
        hub.server = server(offering: fill, runtime: hub.runtime)
        return hub
    }

    static func server(offering fill: (inout ServerOffer) -> Void, runtime: MCPRuntime) -> MCPServer {
        var offer = ServerOffer(tools: ToolSet([]))
        fill(&offer)
        return MCPServer(
            name: "stub", title: nil, version: "2.1", instructions: nil, offer: offer, hosts: HostRule(names: [], allowsLoopback: true),
            runtime: runtime)
    }

    static func meta(capabilities: String, more: String = "") -> String {
        meta.replacing(#"clientCapabilities":{}"#, with: #"clientCapabilities":\#(capabilities)\#(more)"#)
    }
}
