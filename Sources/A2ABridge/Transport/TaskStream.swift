import HubCore
import NIOCore

/// One stream of a task: how it stood, and what came then, read from its log as fast as the client takes it.
///
/// The id of an event is its position in the log, so that a client whose stream was cut says how far it came. Ends with a status that ends
/// streams, with the hub, or with the client, which ends nothing else.
struct TaskStream {
    private let runtime: A2ARuntime
    private let task: LiveTask
    private let first: AgentEvent?
    private let position: Int

    /// How often an idle stream gets a comment, below the idle limits of common proxies.
    private static let keepAliveInterval = Duration.seconds(15)

    /// A stream of a task that is held. Takes a place for it, which `close` gives back with the task.
    ///
    /// - Parameters:
    ///   - first: how the task stands; nil where the client knows.
    ///   - position: of what is told next.
    init(runtime: A2ARuntime, task: LiveTask, first: AgentEvent?, position: Int) throws(A2AFailure) {
        try runtime.addStream(task)
        (self.runtime, self.task, self.first, self.position) = (runtime, task, first, position)
    }

    /// A stream of a task that is held and has a place for it, both of which `close` gives back.
    init(runtime: A2ARuntime, placed task: LiveTask, first: AgentEvent?, position: Int) {
        (self.runtime, self.task, self.first, self.position) = (runtime, task, first, position)
    }

    /// Gives back what it holds.
    func close() {
        runtime.removeStream(task)
        runtime.release(task)
    }

    /// Sends the stream, up to its end.
    ///
    /// - Parameters:
    ///   - frame: an event in the words of the binding.
    ///   - failure: why the stream breaks off, as an event of the binding.
    func send(to writer: any ResponseWriter, frame: (AgentEvent) -> ByteBuffer, failure: (A2AFailure) -> ByteBuffer) async throws {
        if let first { try await writer.write(Self.event(position - 1, frame(first))) }
        var position = position
        while true {
            switch task.told(at: position) {
            case .entry(let event):
                if let event { try await writer.write(Self.event(position, frame(event))) }
                position += 1
                switch event {
                case .statusUpdate(let update) where update.status.state.endsStream: return try await writer.end()
                case .message: return try await writer.end()
                default: break
                }
            case .broken:
                try await writer.write(failure(A2AFailure(.overloaded, "The task cannot be kept at present")))
                return try await writer.end()
            case .nothing(let isAtWork):
                if runtime.isDraining, !isAtWork { return try await writer.end() }
                await task.wait(beyond: position, limit: Self.keepAliveInterval)
                try Task.checkCancellation()
                if case .nothing = task.told(at: position), !runtime.isDraining { try await writer.write(SSEEncoder.keepAlive) }
            }
        }
    }

    private static func event(_ id: Int, _ json: ByteBuffer) -> ByteBuffer {
        var frame = ByteBuffer(string: "id: \(id)\n")
        SSEEncoder.write(json: json, to: &frame)
        return frame
    }
}
