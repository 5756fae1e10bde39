/// What may be asked of an agent. The raw value is the name that JSON-RPC and gRPC of 1.0 have for it.
enum A2AOperation: String, Sendable, Hashable, CaseIterable {
    /// Takes a message and answers with a task or a message.
    case sendMessage = "SendMessage"
    /// Takes a message and answers with a stream.
    case streamMessage = "SendStreamingMessage"
    /// Tells how a task stands.
    case getTask = "GetTask"
    /// Tells which tasks there are (1.0).
    case listTasks = "ListTasks"
    /// Ends a task.
    case cancelTask = "CancelTask"
    /// A stream of a task that there is.
    case subscribe = "SubscribeToTask"
    /// Sets a webhook for a task.
    case createPush = "CreateTaskPushNotificationConfig"
    /// Tells of a webhook.
    case getPush = "GetTaskPushNotificationConfig"
    /// Tells of a task's webhooks.
    case listPushes = "ListTaskPushNotificationConfigs"
    /// Takes a webhook away.
    case deletePush = "DeleteTaskPushNotificationConfig"
    /// The agent card that callers with a credential see.
    case extendedCard = "GetExtendedAgentCard"

    /// Whether the answer is a stream.
    var isStream: Bool { self == .streamMessage || self == .subscribe }

    /// Its name over JSON-RPC; nil where a version has no such operation.
    func method(in version: A2AVersion) -> String? {
        guard version == .v0_3 else { return rawValue }
        return switch self {
        case .sendMessage: "message/send"
        case .streamMessage: "message/stream"
        case .getTask: "tasks/get"
        case .listTasks: nil
        case .cancelTask: "tasks/cancel"
        case .subscribe: "tasks/resubscribe"
        case .createPush: "tasks/pushNotificationConfig/set"
        case .getPush: "tasks/pushNotificationConfig/get"
        case .listPushes: "tasks/pushNotificationConfig/list"
        case .deletePush: "tasks/pushNotificationConfig/delete"
        case .extendedCard: "agent/getAuthenticatedExtendedCard"
        }
    }

    /// The operation of a method of JSON-RPC, and the version that calls it so: the names of the two have none in common.
    static func named(_ method: String) -> (operation: A2AOperation, version: A2AVersion)? { byMethod[method] }

    private static let byMethod: [String: (operation: A2AOperation, version: A2AVersion)] = {
        var methods: [String: (operation: A2AOperation, version: A2AVersion)] = [:]
        for version in A2AVersion.allCases {
            for operation in allCases {
                if let method = operation.method(in: version) { methods[method] = (operation, version) }
            }
        }
        return methods
    }()
}
