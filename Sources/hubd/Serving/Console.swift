import Glibc

/// What a person reads: results on standard output, problems on standard error. Unbuffered, so that a pipe sees lines at once.
enum Console {
    static func print(_ text: String) { write(text + "\n", to: 1) }
    static func printRaw(_ text: String) { write(text, to: 1) }
    static func error(_ text: String) { write(text + "\n", to: 2) }

    private static func write(_ text: String, to descriptor: Int32) {
        var rest = Array(text.utf8)[...]
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
