import HTTPTypes
import HubCore
import NIOConcurrencyHelpers
import NIOCore

/// Sends the reply to one request: as plain JSON when it comes soon, as a stream of events once there is something to say before it or
/// the connection has been silent for long. The client's leaving cancels the work, which runs in the request's own task, unless the stream has
/// begun and can be resumed.
struct ReplyStream {
    let writer: any ResponseWriter
    let accepted: AcceptedTypes
    let timers: TimerTable
    /// From `params._meta.progressToken`: who gave one is told every second that the call goes on.
    let progressToken: JSONValue?
    /// Makes the log of a stream that begins.
    var log: @Sendable () -> EventLog = { EventLog() }
    /// The status of a reply that is sent as plain JSON.
    let status: @Sendable (MCPMethods.Reply) -> HTTPResponse.Status

    static let progressInterval = Duration.seconds(1)

    func send(_ work: (ReplyChannel) async -> MCPMethods.Reply) async throws {
        guard accepted.eventStream else {
            let reply = await work(.closed)
            return try await writer.answer(status(reply), json: reply.bytes)
        }
        let events = ReplyEvents(writer: writer, makeLog: log)
        let progress = progressToken.map { CallProgress(token: $0) }
        let interval = progress == nil ? MCPRuntime.keepAliveInterval : Self.progressInterval
        let ticks = Ticks(every: interval, timers: timers) {
            events.pushIfIdle {
                guard let progress else { return .keepAlive }
                return progress.tick().map { .message($0) } ?? (progress.isKeepAliveDue ? .keepAlive : nil)
            }
        }
        let reply = await work(
            ReplyChannel(progress: progress, send: { events.push($0) }, outlive: { events.leave(giveUp: $0) }))
        ticks.stop()
        if try await events.finish(reply.bytes) { return }
        guard !accepted.json else { return try await writer.answer(status(reply), json: reply.bytes) }
        try await writer.beginEvents()
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

/// The events of a request and then its reply, once there is a stream of them. What comes behind the reply, or is more than a slow client takes,
/// is dropped.
private final class ReplyEvents: Sendable {
    enum Event: Sendable {
        case message(ByteBuffer)
        case keepAlive
    }

    private struct Stream {
        var log: EventLog
        var reader: Int
        var writing: Task<Void, any Error>
    }

    private struct State {
        var stream: Stream?
        var isFinished = false
    }

    private let writer: any ResponseWriter
    private let makeLog: @Sendable () -> EventLog
    private let state = NIOLockedValueBox(State())

    init(writer: any ResponseWriter, makeLog: @escaping @Sendable () -> EventLog) {
        self.writer = writer
        self.makeLog = makeLog
    }

    /// Adds a message; false where it is dropped.
    func push(_ message: ByteBuffer) -> Bool {
        let log = state.withLockedValue { $0.isFinished ? nil : begun(&$0, with: nil) }
        return log?.append(message) ?? false
    }

    /// Adds what `make` gives, unless something is being written.
    func pushIfIdle(_ make: () -> Event?) {
        let (isFinished, log) = state.withLockedValue { ($0.isFinished, $0.stream?.log) }
        guard !isFinished, log?.isIdle ?? true, let event = make() else { return }
        switch event {
        case .message(let message): _ = push(message)
        case .keepAlive:
            if let log { return log.keepAlive() }
            state.withLockedValue { if !$0.isFinished { _ = begun(&$0, with: SSEEncoder.keepAlive) } }
        }
    }

    private func begun(_ state: inout State, with comment: ByteBuffer?) -> EventLog {
        if let stream = state.stream { return stream.log }
        let log = makeLog()
        let reader = log.attach { [writer] in writer.cut() }
        // Awaited by `finish`; ends with the stream, or with the client.
        let writing = Task { try await write(log, reader: reader, comment: comment) }
        state.stream = Stream(log: log, reader: reader, writing: writing)
        return log
    }

    private func write(_ log: EventLog, reader: Int, comment: ByteBuffer?) async throws {
        // A client that has gone: the request's task learns of it by itself.
        defer { log.release(reader) }
        try await writer.beginEvents()
        var opening = log.opening
        if let comment {
            try await writer.write(opening ?? comment)
            opening = nil
        }
        while true {
            switch await log.next(reader) {
            case .event(var frame):
                if var first = opening {
                    first.writeBuffer(&frame)
                    (frame, opening) = (first, nil)
                }
                try await writer.write(frame)
            case .keepAlive: try await writer.write(SSEEncoder.keepAlive)
            case .end(isComplete: true): return try await writer.end()
            case .end(isComplete: false): throw CancellationError()
            }
        }
    }

    /// The client has left; gives whether the stream goes on without it.
    func leave(giveUp: @escaping @Sendable () -> Void) -> Bool {
        let stream = state.withLockedValue { $0.stream }
        return stream?.log.leave(stream?.reader ?? 0, giveUp: giveUp) ?? false
    }

    /// Takes nothing more, and sends the reply where there is a stream; false where there is none.
    func finish(_ reply: ByteBuffer) async throws -> Bool {
        let stream = state.withLockedValue { state in
            state.isFinished = true
            return state.stream
        }
        guard let stream else { return false }
        _ = stream.log.append(reply, isLast: true)
        stream.log.finish()
        try await stream.writing.value
        return true
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
