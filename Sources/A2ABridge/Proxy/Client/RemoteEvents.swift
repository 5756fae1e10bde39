import HubCore
import NIOCore

/// The events of one stream of an agent elsewhere, one after another, for one reader. Ends with the stream, or with `cancel`.
struct RemoteEvents {
    private var decoder: SSEDecoder
    private var ready: ArraySlice<ServerSentEvent> = []
    private var complete: ByteBuffer?
    private var single: A2AResult?
    private let stream: (any BodyStream)?
    private let operation: A2AOperation
    private let interface: RemoteInterface?

    /// The id of the event that was read last, where the agent gives its events ids.
    private(set) var lastID: String?

    /// The longest id that is repeated to the agent, in bytes.
    private static let longestID = 256

    /// The events of a body.
    ///
    /// - Parameter maximumEvent: in bytes.
    init(_ body: ResponseBody, of operation: A2AOperation, _ interface: RemoteInterface, maximumEvent: Int) {
        decoder = SSEDecoder(maximumEventBytes: maximumEvent)
        (self.operation, self.interface) = (operation, interface)
        switch body {
        case .complete(let bytes): (complete, stream) = (bytes, nil)
        case .stream(let stream): (complete, self.stream) = (nil, stream)
        }
    }

    /// The one event of an agent that did not stream.
    init(single result: A2AResult) {
        (single, stream, interface, operation, decoder) = (result, nil, nil, .streamMessage, SSEDecoder())
    }

    /// The next event; nil where the stream has ended.
    ///
    /// - Throws: `A2AFailure`: what the agent says in place of an event, `invalidAgentResponse` where that makes no sense; `HubError` where the
    ///   stream is cut; `CancellationError`.
    mutating func next() async throws -> AgentEvent? {
        if let result = single {
            single = nil
            guard case .event(let event) = result else { throw A2AFailure.noAgent }
            return event
        }
        while true {
            if let event = ready.popFirst() {
                if let id = event.id, id.utf8.count <= Self.longestID, id.utf8.allSatisfy({ 0x21...0x7E ~= $0 }) { lastID = id }
                return try read(event)
            }
            guard let chunk = try await chunk() else { return nil }
            do throws(SSEDecoder.DecodeError) {
                ready = try decoder.decode(chunk)[...]
            } catch {
                cancel()
                throw A2AFailure.noAgent
            }
        }
    }

    private mutating func chunk() async throws -> ByteBuffer? {
        if let bytes = complete {
            complete = nil
            return bytes
        }
        return try await stream?.next()
    }

    private func read(_ event: ServerSentEvent) throws(A2AFailure) -> AgentEvent {
        let body = try? JSONDocument(parsing: event.data, limits: RemoteAgentClient.limits).root  // nil is no event, below
        guard let body, let interface else {
            cancel()
            throw A2AFailure.noAgent
        }
        do throws(A2AFailure) {
            let result: A2AResult =
                switch interface.binding {
                case .jsonRPC: try A2AResult(jsonRPC: body, id: RemoteAgentClient.id, to: operation, interface.version)
                case .http: try A2AResult(http: event.event == "error" ? 500 : 200, body: body, to: operation, interface.version)
                }
            guard case .event(let event) = result else { throw A2AFailure.noAgent }
            return event
        } catch {
            cancel()
            throw error.toldByAgent
        }
    }

    /// Gives up the rest.
    func cancel() { stream?.cancel() }
}
