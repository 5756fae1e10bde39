import FoundationEssentials
import Glibc
import HubCore
import Logging
import NIOConcurrencyHelpers
import NIOCore
import Testing

@testable import hubd

@Suite("Take-over", .timeLimit(.minutes(1)))
struct TakeoverTests {
    /// A folder with a lock and a socket as a running hub has them; removed at the end.
    private final class Running: HandedHoldings {
        let data: DataDirectory
        let isAccepting = NIOLockedValueBox(true)
        private let held: NIOLockedValueBox<(lock: Descriptor, listening: Descriptor)?>

        var lock: Descriptor { get throws { try #require(held.withLockedValue { $0?.lock }) } }
        var listening: Descriptor { get throws { try #require(held.withLockedValue { $0?.listening }) } }

        init(depth: Int = 0) throws {
            let name =
                "hubd-test-\(UInt64.random(in: .min ... .max))" + String(repeating: "/" + String(repeating: "d", count: 60), count: depth)
            data = try DataDirectory(path: FileManager.default.temporaryDirectory.appending(path: name).path)
            held = NIOLockedValueBox((try data.lock(), try LocalSocket.listen(at: DataDirectory.takeoverSocket, in: data.path)))
        }

        deinit { try? FileManager.default.removeItem(atPath: data.path) }  // a leftover in the temporary folder harms nobody

        /// Its process ends.
        func end() { held.withLockedValue { $0 = nil } }

        /// What it would hand over; the listeners on free ports.
        func copies() throws -> [(name: HandedSocket, descriptor: Descriptor)] {
            [(.public, try Self.listener()), (.admin, try Self.listener()), (.lock, try lock), (.takeover, try listening)]
        }

        func pause() { isAccepting.withLockedValue { $0 = false } }

        func resume() { isAccepting.withLockedValue { $0 = true } }

        func server(handing holdings: (any HandedHoldings)? = nil) throws -> TakeoverServer {
            TakeoverServer(
                listening: try listening, holdings: holdings ?? self, logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        }

        static func listener() throws -> Descriptor {
            let descriptor = Descriptor(owning: socket(AF_INET, CInt(SOCK_STREAM.rawValue), 0))
            try #require(listen(descriptor.number, 1) == 0)
            return descriptor
        }
    }

    private func settings(listen: String = "0.0.0.0:0", admin: String = "0.0.0.0:0") throws -> Settings {
        Settings(listen: try #require(ListenAddress(listen)), adminListen: try #require(ListenAddress(admin)))
    }

    @Test("a hub that serves gets everything, and the lock stays taken when the old one has gone")
    func takesOver() async throws {
        let running = try Running()
        let server = try running.server()
        let isTakenOver = Task { await server.run() }  // awaited below
        let client = try #require(try TakeoverClient(data: running.data))
        let handed = try await client.take(for: settings())
        #expect(handed.publicSocket.listeningAddress?.host == "0.0.0.0" && handed.takeover.listeningAddress == nil)
        try await client.confirm()
        #expect(await isTakenOver.value)
        #expect(!running.isAccepting.withLockedValue { $0 })
        running.end()
        #expect(throws: DataDirectory.DataError.self) { _ = try running.data.lock() }
        withExtendedLifetime(handed) {}
    }

    @Test("a hub that is gone before it serves leaves the old one as it was, and the next may try")
    func goesOn() async throws {
        let running = try Running()
        let server = try running.server()
        let isTakenOver = Task { await server.run() }  // awaited below
        for _ in 0..<2 { _ = try await #require(try TakeoverClient(data: running.data)).take(for: settings()) }
        let client = try #require(try TakeoverClient(data: running.data))
        _ = try await client.take(for: settings())
        try await client.confirm()
        #expect(await isTakenOver.value)
    }

    @Test("a hub that takes too long, or says something else, does not take over")
    func limits() async throws {
        let running = try Running()
        var server = try running.server()
        server.readyLimit = .zero
        let slow = try LocalSocket.connect(to: DataDirectory.takeoverSocket, in: running.data.path)
        let accepted = try #require(LocalSocket.accept(try running.listening))
        #expect(LocalSocket.send(TakeoverMessage.request(process: 1).line, over: slow))
        #expect(await !server.handOver(to: accepted))
        #expect(running.isAccepting.withLockedValue { $0 })
        withExtendedLifetime(slow) {}
        for wrong in ["{\"takeover\":1,\"say\":\"released\"}\n", "GET / HTTP/1.1\r\n", String(repeating: "x", count: 5000)] {
            let client = try LocalSocket.connect(to: DataDirectory.takeoverSocket, in: running.data.path)
            let accepted = try #require(LocalSocket.accept(try running.listening))
            #expect(LocalSocket.send(ByteBuffer(string: wrong), over: client))
            #expect(await !server.handOver(to: accepted))
        }
    }

    @Test("another version is told so")
    func versions() async throws {
        let running = try Running()
        let client = try LocalSocket.connect(to: DataDirectory.takeoverSocket, in: running.data.path)
        let accepted = try #require(LocalSocket.accept(try running.listening))
        #expect(LocalSocket.send(ByteBuffer(string: "{\"takeover\":2,\"say\":\"anything\"}\n"), over: client))
        #expect(try await !running.server().handOver(to: accepted))
        let error = await #expect(throws: TakeoverError.self) { _ = try await TakeoverConnection(client).receive(within: .zero) }
        #expect(error == .refused("it speaks version 1"))
    }

    @Test("sockets that the settings do not ask for are not taken", arguments: [("127.0.0.1:0", "0.0.0.0:0"), ("0.0.0.0:0", "0.0.0.0:1")])
    func restart(listen: String, admin: String) async throws {
        let running = try Running()
        let server = try running.server()
        let isTakenOver = Task { await server.run() }  // ended below
        let client = try #require(try TakeoverClient(data: running.data))
        let error = await #expect(throws: CommandFailure.self) { _ = try await client.take(for: settings(listen: listen, admin: admin)) }
        #expect(error?.description.contains("restart") == true)
        isTakenOver.cancel()
        #expect(await !isTakenOver.value)
    }

    private struct Substitute: HandedHoldings {
        var running: Running
        var change: @Sendable ([(name: HandedSocket, descriptor: Descriptor)]) -> [(name: HandedSocket, descriptor: Descriptor)]

        func copies() throws -> [(name: HandedSocket, descriptor: Descriptor)] { change(try running.copies()) }
        func pause() {}
        func resume() {}
    }

    @Test("what is not the lock of this folder, or not all there is, is not taken", arguments: 0..<3)
    func substitutes(which: Int) async throws {
        let running = try Running()
        let other = try Running()
        let otherLock = try other.lock
        let server = try running.server(
            handing: Substitute(running: running) { handed in
                switch which {
                case 0: handed.map { $0.name == .lock ? (.lock, otherLock) : $0 }
                case 1: Array(handed.dropLast())
                default: handed.map { (.public, $0.descriptor) }
                }
            })
        let isTakenOver = Task { await server.run() }  // ended below
        let client = try #require(try TakeoverClient(data: running.data))
        await #expect(throws: CommandFailure.self) { _ = try await client.take(for: settings()) }
        isTakenOver.cancel()
        #expect(await !isTakenOver.value)
    }

    /// Sees the other end leave at the last moment.
    private struct Leaving: HandedHoldings {
        var running: Running
        var client: Descriptor

        func copies() throws -> [(name: HandedSocket, descriptor: Descriptor)] { try running.copies() }
        func resume() { running.resume() }
        func pause() {
            running.pause()
            shutdown(client.number, CInt(SHUT_RD))
        }
    }

    @Test("a hub that is ready and gone when it is to be released leaves the old one accepting")
    func resumes() async throws {
        let running = try Running()
        let client = try LocalSocket.connect(to: DataDirectory.takeoverSocket, in: running.data.path)
        let accepted = try #require(LocalSocket.accept(try running.listening))
        for message in [TakeoverMessage.request(process: 1), .ready] { #expect(LocalSocket.send(message.line, over: client)) }
        #expect(try await !running.server(handing: Leaving(running: running, client: client)).handOver(to: accepted))
        #expect(running.isAccepting.withLockedValue { $0 })
    }

    @Test("without a hub there is nothing to take over from, also where its socket was left")
    func nobody() throws {
        let running = try Running()
        #expect(try TakeoverClient(data: running.data) != nil)
        let left = try Running()
        left.end()
        #expect(try TakeoverClient(data: left.data) == nil)
        let again = try LocalSocket.listen(at: DataDirectory.takeoverSocket, in: left.data.path)
        #expect(try TakeoverClient(data: left.data) != nil)
        withExtendedLifetime(again) {}
        left.data.removeRunningHub()
        #expect(try TakeoverClient(data: left.data) == nil)
    }

    @Test("the socket is its owner's alone, however long the folder's path is", arguments: [0, 3])
    func file(depth: Int) throws {
        let running = try Running(depth: depth)
        let path = running.data.path + "/" + DataDirectory.takeoverSocket
        #expect((path.utf8.count > 107) == (depth > 0))
        let attributes = try FileManager.default.attributesOfItem(atPath: path)
        #expect((attributes[.posixPermissions] as? Int) == 0o600)
        #expect(try TakeoverClient(data: running.data) != nil)
    }

    @Test("messages are read as they were written")
    func messages() throws {
        for message in [.request(process: 7), .sockets(HandedSocket.allCases), .ready, .released, .refused("no \"room\"\n")]
            as [TakeoverMessage]
        {
            #expect(try TakeoverMessage(line: message.line) == message)
            #expect(message.line.readableBytes < LocalSocket.maximumMessage && message.line.readableBytesView.last == 0x0A)
        }
        for wrong in ["", "[]", "{\"say\":\"ready\"}", "{\"takeover\":1}", "{\"takeover\":1,\"say\":\"sockets\",\"sockets\":[\"disk\"]}"] {
            #expect(throws: TakeoverError.garbled) { try TakeoverMessage(line: ByteBuffer(string: wrong)) }
        }
        #expect(throws: TakeoverError.otherVersion(9)) { try TakeoverMessage(line: ByteBuffer(string: "{\"takeover\":9}")) }
    }
}

@Suite("Passed sockets")
struct PassedSocketsTests {
    private func roles(_ count: String, _ names: String?, process: String = "9") throws -> [PassedSockets.Role] {
        var environment = ["LISTEN_FDS": count, "LISTEN_PID": process]
        environment["LISTEN_FDNAMES"] = names
        return try PassedSockets.roles(environment: environment, process: 9)
    }

    // 1. If a name is `public` or `admin`, each has to be, and none twice.
    // 2. Otherwise the first is the public one, the second that of the admin listener.
    @Test("sockets are known by name, or by their order")
    func named() throws {
        #expect(try roles("2", "admin:public") == [.admin, .public])  // 1
        #expect(try roles("1", "admin") == [.admin])
        for names in ["public:hubd.socket", "public:public", "public", "public:admin:", "public:admin:admin"] {
            #expect(throws: CommandFailure.self) { try roles("2", names) }
        }
        #expect(try roles("1", nil) == [.public])  // 2
        #expect(try roles("2", "hubd.socket:hubd.socket") == [.public, .admin])
        #expect(try roles("0", nil) == [])
    }

    @Test("sockets for another process are not taken, and an odd number is refused")
    func others() throws {
        #expect(try roles("1", nil, process: "8") == [])
        #expect(try PassedSockets.roles(environment: ["LISTEN_FDS": "1"], process: 9) == [])
        for count in ["3", "-1", "x", "", "99999999999999999999"] { #expect(throws: CommandFailure.self) { try roles(count, nil) } }
    }

    @Test(
        "a socket has to be where the settings say",
        arguments: [
            ("127.0.0.1:80", "127.0.0.1:80", true), ("127.0.0.1:0", "127.0.0.1:80", true), ("127.0.0.1:80", "127.0.0.1:81", false),
            ("127.0.0.1:80", "0.0.0.0:80", false), ("127.0.0.1:80", "[::1]:80", false), ("0.0.0.0:80", "[::]:80", true),
            ("0.0.0.0:80", "127.0.0.1:80", false), ("localhost:80", "[::1]:80", true), ("localhost:80", "0.0.0.0:80", false),
            ("no-such-host.invalid:80", "127.0.0.1:80", false),
        ])
    func places(wanted: String, actual: String, isMet: Bool) throws {
        #expect(try #require(ListenAddress(wanted)).isMet(by: #require(ListenAddress(actual))) == isMet)
    }
}
