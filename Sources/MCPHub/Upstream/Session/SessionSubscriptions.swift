import HubCore
import Logging
import NIOConcurrencyHelpers
import NIOCore

/// Subscribes a session of a handshake era to the resources that are watched, one after another.
final class SessionSubscriptions: Sendable {
    private let tellsOfUpdates: Bool
    private let timers: TimerTable
    private let logger: Logger
    private let turns = Turns()
    private let subscribed = NIOLockedValueBox<Set<String>>([])

    init(greeting: ServerGreeting, timers: TimerTable, logger: Logger) {
        tellsOfUpdates = greeting.tellsOfUpdates
        self.timers = timers
        self.logger = logger
    }

    /// How long one step may take.
    private static let limit = Duration.seconds(30)

    /// Subscribes to what is new among `uris`, and gives up what is not.
    func watch(_ uris: Set<String>, send: (SessionRequest) async throws -> JSONDocument) async {
        guard tellsOfUpdates, (try? await turns.take(until: .distantFuture, timers: timers)) != nil else { return }  // nil: cancelled
        defer { turns.give() }
        let before = subscribed.withLockedValue { $0 }
        for uri in before.subtracting(uris).sorted() where await step("resources/unsubscribe", uri, send) {
            subscribed.withLockedValue { _ = $0.remove(uri) }
        }
        for uri in uris.subtracting(before).sorted() where await step("resources/subscribe", uri, send) {
            subscribed.withLockedValue { _ = $0.insert(uri) }
        }
    }

    private func step(_ method: String, _ uri: String, _ send: (SessionRequest) async throws -> JSONDocument) async -> Bool {
        guard !Task.isCancelled else { return false }
        var params = JSONWriter()
        params.beginObject()
        params.member("uri", uri)
        params.endObject()
        do {
            _ = try await send(SessionRequest(method: method, params: params.buffer, deadline: .now(plus: Self.limit)))
            return true
        } catch {
            logger.info("a resource is not watched as it should be", metadata: ["method": "\(method)", "error": "\(error)"])
            return false
        }
    }
}

/// Hears nothing, and cannot be asked: for what the hub wants to know itself.
struct NobodyListens: SessionHandler {
    func notified(_ notification: JSONRPCEnvelope) {}

    func asked(_ request: ClientRequest) async throws(JSONRPCError) -> ByteBuffer {
        throw JSONRPCError(.methodNotFound, "Nobody can be asked here")
    }
}
