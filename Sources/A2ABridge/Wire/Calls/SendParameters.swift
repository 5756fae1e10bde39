import HubCore
import NIOCore

/// A message to an agent, and how it is to be answered.
struct SendParameters: Sendable, Hashable {
    /// Which agent of an address (1.0).
    var tenant: String?
    /// The message.
    var message: AgentMessage
    /// The media types that the client can take; empty for any.
    var acceptedOutputModes: [String] = []
    /// Where the client wants to hear of the task to come.
    var push: PushConfiguration?
    /// The most messages of the history to answer with, the newest; nil for all.
    var historyLength: Int?
    /// Whether the answer may come before the task has ended or waits for the client. Version 0.3 says the opposite, `blocking`, and where it
    /// says nothing it is taken to wait, as 1.0 does; but ProtoJSON leaves out what is false: a configuration without it does not wait.
    var returnsImmediately = false
    /// A JSON object of anything.
    var metadata: ByteBuffer?
}

extension SendParameters {
    /// Reads the parameters.
    init(_ source: WireValue, tenant: String?) throws(WireProblem) {
        self.tenant = tenant
        let message = try source.required("message")
        self.message = try AgentMessage(message)
        // An agent may have nothing to say; a client that sends nothing made a mistake.
        guard !self.message.parts.isEmpty else { throw message.problem(.missing, at: "parts") }
        metadata = try source.anything("metadata")
        guard let configuration = try source["configuration"]?.object() else { return }
        acceptedOutputModes = try configuration.texts("acceptedOutputModes")
        historyLength = try configuration.historyLength()
        if source.dialect.version == .v1_0 {
            returnsImmediately = try configuration.flag("returnImmediately") ?? false
        } else {
            returnsImmediately = try !(configuration.flag("blocking") ?? (source.dialect != .v0_3Proto))
        }
        let push =
            configuration["taskPushNotificationConfig"] ?? configuration["pushNotificationConfig"] ?? configuration["pushNotification"]
        if let push { self.push = try PushConfiguration(inline: push) }
    }

    /// Writes the members of the parameters, without the tenant.
    func writeMembers(to json: inout JSONWriter, as dialect: A2ADialect) {
        json.key("message")
        message.write(to: &json, as: dialect)
        let isOlder = dialect.version == .v0_3
        if isOlder || !acceptedOutputModes.isEmpty || push != nil || historyLength != nil || returnsImmediately {
            json.object("configuration") { json in
                json.optional("acceptedOutputModes", acceptedOutputModes)
                if let push { json.object(pushMember(in: dialect)) { push.writeInlineMembers(to: &$0, as: dialect) } }
                json.historyLength(historyLength, as: dialect)
                // Agents of 0.3 differ in what they do unasked.
                if isOlder { json.member("blocking", !returnsImmediately) }
                if !isOlder, returnsImmediately { json.member("returnImmediately", true) }
            }
        }
        json.optional("metadata", raw: metadata)
    }

    private func pushMember(in dialect: A2ADialect) -> String {
        switch dialect {
        case .v1_0: "taskPushNotificationConfig"
        case .v0_3: "pushNotificationConfig"
        case .v0_3Proto: "pushNotification"
        }
    }
}
