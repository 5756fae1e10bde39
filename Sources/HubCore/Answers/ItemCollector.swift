public import NIOCore

/// Puts items that come one after another into a JSON array, up to a bound.
///
/// An item that is JSON stays as it was written, and any other becomes a text. An event that has only data is its data; one with a name or
/// an id is an object of `event`, `id` and `data`. The data `[DONE]`, which is no item, ends a stream of events.
public struct ItemCollector {
    /// Why no more is taken.
    public enum End: Sendable, Hashable {
        /// There are as many items as there may be.
        case items
        /// There are as many bytes as there may be.
        case bytes
        /// An item is larger than one may be.
        case itemTooLarge
        /// More came than is read of any stream, mostly comments and empty lines.
        case surplus
        /// What came cannot be read on.
        case malformed
        /// The stream says that it is over.
        case done
    }

    /// The most that is read of one stream, in bytes, whatever there is in it.
    static let maximumReceived = 8 << 20

    /// The most bytes of an item. The first one is taken whatever the bound on all of them, because less than one says nothing.
    let maximumItemBytes: Int
    /// The items.
    public private(set) var count = 0
    /// Why no more is taken; nil while more is.
    public private(set) var end: End?

    private let format: ItemFormat
    private let maximumItems: Int
    private let maximumBytes: Int
    private var json = JSONWriter()
    private var pending = ByteBuffer()
    private var decoder: SSEDecoder
    private var lastID: String?
    private var received = 0

    /// A collector for one stream.
    public init(_ format: ItemFormat, maximumItems: Int, maximumBytes: Int) {
        self.format = format
        self.maximumItems = maximumItems
        self.maximumBytes = maximumBytes
        maximumItemBytes = max(maximumBytes, 1 << 20)
        decoder = SSEDecoder(maximumEventBytes: maximumItemBytes)
        json.beginArray()
    }

    /// The array of what has been taken.
    public var array: ByteBuffer {
        var json = json
        json.endArray()
        return json.buffer
    }

    /// Takes the next piece, however it was cut.
    public mutating func take(_ piece: ByteBuffer) {
        guard end == nil else { return }
        switch format {
        case .events: takeEvents(piece)
        case .lines: takeRecords(piece, separator: 0x0A)
        case .sequence: takeRecords(piece, separator: 0x1E)
        }
        received += piece.readableBytes
        if received > Self.maximumReceived { end = end ?? .surplus }
    }

    /// The stream is over: takes what came last. A last line needs no end, while an event without its empty line is not one.
    public mutating func finish() {
        guard end == nil, format != .events else { return }
        addRecord(pending)
        pending = ByteBuffer()
    }

    // MARK: Events

    private mutating func takeEvents(_ piece: ByteBuffer) {
        var rest = piece
        do throws(SSEDecoder.DecodeError) {
            // Line by line, so that an event that cannot be read costs none before it.
            while end == nil, let line = rest.readSlice(length: Self.lineLength(rest)), line.readableBytes > 0 {
                for event in try decoder.decode(line) where end == nil { add(event) }
            }
        } catch {
            switch error {
            case .eventTooLarge: end = .itemTooLarge
            case .badUTF8: end = .malformed
            }
        }
    }

    private static func lineLength(_ bytes: ByteBuffer) -> Int {
        bytes.readableBytesView.firstIndex(of: 0x0A).map { $0 + 1 - bytes.readerIndex } ?? bytes.readableBytes
    }

    private mutating func add(_ event: ServerSentEvent) {
        guard event.data != "[DONE]" else { return end = .done }
        let data = Self.json(ByteBuffer(string: event.data))
        let id = event.id == lastID ? nil : event.id  // an event without one has that of the event before
        lastID = event.id
        guard event.event != nil || id != nil else { return add(data) }
        var object = JSONWriter()
        object.beginObject()
        if let name = event.event { object.member("event", name) }
        if let id { object.member("id", id) }
        object.member("data", raw: data)
        object.endObject()
        add(object.buffer)
    }

    // MARK: Records

    private mutating func takeRecords(_ piece: ByteBuffer, separator: UInt8) {
        var piece = piece
        while end == nil, let place = piece.readableBytesView.firstIndex(of: separator) {
            guard var record = piece.readSlice(length: place - piece.readerIndex) else { break }
            piece.moveReaderIndex(forwardBy: 1)
            if pending.readableBytes > 0 {
                pending.writeImmutableBuffer(record)
                record = pending
                pending = ByteBuffer()
            }
            addRecord(record)
        }
        guard end == nil else { return }
        pending.writeImmutableBuffer(piece)
        if pending.readableBytes > maximumItemBytes { end = .itemTooLarge }
    }

    private mutating func addRecord(_ record: ByteBuffer) {
        let isSpace: (UInt8) -> Bool = { [0x20, 0x09, 0x0A, 0x0D].contains($0) }
        let view = record.readableBytesView
        guard let first = view.firstIndex(where: { !isSpace($0) }), let last = view.lastIndex(where: { !isSpace($0) }),
            let text = record.getSlice(at: first, length: last + 1 - first)
        else { return }
        add(Self.json(text))
    }

    // MARK: Items

    /// The bytes where they are JSON, otherwise a JSON string of them.
    private static func json(_ text: ByteBuffer) -> ByteBuffer {
        // Not JSON is no failure here: it is text.
        if let document = try? JSONDocument(parsing: text, limits: .payload) { return document.root.compactBytes }
        var json = JSONWriter()
        json.string(String(decoding: text.readableBytesView, as: UTF8.self))
        return json.buffer
    }

    private mutating func add(_ item: ByteBuffer) {
        guard item.readableBytes <= maximumItemBytes else { return end = .itemTooLarge }
        guard count == 0 || json.buffer.readableBytes + item.readableBytes + 2 <= maximumBytes else { return end = .bytes }
        json.raw(item)
        count += 1
        if count >= maximumItems { end = .items }
    }
}
