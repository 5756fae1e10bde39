import HubCore
import NIOCore

/// How a webhook wants to be talked to.
struct PushAuthentication: Sendable, Hashable {
    /// A scheme of HTTP authentication, such as `Bearer`; empty where 0.3 named none.
    var scheme: String
    /// Further ones that would do, which 0.3 alone can name.
    var alternatives: [String] = []
    /// What goes with the scheme.
    var credentials: Secret?
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
    /// What the client knows notifications by.
    var token: Secret?
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
        token = try source.text("token").map { Secret($0) }
        if let authentication = source["authentication"] { self.authentication = try PushAuthentication(authentication) }
    }

    /// Writes the configuration of a task, with its secrets.
    func write(to json: inout JSONWriter, as dialect: A2ADialect) {
        json.object { json in
            switch dialect {
            case .v1_0:
                json.optional("tenant", tenant)
                json.optional("taskId", taskID)
                return writeInlineMembers(to: &json, as: dialect)
            case .v0_3: json.member("taskId", taskID ?? "")
            case .v0_3Proto: json.member("name", "tasks/\(taskID ?? "")/pushNotificationConfigs/\(id ?? "")")
            }
            json.object("pushNotificationConfig") { writeInlineMembers(to: &$0, as: dialect) }
        }
    }

    /// Writes the members that a message to come has of it.
    func writeInlineMembers(to json: inout JSONWriter, as dialect: A2ADialect) {
        json.optional("id", id)
        json.member("url", url)
        json.optional("token", token?.revealed)
        if let authentication {
            json.key("authentication")
            authentication.write(to: &json, as: dialect)
        }
    }
}

extension PushAuthentication {
    fileprivate init(_ source: WireValue) throws(WireProblem) {
        let source = try source.object()
        credentials = try source.text("credentials").map { Secret($0) }
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
            json.optional("credentials", credentials?.revealed)
        }
    }
}
