import HubCore
import Logging
import NIOConcurrencyHelpers
import NIOCore

/// A channel with the requests under way on it: reads it, and gives what comes to whom it is for.
final class ChannelLink: Sendable {
    let channel: any MessageChannel
    let calls = SessionCalls()
    let timers: TimerTable
    let logger: Logger
    private let questions: ServerQuestions
    private let session = NIOLockedValueBox((observer: WeakObserver(nil), isModern: false))
    private let reading = NIOLockedValueBox<Task<Void, Never>?>(nil)

    /// - Parameters:
    ///   - channel: closed when the link ends.
    ///   - principal: in whose name the server is answered.
    init(_ channel: any MessageChannel, principal: Principal, timers: TimerTable, logger: Logger) {
        self.channel = channel
        self.timers = timers
        self.logger = logger
        questions = ServerQuestions(logger: logger) { answer in
            let deadline = NIODeadline.now(plus: SessionLimits.courtesy * 2)
            try await channel.send(answer, principal: principal, deadline: deadline)
        }
    }

    /// Has somebody hear of changes and of the end, from when a session has begun.
    func observe(_ observer: WeakObserver, isModern: Bool) {
        session.withLockedValue { $0 = (observer, isModern) }
        if calls.isEnded { observer.ended(.serverGone) }
    }

    /// Begins to read.
    func start() {
        // Nobody waits for it; it ends with the channel, which `end` closes, and is cancelled there.
        let task = Task {
            let failure = await run()
            end(failure)
        }
        reading.withLockedValue { $0 = task }
        if calls.isEnded { task.cancel() }
    }

    /// Reads and writes until either ends; gives why.
    private func run() async -> HubError {
        await withTaskGroup(of: HubError.self) { group in
            group.addTask { [channel] in await Self.failure { try await channel.run() } }
            group.addTask { await Self.failure { try await self.read() } }
            let first = await group.next() ?? .serverGone
            channel.close()
            group.cancelAll()
            return first
        }
    }

    private static func failure(_ body: () async throws -> Void) async -> HubError {
        do {
            try await body()
            return .serverGone
        } catch {
            return HubError(.upstreamFailed, HubError.serverGone.message, cause: error)
        }
    }

    private func read() async throws {
        while let bytes = try await channel.next() {
            let messages: [ServerMessage]
            do throws(HubError) {
                messages = try ServerMessage.read(bytes)
            } catch {
                // Some servers print to where their messages go: what is none is not for the hub.
                logger.debug("a server sent something that is no message", metadata: ["bytes": "\(bytes.readableBytes)"])
                continue
            }
            for message in messages { hear(message) }
        }
    }

    private func hear(_ message: ServerMessage) {
        switch message {
        case .answer(let id?, let result): calls.give(result.mapError { $0 as any Error }, to: id)
        case .answer(nil, .failure(let error)):
            logger.debug("a server could not read a message", metadata: ["code": "\(error.code.rawValue)"])
        case .answer: break
        case .request(let id, let method, let params):
            // Servers of 2026-07-28 ask by results; a channel with one of them serves many callers.
            let isModern = session.withLockedValue { $0.isModern }
            questions.take(id, method: method, params: params, for: isModern ? nil : calls.asked, isGuess: true)
        case .notification(let notification):
            if notification.method == "notifications/cancelled" {
                let id = notification.params?["requestId"]
                questions.cancel(id)
                // 2026-07-28 stdio: a server may end a subscription this way.
                if let id = id?.int { calls.endListening(id) }
                return
            }
            let (observer, isModern) = session.withLockedValue { $0 }
            calls.hear(notification, observer: observer, isModern: isModern)
        }
    }

    /// Performs one request.
    ///
    /// - Parameter isCancelled: whether the server is told when nobody waits any more; not for what begins a session.
    func perform(
        _ request: SessionRequest, words: SessionWords, handler: any SessionHandler, isCancelled: Bool = false
    ) async throws -> JSONDocument {
        let answer = Awaited<JSONValue>()
        let id = try calls.begin(request, handler: handler, answer: answer)
        defer {
            questions.end(call: id, successor: calls.end(id))
        }
        do {
            try await channel.send(words.request(request, id: id), principal: request.principal, deadline: request.deadline)
            return try await timers.value(of: answer, until: request.deadline, failure: .serverTooSlow).detached()
        } catch {
            let isGivenUp = error is CancellationError || (error as? HubError)?.code == .upstreamTimeout
            if isCancelled, isGivenUp { channel.sendSoon(SessionWords.cancellation(of: id)) }
            throw error
        }
    }

    /// Ends it.
    ///
    /// - Parameter failure: why; nil: as it was told to.
    func end(_ failure: HubError?) {
        let failure = failure.map { $0.cause == nil ? HubError($0.code, $0.message, cause: LastWords(channel.diagnostics)) : $0 }
        guard calls.close(failure ?? .serverGone) else { return }
        if let failure {
            logger.info(
                "a session with a server ended",
                metadata: ["error": "\(failure)", "cause": "\(failure.cause.map { "\($0)" } ?? "")", "output": "\(channel.diagnostics)"])
        }
        channel.close()
        reading.withLockedValue { $0 }?.cancel()
        session.withLockedValue { $0.observer }.ended(failure)
    }
}
