import HTTPTypes
import HubCore
import NIOCore
import Testing

@testable import A2ABridge

@Suite("requests over the two bindings")
struct A2ARequestTests {
    @Test("what is written over HTTP+JSON is read there again, from path, query and body", arguments: Golden.cases("requests"))
    func http(_ example: GoldenCase) throws {
        let operation = try #require(example.operation)
        for source in [A2ADialect.v1_0, .v0_3Proto] {
            guard let json = example[source] else { continue }
            let request = try A2ARequest(operation, WireValue(json, source))
            let sent = try #require(request.http(source.version))
            let parts = sent.path.split(separator: "?", maxSplits: 1)
            let route = try #require(A2ARoute(sent.method, parts[0]))
            #expect(route.operation == operation && route.version == source.version)
            #expect((sent.body != nil) == (sent.method == .post))
            let body = try sent.body.map { try JSONDocument(parsing: $0, limits: .message) }
            let document = try #require(body ?? CallQuery.object(of: parts.dropFirst().first))
            #expect(try A2ARequest(operation, WireValue(document.root, source), route: route) == request)
        }
    }

    @Test("what is written over JSON-RPC is an envelope with the version's method and the parameters", arguments: Golden.cases("requests"))
    func jsonRPC(_ example: GoldenCase) throws {
        let operation = try #require(example.operation)
        for version in A2AVersion.allCases {
            let dialect = A2ADialect(jsonRPC: version)
            guard let json = example[dialect] else { continue }
            let request = try A2ARequest(operation, WireValue(json, dialect))
            let sent = try #require(request.jsonRPC(id: "1", version))
            let envelope = try JSONRPCEnvelope(JSONDocument(parsing: sent, limits: .message).root)
            #expect(envelope.method == operation.method(in: version))
            let parameters = try envelope.params ?? JSONValue("{}")
            #expect(try A2ARequest(operation, WireValue(parameters, dialect)) == request)
        }
    }

