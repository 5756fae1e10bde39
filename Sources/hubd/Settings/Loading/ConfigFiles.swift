import FoundationEssentials
import NIOCore

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// The few things that reading a configuration asks of a file system; tests bring their own.
struct ConfigFiles: Sendable {
    /// Reads a file of at most so many bytes.
    var read: @Sendable (_ path: String, _ maximumBytes: Int) throws(ConfigFileError) -> ByteBuffer
    /// The names in a folder, in no particular order; empty where there is none.
    var list: @Sendable (_ directory: String) -> [String]

    /// The files of this machine.
    static let disk = ConfigFiles(
        read: { (path, maximumBytes) throws(ConfigFileError) in try BoundedFile.contents(of: path, maximumBytes: maximumBytes) },
        // A folder that cannot be listed holds no files for the caller, who says that nothing matched.
        list: { (try? FileManager.default.contentsOfDirectory(atPath: $0.isEmpty ? "." : $0)) ?? [] })
}

/// Why a file of the configuration was not read.
struct ConfigFileError: Error, Sendable, Hashable {
    /// Whether there is simply no such file.
    var isMissing = false
    /// The reason, as part of a sentence.
    var reason: String
}

/// Reads whole files with a bound, so that a device, a pipe or a huge file named by mistake ends in a message.
private enum BoundedFile {
    static func contents(of path: String, maximumBytes: Int) throws(ConfigFileError) -> ByteBuffer {
        // Without O_NONBLOCK, opening a pipe that nobody writes to would wait for ever.
        let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else { throw failure(errno) }
        defer { _ = close(descriptor) }
        var bytes = ByteBuffer()
        var chunk = [UInt8](repeating: 0, count: 16 << 10)
        while bytes.readableBytes <= maximumBytes {
            // `read` writes at most as many bytes as the array has.
            let count = unsafe chunk.withUnsafeMutableBytes { unsafe read(descriptor, $0.baseAddress, $0.count) }
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw failure(errno) }
            guard count > 0 else { return bytes }
            bytes.writeBytes(chunk[..<count])
        }
        throw ConfigFileError(reason: "it is larger than \(maximumBytes) bytes")
    }

    private static func failure(_ code: Int32) -> ConfigFileError {
        switch code {
        case ENOENT, ENOTDIR: ConfigFileError(isMissing: true, reason: "there is no such file")
        case EACCES, EPERM: ConfigFileError(reason: "permission denied")
        case EISDIR: ConfigFileError(reason: "it is a directory")
        default: ConfigFileError(reason: "error \(code)")
        }
    }
}
