import HubCore
import Logging
import NIOConcurrencyHelpers
import NIOCore

/// A session on one channel, of either era: requests are told apart by their ids, progress by its token. What else the server asks or tells
/// belongs to no request in particular.
final class ChannelSession: UpstreamSession {
    let greeting: ServerGreeting
    /// Servers of 2026-07-28 do not ask by request, and write no log that was not wanted.
    var tellsRequestsApart: Bool { greeting.revision.isModern }
    private let link: ChannelLink
    private let words: SessionWords
    private let changes: ListenKeeper
    private let subscriptions: SessionSubscriptions
    private let level = SessionLogLevel()
    private let turns = Turns()

    /// - Parameters:
    ///   - greeting: what the server said of itself.
    ///   - link: the channel, which runs.
    ///   - observer: hears of changes, and of the end.
    ///   - principal: who opened it.
    init(greeting: ServerGreeting, link: ChannelLink, version: String, observer: WeakObserver, principal: Principal) {
        self.greeting = greeting
        self.link = link
        words = SessionWords(version: version, revision: greeting.revision)
        changes = ListenKeeper(
            greeting: greeting, observer: observer, principal: principal, timers: link.timers, logger: link.logger)
        subscriptions = SessionSubscriptions(greeting: greeting, timers: link.timers, logger: link.logger)
        link.observe(observer, isModern: greeting.revision.isModern)
    }

    /// Begins a session of a handshake era on a channel that runs.
    static func handshake(
        over link: ChannelLink, version: String, capabilities: ClientCapabilities, observer: WeakObserver, principal: Principal,
        deadline: NIODeadline
    ) async throws -> ChannelSession {
        let words = SessionWords(version: version, revision: .latestHandshake)
        let request = SessionRequest(
            method: "initialize", params: words.initialization(capabilities: capabilities), principal: principal, deadline: deadline)
        let result = try await link.perform(request, words: words, handler: NobodyListens())
        guard let greeting = ServerGreeting(initialization: result.root) else { throw HubError.noCommonVersion }
        try await link.channel.send(SessionWords.notification("notifications/initialized"), principal: principal, deadline: deadline)
        return ChannelSession(greeting: greeting, link: link, version: version, observer: observer, principal: principal)
    }

    var isEnded: Bool { link.calls.isEnded }

    /// Begins to listen for changes, where that takes a request and somebody wants to know.
    func start() {
        guard greeting.revision.isModern else { return }
        changes.start { [self] in try await request($0, handler: $1) }
    }

    func request(_ request: SessionRequest, handler: any SessionHandler) async throws -> JSONDocument {
        if !greeting.revision.isModern {
            if let level = level.raise(to: request.logLevel, greeting: greeting) {
                let setting = SessionRequest(
                    method: "logging/setLevel", params: level.params, principal: request.principal, deadline: request.deadline)
                // A server that does not do it writes what it writes.
                _ = try? await link.perform(setting, words: words, handler: NobodyListens())
            }
            if !request.isOfOneClient, SessionCalls.asking.contains(request.method), !request.capabilities.isDisjoint(with: .questions) {
                try await turns.take(until: request.deadline, timers: link.timers)
                defer { turns.give() }
                return try await perform(request, handler: handler)
            }
        }
        return try await perform(request, handler: handler)
    }

    private func perform(_ request: SessionRequest, handler: any SessionHandler) async throws -> JSONDocument {
        try await link.perform(request, words: words, handler: handler, isCancelled: true)
    }

    func watch(_ uris: Set<String>) async {
        if greeting.revision.isModern {
            changes.watch(uris)
        } else {
            await subscriptions.watch(uris) { [self] in try await perform($0, handler: NobodyListens()) }
        }
    }

    func notify(_ method: String, params: ByteBuffer?) async {
        guard !isEnded else { return }
        link.channel.sendSoon(SessionWords.notification(method, params: params))
    }

    func close() {
        changes.stop()
        link.end(nil)
    }
}
