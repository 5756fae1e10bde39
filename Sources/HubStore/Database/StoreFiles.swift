import Glibc

/// Makes the files of a store its owner's alone. SQLite gives the log and the index the mode of the database.
enum StoreFiles {
    /// Makes an empty file for the owner alone where there is none, and takes rights from others where there is one.
    ///
    /// A file that is there is not opened: closing it would release the locks that SQLite holds on it elsewhere in this process
    /// (https://www.sqlite.org/howtocorrupt.html §2.2).
    static func prepare(_ path: String) throws(StoreError) {
        let descriptor = unsafe open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        if descriptor >= 0 {
            defer { close(descriptor) }
            // A command that the administrator runs leaves a store that the hub's own user can read; SQLite does the same with the log.
            var folder = stat()
            let end = path.lastIndex(of: "/").map { path.index(after: $0) }
            if geteuid() == 0, unsafe stat(end.map { String(path[..<$0]) } ?? ".", &folder) == 0 {
                _ = fchown(descriptor, folder.st_uid, folder.st_gid)
            }
            return
        }
        guard errno == EEXIST else { throw failure(path) }
        for file in [path, path + "-wal", path + "-shm"] {
            var info = stat()
            guard unsafe lstat(file, &info) == 0 else { continue }  // the log and the index come with the first connection
            guard info.st_mode & S_IFMT == S_IFREG else { throw StoreError(.unusable, "\(file) is not a regular file") }
            // Only of one's own: another owner could put a link to any other file in its place now.
            guard info.st_mode & 0o077 != 0, info.st_uid == geteuid() else { continue }
            guard unsafe chmod(file, 0o600) == 0 else { throw failure(file) }
        }
    }

    private static func failure(_ path: String) -> StoreError {
        let reason = unsafe strerror(errno).map { unsafe String(cString: $0) } ?? "error \(errno)"
        return StoreError(.unusable, "the store \(path) cannot be opened: \(reason)")
    }
}
