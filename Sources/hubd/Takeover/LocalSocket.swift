import CHubSystem
import Glibc
import NIOCore

/// Unix sockets in a folder that carry whole messages and descriptors beside them. Nothing here waits.
enum LocalSocket {
    /// The longest message.
    static let maximumMessage = 4096

    /// What came: a message, nothing yet, or the end.
    enum Received {
        case message(ByteBuffer, [Descriptor])
        case nothing
        case end
    }

    /// Listens at a name in a folder, for the owner alone, in place of a socket that was left there.
    static func listen(at name: String, in folder: String) throws(FileAccess.FileError) -> Descriptor {
        try unsafe open(name, in: folder) { path in unsafe hub_listen_local(path) }
    }

    /// Connects to what listens at a name in a folder.
    static func connect(to name: String, in folder: String) throws(FileAccess.FileError) -> Descriptor {
        try unsafe open(name, in: folder) { path in unsafe hub_connect_local(path) }
    }

    /// The next connection, if one waits.
    static func accept(_ listening: Descriptor) -> Descriptor? {
        let descriptor = hub_accept_local(listening.number)
        return descriptor >= 0 ? Descriptor(owning: descriptor) : nil
    }

    /// Whether the other end is a process of the same user.
    static func isOwn(_ socket: Descriptor) -> Bool {
        var user = uid_t()
        return unsafe hub_peer_uid(socket.number, &user) == 0 && user == geteuid()
    }

    /// Sends a message with copies of descriptors; false if it did not go out.
    static func send(_ bytes: ByteBuffer, with descriptors: [Descriptor] = [], over socket: Descriptor) -> Bool {
        let numbers = descriptors.map(\.number)
        // Both pointers are used during the call only, with the lengths of what they point to; the descriptors live until it returned.
        let sent = withExtendedLifetime(descriptors) {
            unsafe bytes.withUnsafeReadableBytes { payload in
                guard let start = payload.baseAddress else { return -1 }
                return unsafe hub_send_descriptors(socket.number, numbers, numbers.count, start, payload.count)
            }
        }
        return sent == bytes.readableBytes
    }

    /// The next message, if one is there. What does not fit ends the conversation, and what came with it is closed.
    static func receive(from socket: Descriptor) -> Received {
        var numbers = [CInt](repeating: -1, count: Int(HUB_MAXIMUM_DESCRIPTORS))
        var count = numbers.count
        var bytes = ByteBuffer()
        var code: CInt = 0
        // The function writes no further than the room it is told of, and says how much it wrote.
        let length = unsafe bytes.writeWithUnsafeMutableBytes(minimumWritableBytes: maximumMessage) { room in
            guard let start = room.baseAddress else { return 0 }
            let received = unsafe hub_receive_descriptors(socket.number, &numbers, &count, start, min(room.count, maximumMessage))
            code = received < 0 ? errno : 0
            return max(0, received)
        }
        let descriptors = numbers.prefix(count).map { Descriptor(owning: $0) }
        if code == EAGAIN { return .nothing }
        return length > 0 ? .message(bytes, descriptors) : .end
    }

    private static func open(
        _ name: String, in folder: String, _ call: (UnsafePointer<CChar>) -> CInt
    ) throws(FileAccess.FileError) -> Descriptor {
        var path = folder + "/" + name
        var held: Descriptor?
        if path.utf8.count > 107 {  // the room in an address; below an open folder every name is short
            let number = unsafe Glibc.open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
            guard number >= 0 else { throw FileAccess.FileError(path: folder, code: errno) }
            held = Descriptor(owning: number)
            path = "/proc/self/fd/\(number)/\(name)"
        }
        let descriptor = withExtendedLifetime(held) { unsafe path.withCString(call) }
        guard descriptor >= 0 else { throw FileAccess.FileError(path: folder + "/" + name, code: errno) }
        return Descriptor(owning: descriptor)
    }
}
