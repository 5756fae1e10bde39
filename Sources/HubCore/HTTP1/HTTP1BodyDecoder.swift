import NIOCore

/// How the end of a body is known (RFC 9112 §6).
enum HTTP1BodyFraming: Hashable, Sendable {
    case none
    case length(Int)
    case chunked
    case untilClose
}

/// Takes the framing off one body. What it gives are slices of what came.
struct HTTP1BodyDecoder: Sendable {
    /// A piece, or the end.
    enum Piece {
        case bytes(ByteBuffer)
        case end
    }

    private enum State: Sendable {
        case length(Int)
        case untilClose
        case chunkSize
        case chunk(Int)
        case chunkEnd
        case trailers
        case ended
    }

    private static let sizeDigits = 15  // 60 bits, which an Int holds

    private var state: State
    private let limits: HTTP1Limits
    private var extensionBytes = 0
    private var trailerBytes = 0

    init(_ framing: HTTP1BodyFraming, limits: HTTP1Limits) {
        self.limits = limits
        switch framing {
        case .none: state = .length(0)
        case .length(let length): state = .length(length)
        case .chunked: state = .chunkSize
        case .untilClose: state = .untilClose
        }
    }

    /// The next piece; nil where more bytes are needed, and after the end.
    mutating func next(from buffer: inout ByteBuffer) throws(HTTP1Error) -> Piece? {
        while true {
            switch state {
            case .ended: return nil
            case .untilClose: return take(.max, from: &buffer).map { .bytes($0) }
            case .length(0): return end()
            case .length(let left):
                guard let bytes = take(left, from: &buffer) else { return nil }
                state = .length(left - bytes.readableBytes)
                return .bytes(bytes)
            case .chunkSize:
                guard let size = try readSize(from: &buffer) else { return nil }
                state = size == 0 ? .trailers : .chunk(size)
            case .chunk(let left):
                guard let bytes = take(left, from: &buffer) else { return nil }
                state = bytes.readableBytes == left ? .chunkEnd : .chunk(left - bytes.readableBytes)
                return .bytes(bytes)
            case .chunkEnd:
                guard buffer.readableBytes >= 2 else { return nil }
                guard buffer.readInteger(as: UInt16.self) == 0x0D0A else { throw .bad("A chunk is longer than its size") }
                state = .chunkSize
            case .trailers:
                guard let line = try HTTP1Line.next(in: buffer, limit: limits.trailerBytes - trailerBytes - 2) else { return nil }
                let length = line.count + 2
                guard !line.isEmpty else {
                    buffer.moveReaderIndex(forwardBy: length)
                    return end()
                }
                // Checked like any field, and dropped: nobody asked for them (RFC 9110 §6.5.1).
                _ = try HTTP1FieldLine(line, of: buffer.readableBytesUInt8Span)
                trailerBytes += length
                buffer.moveReaderIndex(forwardBy: length)
            }
        }
    }

    /// The connection was closed; gives whether the body ends with that.
    mutating func endsWithConnection() -> Bool {
        guard case .untilClose = state else { return false }
        state = .ended
        return true
    }

    private mutating func end() -> Piece {
        state = .ended
        return .end
    }

    private func take(_ most: Int, from buffer: inout ByteBuffer) -> ByteBuffer? {
        guard buffer.readableBytes > 0 else { return nil }
        return buffer.readSlice(length: min(most, buffer.readableBytes))
    }

    private mutating func readSize(from buffer: inout ByteBuffer) throws(HTTP1Error) -> Int? {
        guard let line = try HTTP1Line.next(in: buffer, limit: Self.sizeDigits + limits.chunkExtensionBytes - extensionBytes) else {
            return nil
        }
        let (size, digits) = try Self.size(in: line, of: buffer)
        extensionBytes += line.count - digits
        guard extensionBytes <= limits.chunkExtensionBytes else { throw .bad("The extensions of the chunks are too long") }
        buffer.moveReaderIndex(forwardBy: line.count + 2)
        return size
    }

    /// `1*HEXDIG [ ";" … ]` (RFC 9112 §7.1).
    private static func size(in line: Range<Int>, of buffer: ByteBuffer) throws(HTTP1Error) -> (size: Int, digits: Int) {
        let bytes = buffer.readableBytesUInt8Span
        var (size, index) = (0, line.lowerBound)
        while index < line.upperBound, let digit = hexadecimal(bytes[index]) {
            guard index < sizeDigits else { throw .bad("The size of a chunk is too large") }
            size = size << 4 | digit
            index += 1
        }
        guard index > 0, index == line.upperBound || bytes[index] == UInt8(ascii: ";") else {
            throw .bad("The size of a chunk is malformed")
        }
        return (size, index)
    }

    private static func hexadecimal(_ byte: UInt8) -> Int? {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): Int(byte) - 0x30
        case UInt8(ascii: "a")...UInt8(ascii: "f"): Int(byte) - 0x61 + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): Int(byte) - 0x41 + 10
        default: nil
        }
    }
}

/// One line that ends with CRLF, at the start of a buffer. A carriage return or a line feed alone is refused, as are other controls.
enum HTTP1Line {
    /// The line without its end, counted from the first readable byte; nil where its end has not come.
    static func next(in buffer: ByteBuffer, limit: Int) throws(HTTP1Error) -> Range<Int>? {
        let bytes = buffer.readableBytesUInt8Span
        var index = 0
        while index < bytes.count {
            let byte = bytes[index]
            if byte == 0x0D {
                guard index + 1 < bytes.count else { return nil }
                guard bytes[index + 1] == 0x0A else { throw .bad("A line does not end with CRLF") }
                return 0..<index
            }
            guard byte >= 0x20 ? byte != 0x7F : byte == 0x09 else { throw .bad("A line holds a control character") }
            index += 1
            guard index <= limit else { throw .bad("A line of the body's framing is too long") }
        }
        return nil
    }
}
