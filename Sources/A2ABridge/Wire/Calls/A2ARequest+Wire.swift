import HTTPTypes
import HubCore
import NIOCore

extension A2ARequest {
    /// Reads the parameters of an operation.
    ///
    /// - Parameters:
    ///   - operation: what the method or the path says.
    ///   - source: the member `params` of JSON-RPC, or the body or the query (`CallQuery`) of HTTP+JSON.
    ///   - route: of HTTP+JSON; what its path says, the parameters cannot say differently.
    init(_ operation: A2AOperation, _ source: WireValue, route: A2ARoute? = nil) throws(WireProblem) {
        let source = try source.object()
        let isOlder = source.dialect.version == .v0_3
        let tenant = isOlder ? nil : route?.tenant == nil ? try source.text("tenant") : route?.tenant
        // 0.3 calls the task `id` where 1.0 calls the webhook so.
        func task(_ name: String) throws(WireProblem) -> String {
            if let id = route?.taskID { return id }
            return try source.requiredText(isOlder ? "id" : name)
        }
        let pushMember = isOlder ? "pushNotificationConfigId" : "id"
        let pushID = route?.configurationID == nil ? try source.text(pushMember) : route?.configurationID
        switch operation {
        case .sendMessage: self = .sendMessage(try SendParameters(source, tenant: tenant))
        case .streamMessage: self = .streamMessage(try SendParameters(source, tenant: tenant))
        case .getTask: self = .getTask(TaskQuery(tenant: tenant, id: try task("id"), historyLength: try source.historyLength()))
        case .listTasks: self = .listTasks(try TaskListQuery(source, tenant: tenant))
        case .cancelTask: self = .cancelTask(TaskReference(tenant: tenant, id: try task("id"), metadata: try source.anything("metadata")))
        case .subscribe: self = .subscribe(TaskReference(tenant: tenant, id: try task("id")))
        case .createPush:
            var configuration = try PushConfiguration(source)
            configuration.tenant = tenant
            configuration.taskID = route?.taskID ?? configuration.taskID
            guard configuration.taskID != nil else { throw source.problem(.missing, at: "taskId") }
            self = .createPush(configuration)
        case .getPush:
            guard pushID != nil || isOlder else { throw source.problem(.missing, at: "id") }
            self = .getPush(PushReference(tenant: tenant, taskID: try task("taskId"), id: pushID))
        case .deletePush:
            guard pushID != nil else { throw source.problem(.missing, at: pushMember) }
            self = .deletePush(PushReference(tenant: tenant, taskID: try task("taskId"), id: pushID))
        case .listPushes:
            let (size, token) = (try source.count("pageSize"), try source.text("pageToken"))
            self = .listPushes(
                PushListQuery(tenant: tenant, taskID: try task("taskId"), pageSize: size == 0 ? nil : size, pageToken: token))
        case .extendedCard: self = .extendedCard(tenant: tenant)
        }
    }

    /// Writes the parameters.
    ///
    /// - Parameter isPathed: whether a path says the tenant, the task and the webhook, so that the parameters do not.
    func writeParameters(to json: inout JSONWriter, as dialect: A2ADialect, isPathed: Bool = false) {
        let isOlder = dialect.version == .v0_3
        let names = (task: isOlder ? "id" : "taskId", push: isOlder ? "pushNotificationConfigId" : "id")
        if case .createPush(var configuration) = self {
            if isPathed, dialect == .v1_0 { (configuration.tenant, configuration.taskID) = (nil, nil) }
            return writeCreation(configuration, to: &json, as: dialect)
        }
        json.object { json in
            if !isOlder, !isPathed { json.optional("tenant", tenant) }
            switch self {
            case .sendMessage(let parameters), .streamMessage(let parameters): parameters.writeMembers(to: &json, as: dialect)
            case .getTask(let query):
                if !isPathed { json.member("id", query.id) }
                json.historyLength(query.historyLength, as: dialect)
            case .listTasks(let query): query.writeMembers(to: &json, as: dialect)
            case .cancelTask(let task), .subscribe(let task):
                if !isPathed { json.member("id", task.id) }
                json.optional("metadata", raw: task.metadata)
            case .getPush(let push), .deletePush(let push):
                guard !isPathed else { break }
                json.member(names.task, push.taskID)
                json.optional(names.push, push.id)
            case .listPushes(let query):
                if !isPathed { json.member(names.task, query.taskID) }
                guard !isOlder else { break }
                json.optional("pageSize", query.pageSize)
                json.optional("pageToken", query.pageToken)
            case .extendedCard, .createPush: break
            }
        }
    }

    private func writeCreation(_ configuration: PushConfiguration, to json: inout JSONWriter, as dialect: A2ADialect) {
        guard dialect == .v0_3Proto else { return configuration.write(to: &json, as: dialect) }
        json.object { json in
            json.member("parent", "tasks/\(configuration.taskID ?? "")")
            json.optional("configId", configuration.id)
            json.key("config")
            configuration.write(to: &json, as: dialect)
        }
    }

    /// The request as a message of JSON-RPC; nil where the version has no such operation.
    func jsonRPC(id: String, _ version: A2AVersion) -> ByteBuffer? {
        guard let method = operation.method(in: version) else { return nil }
        var json = JSONWriter()
        json.object { json in
            json.member("jsonrpc", "2.0")
            json.member("id", id)
            json.member("method", method)
            if operation == .extendedCard, version == .v0_3 { return }  // its schema has no parameters
            json.key("params")
            writeParameters(to: &json, as: A2ADialect(jsonRPC: version))
        }
        return json.buffer
    }

    /// The request over HTTP+JSON: method, path with its query below the agent's address, and body; nil where it cannot be said.
    func http(_ version: A2AVersion) -> (method: HTTPRequest.Method, path: String, body: ByteBuffer?)? {
        var route = A2ARoute(operation, version, tenant: tenant, taskID: taskID)
        if case .getPush(let push) = self { route.configurationID = push.id }
        if case .deletePush(let push) = self { route.configurationID = push.id }
        guard let target = route.target else { return nil }
        var json = JSONWriter()
        writeParameters(to: &json, as: A2ADialect(http: version), isPathed: true)
        guard target.method != .post else { return (target.method, target.path, json.buffer) }
        let object = try? JSONDocument(parsing: json.buffer, limits: .payload)  // written here: names and numbers
        let query = object.flatMap { CallQuery.query(of: $0.root) }
        return (target.method, target.path + (query.map { "?" + $0 } ?? ""), nil)
    }
}

extension WireValue {
    /// The most messages of a history that are wanted; nil for all, which 0.3 also says as 0.
    func historyLength() throws(WireProblem) -> Int? {
        let count = try count("historyLength")
        return count == 0 && dialect.version == .v0_3 ? nil : count
    }

    /// Whether a body of HTTP+JSON of 0.3 is written as the JSON schema has it.
    var isOfSchema: Bool { self["message"]?["parts"] != nil || self["message"]?["kind"] != nil }
}

extension JSONWriter {
    /// Writes how much of a history is wanted. 0.3 cannot say none: the least is one message.
    mutating func historyLength(_ count: Int?, as dialect: A2ADialect) {
        optional("historyLength", dialect.version == .v0_3 ? count.map { max(1, $0) } : count)
    }
}
