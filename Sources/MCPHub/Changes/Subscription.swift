import HubCore
import NIOConcurrencyHelpers
import NIOCore

/// One `subscriptions/listen`: what it is told of, and its messages, each of which carries the id of the request that opened it.
struct Subscription: Sendable {
    let id: JSONValue
    private let server: MCPServer
    private let lists: Set<ChangeKind>
    private let wantedResources: [String]

    /// What is asked for and the server has.
    init(_ envelope: JSONRPCEnvelope, id: JSONValue, server: MCPServer) {
        self.id = id
        self.server = server
        let wanted = envelope.params?["notifications"]
        lists = Set(
            ChangeKind.allCases.filter { kind in
                guard wanted?[Self.member(kind)]?.bool == true else { return false }
                return switch kind {
                case .tools: true
                case .prompts: server.index.hasPrompts
                case .resources: server.index.hasResources
                }
            })
        wantedResources =
            server.offer.tellsOfUpdates
            ? (wanted?["resourceSubscriptions"]?.elements ?? .none).prefix(ResourceSubscriptions.maximumPerSubscriber).compactMap(\.string)
            : []
    }

    /// Why it is refused: who wants to hear of tasks of a server that has them must say that it follows them. It hears of none, and asks
    /// (`tasks/get`).
    static func refusal(of envelope: JSONRPCEnvelope, id: JSONValue, server: MCPServer) -> JSONRPCError? {
        guard server.offer.extensions.contains(.tasks), let tasks = envelope.params?[path: "notifications", "taskIds"], !tasks.isNull else {
            return nil
        }
        return MCPMethods.taskRefusal(of: envelope, id: id)
    }

    private static func member(_ kind: ChangeKind) -> String { "\(kind.rawValue)ListChanged" }

    /// Begins to listen. The acknowledgement goes out first, whatever happens meanwhile.
    ///
    /// - Returns: The place, for `MCPRuntime.stopListening`; and what sends the acknowledgement, once the servers of the resources know that
    ///   they are watched.
    func open(
        viewer: Principal, send: @escaping @Sendable (ByteBuffer) -> Void, keepAlive: @escaping @Sendable () -> Void,
        end: @escaping @Sendable () -> Void
    ) -> (place: Int, acknowledge: @Sendable () async -> Void) {
        // Nil once the acknowledgement is out.
        let early = NIOLockedValueBox<[ByteBuffer]?>([])
        let listener = ChangeBroadcaster.Listener(
            changed: { change in
                guard let message = message(change) else { return }
                early.withLockedValue { early in
                    if early == nil { send(message) } else { early?.append(message) }
                }
            },
            keepAlive: keepAlive, end: end)
        let runtime = server.runtime
        let place = runtime.broadcaster.add(listener, entry: server.name, viewer: viewer)
        var accepted: [String] = []
        var origins: [ObjectIdentifier: any MCPOrigin] = [:]
        var seen: Set<String> = []
        for uri in wantedResources where seen.insert(uri).inserted {
            guard let origin = server.origin(ofResource: uri, for: viewer),
                runtime.subscriptions.subscribe(.listener(place), entry: server.name, to: uri, at: origin)
            else { continue }
            accepted.append(uri)
            origins[ObjectIdentifier(origin)] = origin
        }
        let acknowledge = { @Sendable [accepted, origins] in
            await withTaskGroup { group in
                for origin in origins.values { group.addTask { await origin.watchesSettle() } }
            }
            early.withLockedValue { early in
                send(acknowledgement(resources: accepted))
                for message in early ?? [] { send(message) }
                early = nil
            }
        }
        return (place, acknowledge)
    }

    private func acknowledgement(resources: [String]) -> ByteBuffer {
        notification("notifications/subscriptions/acknowledged") { json in
            json.key("notifications")
            json.beginObject()
            for kind in ChangeKind.allCases where lists.contains(kind) { json.member(Self.member(kind), true) }
            if !resources.isEmpty { json.member("resourceSubscriptions", resources) }
            json.endObject()
        }
    }

    /// The message about a change; nil for one that was not asked for. Of resources only those come here that were.
    private func message(_ change: Change) -> ByteBuffer? {
        if case .list(let kind) = change, !lists.contains(kind) { return nil }
        return notification(change.method) { change.writeParams(to: &$0) }
    }

    /// What ends it where the server does.
    var end: ByteBuffer {
        var json = JSONWriter()
        json.jsonRPCResponse(id: id) { json in
            json.beginObject()
            json.member("resultType", "complete")
            writeMeta(to: &json, namesServer: true)
            json.endObject()
        }
        return json.buffer
    }

    private func notification(_ method: String, members: (inout JSONWriter) -> Void) -> ByteBuffer {
        var json = JSONWriter()
        json.jsonRPCNotification(method) { json in
            writeMeta(to: &json)
            members(&json)
        }
        return json.buffer
    }

    private func writeMeta(to json: inout JSONWriter, namesServer: Bool = false) {
        json.key("_meta")
        json.beginObject()
        if namesServer {
            json.key(MetaKey.serverInfo)
            MCPMethods(server: server, revision: .v2026_07_28).writeServerInfo(to: &json)
        }
        json.key(MetaKey.subscriptionID)
        json.value(id)
        json.endObject()
    }
}
