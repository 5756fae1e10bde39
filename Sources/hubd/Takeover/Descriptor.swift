import CHubSystem
import Glibc
import HubCore

/// An open file of this process, closed with the last reference to it.
final class Descriptor: Sendable {
    /// What the system knows it by; valid as long as the value lives.
    let number: CInt

    /// Takes over a descriptor that nothing else closes.
    init(owning number: CInt) { self.number = number }

    deinit { close(number) }

    /// A descriptor of the same open file, for somebody who closes it.
    func duplicate() throws(FileAccess.FileError) -> CInt {
        let copy = fcntl(number, F_DUPFD_CLOEXEC, 0)
        guard copy >= 0 else { throw FileAccess.FileError(path: "descriptor \(number)", code: errno) }
        return copy
    }

    /// Whether it is the same file as the one at a path.
    func isFile(at path: String) -> Bool {
        var mine = stat()
        var other = stat()
        return unsafe fstat(number, &mine) == 0 && lstat(path, &other) == 0 && mine.st_dev == other.st_dev && mine.st_ino == other.st_ino
    }

    /// Where it listens, if it is a TCP socket that does.
    var listeningAddress: ListenAddress? {
        var port: UInt16 = 0
        // The function writes a text that ends with a zero into the room it is given, or nothing and -1.
        let bytes = unsafe [UInt8](unsafeUninitializedCapacity: Int(HUB_ADDRESS_LENGTH)) { room, count in
            guard let start = room.baseAddress,
                unsafe start.withMemoryRebound(to: CChar.self, capacity: room.count, { unsafe hub_listening_address(number, $0, &port) })
                    == 0
            else { return count = 0 }
            unsafe count = strnlen(start, room.count)
        }
        return bytes.isEmpty ? nil : ListenAddress(host: String(decoding: bytes, as: UTF8.self), port: Int(port))
    }
}
