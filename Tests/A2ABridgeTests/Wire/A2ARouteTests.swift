import HTTPTypes
import HubCore
import Testing

@testable import A2ABridge

@Suite("paths and methods")
struct A2ARouteTests {
    private static let routes: [(HTTPRequest.Method, String, A2ARoute)] = [
        (.post, "/message:send", A2ARoute(.sendMessage, .v1_0)),
        (.post, "/message:stream", A2ARoute(.streamMessage, .v1_0)),
        (.get, "/tasks/t-1", A2ARoute(.getTask, .v1_0, taskID: "t-1")),
        (.get, "/tasks", A2ARoute(.listTasks, .v1_0)),
        (.post, "/tasks/t-1:cancel", A2ARoute(.cancelTask, .v1_0, taskID: "t-1")),
        (.post, "/tasks/t-1:subscribe", A2ARoute(.subscribe, .v1_0, taskID: "t-1")),
        (.post, "/tasks/t-1/pushNotificationConfigs", A2ARoute(.createPush, .v1_0, taskID: "t-1")),
        (.get, "/tasks/t-1/pushNotificationConfigs/p", A2ARoute(.getPush, .v1_0, taskID: "t-1", configurationID: "p")),
        (.get, "/tasks/t-1/pushNotificationConfigs", A2ARoute(.listPushes, .v1_0, taskID: "t-1")),
        (.delete, "/tasks/t-1/pushNotificationConfigs/p", A2ARoute(.deletePush, .v1_0, taskID: "t-1", configurationID: "p")),
        (.get, "/extendedAgentCard", A2ARoute(.extendedCard, .v1_0)),
        (.post, "/acme/message:send", A2ARoute(.sendMessage, .v1_0, tenant: "acme")),
        (.get, "/acme/tasks", A2ARoute(.listTasks, .v1_0, tenant: "acme")),
        (.get, "/a%2Fb/tasks/t%3Acancel", A2ARoute(.getTask, .v1_0, tenant: "a/b", taskID: "t:cancel")),
        (.get, "/tasks/tasks", A2ARoute(.getTask, .v1_0, taskID: "tasks")),
        (.get, "/tasks/a%3Ab", A2ARoute(.getTask, .v1_0, taskID: "a:b")),
        (.post, "/v1/message:send", A2ARoute(.sendMessage, .v0_3)),
        (.post, "/v1/message:stream", A2ARoute(.streamMessage, .v0_3)),
        (.get, "/v1/tasks/t-1", A2ARoute(.getTask, .v0_3, taskID: "t-1")),
        (.post, "/v1/tasks/t-1:cancel", A2ARoute(.cancelTask, .v0_3, taskID: "t-1")),
        (.post, "/v1/tasks/t-1:subscribe", A2ARoute(.subscribe, .v0_3, taskID: "t-1")),
        (.post, "/v1/tasks/t-1/pushNotificationConfigs", A2ARoute(.createPush, .v0_3, taskID: "t-1")),
        (.get, "/v1/tasks/t-1/pushNotificationConfigs/p", A2ARoute(.getPush, .v0_3, taskID: "t-1", configurationID: "p")),
        (.get, "/v1/tasks/t-1/pushNotificationConfigs", A2ARoute(.listPushes, .v0_3, taskID: "t-1")),
        (.delete, "/v1/tasks/t-1/pushNotificationConfigs/p", A2ARoute(.deletePush, .v0_3, taskID: "t-1", configurationID: "p")),
        (.get, "/v1/card", A2ARoute(.extendedCard, .v0_3)),
    ]

    @Test("every path of both versions is found, and made")
    func table() {
        for (method, path, route) in Self.routes {
            #expect(A2ARoute(method, path[...]) == route, "\(method) \(path)")
            let target = route.target
            #expect(target?.method == method && target?.path == path, "\(method) \(path)")
        }
    }

    @Test("a stream of a task is asked for with POST, or with GET")
    func subscribe() {
        #expect(A2ARoute(.get, "/tasks/t:subscribe") == A2ARoute(.subscribe, .v1_0, taskID: "t"))
        #expect(A2ARoute(.get, "/v1/tasks/t:subscribe") == A2ARoute(.subscribe, .v0_3, taskID: "t"))
        #expect(A2ARoute.routes(of: "/tasks/t:subscribe").map(\.methods) == [[.post, .get]])
    }

    @Test("a verb is never taken for a part of an id, nor the other way round")
    func verbs() {
        #expect(A2ARoute(.get, "/tasks/t:cancel") == nil)
        #expect(A2ARoute(.get, "/tasks/t:other") == A2ARoute(.getTask, .v1_0, taskID: "t:other"))
        #expect(A2ARoute(.post, "/tasks/a:b:cancel") == A2ARoute(.cancelTask, .v1_0, taskID: "a:b"))
        #expect(A2ARoute(.post, "/tasks/:cancel") == nil)
    }

    @Test("the methods of a path are told, to refuse the others")
    func methods() {
        #expect(A2ARoute(.put, "/tasks/t/pushNotificationConfigs/p") == nil)
        #expect(A2ARoute.routes(of: "/tasks/t/pushNotificationConfigs/p").flatMap(\.methods) == [.get, .delete])
        #expect(A2ARoute.routes(of: "/v1/tasks").isEmpty)  // 0.3 has no list
    }

    @Test(
        "what is no path of an agent is none",
        arguments: [
            "", "/", "tasks", "//", "/tasks/", "/tasks//pushNotificationConfigs", "/a/b/tasks", "/v1",
            "/v1/acme/tasks/t", "/v1/extendedAgentCard", "/tasks/%FF", "/tasks/%2", "/message:send/", "/message%3Asend", "/%FF/tasks",
            "/a/b/c/d/e/f/g/h/i",
        ])
    func others(_ path: String) {
        #expect(A2ARoute.routes(of: path[...]).isEmpty)
    }

    @Test("each method of JSON-RPC belongs to one operation and one version")
    func names() {
        var names: Set<String> = []
        for version in A2AVersion.allCases {
            for operation in A2AOperation.allCases {
                guard let method = operation.method(in: version) else { continue }
                names.insert(method)
                #expect(A2AOperation.named(method)?.operation == operation)
                #expect(A2AOperation.named(method)?.version == version)
            }
        }
        #expect(names.count == 21)
        #expect(A2AOperation.named("tasks/resubscribe")?.operation == .subscribe)
        #expect(A2AOperation.named("SubscribeToTask")?.operation == .subscribe)
        #expect(A2AOperation.named("tasks/list") == nil)
        #expect(A2AOperation.named("sendmessage") == nil)
    }
}
