import Glibc
import NIOCore

/// What a person reads: results on standard output, problems on standard error. Unbuffered, so that a pipe sees lines at once.
enum Console {
    static func print(_ text: String) { write(Array(text.utf8) + [0x0A], to: 1) }
    static func error(_ text: String) { write(Array(text.utf8) + [0x0A], to: 2) }

    /// Bytes as they are.
    static func printRaw(_ bytes: ByteBuffer) { write(Array(bytes.readableBytesView), to: 1) }

    private static func write(_ bytes: [UInt8], to descriptor: Int32) {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = unsafe rest.withUnsafeBytes { unsafe Glibc.write(descriptor, $0.baseAddress, $0.count) }
            if count > 0 {
                rest = rest.dropFirst(count)
            } else if count == 0 || errno != EINTR {
                return  // nobody reads
            }
        }
    }
}
