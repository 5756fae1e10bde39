import CHubSystem
import Glibc
import HubCore
import NIOCore

/// Small files of the operator, and the private ones of the hub.
enum FileAccess {
    /// Why a file could not be read or written, in the system's words.
    struct FileError: Error, CustomStringConvertible {
        var path: String
        var code: Int32

        var isMissing: Bool { code == ENOENT }
        /// Whether a link led out of the folder.
        var isOutside: Bool { code == EXDEV }
        var exists: Bool { code == EEXIST }
        var description: String {
            let reason = unsafe strerror(code).map { unsafe String(cString: $0) } ?? "error \(code)"
            return "\(path): \(reason)"
        }
    }

    /// The bytes of a regular file of at most `limit` bytes.
    static func read(_ path: String, limit: Int) throws(FileError) -> ByteBuffer {
        let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)  // a pipe without a writer would block
        guard descriptor >= 0 else { throw FileError(path: path, code: errno) }
        defer { close(descriptor) }
        var info = stat()
        guard unsafe fstat(descriptor, &info) == 0 else { throw FileError(path: path, code: errno) }
        guard info.st_mode & S_IFMT == S_IFREG else {
            throw FileError(path: path, code: info.st_mode & S_IFMT == S_IFDIR ? EISDIR : EINVAL)
        }
        guard info.st_size <= limit else { throw FileError(path: path, code: EFBIG) }
        var buffer = ByteBuffer()
        buffer.reserveCapacity(Int(info.st_size) + 1)
        while buffer.readableBytes <= limit {
            let count = unsafe buffer.writeWithUnsafeMutableBytes(minimumWritableBytes: 64 << 10) { space in
                unsafe max(0, Glibc.read(descriptor, space.baseAddress, space.count))
            }
            if count == 0 { return buffer }
        }
        throw FileError(path: path, code: EFBIG)
    }

    /// The bytes of a regular file that lies in or below a folder, wherever links lead.
    ///
    /// Where it lies is asked of the file once it is open: a link that is put in its place meanwhile changes nothing.
    static func read(_ path: String, inside folder: String, limit: Int) throws(FileError) -> ByteBuffer {
        let root = try handle(folder)
        let file = try handle(path)
        guard let rootPath = realPath(of: root), let filePath = realPath(of: file) else { throw FileError(path: path, code: EACCES) }
        guard filePath.hasPrefix(rootPath.hasSuffix("/") ? rootPath : rootPath + "/") else { throw FileError(path: path, code: EXDEV) }
        do throws(FileError) {
            return try read("/proc/self/fd/\(file.number)", limit: limit)
        } catch {
            throw FileError(path: path, code: error.code)
        }
    }

    /// A file or a folder, found but not opened to be read.
    private static func handle(_ path: String) throws(FileError) -> Descriptor {
        let number = unsafe hub_find(path)
        guard number >= 0 else { throw FileError(path: path, code: errno) }
        return Descriptor(owning: number)
    }

    private static func realPath(of descriptor: Descriptor) -> String? {
        let bytes = unsafe [UInt8](unsafeUninitializedCapacity: Int(PATH_MAX)) { room, count in
            guard let start = room.baseAddress else { return }
            // readlink writes at most as much as it is told, and no zero at the end.
            let length = unsafe start.withMemoryRebound(to: CChar.self, capacity: room.count) { text in
                unsafe readlink("/proc/self/fd/\(descriptor.number)", text, room.count)
            }
            count = max(0, length)
        }
        return bytes.first == UInt8(ascii: "/") && bytes.count < PATH_MAX ? String(validating: bytes, as: UTF8.self) : nil
    }

    /// Makes a file that only its owner can read; fails if there is one. Nobody finds it without all of its contents, whatever ends the process.
    static func createPrivate(_ path: String, contents: String) throws(FileError) {
        let draft = path + ".\(getpid()).new"
        unsafe unlink(draft)  // of an earlier process with the same number
        try write(contents, to: draft)
        defer { unsafe unlink(draft) }
        guard unsafe link(draft, path) == 0 else { throw FileError(path: path, code: errno) }
        try synchronizeFolder(of: path)
    }

    private static func write(_ contents: String, to path: String) throws(FileError) {
        let descriptor = unsafe open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw FileError(path: path, code: errno) }
        defer { close(descriptor) }
        giveAway(descriptor, path: path)
        let bytes = Array(contents.utf8)
        let count = unsafe bytes.withUnsafeBytes { unsafe Glibc.write(descriptor, $0.baseAddress, $0.count) }
        guard count == bytes.count, fsync(descriptor) == 0 else { throw FileError(path: path, code: errno) }
    }

    /// Puts a file in the place of another, on the disk too: whatever ends the process or the machine, one of the two is there, whole.
    static func move(_ path: String, over other: String) throws(FileError) {
        guard unsafe rename(path, other) == 0 else { throw FileError(path: path, code: errno) }
        try synchronizeFolder(of: other)
    }

    /// Gives a file that was just made to the owner of its folder: a command that the administrator runs leaves what the hub's own user can use.
    ///
    /// Never a file that was there: its owner could have put a link to any other in its place.
    private static func giveAway(_ descriptor: CInt, path: String) {
        var info = stat()
        guard geteuid() == 0, unsafe stat(folder(of: path), &info) == 0 else { return }
        _ = fchown(descriptor, info.st_uid, info.st_gid)  // where that may not be, the administrator's own rights are needed from then on
    }

    private static func folder(of path: String) -> String {
        let folder = ConfigFile.directory(of: path)
        return folder.isEmpty ? "." : folder
    }

    /// What was made, renamed or removed in the folder of a file is on the disk when this returns.
    private static func synchronizeFolder(of path: String) throws(FileError) {
        let folder = folder(of: path)
        let descriptor = unsafe open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { throw FileError(path: folder, code: errno) }
        defer { close(descriptor) }
        guard fsync(descriptor) == 0 else { throw FileError(path: folder, code: errno) }
    }

    /// Makes a folder for its owner alone, with its parents, where it is missing.
    static func createFolder(_ path: String) throws(FileError) {
        var made = path.hasPrefix("/") ? "" : "."
        for part in path.split(separator: "/") {
            made += "/" + part
            if unsafe mkdir(made, 0o700) != 0, errno != EEXIST { throw FileError(path: made, code: errno) }
        }
    }

    /// Takes the lock on a file, or fails at once. It is held as long as the open file is, by this process or one that it was handed to.
    static func lock(_ path: String) throws(FileError) -> Descriptor {
        var number = unsafe open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        if number >= 0 {
            giveAway(number, path: path)
        } else if errno == EEXIST {
            number = unsafe open(path, O_RDWR | O_CLOEXEC | O_NOFOLLOW)
        }
        guard number >= 0 else { throw FileError(path: path, code: errno) }
        let descriptor = Descriptor(owning: number)
        guard flock(number, LOCK_EX | LOCK_NB) == 0 else { throw FileError(path: path, code: errno) }
        return descriptor
    }

    /// Puts a file that only its owner can read in the place of what may be there; who reads meanwhile finds the one or the other.
    static func replacePrivate(_ path: String, contents: String) throws(FileError) {
        let fresh = path + ".new"
        unsafe unlink(fresh)  // of a process that ended in between
        try write(contents, to: fresh)
        guard unsafe rename(fresh, path) == 0 else { throw FileError(path: path, code: errno) }
    }
}

/// Tells whether a file is still the one it was: which one it is, its size, and when it was last written.
struct FileStamp: Sendable, Hashable {
    private let device: UInt64
    private let number: UInt64
    private let size: Int
    private let seconds: Int
    private let nanoseconds: Int

    /// The stamp of a file that exists only in a test.
    init(number: UInt64) {
        (device, self.number, size, seconds, nanoseconds) = (0, number, 0, 0, 0)
    }

    /// The stamp of the file at a path, links followed; nil where there is none.
    init?(_ path: String) {
        var info = stat()
        guard unsafe stat(path, &info) == 0 else { return nil }
        device = UInt64(info.st_dev)
        number = UInt64(info.st_ino)
        size = Int(info.st_size)
        seconds = info.st_mtim.tv_sec
        nanoseconds = info.st_mtim.tv_nsec
    }
}
