public import NIOCore

/// One event of a `text/event-stream` (HTML standard, §9.2).
public struct ServerSentEvent: Sendable, Hashable {
    /// The type; nil is `message`.
    public var event: String?
    /// The data, with line feeds between its lines.
    public var data: String
    /// The id to resume after.
    public var id: String?
    /// How long to wait before connecting again, in milliseconds.
    public var retry: Int?

    /// An event.
    public init(event: String? = nil, data: String, id: String? = nil, retry: Int? = nil) {
        self.event = event
        self.data = data
        self.id = id
        self.retry = retry
    }
}

/// Writes `text/event-stream` frames.
public enum SSEEncoder {
    /// A comment: keeps the connection in use and means nothing.
    public static let keepAlive = ByteBuffer(string: ": keep-alive\n\n")

    /// Writes one event whose data are the bytes of a JSON text. A line end inside, which JSON allows between
    /// tokens, begins a new `data:` line, so that no payload can forge a field.
    public static func write(event: String? = nil, json data: ByteBuffer, to buffer: inout ByteBuffer) {
        if let event {
            buffer.writeStaticString("event: ")
            buffer.writeString(singleLine(event))
            buffer.writeStaticString("\n")
        }
        buffer.writeStaticString("data: ")
        var rest = data
        while let end = rest.readableBytesView.firstIndex(where: { $0 == 0x0A || $0 == 0x0D }) {
            if let line = rest.readSlice(length: end - rest.readerIndex) { buffer.writeImmutableBuffer(line) }
            buffer.writeStaticString("\ndata: ")
            rest.moveReaderIndex(forwardBy: 1)
        }
        buffer.writeImmutableBuffer(rest)
        buffer.writeStaticString("\n\n")
    }

    private static func singleLine(_ text: String) -> String {
        String(decoding: text.utf8.filter { $0 != 0x0A && $0 != 0x0D }, as: UTF8.self)
    }
}

/// Cuts a `text/event-stream` into events, whichever way its bytes are cut into chunks.
///
/// Lines end with LF, CR or CRLF; a byte order mark at the start is skipped; an event without data is dropped.
public struct SSEDecoder: Sendable {
    /// Why a stream cannot be read on.
    public enum DecodeError: Error, Sendable {
        /// An event is larger than the limit.
        case eventTooLarge
        /// A line is not UTF-8.
        case badUTF8
    }

    private let maximumEventBytes: Int
    private var line: [UInt8] = []
    private var data: [UInt8] = []
    private var hasData = false
    private var event: String?
    private var id: String?
    private var retry: Int?
    private var skipsLineFeed = false
    private var isAtStart = true

    /// A decoder for one stream; no event may be larger than `maximumEventBytes`.
    public init(maximumEventBytes: Int = 4 << 20) {
        self.maximumEventBytes = maximumEventBytes
    }

    /// The events completed by `chunk`, in order.
    public mutating func decode(_ chunk: ByteBuffer) throws(DecodeError) -> [ServerSentEvent] {
        var events: [ServerSentEvent] = []
        for byte in chunk.readableBytesView {
            if skipsLineFeed, byte == 0x0A {
                skipsLineFeed = false
                continue
            }
            skipsLineFeed = byte == 0x0D
            if byte == 0x0A || byte == 0x0D {
                if let event = try endLine() { events.append(event) }
            } else {
                guard line.count + data.count < maximumEventBytes else { throw .eventTooLarge }
                line.append(byte)
            }
        }
        return events
    }

    private mutating func endLine() throws(DecodeError) -> ServerSentEvent? {
        defer { line.removeAll(keepingCapacity: true) }
        if isAtStart {
            isAtStart = false
            if line.starts(with: [0xEF, 0xBB, 0xBF]) { line.removeFirst(3) }
        }
        if line.isEmpty { return try dispatch() }
        let colon = line.firstIndex(of: UInt8(ascii: ":")) ?? line.endIndex
        var value = colon < line.endIndex ? line[(colon + 1)...] : []
        if value.first == 0x20 { value = value.dropFirst() }
        switch line[..<colon] {
        case ArraySlice("data".utf8):
            if hasData { data.append(0x0A) }
            data += value
            hasData = true
        case ArraySlice("event".utf8): event = try text(value)
        case ArraySlice("id".utf8) where !value.contains(0): id = try text(value)
        case ArraySlice("retry".utf8) where value.allSatisfy({ $0 &- 0x30 < 10 }): retry = Int(try text(value))
        default: break
        }
        return nil
    }

    private mutating func dispatch() throws(DecodeError) -> ServerSentEvent? {
        defer {
            data.removeAll(keepingCapacity: true)
            (hasData, event, retry) = (false, nil, nil)
        }
        guard hasData else { return nil }
        return ServerSentEvent(event: event, data: try text(data[...]), id: id, retry: retry)
    }

    private func text(_ bytes: ArraySlice<UInt8>) throws(DecodeError) -> String {
        guard UTF8Sequence.isValid(bytes.span) else { throw .badUTF8 }
        return String(decoding: bytes, as: UTF8.self)
    }
}
