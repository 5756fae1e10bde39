import A2ABridge
import Crypto
import FoundationEssentials
import HTTPTypes
import HubCore
import HubStore
import Logging
import NIOConcurrencyHelpers
import NIOCore
import Testing

@testable import hubd

/// Never answers, as an upstream that is being waited for when the hub is killed.
private struct SilentTarget: CallTarget {
    func perform(_ call: Call, context: CallContext) async throws -> CallResponse {
        try await Task.sleep(for: .seconds(3_600))
        throw CancellationError()
    }
}

/// Offers each notification as it comes.
private final class WebhookReceiver: WebhookSender {
    let arrivals = AsyncStream.makeStream(of: String.self)

    func check(_ address: WebhookAddress) async throws {}
    func post(_ body: ByteBuffer, headers: HTTPFields, to address: WebhookAddress, timeout: Duration) async throws -> Int {
        arrivals.continuation.yield(String(buffer: body) + (headers[.authorization] ?? ""))
        return 204
    }

    func next() async -> String {
        for await text in arrivals.stream { return text }
        return ""
    }
}

private final class RecordedAnswer: ResponseWriter {
    private let text = NIOLockedValueBox("")
    var body: String { text.withLockedValue { $0 } }

    func respond(_ head: HTTPResponse, body: ByteBuffer) async throws { text.withLockedValue { $0 += String(buffer: body) } }
    func begin(_ head: HTTPResponse) async throws {}
    func write(_ bytes: ByteBuffer) async throws { text.withLockedValue { $0 += String(buffer: bytes) } }
    func end() async throws {}
}

/// An agent of one process on a file that others may have.
private struct AgentProcess {
    private static let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

    let receiver = WebhookReceiver()
    let runtime: A2ARuntime
    let agent: A2AAgent

    init(_ path: String, _ ring: MasterKeyRing) throws {
        let database = try HubDatabase(path: path)
        let secrets = SecretStore(SecretRepository(database)) { () throws(SecretError) in ring }
        let tasks = TaskRepository(database, secrets: secrets)
        let store = StoredAgentTasks({ tasks }) { 1 }
        let timers = TimerTable()
        let push = PushSender(receiver, timers: timers, logger: Self.logger, secondsSince1970: { 1 })
        runtime = A2ARuntime(store: store, timers: timers, push: push) { 1_700_000_000_000 }
        let definition = ToolDefinition(
            name: "book", description: "Books a table", inputSchema: ByteBuffer(string: "{}"), annotations: ToolAnnotations(), risk: .write,
            operation: "POST /book")
        agent = A2AAgent(
            name: "tables", profile: AgentProfile(name: "Tables", description: "Books tables.", version: "1"),
            tools: ToolSet([Tool(definition: definition, target: SilentTarget())]),
            hosts: HostRule(names: [], allowsLoopback: true), runtime: runtime)
    }

    func ask(_ method: String, _ params: String) async throws -> JSONValue? {
        let head = HTTPRequest(
            method: .post, scheme: "http", authority: "localhost", path: "/a2a/tables", headerFields: [.contentType: "application/json"])
        let body = ByteBuffer(string: #"{"jsonrpc":"2.0","id":1,"method":"\#(method)","params":\#(params)}"#)
        let request = InboundRequest(
            head: head, host: "localhost", body: body, id: "r", remoteAddress: "127.0.0.1", logger: Self.logger)
        let answer = RecordedAnswer()
        try await agent.respond(to: request, subpath: "", writer: answer)
        return try JSONDocument(parsing: answer.body, limits: .message).root["result"]
    }

    func recover() async throws -> (begunAnew: Int, failed: Int) {
        try await runtime.recover([agent], logger: Self.logger) { _ in CallContext(requestID: "r", logger: Self.logger) }
    }
}

@Suite("An agent of a hub that was killed and started again", .timeLimit(.minutes(5)))
struct RestartedAgentTests {
    @Test("what a client was told is there, what may have changed something has failed, and the webhook is told so with its credentials")
    func restart() async throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "hub-tasks-\(UUID())")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }  // a temporary folder may stay
        let path = folder.appending(path: "hub.sqlite").path
        let ring = MasterKeyRing(try #require(MasterKey(SymmetricKey(size: .bits256))))
        let first = try AgentProcess(path, ring)
        let push = #"{"url":"https://a.example/h","authentication":{"scheme":"Bearer","credentials":"cred"}}"#
        let sent = try await first.ask(
            "SendMessage",
            #"{"message":{"messageId":"m","role":"ROLE_USER","parts":[{"data":{"skill":"book","arguments":{}}}]},"#
                + #""configuration":{"returnImmediately":true,"taskPushNotificationConfig":\#(push)}}"#)
        let id = sent?[path: "task", "id"]?.string ?? ""
        #expect(await first.receiver.next().contains("TASK_STATE_WORKING"))
        // The first process is left as it is: from here on only the file counts.
        let second = try AgentProcess(path, ring)
        #expect(try await second.ask("ListTasks", "{}")?["totalSize"]?.int == 1)
        #expect(try await second.recover() == (0, 1))
        var told = await second.receiver.next()
        if told.contains("TASK_STATE_WORKING") { told = await second.receiver.next() }  // at least once
        #expect(told.contains("TASK_STATE_FAILED") && told.contains("not known") && told.hasSuffix("Bearer cred") && told.contains(id))
        let task = try await second.ask("GetTask", #"{"id":"\#(id)"}"#)
        #expect(task?[path: "status", "state"]?.string == "TASK_STATE_FAILED" && task?["history"]?.count == 1)
        #expect(try await second.recover() == (0, 0))
        first.runtime.drain()
        second.runtime.drain()
    }
}
