import Glibc
import NIOCore

/// What a person reads: results on standard output, problems on standard error. Unbuffered, so that a pipe sees lines at once.
enum Console {
    static func print(_ text: String) { write(ByteBuffer(string: text + "\n"), to: 1) }
    static func error(_ text: String) { write(ByteBuffer(string: text + "\n"), to: 2) }

    /// A question on standard error, without an end of line.
    static func errorPart(_ text: String) { write(ByteBuffer(string: text), to: 2) }

    /// Bytes as they are.
    static func printRaw(_ bytes: ByteBuffer) { write(bytes, to: 1) }

    private static func write(_ bytes: ByteBuffer, to descriptor: Int32) {
        var rest = bytes
        while rest.readableBytes > 0 {
            let count = unsafe rest.withUnsafeReadableBytes { unsafe Glibc.write(descriptor, $0.baseAddress, $0.count) }
            if count > 0 {
                rest.moveReaderIndex(forwardBy: count)
            } else if count == 0 || errno != EINTR {
                return  // nobody reads
            }
        }
    }
}
