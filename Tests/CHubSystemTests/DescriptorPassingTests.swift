import CHubSystem
import Glibc
import NIOCore
import Testing

@Suite("Descriptors over a Unix socket")
struct DescriptorPassingTests {
    /// The two ends of a conversation.
    private final class Pair {
        var ends: [CInt] = [-1, -1]

        init() throws {
            try #require(unsafe socketpair(AF_UNIX, CInt(SOCK_SEQPACKET.rawValue) | CInt(SOCK_NONBLOCK.rawValue), 0, &ends) == 0)
        }

        deinit { for end in ends { close(end) } }

        func send(_ text: String, _ descriptors: [CInt] = []) -> Int {
            var bytes = Array(text.utf8)
            let length = bytes.count
            bytes.append(0)  // something to point to
            return unsafe hub_send_descriptors(ends[0], descriptors, descriptors.count, bytes, length)
        }

        /// What came, with the descriptors, or the code of the error.
        func receive(room: Int = 8, length: Int = 64) -> (text: String, descriptors: [CInt], code: CInt) {
            var descriptors = [CInt](repeating: -1, count: room)
            var count = room
            var bytes = [UInt8](repeating: 0, count: length)
            let received = unsafe hub_receive_descriptors(ends[1], &descriptors, &count, &bytes, length)
            let code = received < 0 ? errno : 0
            return (String(decoding: bytes.prefix(max(0, received)), as: UTF8.self), Array(descriptors.prefix(count)), code)
        }
    }

    /// The two ends of a pipe: the reading one sees the end once no copy of the writing one is open.
    private func makePipe() throws -> (reading: CInt, writing: CInt) {
        var ends: [CInt] = [-1, -1]
        try #require(unsafe pipe(&ends) == 0 && fcntl(ends[0], F_SETFL, O_NONBLOCK) == 0)
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }  // no child of another test keeps it
        return (ends[0], ends[1])
    }

    /// Whether every copy of the writing end is closed.
    private func isEnded(_ reading: CInt) -> Bool {
        var byte: UInt8 = 0
        return unsafe read(reading, &byte, 1) == 0
    }

    @Test("descriptors arrive beside their message, in order, and are closed on exec")
    func arrive() throws {
        let pair = try Pair()
        let pipes = try (0..<8).map { _ in try makePipe() }
        #expect(pair.send("eight", pipes.map(\.writing)) == 5)
        #expect(pair.send("none") == 4)
        let first = pair.receive()
        #expect(first.text == "eight" && first.descriptors.count == 8)
        #expect(first.descriptors.allSatisfy { fcntl($0, F_GETFD) == FD_CLOEXEC })
        for (index, descriptor) in first.descriptors.enumerated() {
            var byte = UInt8(index)
            #expect(unsafe write(descriptor, &byte, 1) == 1)
            byte = 255
            #expect(unsafe read(pipes[index].reading, &byte, 1) == 1 && byte == UInt8(index))
            for descriptor in [descriptor, pipes[index].reading, pipes[index].writing] { close(descriptor) }
        }
        let second = pair.receive()
        #expect(second.text == "none" && second.descriptors.isEmpty)
        #expect(pair.receive().code == EAGAIN)
    }

    @Test("a message that does not fit is an error, and leaves no descriptor open", arguments: [(room: 8, length: 3), (1, 64), (0, 64)])
    func truncation(room: Int, length: Int) throws {
        let pair = try Pair()
        let pipes = try (0..<2).map { _ in try makePipe() }
        #expect(pair.send("four", pipes.map(\.writing)) == 4)
        for pipe in pipes { close(pipe.writing) }
        #expect(pipes.allSatisfy { !isEnded($0.reading) })
        let received = pair.receive(room: room, length: length)
        #expect(received.code == EMSGSIZE && received.descriptors.isEmpty)
        #expect(pipes.allSatisfy { isEnded($0.reading) })
        for pipe in pipes { close(pipe.reading) }
    }

    @Test("more descriptors than a message may carry, or nothing to say, are not sent")
    func refusals() throws {
        let pair = try Pair()
        #expect(pair.send("nine", [CInt](repeating: pair.ends[0], count: 9)) == -1 && errno == EINVAL)
        #expect(pair.send("", [pair.ends[0]]) == -1 && errno == EINVAL)
        #expect(pair.send("bad", [-1]) == -1 && errno == EBADF)
        #expect(pair.receive().code == EAGAIN)
    }

    @Test("the end of the other side is read as nothing")
    func end() throws {
        let pair = try Pair()
        close(pair.ends[0])
        pair.ends[0] = -1
        let received = pair.receive()
        #expect(received.text.isEmpty && received.code == 0)
    }

    @Test("the user at the other end is known")
    func peer() throws {
        let pair = try Pair()
        var user = uid_t.max
        #expect(unsafe hub_peer_uid(pair.ends[0], &user) == 0 && user == geteuid())
        let pipe = try makePipe()
        #expect(unsafe hub_peer_uid(pipe.reading, &user) == -1 && errno == ENOTSOCK)
        close(pipe.reading)
        close(pipe.writing)
    }

    @Test("only a listening TCP socket has a listening address")
    func addresses() throws {
        var text = [CChar](repeating: 0, count: Int(HUB_ADDRESS_LENGTH))
        var port: UInt16 = 0
        let pair = try Pair()
        #expect(unsafe hub_listening_address(pair.ends[0], &text, &port) == -1 && errno == EINVAL)
        let socket = socket(AF_INET, CInt(SOCK_STREAM.rawValue), 0)
        #expect(unsafe hub_listening_address(socket, &text, &port) == -1 && errno == EINVAL)
        #expect(listen(socket, 1) == 0)  // binds it to every address and a free port
        #expect(unsafe hub_listening_address(socket, &text, &port) == 0 && port > 0)
        #expect(text.prefix { $0 != 0 } == "0.0.0.0".utf8.map { CChar($0) }[...])
        close(socket)
        #expect(unsafe hub_listening_address(socket, &text, &port) == -1 && errno == EBADF)
    }
}
