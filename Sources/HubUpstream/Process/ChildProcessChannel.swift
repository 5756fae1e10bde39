import HubCore
import NIOCore

/// One process as its user holds it: letting go of it ends the process.
final class ChildProcessChannel: LineChannel {
    private let process: ChildProcess

    init(_ process: ChildProcess) {
        self.process = process
    }

    deinit { process.close() }

    func send(_ line: ByteBuffer) async throws { try await process.send(line) }
    func next() async throws -> ByteBuffer? { try await process.next() }
    func close() { process.close() }
    var diagnostics: String { process.diagnostics }
}
