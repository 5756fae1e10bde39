import Logging

/// What a running hub can hand over.
protocol HandedHoldings: Sendable {
    /// Descriptors for another process.
    func copies() async throws -> [(name: HandedSocket, descriptor: Descriptor)]
    /// Accepts no more connections; every one that was accepted is served.
    func pause() async
    /// Accepts again: nobody took over.
    func resume() async
}

/// The running hub's side of a take-over: gives what it holds to the first process that asks for it and gets ready.
///
/// Lives as long as the hub accepts connections. One process is dealt with at a time; others wait in the socket's queue, and are the new
/// hub's when there is one.
struct TakeoverServer: Sendable {
    /// The socket at `hubd.sock`.
    var listening: Descriptor
    /// What is handed over.
    var holdings: any HandedHoldings
    var logger: Logger
    /// How long a process may take to ask, once connected.
    var requestLimit = Duration.seconds(5)
    /// How long a process may take from there until it is ready. It has built all it needs before.
    var readyLimit = Duration.seconds(15)

    /// How often a connection is looked for: what a take-over is delayed by, and what it costs a hub that is never taken over.
    private static let interval = Duration.milliseconds(250)

    /// Returns true when another process has taken over, false when cancelled.
    func run() async -> Bool {
        while !Task.isCancelled {
            if let socket = LocalSocket.accept(listening) {
                if await handOver(to: socket) { return true }
            } else {
                try? await Task.sleep(for: Self.interval)  // cancelled: the loop's condition decides
            }
        }
        return false
    }

    /// Whether the process at the other end has taken over. Until then nothing here has changed.
    func handOver(to socket: Descriptor) async -> Bool {
        do throws(TakeoverError) {
            let connection = try TakeoverConnection(socket)
            let request: TakeoverMessage
            do throws(TakeoverError) {
                request = try await connection.receive(within: requestLimit).message
            } catch {
                if case .otherVersion = error { try connection.send(.refused("it speaks version \(TakeoverMessage.version)")) }
                throw error
            }
            guard case .request(let process) = request else { throw .garbled }
            logger.notice("a process asks to take over", metadata: ["process": "\(process)"])
            guard let given = try? await holdings.copies() else {  // no descriptor is left, or the hub stops
                try connection.send(.refused("it cannot hand over its sockets at present"))
                return false
            }
            try connection.send(.sockets(given.map(\.name)), with: given.map(\.descriptor))
            try await connection.receive(.ready, within: readyLimit)
            await holdings.pause()
            do throws(TakeoverError) {
                try connection.send(.released)
            } catch {
                await holdings.resume()
                throw error
            }
            logger.notice("taken over; what is being answered is finished", metadata: ["process": "\(process)"])
            return true
        } catch {
            logger.warning("nobody took over; this hub goes on", metadata: ["reason": "\(error.reason)"])
            return false
        }
    }
}
