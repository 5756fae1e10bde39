import HubCore
import NIOCore

/// The events of an application's answer, pulled as they come; whoever has one sees to `cancel`.
struct ApplicationEvents {
    private let stream: (any BodyStream)?
    private var complete: ByteBuffer?
    private var decoder = SSEDecoder(maximumEventBytes: maximumEventBytes)
    private var total = 0

    /// How large an event and all of them may be, in bytes.
    private static let (maximumEventBytes, maximumBytes) = (4 << 20, 64 << 20)

    /// The events of a body.
    init(_ body: ResponseBody) {
        switch body {
        case .complete(let bytes): (stream, complete) = (nil, bytes)
        case .stream(let stream): (self.stream, complete) = (stream, nil)
        }
    }

    /// The events that came together, perhaps none; nil at the end.
    ///
    /// - Throws: `HubError` where the answer breaks off, is too large or makes no sense; `CancellationError`.
    mutating func next() async throws -> [ServerSentEvent]? {
        try Task.checkCancellation()
        guard let piece = try await nextPiece() else { return nil }
        total += piece.readableBytes
        guard total <= Self.maximumBytes else { throw HubError(.tooLarge, "The application's answer is too large") }
        do throws(SSEDecoder.DecodeError) {
            return try decoder.decode(piece)
        } catch {
            switch error {
            case .eventTooLarge: throw HubError(.tooLarge, "The application's answer is too large")
            case .badUTF8: throw Self.nonsense
            }
        }
    }

    private mutating func nextPiece() async throws -> ByteBuffer? {
        guard let stream else {
            defer { complete = nil }
            return complete
        }
        return try await stream.next()
    }

    /// Gives up the rest.
    func cancel() { stream?.cancel() }

    /// The object that the data of an event are.
    ///
    /// - Throws: `HubError` where they are none.
    static func object(_ event: ServerSentEvent) throws -> JSONValue {
        guard let root = try? JSONDocument(parsing: event.data, limits: .payload).root, root.kind == .object else { throw nonsense }
        return root
    }

    /// An answer that is not of the application's protocol.
    static let nonsense = HubError(.upstreamFailed, "The application's answer makes no sense")
    /// An answer without its end.
    static let cut = HubError(.upstreamFailed, "The application broke off its answer")
}
