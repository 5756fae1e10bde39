import HubCore
import NIOConcurrencyHelpers
import NIOCore

/// The messages of a process, one a line. What is sent waits here for the process to read, so that who sends never writes half a line.
final class LineMessages: MessageChannel {
    private let channel: any LineChannel
    private let lines = EventStream<ByteBuffer>(capacity: 4 * SessionLimits.requests)
    private let waiting = NIOLockedValueBox(0)

    init(_ channel: any LineChannel) { self.channel = channel }

    /// The bytes that may wait; one message may always come.
    private static let maximumBytes = 64 << 20

    var diagnostics: String { channel.diagnostics }

    func send(_ message: ByteBuffer, principal: Principal, deadline: NIODeadline) async throws {
        guard push(message) else { throw HubError(.overloaded, "The server does not read what it is sent") }
    }

    func sendSoon(_ message: ByteBuffer) { _ = push(message) }

    private func push(_ message: ByteBuffer) -> Bool {
        let bytes = message.readableBytes
        let fits = waiting.withLockedValue { waiting in
            guard waiting == 0 || waiting + bytes <= Self.maximumBytes else { return false }
            waiting += bytes
            return true
        }
        if fits { lines.push(Self.singleLine(message)) }
        return fits
    }

    func run() async throws {
        for await line in lines.elements {
            try await channel.send(line)
            waiting.withLockedValue { $0 -= line.readableBytes }
        }
    }

    func next() async throws -> ByteBuffer? { try await channel.next() }

    func close() {
        lines.finish()
        channel.close()
    }

    /// JSON has raw line ends only between tokens, where a space means the same.
    private static func singleLine(_ message: ByteBuffer) -> ByteBuffer {
        guard message.readableBytesView.contains(where: { $0 == 0x0A || $0 == 0x0D }) else { return message }
        return ByteBuffer(bytes: message.readableBytesView.map { $0 == 0x0A || $0 == 0x0D ? 0x20 : $0 })
    }
}
