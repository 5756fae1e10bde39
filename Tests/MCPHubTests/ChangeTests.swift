import HTTPTypes
import HubCore
import NIOConcurrencyHelpers
import NIOCore
import Testing

@testable import MCPHub

@Suite("Changes", .timeLimit(.minutes(1)))
struct ChangeTests {
    private let origin = StubOrigin()
    private let hub: StubHub

    init() {
        let origin = origin
        hub = StubHub.offering { Self.fill(&$0, origin) }
    }

    private static func fill(_ offer: inout ServerOffer, _ origin: StubOrigin) {
        offer.prompts = [origin.item("p")]
        offer.templates = [origin.item("t", uri: "x:{id}")]
        offer.tellsOfUpdates = true
    }

    private func snapshot(_ server: MCPServer) -> HubSnapshot {
        HubSnapshot(entries: [EntryKey(kind: .mcp, name: "stub"): server], hosts: HostRule(names: [], allowsLoopback: true))
    }

    /// A stream that is read by the test while the hub writes it.
    private struct Open {
        let task: Task<Void, any Error>
        private let chunks: AsyncStream<String>

        init(_ hub: StubHub, _ request: InboundRequest) {
            let writer = StubResponseWriter()
            task = Task { try await hub.server.respond(to: request, subpath: "", writer: writer) }
            chunks = writer.chunks
        }

        /// The next event; empty behind the last.
        func next() async -> String {
            for await chunk in chunks { return chunk }
            return ""
        }
    }

    private func listen(_ filter: String) -> Open {
        let body = #"{"jsonrpc":"2.0","id":"L","method":"subscriptions/listen","params":{"notifications":\#(filter),\#(StubHub.meta)}}"#
        return Open(
            hub, hub.request(.post, body, fields: [.mcpProtocolVersion: "2026-07-28", .mcpMethod: "subscriptions/listen"]))
    }