    @Test("a list of tasks is a query")
    func listQuery() throws {
        let query = TaskListQuery(
            tenant: "a b", contextID: "c&1", state: .working, pageSize: 10, pageToken: "x+/=", historyLength: 0,
            changedSince: WireTime("2026-12-01T10:00:00Z"), includesArtifacts: true)
        let sent = try #require(A2ARequest.listTasks(query).http(.v1_0))
        #expect(sent.method == .get)
        #expect(
            sent.path == "/a%20b/tasks?contextId=c%261&status=TASK_STATE_WORKING&pageSize=10&pageToken=x%2B%2F%3D&historyLength=0"
                + "&statusTimestampAfter=2026-12-01T10%3A00%3A00Z&includeArtifacts=true")
        #expect(A2ARequest.listTasks(query).http(.v0_3) == nil)
        #expect(A2ARequest.listTasks(query).jsonRPC(id: "1", .v0_3) == nil)
    }

    @Test("a path says more than a body")
    func pathWins() throws {
        let route = try #require(A2ARoute(.post, "/acme/tasks/t-1:cancel"))
        let body = try WireValue(JSONValue(#"{"tenant":"other","id":"t-2","metadata":{"a":1}}"#), .v1_0)
        let request = try A2ARequest(.cancelTask, body, route: route)
        #expect(request == .cancelTask(TaskReference(tenant: "acme", id: "t-1", metadata: ByteBuffer(string: #"{"a":1}"#))))
        #expect(request.tenant == "acme")
        #expect(request.taskID == "t-1")
        #expect(request.operation == .cancelTask)
    }

    @Test("a body of 0.3 is read however its peer writes it, over HTTP+JSON, too")
    func eitherSpelling() throws {
        let schema =
            #"{"message":{"kind":"message","messageId":"m","role":"user","parts":[{"kind":"data","data":{"data":1}},{"kind":"file","file":{"bytes":"AA=="}}]}}"#
        let proto =
            #"{"message":{"messageId":"m","role":"ROLE_USER","content":[{"data":{"data":{"data":1}}},{"file":{"fileWithBytes":"AA"}}]}}"#
        let (first, second) = try (WireValue(JSONValue(schema), .v0_3Proto), WireValue(JSONValue(proto), .v0_3Proto))
        #expect(try A2ARequest(.sendMessage, first) == A2ARequest(.sendMessage, second))
        #expect(first.isOfSchema)
        #expect(!second.isOfSchema)
        #expect(A2ADialect(http: .v0_3, isSchema: true) == .v0_3)
    }

    private static let refused: [(A2AOperation, A2ADialect, String, WireProblem)] = [
        (.sendMessage, .v1_0, "[]", WireProblem(place: "", reason: .notObject)),
        (.sendMessage, .v1_0, "{}", WireProblem(place: "message", reason: .missing)),
        (.sendMessage, .v1_0, #"{"message":null}"#, WireProblem(place: "message", reason: .missing)),
        (.sendMessage, .v1_0, #"{"message":{"role":"ROLE_USER"}}"#, WireProblem(place: "message.messageId", reason: .missing)),
        (.sendMessage, .v1_0, message(#""parts":[]"#), WireProblem(place: "message.parts", reason: .missing)),
        (.sendMessage, .v1_0, message(#""parts":{}"#), WireProblem(place: "message.parts", reason: .notArray)),
        (.sendMessage, .v1_0, message(#""parts":[{"text":"a"},{}]"#), WireProblem(place: "message.parts[1]", reason: .notOneOf)),
        (.sendMessage, .v1_0, message(#""parts":[{"text":"a","url":"b"}]"#), WireProblem(place: "message.parts[0]", reason: .notOneOf)),
        (.sendMessage, .v1_0, message(#""parts":[{"text":1}]"#), WireProblem(place: "message.parts[0].text", reason: .notText)),
        (.sendMessage, .v1_0, message(#""parts":[{"raw":"%"}]"#), WireProblem(place: "message.parts[0].raw", reason: .notBase64)),
        (.sendMessage, .v1_0, message(#""parts":[{"text":""}],"metadata":[]"#), WireProblem(place: "message.metadata", reason: .notObject)),
        (
            .sendMessage, .v1_0, message(#""parts":[{"text":""}],"role":"ROLE_SYSTEM""#),
            WireProblem(place: "message.role", reason: .unknownValue)
        ),
        (
            .sendMessage, .v0_3, message(#""parts":[{"kind":"file","file":{}}]"#),
            WireProblem(place: "message.parts[0].file", reason: .notOneOf)
        ),
        (.sendMessage, .v0_3, message(#""parts":[{"kind":"video"}]"#), WireProblem(place: "message.parts[0].data", reason: .missing)),
        (.getTask, .v1_0, #"{"id":""}"#, WireProblem(place: "id", reason: .missing)),
        (.getTask, .v1_0, #"{"id":"t","historyLength":-1}"#, WireProblem(place: "historyLength", reason: .notCount)),
        (.getTask, .v1_0, #"{"id":"t","historyLength":2147483648}"#, WireProblem(place: "historyLength", reason: .notCount)),
        (.getTask, .v1_0, #"{"id":"t","historyLength":1.5}"#, WireProblem(place: "historyLength", reason: .notCount)),
        (.listTasks, .v1_0, #"{"pageSize":101}"#, WireProblem(place: "pageSize", reason: .outOfRange)),
        (.listTasks, .v1_0, #"{"pageSize":0}"#, WireProblem(place: "pageSize", reason: .outOfRange)),
        (.listTasks, .v1_0, #"{"status":"RUNNING"}"#, WireProblem(place: "status", reason: .unknownValue)),
        (.listTasks, .v1_0, #"{"statusTimestampAfter":"yesterday"}"#, WireProblem(place: "statusTimestampAfter", reason: .notTime)),
        (.listTasks, .v1_0, #"{"includeArtifacts":"yes"}"#, WireProblem(place: "includeArtifacts", reason: .notFlag)),
        (.createPush, .v1_0, #"{"url":"https://a"}"#, WireProblem(place: "taskId", reason: .missing)),
        (.createPush, .v1_0, #"{"taskId":"t"}"#, WireProblem(place: "url", reason: .missing)),
        (.createPush, .v0_3, #"{"taskId":"t","url":"https://a"}"#, WireProblem(place: "pushNotificationConfig", reason: .missing)),
        (.getPush, .v1_0, #"{"taskId":"t"}"#, WireProblem(place: "id", reason: .missing)),
        (.deletePush, .v0_3, #"{"id":"t"}"#, WireProblem(place: "pushNotificationConfigId", reason: .missing)),
    ]

    private static func message(_ members: String) -> String {
        let role = members.contains("role") ? "" : #""role":"1","#.replacing("\"1\"", with: "1")
        return #"{"message":{"messageId":"m",\#(role)\#(members)}}"#
    }

    @Test("what is wrong with a request is told with its place", arguments: refused.indices)
    func problems(_ index: Int) throws {
        let (operation, dialect, text, problem) = Self.refused[index]
        let value = try WireValue(JSONValue(text), dialect)
        #expect(throws: problem, "\(text)") { try A2ARequest(operation, value) }
        let failure = A2AFailure(problem)
        #expect(failure.code == .invalidParameters)
        #expect(failure.violations == [A2AFailure.Violation(field: problem.place, description: problem.reason.rawValue)])
    }

    @Test("numbers may be texts, names may be numbers, and null is nothing, as ProtoJSON has it")
    func leniency() throws {
        let text = #"{"id":"t","historyLength":"5","tenant":null,"later":{"x":[]}}"#
        #expect(try A2ARequest(.getTask, WireValue(JSONValue(text), .v1_0)) == .getTask(TaskQuery(id: "t", historyLength: 5)))
        let list = try A2ARequest(.listTasks, WireValue(JSONValue(#"{"status":3,"includeArtifacts":"true"}"#), .v1_0))
        #expect(list == .listTasks(TaskListQuery(state: .completed, includesArtifacts: true)))
        let raw = try MessagePart(WireValue(JSONValue(#"{"raw":"-_8","text":null}"#), .v1_0))
        #expect(raw.content == .raw(ByteBuffer(bytes: [0xFB, 0xFF])))
    }

    @Test("fields may have the names of the protocol buffers where those are what is spoken, and nowhere else")
    func protoNames() throws {
        let text = #"{"id":"t","history_length":3}"#
        for dialect in [A2ADialect.v1_0, .v0_3Proto] {
            guard case .getTask(let query) = try A2ARequest(.getTask, WireValue(JSONValue(text), dialect)) else { return }
            #expect(query.historyLength == 3)
        }
        guard case .getTask(let older) = try A2ARequest(.getTask, WireValue(JSONValue(text), .v0_3)) else { return }
        #expect(older.historyLength == nil)
        let push = #"{"task_id":"t","id":"h","url":"https://example.com"}"#
        #expect(try A2ARequest(.createPush, WireValue(JSONValue(push), .v1_0)).taskID == "t")
    }

    @Test("the secrets of a webhook are not in what is printed of it")
    func secrets() throws {
        let text = #"{"taskId":"t","url":"https://a","token":"hush","authentication":{"scheme":"Bearer","credentials":"quiet"}}"#
        let request = try A2ARequest(.createPush, WireValue(JSONValue(text), .v1_0))
        #expect(!"\(request)".contains("hush") && !"\(request)".contains("quiet"))
    }

    @Test("what is kept of a message keeps nothing else of it")
    func ownMemory() throws {
        let text = #"{"data":[1, 2],"metadata":{"a":1},"padding":"\#(String(repeating: "p", count: 100_000))"}"#
        let part = try MessagePart(WireValue(JSONValue(text), .v1_0))
        guard case .data(let data) = part.content else {
            Issue.record("no data")
            return
        }
        #expect(data == ByteBuffer(string: "[1,2]"))
        #expect(data.storageCapacity < 1000)
        #expect(try #require(part.metadata).storageCapacity < 1000)
    }

    @Test("the place of a problem is short, whatever names a caller makes up")
    func longPlace() throws {
        let name = String(repeating: "n", count: 5000)
        let card = #"{"name":"A","url":"https://a","securitySchemes":{"\#(name)":7}}"#
        let problem = #expect(throws: WireProblem.self) { try AgentCard(WireValue(JSONValue(card), .v1_0)) }
        #expect(problem?.place.utf8.count == 200)
        #expect(problem?.reason == .notObject)
    }
}
