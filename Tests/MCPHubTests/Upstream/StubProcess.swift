import HubCore
import NIOConcurrencyHelpers
import NIOCore

@testable import MCPHub

/// A process that answers lines as the test says; nil is no answer.
final class StubProcess: LineChannel {
    private let respond: @Sendable (JSONValue) -> String?
    private let output: AsyncStream<ByteBuffer>
    private let continuation: AsyncStream<ByteBuffer>.Continuation
    /// What it reads, in order.
    let input: AsyncStream<JSONValue>
    private let reading: AsyncStream<JSONValue>.Continuation
    private let closed = NIOLockedValueBox(false)

    init(_ respond: @escaping @Sendable (JSONValue) -> String?) {
        self.respond = respond
        (output, continuation) = AsyncStream.makeStream()
        (input, reading) = AsyncStream.makeStream()
    }

    let diagnostics = "last words"
    var isClosed: Bool { closed.withLockedValue { $0 } }

    /// Writes a line.
    func say(_ line: String) { continuation.yield(ByteBuffer(string: line)) }
    /// Ends its output.
    func exit() { continuation.finish() }

    func send(_ line: ByteBuffer) async throws {
        let message = try JSONDocument(parsing: line, limits: .message).root
        reading.yield(message)
        if let answer = respond(message) { say(answer) }
    }

    func next() async throws -> ByteBuffer? {
        var iterator = output.makeAsyncIterator()  // one reader, one element at a time
        return await iterator.next()
    }

    func close() {
        closed.withLockedValue { $0 = true }
        continuation.finish()
        reading.finish()
    }

    /// Waits for a message of this method, or for an answer where it is empty.
    func arrival(of method: String) async -> JSONValue? {
        for await message in input where message["method"]?.string ?? "" == method { return message }
        return nil
    }
}

/// Starts one process after another.
final class StubSource: LineChannelSource {
    private let make: @Sendable (Int) -> StubProcess
    private let started = NIOLockedValueBox<[StubProcess]>([])

    init(_ make: @escaping @Sendable (Int) -> StubProcess) { self.make = make }

    var processes: [StubProcess] { started.withLockedValue { $0 } }
    var runningProcesses: Int { processes.count { !$0.isClosed } }

    func open() async throws -> any LineChannel {
        started.withLockedValue { started in
            started.append(make(started.count))
            return started[started.count - 1]
        }
    }

    func opener(_ timers: TimerTable = TimerTable(), era: UpstreamEra = .auto) -> LineSessionOpener {
        LineSessionOpener(source: self, timers: timers, version: "1.0", era: era, logger: .silent)
    }
}

extension JSONValue {
    var rpcID: Int { self["id"]?.int ?? 0 }
    var rpcMethod: String { self["method"]?.string ?? "" }

    func result(_ result: String) -> String { #"{"jsonrpc":"2.0","id":\#(rpcID),"result":\#(result)}"# }
    func error(_ code: Int, data: String = "null") -> String {
        #"{"jsonrpc":"2.0","id":\#(rpcID),"error":{"code":\#(code),"message":"no","data":\#(data)}}"#
    }
    func discovered(_ capabilities: String = "{}") -> String {
        result(#"{"supportedVersions":["2026-07-28"],"capabilities":\#(capabilities)}"#)
    }
    func initialized(_ version: String = "2025-11-25", _ capabilities: String = "{}") -> String {
        result(#"{"protocolVersion":"\#(version)","capabilities":\#(capabilities),"serverInfo":{"name":"p","version":"1"}}"#)
    }
}
