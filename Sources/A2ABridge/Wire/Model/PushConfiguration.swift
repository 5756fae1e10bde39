import HubCore
import NIOCore

/// How a webhook wants to be talked to.
struct PushAuthentication: Sendable, Hashable {
    /// A scheme of HTTP authentication, such as `Bearer`; empty where 0.3 named none.
    var scheme: String
    /// Further ones that would do, which 0.3 alone can name.
    var alternatives: [String] = []
    /// What goes with the scheme. Secret.
    var credentials: String?
}

/// Where a client wants to hear of a task.
struct PushConfiguration: Sendable, Hashable {
    /// Which agent of an address (1.0).
    var tenant: String?
    /// Unique within the task; the agent makes one up where the client has none.
    var id: String?
    /// The task; not yet known where the message to come makes it.
    var taskID: String?
    /// The webhook.
    var url: String
    /// What the client knows notifications by. Secret.
    var token: String?
    /// How to be let in there.
    var authentication: PushAuthentication?
}

extension PushConfiguration {
    /// Reads a configuration of a task: flat in 1.0, inside an object in 0.3, and inside two where HTTP+JSON of 0.3 makes one.
    init(_ source: WireValue) throws(WireProblem) {
        let source = try source.object()
        guard source.dialect.version == .v0_3 else {
            try self.init(inline: source)
            tenant = try source.text("tenant")
            taskID = try source.text("taskId")
            return
        }
        let outer = try source["config"]?.object() ?? source
        try self.init(inline: outer.required("pushNotificationConfig").object())
        if id == nil { id = try source.text("configId") }
        let (resource, parent) = (try outer.text("name"), try source.text("parent"))
        let name = (resource ?? parent ?? "").split(separator: "/").map(String.init)
        taskID = try outer.text("taskId") ?? (name.first == "tasks" ? name.dropFirst().first : nil)
        if id == nil, name.count == 4 { id = name.last }
    }

    /// Reads what both versions say in the same way, and what a message to come has of it.
    init(inline source: WireValue) throws(WireProblem) {
        let source = try source.object()
        id = try source.text("id")
        url = try source.requiredText("url")
        token = try source.text("token")
        if let authentication = source["authentication"] { self.authentication = try PushAuthentication(authentication) }
    }

    /// Writes the configuration of a task.
    func write(to json: inout JSONWriter, as dialect: A2ADialect) {
        json.object { json in
            switch dialect {
            case .v1_0:
                json.optional("tenant", tenant)
                json.optional("id", id)
                json.optional("taskId", taskID)
                writeRest(to: &json, as: dialect)
            case .v0_3:
                json.member("taskId", taskID ?? "")
                json.object("pushNotificationConfig") { json in
                    json.optional("id", id)
                    writeRest(to: &json, as: dialect)
                }
            case .v0_3Proto:
                json.member("name", "tasks/\(taskID ?? "")/pushNotificationConfigs/\(id ?? "")")
                json.object("pushNotificationConfig") { json in
                    json.optional("id", id)
                    writeRest(to: &json, as: dialect)
                }
            }
        }
    }

    /// Writes what a message to come has of it.
    func writeInline(to json: inout JSONWriter, as dialect: A2ADialect) {
        json.object { json in
            json.optional("id", id)
            writeRest(to: &json, as: dialect)
        }
    }

    private func writeRest(to json: inout JSONWriter, as dialect: A2ADialect) {
        json.member("url", url)
        json.optional("token", token)
        if let authentication {
            json.key("authentication")
            authentication.write(to: &json, as: dialect)
        }
    }
}

extension PushAuthentication {
    fileprivate init(_ source: WireValue) throws(WireProblem) {
        let source = try source.object()
        credentials = try source.text("credentials")
        if source.dialect.version == .v1_0 {
            scheme = try source.requiredText("scheme")
        } else {
            let schemes = try source.texts("schemes")
            scheme = schemes.first ?? ""
            alternatives = Array(schemes.dropFirst())
        }
    }

    fileprivate func write(to json: inout JSONWriter, as dialect: A2ADialect) {
        json.object { json in
            if dialect.version == .v1_0 {
                json.member("scheme", scheme)
            } else {
                json.member("schemes", scheme.isEmpty ? alternatives : [scheme] + alternatives)
            }
            json.optional("credentials", credentials)
        }
    }
}
