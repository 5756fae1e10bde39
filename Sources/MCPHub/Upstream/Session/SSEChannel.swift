import HTTPTypes
import HubCore
import NIOConcurrencyHelpers
import NIOCore

/// HTTP+SSE of 2024-11-05: the server's messages come as events of one GET, the hub's go to the endpoint that the first of them names.
final class SSEChannel: MessageChannel {
    private let server: ServerHTTP
    private let principal: Principal
    private let stream: ServerEvents
    private let reader: Reader
    private let endpoint = NIOLockedValueBox<ServerPlace?>(nil)

    /// The events, which one task reads after another: first who waits for the endpoint, then the session.
    private actor Reader {
        private var events: ServerEvents

        init(_ events: ServerEvents) { self.events = events }

        func next() async throws -> ServerSentEvent? {
            var taken = events
            defer { events = taken }
            return try await taken.next()
        }
    }

    /// - Parameters:
    ///   - events: those of the GET.
    ///   - server: the way to the server.
    ///   - principal: who opened the stream.
    init(events: ServerEvents, server: ServerHTTP, principal: Principal) {
        self.server = server
        self.principal = principal
        reader = Reader(events)
        stream = events
    }

    let diagnostics = ""

    /// Reads up to the event that names the endpoint.
    func waitForEndpoint(until deadline: NIODeadline) async throws {
        let timer = server.timers.add(due: .now + deadline.fromNow) { [stream] in stream.cancel() }
        defer { server.timers.remove(timer) }
        do {
            for _ in 0..<16 {
                guard let event = try await reader.next() else { break }
                guard event.event == "endpoint" else { continue }
                guard let place = ServerPlace(event.data, at: server.http.address) else {
                    throw HubError(.upstreamFailed, "The server names an endpoint at another address")
                }
                return endpoint.withLockedValue { $0 = place }
            }
        } catch {
            guard deadline > .now() else { throw HubError.serverTooSlow }
            throw error
        }
        throw HubError(.upstreamFailed, "The server speaks no MCP at its address")
    }

    func send(_ message: ByteBuffer, principal: Principal, deadline: NIODeadline) async throws {
        var server = server
        guard let place = endpoint.withLockedValue({ $0 }) else { throw HubError.sessionEnded }
        server.place = place
        let response = try await server.send(
            .post, fields: ServerHTTP.messageFields, body: message, principal: principal, deadline: deadline)
        response.body.giveUp()
        guard response.status < 300 else {
            guard response.status == 404 || response.status == 410 else { throw ServerAnswer.failure(status: response.status) }
            close()  // whoever waits on the stream waits for nothing
            throw HubError.sessionUnknown
        }
    }

    func sendSoon(_ message: ByteBuffer) {
        // Nobody waits for it; its deadline ends it. What cannot be sent is dropped.
        Task { try? await send(message, principal: principal, deadline: .now(plus: SessionLimits.courtesy)) }
    }

    func run() async throws { try await Awaited<Void>().value() }

    func next() async throws -> ByteBuffer? {
        while let event = try await reader.next() {
            if event.event == nil || event.event == "message", !event.data.isEmpty { return ByteBuffer(string: event.data) }
        }
        return nil
    }

    func close() { stream.cancel() }
}
