import HTTPTypes
import HubCore
import Logging
import NIOConcurrencyHelpers
import NIOCore
import Testing

/// Answers as the test says.
private struct ScriptedEntry: HubEntry {
    var answer: @Sendable (InboundRequest, Substring, any ResponseWriter) async throws -> Void

    func respond(to request: InboundRequest, subpath: Substring, writer: any ResponseWriter) async throws {
        try await answer(request, subpath, writer)
    }
}

@Suite("Entries as targets", .timeLimit(.minutes(1)))
struct EntryTargetTests {
    private func perform(
        _ answer: @escaping @Sendable (InboundRequest, Substring, any ResponseWriter) async throws -> Void
    ) async throws -> CallResponse {
        var message = OutboundRequest(method: .post, path: "/chat", body: ByteBuffer(string: "hello"))
        message.headers[.contentType] = "text/plain"
        var context = CallContext(requestID: "r1", logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        context.principal = Principal(consumer: "one", credential: nil)
        context.callerAddress = "192.0.2.1"
        let target = EntryTarget(ScriptedEntry(answer: answer), below: "/v1")
        return try await target.perform(Call(entry: "a", tool: "t", content: .message(message)), context: context)
    }

    @Test("the entry gets the message as its caller's, and its answer is the call's")
    func whole() async throws {
        let response = try await perform { request, subpath, writer in
            #expect(subpath == "/v1/chat" && request.id == "r1" && request.principal.consumer == "one")
            #expect(request.remoteAddress == "192.0.2.1" && request.head.headerFields[.contentType] == "text/plain")
            try await writer.respond(HTTPResponse(status: .accepted, headerFields: [.contentType: "x/y"]), body: request.body)
        }
        #expect(response.status == 202 && response.contentType == "x/y")
        #expect(try await String(buffer: response.body.collect(upTo: 10)) == "hello")
    }

    @Test("a stream is read piece by piece, and one piece at most waits for its reader")
    func streamed() async throws {
        let written = NIOLockedValueBox(0)
        let response = try await perform { _, _, writer in
            try await writer.begin(HTTPResponse(status: .ok))
            for number in 0..<5 {
                try await writer.write(ByteBuffer(string: "\(number)"))
                written.withLockedValue { $0 += 1 }
                try await writer.write(ByteBuffer())
            }
            try await writer.end()
        }
        guard case .stream(let stream) = response.body else {
            Issue.record("The answer is no stream")
            return
        }
        for number in 0..<5 {
            #expect(written.withLockedValue { $0 } <= number + 1)
            #expect(try await stream.next().map { String(buffer: $0) } == "\(number)")
        }
        #expect(try await stream.next() == nil)
    }

    @Test("an entry that fails, before its head or behind it, or never answers, is a failure")
    func failures() async throws {
        await #expect(throws: HubError.self) { _ = try await perform { _, _, _ in throw HubError(.overloaded, "Full") } }
        await #expect(throws: HubError.self) { _ = try await perform { _, _, _ in } }
        for isCut in [true, false] {
            let response = try await perform { _, _, writer in
                try await writer.begin(HTTPResponse(status: .ok))
                try await writer.write(ByteBuffer(string: "half"))
                if isCut { writer.cut() } else { throw CancellationError() }
            }
            await #expect(throws: HubError.self) { _ = try await response.body.collect(upTo: 10) }
        }
    }

    @Test("a reader that leaves ends the work of the entry")
    func leaves() async throws {
        let (ended, continuation) = AsyncStream.makeStream(of: Bool.self)
        let response = try await perform { _, _, writer in
            try await writer.begin(HTTPResponse(status: .ok))
            do {
                while true { try await writer.write(ByteBuffer(string: "x")) }
            } catch {
                continuation.yield(error is CancellationError)
                throw error
            }
        }
        guard case .stream(let stream) = response.body else {
            Issue.record("The answer is no stream")
            return
        }
        #expect(try await stream.next() != nil)
        stream.cancel()
        for await isCancellation in ended {
            #expect(isCancellation)
            break
        }
    }

    @Test("a caller that is cancelled while it waits for the head ends the work of the entry")
    func cancelled() async throws {
        let (begun, beginning) = AsyncStream.makeStream(of: Void.self)
        let (ended, continuation) = AsyncStream.makeStream(of: Void.self)
        let work = Task {
            _ = try await perform { _, _, _ in
                await withTaskCancellationHandler {
                    beginning.yield()
                    for await _ in ended { return }
                } onCancel: {
                    continuation.yield()
                }
            }
        }
        for await _ in begun { break }
        work.cancel()
        await #expect(throws: CancellationError.self) { try await work.value }
    }
}
