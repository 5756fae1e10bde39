import NIOCore

/// One end of a take-over.
struct TakeoverConnection: Sendable {
    private let socket: Descriptor

    /// How often a message is looked for. Take-overs are rare and short: nothing is set up to be woken.
    private static let interval = Duration.milliseconds(10)

    /// Refuses processes of other users, who could not open the socket's file either.
    init(_ socket: Descriptor) throws(TakeoverError) {
        guard LocalSocket.isOwn(socket) else { throw .otherUser }
        self.socket = socket
    }

    /// Says something, with copies of descriptors.
    func send(_ message: TakeoverMessage, with descriptors: [Descriptor] = []) throws(TakeoverError) {
        guard LocalSocket.send(message.line, with: descriptors, over: socket) else { throw .ended }
    }

    /// What the other end says next; `refused` is thrown.
    func receive(within limit: Duration) async throws(TakeoverError) -> (message: TakeoverMessage, descriptors: [Descriptor]) {
        let deadline = ContinuousClock.now + limit
        while true {
            switch LocalSocket.receive(from: socket) {
            case .message(let bytes, let descriptors):
                let message = try TakeoverMessage(line: bytes)
                if case .refused(let reason) = message { throw .refused(reason) }
                return (message, descriptors)
            case .end: throw .ended
            case .nothing:
                guard ContinuousClock.now < deadline else { throw .timedOut }
                do { try await Task.sleep(for: Self.interval) } catch { throw .stopping }
            }
        }
    }

    /// Waits for one certain message without descriptors.
    func receive(_ expected: TakeoverMessage, within limit: Duration) async throws(TakeoverError) {
        let (message, descriptors) = try await receive(within: limit)
        guard message == expected, descriptors.isEmpty else { throw .garbled }
    }
}
