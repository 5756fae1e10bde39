import Glibc

/// The lines of standard input, as long as somebody wants them. No thread waits for them: somebody may never type any.
struct PastedLines: AsyncSequence, Sendable {
    /// The longest line; what comes after that is left out.
    static let maximumBytes = 16 << 10
    /// How often it is looked whether there is something.
    static let pause = Duration.milliseconds(100)

    struct AsyncIterator: AsyncIteratorProtocol {
        private var bytes: [UInt8] = []
        private var isAtEnd = false

        /// The next line; nil at the end of the input, and when nobody wants it any more.
        mutating func next() async -> String? {
            while !Task.isCancelled {
                if let end = bytes.firstIndex(of: UInt8(ascii: "\n")) {
                    let line = bytes[..<end]
                    bytes = Array(bytes[(end + 1)...])
                    return text(line)
                }
                if isAtEnd {
                    defer { bytes = [] }
                    return bytes.isEmpty ? nil : text(bytes[...])
                }
                if isReady { read() } else { try? await Task.sleep(for: PastedLines.pause) }  // cancelled: the loop's condition decides
            }
            return nil
        }

        private var isReady: Bool {
            var descriptor = pollfd(fd: 0, events: Int16(POLLIN), revents: 0)
            return unsafe poll(&descriptor, 1, 0) > 0
        }

        private mutating func read() {
            var chunk = [UInt8](repeating: 0, count: 4 << 10)
            // `read` writes at most as many bytes as the array has.
            let count = unsafe chunk.withUnsafeMutableBytes { unsafe Glibc.read(0, $0.baseAddress, $0.count) }
            if count == 0 || count < 0 && errno != EINTR && errno != EAGAIN { isAtEnd = true }
            guard count > 0 else { return }
            bytes += chunk.prefix(count)
            guard bytes.count > PastedLines.maximumBytes, !bytes.contains(UInt8(ascii: "\n")) else { return }
            bytes.removeLast(bytes.count - PastedLines.maximumBytes)
        }

        private func text(_ line: ArraySlice<UInt8>) -> String {
            String(decoding: line.filter { $0 >= 0x20 }, as: UTF8.self)
        }
    }

    func makeAsyncIterator() -> AsyncIterator { AsyncIterator() }
}
