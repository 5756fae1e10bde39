import HubCore
import NIOCore

/// Tasks that were asked for, a page of them (1.0).
struct TaskPage: Sendable, Hashable {
    /// Those with the newest status first.
    var tasks: [AgentTask]
    /// Where the next page begins; empty at the end.
    var nextPageToken: String
    /// The most a page has.
    var pageSize: Int
    /// How many there are on all pages.
    var totalSize: Int
}

/// What an operation answers with; that of a stream is each of its events.
enum A2AResult: Sendable, Hashable {
    /// Of a message, and of streams.
    case event(AgentEvent)
    /// Of `getTask` and `cancelTask`.
    case task(AgentTask)
    /// Of `listTasks`.
    case tasks(TaskPage)
    /// Of `createPush` and `getPush`.
    case push(PushConfiguration)
    /// Of `listPushes`; the token is that of the next page.
    case pushes([PushConfiguration], nextPageToken: String?)
    /// Of `deletePush`.
    case nothing
    /// Of `extendedCard`.
    case card(AgentCard)
}

extension A2AResult {
    /// Reads what an operation answered with.
    ///
    /// - Parameter source: the member `result` of JSON-RPC, or the body or an event's data of HTTP+JSON.
    init(_ operation: A2AOperation, _ source: WireValue) throws(WireProblem) {
        switch operation {
        case .sendMessage:
            let event = try AgentEvent(source)
            switch event {
            case .task, .message: self = .event(event)
            case .statusUpdate, .artifactUpdate: throw source.problem(.notOneOf)
            }
        case .streamMessage, .subscribe: self = .event(try AgentEvent(source))
        case .getTask, .cancelTask: self = .task(try AgentTask(source))
        case .listTasks:
            let source = try source.object()
            let tasks = try source.list("tasks") { task throws(WireProblem) in try AgentTask(task) }
            let (size, total) = (try source.count("pageSize"), try source.count("totalSize"))
            let token = try source.text("nextPageToken") ?? ""
            self = .tasks(TaskPage(tasks: tasks, nextPageToken: token, pageSize: size ?? tasks.count, totalSize: total ?? tasks.count))
        case .createPush, .getPush: self = .push(try PushConfiguration(source))
        case .listPushes:
            let isBare = source.dialect.version == .v0_3 && source.json.kind == .array
            let elements = isBare ? try source.elements() : try source.object()["configs"]?.elements() ?? []
            var configurations: [PushConfiguration] = []
            for element in elements { configurations.append(try PushConfiguration(element)) }
            self = .pushes(configurations, nextPageToken: isBare ? nil : try source.text("nextPageToken"))
        case .deletePush: self = .nothing
        case .extendedCard: self = .card(try AgentCard(source))
        }
    }

    /// Writes the result.
    func write(to json: inout JSONWriter, as dialect: A2ADialect) {
        switch self {
        case .event(let event): event.write(to: &json, as: dialect)
        case .task(let task): task.write(to: &json, as: dialect)
        case .tasks(let page):
            json.object { json in
                json.list("tasks", page.tasks) { task, json in task.write(to: &json, as: dialect) }
                json.member("nextPageToken", page.nextPageToken)
                json.member("pageSize", page.pageSize)
                json.member("totalSize", page.totalSize)
            }
        case .push(let configuration): configuration.write(to: &json, as: dialect)
        case .pushes(let configurations, let nextPageToken):
            guard dialect != .v0_3 else {
                json.beginArray()
                for configuration in configurations { configuration.write(to: &json, as: dialect) }
                json.endArray()
                return
            }
            json.object { json in
                json.list("configs", configurations) { configuration, json in configuration.write(to: &json, as: dialect) }
                json.optional("nextPageToken", nextPageToken)
            }
        case .nothing: if dialect == .v0_3 { json.null() } else { json.object { _ in } }
        case .card(let card): card.write(to: &json, as: dialect.version == .v1_0 ? .v1_0 : .v0_3)
        }
    }
}
