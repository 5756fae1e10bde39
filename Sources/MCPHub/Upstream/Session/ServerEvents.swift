import HubCore
import NIOCore

/// The events of one answer, one after another, for one reader.
struct ServerEvents {
    private var decoder = SSEDecoder(maximumEventBytes: SessionLimits.message.maximumBytes)
    private var ready: ArraySlice<ServerSentEvent> = []
    private var complete: ByteBuffer?
    private let stream: (any BodyStream)?

    init(_ body: ResponseBody) {
        switch body {
        case .complete(let bytes): (complete, stream) = (bytes, nil)
        case .stream(let stream): (complete, self.stream) = (nil, stream)
        }
    }

    /// The next event; nil where the answer has ended.
    ///
    /// - Throws: `HubError`, `noMCP` where the bytes are no events; `CancellationError`.
    mutating func next() async throws -> ServerSentEvent? {
        while true {
            if let event = ready.popFirst() { return event }
            let chunk: ByteBuffer
            if let bytes = complete {
                complete = nil
                chunk = bytes
            } else {
                guard let bytes = try await stream?.next() else { return nil }
                chunk = bytes
            }
            do throws(SSEDecoder.DecodeError) {
                ready = try decoder.decode(chunk)[...]
            } catch {
                stream?.cancel()
                throw HubError.noMCP(cause: error)
            }
        }
    }

    /// Gives up the rest.
    func cancel() { stream?.cancel() }

    /// Leaves a rest that is nothing but its end, so that the connection can be used again: given up where the end does not come soon.
    func leave(timers: TimerTable) {
        guard let stream, ready.isEmpty else { return cancel() }
        let timer = timers.add(due: .now + .seconds(1)) { stream.cancel() }
        // Nobody waits for it; it ends with the stream, which the timer ends.
        Task {
            // What follows the result is nobody's, and so is why it broke off.
            if (try? await stream.next()) != nil { stream.cancel() }
            timers.remove(timer)
        }
    }
}
