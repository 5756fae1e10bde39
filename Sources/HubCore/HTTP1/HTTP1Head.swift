import HTTPTypes
import NIOCore

/// Finds where the head of a message ends, however its bytes are cut, and walks its lines.
struct HTTP1HeadScanner: Sendable {
    private var scanned = 0

    /// The length of the head with the empty line behind it; nil where that has not come.
    mutating func length(in buffer: ByteBuffer, limit: Int) throws(HTTP1Error) -> Int? {
        let bytes = buffer.readableBytesUInt8Span
        let end = min(bytes.count, limit + 4)
        while scanned < end {
            if bytes[scanned] == 0x0A {
                guard scanned > 0, bytes[scanned - 1] == 0x0D else { throw .bad("A line does not end with CRLF") }
                if scanned == 1 || (scanned >= 3 && bytes[scanned - 2] == 0x0A) {
                    defer { scanned = 0 }
                    return scanned + 1
                }
            }
            scanned += 1
        }
        guard bytes.count < limit + 4 else {
            throw HTTP1Error(.requestHeaderFieldsTooLarge, "The header is larger than \(limit) bytes")
        }
        return nil
    }

    /// The end of the line that begins at `start`: the index of its CRLF. `bytes` is a head that `length` measured.
    static func lineEnd(_ bytes: Span<UInt8>, from start: Int) -> Int {
        var index = start
        while index + 1 < bytes.count, bytes[index + 1] != 0x0A { index += 1 }
        return index
    }
}
