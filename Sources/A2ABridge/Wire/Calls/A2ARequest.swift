import HubCore
import NIOCore

/// A task by its id.
struct TaskReference: Sendable, Hashable {
    /// Which agent of an address (1.0).
    var tenant: String?
    /// The task.
    var id: String
    /// A JSON object of anything.
    var metadata: ByteBuffer?
}

/// A webhook of a task.
struct PushReference: Sendable, Hashable {
    /// Which agent of an address (1.0).
    var tenant: String?
    /// The task.
    var taskID: String
    /// The webhook; 0.3 may leave it out, and means the one there is.
    var id: String?
}

/// The webhooks of a task, a page at a time.
struct PushListQuery: Sendable, Hashable {
    /// Which agent of an address (1.0).
    var tenant: String?
    /// The task.
    var taskID: String
    /// The most to be told of; nil leaves it to the agent.
    var pageSize: Int?
    /// Where the page before ended.
    var pageToken: String?
}

/// How a task stands.
struct TaskQuery: Sendable, Hashable {
    /// Which agent of an address (1.0).
    var tenant: String?
    /// The task.
    var id: String
    /// The most messages to be told of, the newest; nil for all.
    var historyLength: Int?
}

/// Something that is asked of an agent, with its parameters.
enum A2ARequest: Sendable, Hashable {
    /// A message, to be answered at once.
    case sendMessage(SendParameters)
    /// A message, to be answered with a stream.
    case streamMessage(SendParameters)
    /// How a task stands.
    case getTask(TaskQuery)
    /// Which tasks there are.
    case listTasks(TaskListQuery)
    /// The end of a task.
    case cancelTask(TaskReference)
    /// A stream of a task.
    case subscribe(TaskReference)
    /// A webhook for a task.
    case createPush(PushConfiguration)
    /// What a webhook is.
    case getPush(PushReference)
    /// What webhooks there are.
    case listPushes(PushListQuery)
    /// The end of a webhook.
    case deletePush(PushReference)
    /// The card for callers with a credential.
    case extendedCard(tenant: String?)

    /// What is asked.
    var operation: A2AOperation {
        switch self {
        case .sendMessage: .sendMessage
        case .streamMessage: .streamMessage
        case .getTask: .getTask
        case .listTasks: .listTasks
        case .cancelTask: .cancelTask
        case .subscribe: .subscribe
        case .createPush: .createPush
        case .getPush: .getPush
        case .listPushes: .listPushes
        case .deletePush: .deletePush
        case .extendedCard: .extendedCard
        }
    }

    /// Which agent of an address is asked.
    var tenant: String? {
        switch self {
        case .sendMessage(let parameters), .streamMessage(let parameters): parameters.tenant
        case .getTask(let query): query.tenant
        case .listTasks(let query): query.tenant
        case .cancelTask(let task), .subscribe(let task): task.tenant
        case .createPush(let configuration): configuration.tenant
        case .getPush(let push), .deletePush(let push): push.tenant
        case .listPushes(let query): query.tenant
        case .extendedCard(let tenant): tenant
        }
    }

    /// The task it is about, where it names one.
    var taskID: String? {
        switch self {
        case .sendMessage(let parameters), .streamMessage(let parameters): parameters.message.taskID
        case .getTask(let query): query.id
        case .cancelTask(let task), .subscribe(let task): task.id
        case .createPush(let configuration): configuration.taskID
        case .getPush(let push), .deletePush(let push): push.taskID
        case .listPushes(let query): query.taskID
        case .listTasks, .extendedCard: nil
        }
    }
}
