import HubCore
import NIOCore

/// Cuts lines out of the bytes of a process: at LF alone, because JSON may contain the other line separators of Unicode.
struct LineReader {
    private let maximumLineBytes: Int
    private var buffer = ByteBuffer()
    /// How much of `buffer` holds no line feed.
    private var scanned = 0
    /// Whether somebody was given a part of the buffer's storage: appending to it would copy all of it.
    private var isShared = false

    init(maximumLineBytes: Int) {
        self.maximumLineBytes = maximumLineBytes
    }

    /// How much is held.
    var bufferedBytes: Int { buffer.readableBytes }

    mutating func append(_ chunk: ByteBuffer) {
        if buffer.readableBytes == 0 {
            buffer = chunk
            isShared = true
            scanned = 0
            return
        }
        if isShared {
            var own = ByteBuffer()
            own.reserveCapacity(buffer.readableBytes + chunk.readableBytes)
            own.writeImmutableBuffer(buffer)
            buffer = own
            isShared = false
        }
        buffer.writeImmutableBuffer(chunk)
    }

    /// The next whole line that is not empty, without its end; nil where it has not come.
    mutating func next() throws(HubError) -> ByteBuffer? {
        while true {
            let unseen = buffer.readableBytesView.dropFirst(scanned)
            guard let end = unseen.firstIndex(of: UInt8(ascii: "\n")) else {
                scanned = buffer.readableBytes
                guard scanned <= maximumLineBytes else { throw Self.tooLong }
                return nil
            }
            scanned = 0
            guard let line = buffer.readSlice(length: end - buffer.readerIndex) else { return nil }
            buffer.moveReaderIndex(forwardBy: 1)
            isShared = true
            if buffer.readableBytes == 0 { buffer = ByteBuffer() }  // the line alone keeps its bytes alive
            guard line.readableBytes <= maximumLineBytes else { throw Self.tooLong }
            if let line = Self.trimmed(line) { return line }
        }
    }

    /// What stands after the last line feed, once the output has ended.
    mutating func last() -> ByteBuffer? {
        defer {
            buffer = ByteBuffer()
            scanned = 0
        }
        return Self.trimmed(buffer)
    }

    /// Without the CR of those that end lines with two characters: JSON has it between tokens only, where it means nothing.
    private static func trimmed(_ line: ByteBuffer) -> ByteBuffer? {
        var line = line
        if line.readableBytesView.last == UInt8(ascii: "\r") { line.moveWriterIndex(to: line.writerIndex - 1) }
        return line.readableBytes > 0 ? line : nil
    }

    private static let tooLong = HubError(.tooLarge, "The server sent a message that is too large")
}
