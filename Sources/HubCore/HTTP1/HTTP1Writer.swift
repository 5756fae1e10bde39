public import HTTPTypes
public import NIOCore

/// Writes HTTP/1.1 messages (RFC 9112). Names and values of `HTTPFields` hold no line ends; those of the framing are written here alone.
public enum HTTP1Writer {
    /// How the receiver knows the end of a body.
    public enum Framing: Sendable, Hashable {
        /// There is none, and no field says so.
        case none
        /// `Content-Length`.
        case length(Int)
        /// `Transfer-Encoding: chunked`.
        case chunked
    }

    /// Writes the head of a request. `target` is visible ASCII without spaces, `host` an authority.
    public static func requestHead(
        _ method: HTTPRequest.Method, target: String, host: String, fields: HTTPFields, framing: Framing, into buffer: inout ByteBuffer
    ) {
        buffer.writeString(method.rawValue)
        buffer.writeStaticString(" ")
        buffer.writeString(target)
        buffer.writeStaticString(" HTTP/1.1\r\nhost: ")
        buffer.writeString(host)
        buffer.writeStaticString("\r\n")
        write(fields, framing, into: &buffer)
        buffer.writeStaticString("\r\n")
    }

    /// Writes the head of a response but its last line end, so that the writer of it may add fields; `endHead` closes it.
    public static func responseHead(_ status: HTTPResponse.Status, fields: HTTPFields, framing: Framing, into buffer: inout ByteBuffer) {
        buffer.writeStaticString("HTTP/1.1 ")
        let code = UInt32(clamping: status.code)
        buffer.writeMultipleIntegers(digit(code / 100), digit(code / 10), digit(code), UInt8(ascii: " "))
        buffer.writeString(status.reasonPhrase)
        buffer.writeStaticString("\r\n")
        write(fields, framing, into: &buffer)
    }

    /// Ends a head.
    public static func endHead(into buffer: inout ByteBuffer) { buffer.writeStaticString("\r\n") }

    /// Writes one field of the hub's own.
    public static func field(_ name: StaticString, _ value: String, into buffer: inout ByteBuffer) {
        buffer.writeStaticString(name)
        buffer.writeStaticString(": ")
        buffer.writeString(value)
        buffer.writeStaticString("\r\n")
    }

    /// Writes the size before a chunk of `length` bytes, which is more than 0.
    public static func chunkSize(_ length: Int, into buffer: inout ByteBuffer) {
        var shift = (Int.bitWidth - 1 - max(length, 1).leadingZeroBitCount) & ~3
        while shift >= 0 {
            let nibble = UInt8(truncatingIfNeeded: length >> shift & 15)
            buffer.writeInteger(nibble < 10 ? nibble + UInt8(ascii: "0") : nibble - 10 + UInt8(ascii: "a"))
            shift -= 4
        }
        buffer.writeStaticString("\r\n")
    }

    /// What stands behind each chunk.
    public static let chunkEnd: StaticString = "\r\n"
    /// What ends a body of chunks, without trailers.
    public static let lastChunk: StaticString = "0\r\n\r\n"

    private static func write(_ fields: HTTPFields, _ framing: Framing, into buffer: inout ByteBuffer) {
        for field in fields {
            switch field.name.canonicalName {
            case "content-length", "transfer-encoding", "connection", "host": continue
            default: break
            }
            buffer.writeString(field.name.rawName)
            buffer.writeStaticString(": ")
            if unsafe field.withUnsafeBytesOfValue({ unsafe buffer.writeBytes($0) }) >= 0 { buffer.writeStaticString("\r\n") }
        }
        switch framing {
        case .none: break
        case .length(let length):
            buffer.writeStaticString("content-length: ")
            buffer.writeString(String(length))
            buffer.writeStaticString("\r\n")
        case .chunked: buffer.writeStaticString("transfer-encoding: chunked\r\n")
        }
    }

    private static func digit(_ number: UInt32) -> UInt8 { UInt8(truncatingIfNeeded: number % 10) + 0x30 }
}