    // requirement: MCP-2026-SUB-02, MCP-2026-SUB-04
    @Test("a listener gets what it asked for and the server has, and its watches end with it")
    func listens() async throws {
        let open = listen(
            #"{"toolsListChanged":true,"promptsListChanged":true,"resourceSubscriptions":["x:a","y:b","x:a"],"taskIds":["1"]}"#)
        let acknowledged = await open.next()
        #expect(
            acknowledged.contains(#""notifications":{"toolsListChanged":true,"promptsListChanged":true,"resourceSubscriptions":["x:a"]}"#))
        #expect(origin.watched == ["x:a": 1])

        let changed = StubHub.server(
            offering: { offer in
                Self.fill(&offer, origin)
                offer.prompts = []
                offer.templates.append(origin.item("u", uri: "y:{id}"))
            }, runtime: hub.runtime)
        hub.runtime.announceChanges(from: snapshot(hub.server), to: snapshot(changed))
        hub.runtime.resourceUpdated(server: "origin", uri: "x:b")
        hub.runtime.resourceUpdated(server: "origin", uri: "x:a")
        #expect(await open.next().contains("notifications/prompts/list_changed"))
        let updated = await open.next()
        #expect(updated.contains(#""method":"notifications/resources/updated""#))
        #expect(updated.contains(#""io.modelcontextprotocol/subscriptionId":"L"},"uri":"x:a""#))
        hub.runtime.drain()
        try await open.task.value
        #expect(origin.watched.isEmpty)
    }

    @Test("a session hears of what it subscribed to on its stream, a burst as two messages at most")
    func subscribes() async throws {
        let session = try await hub.initialize()
        let open = Open(hub, hub.request(.get, fields: [.mcpSessionID: session]))
        #expect(await open.next() == ": keep-alive\n\n")
        func send(_ method: String, _ uri: String) async throws -> JSONValue {
            try await hub.inSession(
                session, #"{"jsonrpc":"2.0","id":1,"method":"resources/\#(method)","params":{"uri":"\#(uri)"}}"#
            ).json()
        }
        #expect(try await send("subscribe", "x:a")["result"] != nil)
        #expect(try await send("subscribe", "x:a")["result"] != nil)
        #expect(try await send("subscribe", "y:a")[path: "error", "code"]?.int == -32002)
        #expect(origin.watched == ["x:a": 1])

        for _ in 0..<5 { hub.runtime.resourceUpdated(server: "origin", uri: "x:a") }
        let message = #"{"jsonrpc":"2.0","method":"notifications/resources/updated","params":{"uri":"x:a"}}"#
        let updated = "event: message\ndata: \(message)\n\n"
        #expect(await open.next().hasSuffix(updated))
        hub.timers.fire(now: .now + .seconds(1))
        #expect(await open.next().hasSuffix(updated))
        hub.timers.fire(now: .now + .seconds(1))
        #expect(try await send("unsubscribe", "x:a")["result"] != nil)
        #expect(origin.watched.isEmpty)
        hub.runtime.resourceUpdated(server: "origin", uri: "x:a")
        hub.runtime.drain()
        #expect(await open.next() == "")
    }

    @Test("what a session watched is given up when it ends, or has had no stream for long")
    func released() async throws {
        let subscribe = #"{"jsonrpc":"2.0","id":1,"method":"resources/subscribe","params":{"uri":"x:a"}}"#
        let (first, second) = (try await hub.initialize(), try await hub.initialize())
        _ = try await hub.inSession(first, subscribe)
        _ = try await hub.inSession(second, subscribe)
        #expect(origin.watched == ["x:a": 2])
        _ = try await hub.send(hub.request(.delete, fields: [.mcpSessionID: first]))
        #expect(origin.watched == ["x:a": 1])
        hub.timers.fire(now: .now + .seconds(301))
        #expect(origin.watched.isEmpty)
    }

    @Test("a subscription follows its resource to another server")
    func moves() {
        let (old, new) = (StubOrigin(), StubOrigin("new"))
        let subscriptions = ResourceSubscriptions(refusals: BoundRefusals())
        #expect(subscriptions.subscribe(.listener(1), entry: "e", to: "x:a", at: old))
        subscriptions.move(entry: "e") { _ in nil }
        #expect(old.watched == ["x:a": 1])
        subscriptions.move(entry: "e") { _ in new }
        #expect(old.watched.isEmpty)
        #expect(new.watched == ["x:a": 1])
        #expect(subscriptions.subscribers(of: .init(server: "new", uri: "x:a")) == [.listener(1)])
        #expect(subscriptions.subscribers(of: .init(server: "origin", uri: "x:a")).isEmpty)
        subscriptions.release(.listener(1))
        #expect(new.watched.isEmpty)
    }

    @Test("one client hears of so many resources and no more")
    func bounded() {
        let subscriptions = ResourceSubscriptions(refusals: BoundRefusals())
        for number in 0..<ResourceSubscriptions.maximumPerSubscriber {
            #expect(subscriptions.subscribe(.session(1), entry: "e", to: "x:\(number)", at: origin))
        }
        #expect(!subscriptions.subscribe(.session(1), entry: "e", to: "x:more", at: origin))
        #expect(subscriptions.subscribe(.session(2), entry: "e", to: "x:more", at: origin))
        #expect(origin.watched["x:more"] == 1)
        subscriptions.release(.session(1))
        #expect(origin.watched == ["x:more": 1])
        subscriptions.unsubscribe(.session(2), from: "x:more")
    }

    @Test("what clients subscribe to is bounded together, and in the length of each address")
    func boundedTogether() {
        let subscriptions = ResourceSubscriptions(refusals: BoundRefusals())
        let long = "x:" + String(repeating: "y", count: 9_000)
        #expect(!subscriptions.subscribe(.session(0), entry: "e", to: long, at: origin))
        #expect(!subscriptions.contains(.session(0)))
        func fill(_ session: UInt128) -> Int {
            (0..<1_000).count { subscriptions.subscribe(.session(session), entry: "e", to: "x:\($0)", at: origin) }
        }
        #expect((1...60 as ClosedRange<UInt128>).reduce(0) { $0 + fill($1) } == 50_000)
        subscriptions.release(.session(1))
        subscriptions.unsubscribe(.session(2), from: "x:0")
        #expect(fill(60) == 1_000)
        #expect(subscriptions.subscribe(.session(59), entry: "e", to: "x:0", at: origin))
        #expect(!subscriptions.subscribe(.session(59), entry: "e", to: "x:1", at: origin))
        for session in 1...60 as ClosedRange<UInt128> { subscriptions.release(.session(session)) }
        #expect(origin.watched.isEmpty)
    }

    // requirement: MCP-HS-CHANGE-01, MCP-2026-SUB-05
    @Test("only those are told whose own list of tools reads otherwise")
    func ownLists() {
        let runtime = hub.runtime
        let resource = ProtectedResource(
            identifier: "https://hub.test/mcp/s", metadataURL: "https://hub.test/m",
            scopes: [
                ProtectedResource.Scope(name: "a", tools: [NamePattern("a")]),
                ProtectedResource.Scope(name: "b", tools: [NamePattern("b")]),
            ])
        func server(_ description: String) -> MCPServer {
            let tools = [("a", "Same."), ("b", description)].map {
                Tool(definition: StubHub.definition($0.0, $0.1), target: StubTarget.json("1"))
            }
            return MCPServer(
                name: "stub", title: nil, version: nil, instructions: nil, tools: ToolSet(tools),
                hosts: HostRule(names: [], allowsLoopback: true), runtime: runtime, resource: resource)
        }
        let told = NIOLockedValueBox<[String: [Change]]>([:])
        for (name, scopes) in [("a", ["a"]), ("b", ["b"]), ("all", nil)] as [(String, Set<String>?)] {
            let listener = ChangeBroadcaster.Listener(
                changed: { change in told.withLockedValue { $0[name, default: []].append(change) } }, keepAlive: {}, end: {})
            let viewer = Principal(consumer: "c", credential: CredentialID(kind: .oauth, name: name), scopes: scopes)
            _ = runtime.broadcaster.add(listener, entry: "stub", viewer: viewer)
        }
        runtime.announceChanges(from: snapshot(server("Before.")), to: snapshot(server("After.")))
        #expect(told.withLockedValue { $0 } == ["b": [.list(.tools)], "all": [.list(.tools)]])
    }

    @Test("a client hears of an update of each resource that it may hear of, all at once, before it reads any")
    func burst() async throws {
        let uris = (0..<ResourceSubscriptions.maximumPerSubscriber).map { "x:\($0)" }
        let open = listen("{\"resourceSubscriptions\":[\(uris.map { "\"\($0)\"" }.joined(separator: ","))]}")
        #expect(await open.next().contains("acknowledged"))
        for uri in uris { hub.runtime.resourceUpdated(server: "origin", uri: uri) }
        hub.runtime.drain()
        var seen = 0
        while true {
            let chunk = await open.next()
            guard !chunk.isEmpty else { break }
            seen += chunk.split(separator: "notifications/resources/updated").count - 1
        }
        #expect(seen == uris.count)
        try await open.task.value
    }

    @Test("what a server does not watch is not promised")
    func unwatched() async throws {
        let full = StubOrigin(maximumWatched: 1)
        let hub = StubHub.offering { Self.fill(&$0, full) }
        let session = try await hub.initialize()
        func subscribe(_ uri: String) async throws -> JSONValue {
            try await hub.inSession(
                session, #"{"jsonrpc":"2.0","id":1,"method":"resources/subscribe","params":{"uri":"\#(uri)"}}"#
            ).json()
        }
        #expect(try await subscribe("x:a")["result"] != nil)
        #expect(try await subscribe("x:b")["error"] != nil)
        #expect(full.watched == ["x:a": 1])
        hub.runtime.drain()
    }
}
