import Glibc
import HubCore
import NIOCore
import Testing

@testable import HubUpstream

/// Programs for tests.
enum TestProcess {
    /// A shell script, which is ended without much patience.
    static func script(_ text: String, _ arguments: String..., patience: Duration = .milliseconds(100)) -> ChildProcessSettings {
        var settings = ChildProcessSettings(command: ["sh", "-c", text, "sh"] + arguments)
        settings.stopLimit = patience
        settings.killLimit = patience
        return settings
    }

    static func open(_ settings: ChildProcessSettings) async throws -> any LineChannel {
        try await ChildProcessSource(settings).open()
    }
}

extension LineChannel {
    func send(_ text: String) async throws { try await send(ByteBuffer(string: text)) }

    func text() async throws -> String? { try await next().map { String(buffer: $0) } }

    func texts() async throws -> [String] {
        var texts: [String] = []
        while let line = try await text() { texts.append(line) }
        return texts
    }
}

/// A named pipe whose reader learns when the last process that holds its other end has gone, whatever became of its parents.
final class Leash {
    let path: String
    private let folder: String
    private let descriptor: CInt

    init() throws {
        var template = Array("/tmp/hubd-leash-XXXXXX".utf8CString)
        try #require(unsafe mkdtemp(&template) != nil)
        folder = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        path = folder + "/pipe"
        try #require(unsafe mkfifo(path, 0o600) == 0)
        descriptor = unsafe Glibc.open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC)
        try #require(descriptor >= 0)
    }

    deinit {
        close(descriptor)
        unsafe unlink(path)
        unsafe rmdir(folder)
    }

    /// Whether everything that took hold of it has let go within a minute.
    func isReleased() -> Bool {
        var ready = pollfd(fd: descriptor, events: 0, revents: 0)
        return unsafe poll(&ready, 1, 60_000) == 1 && Int32(ready.revents) & POLLHUP != 0
    }

    /// Whether somebody holds it at this moment.
    var isHeld: Bool {
        var ready = pollfd(fd: descriptor, events: 0, revents: 0)
        return unsafe poll(&ready, 1, 0) == 0
    }
}
