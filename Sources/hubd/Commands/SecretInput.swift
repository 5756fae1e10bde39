import ArgumentParser
import Glibc
import HubCore

/// Reads a secret from standard input: all of it, or one line that a terminal does not show.
enum SecretInput {
    /// The largest value, in bytes.
    static let maximumBytes = SecretReference.maximumFileBytes

    /// - Parameter prompt: what a person at a terminal is asked.
    /// - Throws: `CommandFailure` where there is nothing, too much, or no UTF-8; `ExitCode` where a person interrupts.
    static func read(prompt: String) throws -> Secret {
        let bytes = isatty(0) == 1 ? try readHidden(prompt) : try readAll()
        guard bytes.count <= maximumBytes + 2 else { throw CommandFailure("the value is larger than \(maximumBytes) bytes") }
        guard let text = String(validating: bytes, as: UTF8.self) else { throw CommandFailure("the value is not UTF-8 text") }
        let value = text.withoutLastLineBreak
        guard value.utf8.count <= maximumBytes else { throw CommandFailure("the value is larger than \(maximumBytes) bytes") }
        guard !value.isEmpty else {
            throw CommandFailure("there is no value on standard input; pipe it in, such as: hubd secrets set NAME < FILE")
        }
        return Secret(value)
    }

    /// Everything up to the end, with one byte more than is allowed at most.
    private static func readAll() throws -> [UInt8] {
        var bytes: [UInt8] = []
        while bytes.count <= maximumBytes + 2 {
            guard let chunk = readChunk() else { throw CommandFailure("standard input cannot be read") }
            if chunk.isEmpty { break }
            bytes += chunk
        }
        return bytes
    }

    /// One line, with the terminal's echo off. Ctrl-C ends the line too, so that the echo comes back before the process ends.
    private static func readHidden(_ prompt: String) throws -> [UInt8] {
        var shown = termios()
        guard unsafe tcgetattr(0, &shown) == 0 else { return try readAll() }
        var hidden = shown
        hidden.c_lflag &= ~tcflag_t(ECHO | ISIG)
        hidden.c_cc.11 = 3  // VEOL: Ctrl-C
        unsafe tcsetattr(0, TCSAFLUSH, &hidden)
        defer {
            unsafe tcsetattr(0, TCSANOW, &shown)
            Console.error("")
        }
        Console.errorPart(prompt)
        // A terminal hands over at most 4,095 bytes of a line (N_TTY_BUF_SIZE).
        guard let line = readChunk() else { throw CommandFailure("the terminal cannot be read") }
        if line.contains(3) { throw ExitCode(130) }
        return line
    }

    /// What is there to be read, at most 16 KiB; empty at the end, nil after a failure.
    private static func readChunk() -> [UInt8]? {
        var chunk = [UInt8](repeating: 0, count: 16 << 10)
        while true {
            // `read` writes at most as many bytes as the array has.
            let count = unsafe chunk.withUnsafeMutableBytes { unsafe Glibc.read(0, $0.baseAddress, $0.count) }
            if count < 0, errno == EINTR { continue }
            return count < 0 ? nil : Array(chunk.prefix(count))
        }
    }
}
