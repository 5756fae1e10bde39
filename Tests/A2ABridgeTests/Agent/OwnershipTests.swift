import HTTPTypes
import HubCore
import NIOCore
import Testing

@testable import A2ABridge

/// `one` may use everything, anybody else `find_orders` alone, of customers other than `secret`.
private struct StubPermission: EntryPermission {
    func standing(of principal: Principal) -> CallerStanding {
        var standing = CallerStanding(none: 1)
        if principal.consumer == "one" { standing.insert(0) }
        return standing
    }

    func shows(tool: String, to standing: CallerStanding) -> Bool { standing.contains(0) || tool == "find_orders" }
    func allows(tool: String, arguments: JSONValue?, to standing: CallerStanding) -> Bool {
        standing.contains(0) || arguments?["customer_id"]?.isString("secret") != true
    }
    func showsItems(to standing: CallerStanding) -> Bool { false }
}

@Suite("Whose tasks and skills they are", .timeLimit(.minutes(1)))
struct OwnershipTests {
    private static let find = StubAgent.data("find_orders", #"{"customer_id":"1"}"#)

    @Test("another's task is told from one that never was in nothing")
    func foreign() async throws {
        let stub = StubAgent()
        let id = try await stub.task(Self.find).taskID
        let methods = ["GetTask", "CancelTask", "SubscribeToTask"]
        for method in methods {
            let foreign = try await stub.rpc(method, #"{"id":"\#(id)"}"#, by: "two")
            let invented = try await stub.rpc(method, #"{"id":"01890000-0000-7000-8000-000000000000"}"#, by: "two")
            #expect(foreign.text == invented.text && foreign.status == invented.status)
            #expect(try foreign.json()[path: "error", "code"]?.int == -32001)
        }
        let message = try await stub.rpc("SendMessage", StubAgent.message(#"{"text":"x"}"#, task: id), by: "two").json()
        #expect(message[path: "error", "code"]?.int == -32001)
        let http = try await stub.send(stub.request(.get, "/tasks/\(id)", by: "two"))
        #expect(http.status == 404)
        #expect(try await stub.rpc("ListTasks", "{}", by: "two").json()[path: "result", "totalSize"]?.int == 0)
        #expect(try await stub.rpc("GetTask", #"{"id":"\#(id)"}"#).json()["result"]?.taskID == id)
    }

    @Test("callers without a credential are known by their address")
    func anonymous() async throws {
        let stub = StubAgent()
        let id = try await stub.task(Self.find, by: "").taskID
        #expect(try await stub.rpc("GetTask", #"{"id":"\#(id)"}"#, by: "").json()["result"]?.taskID == id)
        var elsewhere = stub.request(.get, "/tasks/\(id)", by: "")
        elsewhere.remoteAddress = "192.0.2.1"
        #expect(try await stub.send(elsewhere).status == 404)
    }

    @Test("a skill that a caller may not use is not there for it: not in the card, not by name, not by words")
    func permission() async throws {
        let stub = StubAgent(permission: StubPermission(), credentials: [.apiKey(header: "x-api-key")])
        let picture = try await stub.rpc("SendMessage", StubAgent.message(StubAgent.data("picture")), by: "two")
        let absent = try await stub.rpc("SendMessage", StubAgent.message(StubAgent.data("absent")), by: "two")
        #expect(picture.text == absent.text)
        #expect(try picture.json()[path: "error", "code"]?.int == -32001)
        #expect(try await stub.task(StubAgent.data("picture")).state == "TASK_STATE_COMPLETED")
        let words = try await stub.task(#"{"text":"draw a picture"}"#, by: "two")
        #expect(words.question?["skill"]?.string == "find_orders")
        let secret = try await stub.task(StubAgent.data("find_orders", #"{"customer_id":"secret"}"#), by: "two")
        #expect(secret.state == "TASK_STATE_REJECTED")
        for (caller, count) in [("one", 8), ("two", 1)] {
            let card = try await stub.rpc("GetExtendedAgentCard", "{}", by: caller).json()["result"]
            #expect(card?["skills"]?.count == count)
        }
    }

    @Test("tasks are listed a page at a time, the newest first, and can be narrowed")
    func lists() async throws {
        let stub = StubAgent()
        var ids: [String] = []
        for _ in 0..<5 { ids.append(try await stub.task(Self.find).taskID) }
        let waiting = try await stub.task(StubAgent.data("delete_order", #"{"orderId":"1"}"#)).taskID
        var (seen, token) = ([String](), "")
        repeat {
            let page = try await stub.rpc("ListTasks", #"{"pageSize":2,"pageToken":"\#(token)"}"#).json()["result"]
            seen += page?["tasks"]?.elements.map(\.taskID) ?? []
            #expect(page?["totalSize"]?.int == 6 && page?["pageSize"]?.int == 2 && page?["tasks", 0]?["artifacts"] == nil)
            token = page?["nextPageToken"]?.string ?? ""
        } while !token.isEmpty && seen.count < 10
        #expect(seen == [waiting] + ids.reversed())
        let narrowed = try await stub.send(stub.request(.get, "/tasks?status=TASK_STATE_INPUT_REQUIRED&includeArtifacts=true")).json()
        #expect(narrowed["tasks"]?.elements.map(\.taskID) == [waiting])
        for query in ["pageToken=x", "pageToken=1", "pageSize=0", "pageSize=101", "statusTimestampAfter=x", "status=x"] {
            #expect(try await stub.send(stub.request(.get, "/tasks?\(query)")).status == 400, "\(query)")
        }
        let later = try await stub.send(stub.request(.get, "/tasks?statusTimestampAfter=2999-01-01T00:00:00Z")).json()
        #expect(later["totalSize"]?.int == 0)
    }

    @Test("a page of a list ends early where its tasks are large, and the next one goes on behind it")
    func largePages() async throws {
        var bounds = A2ARuntime.Bounds()
        bounds.page = 1
        let stub = StubAgent(bounds: bounds)
        for _ in 0..<3 { _ = try await stub.task(StubAgent.data("picture")) }
        var (found, token) = ([String](), "")
        repeat {
            let page = try await stub.rpc("ListTasks", #"{"pageSize":2,"pageToken":"\#(token)"}"#).json()["result"]
            #expect(page?["tasks"]?.count == 1 && page?["totalSize"]?.int == 3 && page?["pageSize"]?.int == 2)
            found.append(page?["tasks", 0]?.taskID ?? "")
            token = page?["nextPageToken"]?.string ?? ""
        } while !token.isEmpty && found.count < 9
        #expect(found.count == 3 && Set(found).count == 3)
    }

    @Test("a store that is full forgets what changed least recently, of its owner first")
    func retention() async throws {
        var bounds = InMemoryTaskStore.Bounds()
        bounds.tasksOfOwner = 2
        let stub = StubAgent(kept: bounds)
        let other = try await stub.task(Self.find, by: "two").taskID
        var ids: [String] = []
        for _ in 0..<3 { ids.append(try await stub.task(Self.find).taskID) }
        let listed = try await stub.rpc("ListTasks", "{}").json()["result"]?["tasks"]?.elements.map(\.taskID)
        #expect(listed == [ids[2], ids[1]])
        #expect(try await stub.rpc("GetTask", #"{"id":"\#(other)"}"#, by: "two").json()["result"]?.taskID == other)
    }
}
