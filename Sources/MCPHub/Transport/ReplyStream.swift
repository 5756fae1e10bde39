import HTTPTypes
import HubCore
import NIOConcurrencyHelpers
import NIOCore

/// Sends the reply to one request: as plain JSON when it comes soon, as a stream of events once there is something to say before it or
/// the connection has been silent for long. The client's leaving cancels the work, which runs in the request's own task.
struct ReplyStream {
    let writer: any ResponseWriter
    let accepted: AcceptedTypes
    let timers: TimerTable
    /// From `params._meta.progressToken`: who gave one is told every second that the call goes on.
    let progressToken: JSONValue?
    /// The status of a reply that is sent as plain JSON.
    let status: @Sendable (MCPMethods.Reply) -> HTTPResponse.Status

    static let progressInterval = Duration.seconds(1)

    func send(_ work: (ReplyChannel) async -> MCPMethods.Reply) async throws {
        guard accepted.eventStream else {
            let reply = await work(.closed)
            return try await writer.answer(status(reply), json: reply.bytes)
        }
        let events = ReplyEvents(writer: writer)
        let progress = progressToken.map { CallProgress(token: $0) }
        let interval = progress == nil ? MCPRuntime.keepAliveInterval : Self.progressInterval
        let ticks = Ticks(every: interval, timers: timers) {
            events.pushIfIdle {
                guard let progress else { return .keepAlive }
                return progress.tick().map { .message($0) } ?? (progress.isKeepAliveDue ? .keepAlive : nil)
            }
        }
        let reply = await work(ReplyChannel(progress: progress, send: { events.push($0) }))
        ticks.stop()
        guard await events.finish() || !accepted.json else {
            return try await writer.answer(status(reply), json: reply.bytes)
        }
        if !events.hasBegun { try await writer.beginEvents() }
        try await writer.send(json: reply.bytes)
        try await writer.end()
    }

    /// Runs `work` on a channel that is open anyway. A client that gave a token is told every second that it goes on; nothing is sent behind the
    /// end of the work.
    static func run<Value>(
        progressToken: JSONValue?, timers: TimerTable, push: @escaping @Sendable (ByteBuffer) -> Void,
        _ work: (ReplyChannel) async -> Value
    ) async -> Value {
        let isOpen = NIOLockedValueBox(true)
        let send: @Sendable (ByteBuffer) -> Bool = { message in
            isOpen.withLockedValue { isOpen in
                if isOpen { push(message) }
                return isOpen
            }
        }
        let progress = progressToken.map { CallProgress(token: $0) }
        let ticks = progress.map { progress in
            Ticks(every: progressInterval, timers: timers) {
                if let message = progress.tick() { _ = send(message) }
            }
        }
        let value = await work(ReplyChannel(progress: progress, send: send))
        ticks?.stop()
        isOpen.withLockedValue { $0 = false }
        return value
    }
}

/// The events of a request before its reply, written one after another. What comes behind the reply, or is more than a slow client takes, is
/// dropped.
private final class ReplyEvents: Sendable {
    enum Event: Sendable {
        case message(ByteBuffer)
        case keepAlive
    }

    private struct State {
        var queue: CircularBuffer<Event> = []
        var bytes = 0
        var writing: Task<Void, Never>?
        var hasBegun = false
        var isFinished = false
    }

    private static let maximumCount = 256
    private static let maximumBytes = 4 << 20

    private let writer: any ResponseWriter
    private let state = NIOLockedValueBox(State())

    init(writer: any ResponseWriter) { self.writer = writer }

    /// Whether the stream of events has begun.
    var hasBegun: Bool { state.withLockedValue { $0.hasBegun } }

    /// Adds a message; false where it is dropped.
    func push(_ message: ByteBuffer) -> Bool {
        state.withLockedValue { state in
            guard !state.isFinished, state.queue.count < Self.maximumCount, state.bytes < Self.maximumBytes else { return false }
            state.bytes += message.readableBytes
            add(.message(message), to: &state)
            return true
        }
    }

    /// Adds what `make` gives, unless something is being written.
    func pushIfIdle(_ make: () -> Event?) {
        state.withLockedValue { state in
            guard !state.isFinished, state.writing == nil, let event = make() else { return }
            add(event, to: &state)
        }
    }

    private func add(_ event: Event, to state: inout State) {
        state.queue.append(event)
        guard state.writing == nil else { return }
        let isFirst = !state.hasBegun
        state.hasBegun = true
        state.writing = Task { await write(isFirst: isFirst) }  // awaited by `finish`; ends with the queue
    }

    private func write(isFirst: Bool) async {
        // A client that has gone: the request's task learns of it by itself.
        if isFirst { try? await writer.beginEvents() }
        while let event = next() {
            switch event {
            case .message(let message): try? await writer.send(json: message)
            case .keepAlive: try? await writer.write(SSEEncoder.keepAlive)
            }
        }
    }

    private func next() -> Event? {
        state.withLockedValue { state in
            guard let event = state.queue.popFirst() else {
                state.writing = nil
                return nil
            }
            if case .message(let message) = event { state.bytes -= message.readableBytes }
            return event
        }
    }

    /// Takes nothing more and writes what there is; gives whether the reply must follow as an event.
    func finish() async -> Bool {
        let writing = state.withLockedValue { state in
            state.isFinished = true
            return state.writing
        }
        await writing?.value
        return hasBegun
    }
}

/// Does something again and again until stopped.
private final class Ticks: Sendable {
    private let interval: Duration
    private let timers: TimerTable
    private let action: @Sendable () -> Void
    private let token: NIOLockedValueBox<TimerTable.Token?>

    init(every interval: Duration, timers: TimerTable, action: @escaping @Sendable () -> Void) {
        self.interval = interval
        self.timers = timers
        self.action = action
        token = NIOLockedValueBox(nil)
        schedule(isFirst: true)
    }

    func stop() {
        let last = token.withLockedValue { token in
            defer { token = nil }
            return token
        }
        if let last { timers.remove(last) }
    }

    private func schedule(isFirst: Bool) {
        token.withLockedValue { token in
            guard isFirst || token != nil else { return }
            token = timers.add(due: .now + interval) { [self] in
                action()
                schedule(isFirst: false)
            }
        }
    }
}

extension JSONValue {
    /// The token under which the client that sent this message wants to hear of progress: a string or an integer.
    var progressToken: JSONValue? {
        guard let token = self[path: "params", "_meta", "progressToken"], token.kind == .string || token.int != nil else { return nil }
        return token
    }
}
