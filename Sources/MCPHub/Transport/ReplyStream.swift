import HTTPTypes
import HubCore
import NIOConcurrencyHelpers
import NIOCore

/// Sends the reply to one request: as plain JSON when it comes soon, as a stream of events once there is progress to report or
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

    func send(_ work: () async -> MCPMethods.Reply) async throws {
        guard accepted.eventStream else {
            let reply = await work()
            return try await writer.answer(status(reply), json: reply.bytes)
        }
        let events = SlowReply(writer: writer, progressToken: progressToken)
        let interval = progressToken == nil ? MCPRuntime.keepAliveInterval : Self.progressInterval
        let ticks = Ticks(every: interval, timers: timers) { await events.tick() }
        let reply = await work()
        ticks.stop()
        guard await events.finish() || !accepted.json else {
            return try await writer.answer(status(reply), json: reply.bytes)
        }
        if await !events.hasBegun { try await writer.beginEvents() }
        try await writer.send(json: reply.bytes)
        try await writer.end()
    }

    /// Runs `work` and tells a client that gave a token every second that it goes on: for channels that are open anyway.
    static func run<Value>(
        progressToken: JSONValue?, timers: TimerTable, push: @escaping @Sendable (ByteBuffer) -> Void, _ work: () async -> Value
    ) async -> Value {
        guard let progressToken else { return await work() }
        let count = TickCount()
        let ticks = Ticks(every: progressInterval, timers: timers) {
            push(progress(progressToken, seconds: await count.next()))
        }
        let value = await work()
        ticks.stop()
        return value
    }

    /// HTTP APIs tell nothing of their progress; the seconds that have passed are what the hub knows.
    fileprivate static func progress(_ token: JSONValue, seconds: Int) -> ByteBuffer {
        var json = JSONWriter()
        json.jsonRPCNotification("notifications/progress") { json in
            json.key("progressToken")
            json.value(token)
            json.member("progress", seconds)
            json.member("message", "Waiting for the answer, \(seconds) s")
        }
        return json.buffer
    }
}

/// Counts the seconds of one slow call.
private actor TickCount {
    private var count = 0

    func next() -> Int {
        count += 1
        return count
    }
}

/// The events of a call before its reply, one after another. A tick that comes with the reply is left out.
private actor SlowReply {
    private let writer: any ResponseWriter
    private let progressToken: JSONValue?
    private var ticks = 0
    private var isFinished = false
    private(set) var hasBegun = false
    private var writing: Task<Void, Never>?

    init(writer: any ResponseWriter, progressToken: JSONValue?) {
        self.writer = writer
        self.progressToken = progressToken
    }

    func tick() async {
        guard !isFinished, writing == nil else { return }
        ticks += 1
        let isFirst = !hasBegun
        hasBegun = true
        let writing = Task { [writer, ticks, progressToken] in  // awaited here and by `finish`
            // A client that has gone: the request's task learns of it by itself.
            if isFirst { try? await writer.beginEvents() }
            if let progressToken {
                try? await writer.send(json: ReplyStream.progress(progressToken, seconds: ticks))
            } else {
                try? await writer.write(SSEEncoder.keepAlive)
            }
        }
        self.writing = writing
        await writing.value
        self.writing = nil
    }

    /// Lets no further tick write; gives whether the reply must follow as an event.
    func finish() async -> Bool {
        isFinished = true
        await writing?.value
        return hasBegun
    }
}

/// Does something again and again until stopped.
private final class Ticks: Sendable {
    private let interval: Duration
    private let timers: TimerTable
    private let action: @Sendable () async -> Void
    private let token: NIOLockedValueBox<TimerTable.Token?>

    init(every interval: Duration, timers: TimerTable, action: @escaping @Sendable () async -> Void) {
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
                Task { await action() }  // short; `SlowReply` and the channel outlive nothing they write to
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
