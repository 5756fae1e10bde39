import HubCore
import NIOConcurrencyHelpers
import NIOCore

/// The progress of one request under its client's token, whoever tells of it.
///
/// 1. While nobody knows better, the hub counts seconds. 2. From the first word of what performs the request on, that alone is told.
/// 3. The numbers grow (basic/utilities/progress, "Progress Flow"): what does not is left out. Where better words may come, which mostly begin
/// with 0, the hub says nothing at first, and then seconds so small that any number of theirs but 0 is more.
final class CallProgress: Sendable {
    private struct State {
        var seconds = 0
        var last: Double?
        var isReported = false
        var isFine = false
    }

    /// For how many seconds better words are waited for.
    static let patience = 10

    private let token: JSONValue
    private let state = NIOLockedValueBox(State())

    init(token: JSONValue) { self.token = token }

    /// Something will perform the request that may tell of its own progress.
    func expectReports() { state.withLockedValue { $0.isFine = true } }

    /// Another second has passed: what is to be told; nil where others tell.
    func tick() -> ByteBuffer? {
        let told: (progress: Double, seconds: Int, isFine: Bool)? = state.withLockedValue { state in
            state.seconds += 1
            guard !state.isReported, !state.isFine || state.seconds > Self.patience else { return nil }
            let progress = state.isFine ? Double(state.seconds) / 1_000_000 : Double(state.seconds)
            state.last = progress
            return (progress, state.seconds, state.isFine)
        }
        guard let told else { return nil }
        return notification { json in
            json.key("progress")
            if told.isFine { json.double(told.progress) } else { json.integer(told.seconds) }
            json.member("message", "Waiting for the answer, \(told.seconds) s")
        }
    }

    /// Whether so much time has passed that a stream on which nothing happened wants a comment.
    var isKeepAliveDue: Bool { state.withLockedValue { $0.seconds % 15 == 0 } }

    /// What is to be told of the progress that what performs the request reports; nil where it does not grow.
    func reported(_ members: ByteBuffer) -> ByteBuffer? {
        guard let document = try? JSONDocument(parsing: members, limits: .message),  // no JSON: no progress
            let progress = document.root["progress"]?.double, progress.isFinite
        else { return nil }
        let grows = state.withLockedValue { state in
            state.isReported = true
            guard state.last.map({ progress > $0 }) ?? true else { return false }
            state.last = progress
            return true
        }
        guard grows else { return nil }
        return notification { json in
            for (name, value) in document.root.members where !name.isString("progressToken") && !name.isString("_meta") {
                json.key(name)
                json.value(value)
            }
        }
    }

    private func notification(_ members: (inout JSONWriter) -> Void) -> ByteBuffer {
        var json = JSONWriter()
        json.jsonRPCNotification("notifications/progress") { json in
            json.key("progressToken")
            json.value(token)
            members(&json)
        }
        return json.buffer
    }
}
