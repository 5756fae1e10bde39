import HubCore
import NIOCore

/// What waits to be written to one open stream: bounded, filled by many, drained by the stream's own task.
final class EventStream<Element: Sendable>: Sendable {
    private let stream: AsyncStream<Element>
    private let continuation: AsyncStream<Element>.Continuation

    /// A stream that holds at most `capacity` elements its reader has not taken.
    init(capacity: Int = ClientBounds.unread) {
        (stream, continuation) = AsyncStream.makeStream(bufferingPolicy: .bufferingOldest(capacity))
    }

    /// Adds an element. A reader so slow that the stream is full loses the stream, not an element in its middle.
    func push(_ element: Element) {
        if case .dropped = continuation.yield(element) { continuation.finish() }
    }

    /// Ends the stream behind what is in it.
    func finish() { continuation.finish() }

    /// The elements, for the one reader.
    var elements: AsyncStream<Element> { stream }
}
