import HTTPTypes
import HubCore
import NIOCore

/// Sends the reply to one request: as plain JSON when it comes soon, as a stream of events once there is progress to report or
/// the connection has been silent for long. The client's leaving cancels the work.
struct ReplyStream {
    let writer: any ResponseWriter
    let accepted: AcceptedTypes
    /// From `params._meta.progressToken`: who gave one is told every second that the call goes on.
    let progressToken: JSONValue?
    /// The status of a reply that is sent as plain JSON.
    let status: @Sendable (MCPMethods.Reply) -> HTTPResponse.Status

    static let progressInterval = Duration.seconds(1)

    private enum Event {
        case reply(MCPMethods.Reply)
        case tick
    }

    func send(_ work: @escaping @Sendable () async -> MCPMethods.Reply) async throws {
        guard accepted.eventStream else {
            let reply = await work()
            return try await writer.answer(status(reply), json: reply.bytes)
        }
        let interval = progressToken == nil ? MCPRuntime.keepAliveInterval : Self.progressInterval
        let tick: @Sendable @concurrent () async throws -> Event = {
            try await Task.sleep(for: interval)
            return .tick
        }
        try await withThrowingTaskGroup(of: Event.self) { group in
            group.addTask { .reply(await work()) }
            group.addTask(operation: tick)
            var ticks = 0
            while let event = try await group.next() {
                switch event {
                case .tick:
                    if ticks == 0 { try await writer.beginEvents() }
                    ticks += 1
                    if let progressToken {
                        try await writer.send(json: Self.progress(progressToken, seconds: ticks))
                    } else {
                        try await writer.write(SSEEncoder.keepAlive)
                    }
                    group.addTask(operation: tick)
                case .reply(let reply):
                    group.cancelAll()
                    if ticks == 0, accepted.json {
                        return try await writer.answer(status(reply), json: reply.bytes)
                    }
                    if ticks == 0 { try await writer.beginEvents() }
                    try await writer.send(json: reply.bytes)
                    return try await writer.end()
                }
            }
        }
    }

    /// Runs `work` and tells a client that gave a token every second that it goes on: for channels that are open anyway.
    static func run<Value: Sendable>(
        progressToken: JSONValue?, push: @escaping @Sendable (ByteBuffer) -> Void, _ work: @escaping @Sendable () async -> Value
    ) async -> Value {
        guard let progressToken else { return await work() }
        return await withTaskGroup(of: Void.self) { group in
            group.addTask {
                var seconds = 0
                while (try? await Task.sleep(for: progressInterval)) != nil {  // nil: the work is done
                    seconds += 1
                    push(progress(progressToken, seconds: seconds))
                }
            }
            let value = await work()
            group.cancelAll()
            return value
        }
    }

    /// HTTP APIs tell nothing of their progress; the seconds that have passed are what the hub knows.
    private static func progress(_ token: JSONValue, seconds: Int) -> ByteBuffer {
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

extension JSONValue {
    /// The token under which the client that sent this message wants to hear of progress: a string or an integer.
    var progressToken: JSONValue? {
        guard let token = self[path: "params", "_meta", "progressToken"], token.kind == .string || token.int != nil else { return nil }
        return token
    }
}
