import HTTPTypes
import HubCore
import NIOCore

/// What an agent answers, in whichever version and binding it was asked.
struct AgentMethods {
    let agent: A2AAgent
    let context: CallContext
    /// Where callers find the hub; nil: the request did not come over HTTP.
    let base: HTTPAddress?
    /// The version that is spoken.
    let version: A2AVersion
    /// The header fields of the request.
    var fields = HTTPFields()

    /// An answer, or the beginning of a stream.
    enum Answer {
        case result(A2AResult)
        /// Whoever is given it sees to `close`.
        case stream(TaskStream)
    }

    private var runtime: A2ARuntime { agent.runtime }
    private var owner: TaskOwner { TaskOwner(context) }
    /// How long a call that waits sleeps before it looks again, should nobody wake it.
    private static let patience = Duration.seconds(30)

    /// Answers.
    ///
    /// - Parameter lastEventID: the last event that a client had of a stream that was cut.
    /// - Throws: `A2AFailure`, `CancellationError`.
    func answer(_ request: A2ARequest, lastEventID: String? = nil) async throws -> Answer {
        if let tenant = request.tenant, tenant != agent.name {
            throw A2AFailure(WireProblem(place: "tenant", reason: .unknownValue))
        }
        switch request {
        case .sendMessage(let parameters): return .result(try await send(parameters))
        case .streamMessage(let parameters): return .stream(try await stream(parameters))
        case .subscribe(let task): return .stream(try await subscribe(task, lastEventID))
        case .getTask(let query):
            let task = try await runtime.look(at: query.id, agent: agent.name, owner: owner)
            return .result(.task(task.showing(historyLength: query.historyLength)))
        case .listTasks(let query): return .result(.tasks(try await list(query)))
        case .cancelTask(let reference):
            return try await with(reference.id) { task in
                try await runtime.cancel(task, by: agent.performer, context: context)
                return .result(.task(try await task.log().task))
            }
        case .createPush, .getPush, .listPushes, .deletePush: return .result(try await push(request))
        case .extendedCard:
            guard agent.hasExtendedCard, let base else { throw A2AFailure(.unsupportedOperation, "There is no other card") }
            return .result(.card(try await agent.shownCard(at: base, for: context)))
        }
    }

    private func with(_ id: String, _ body: (LiveTask) async throws -> Answer) async throws -> Answer {
        let task = try await runtime.hold(id, agent: agent.name, owner: owner)
        defer { runtime.release(task) }
        return try await body(task)
    }

    // MARK: Messages

    /// The longest name of a conversation that a client may choose, in bytes.
    private static let longestContext = 256

    /// Begins the work on a message; gives the task, held, and its log before the work. A stream has its place then.
    private func begin(_ parameters: SendParameters, isStreamed: Bool) async throws -> (task: LiveTask, log: TaskLog) {
        let message = parameters.message
        guard message.role == .user else { throw A2AFailure(WireProblem(place: "message.role", reason: .unknownValue)) }
        guard message.parts.count <= runtime.bounds.partsOfMessage else { throw A2AFailure(.tooLarge, "The message has too many parts") }
        guard message.contextID.map({ $0.utf8.count <= Self.longestContext }) ?? true else {
            throw A2AFailure(WireProblem(place: "message.contextId", reason: .outOfRange))
        }
        if let push = parameters.push { try await check(push) }
        try checkExtensions()
        try agent.performer.check(message, context: context)
        try runtime.admit(owner)
        var held: LiveTask?
        var (isTaken, hasPlace, hasJoined) = (false, false, false)
        do {
            let task: LiveTask
            // Before the work: a client that is refused finds nothing done.
            if isStreamed { try runtime.addStream() }
            hasPlace = isStreamed
            let earlier = try await earlierNote(message)
            let request = try await turnRequest(parameters)
            if let id = message.taskID {
                task = try await runtime.hold(id, agent: agent.name, owner: owner)
                held = task
                if isStreamed { try runtime.join(task) }
                hasJoined = isStreamed
                try task.check(message)
                if let push = parameters.push { _ = try await keep(push, of: task) }
                try await task.take(message, time: runtime.now)
                isTaken = true
            } else {
                task = try await runtime.begin(message, agent: agent.name, owner: owner)
                (held, isTaken) = (task, true)
                if isStreamed { try runtime.join(task) }
                hasJoined = isStreamed
                if let push = parameters.push { _ = try await keep(push, of: task) }
            }
            let log = try await task.log()
            let turn = AgentTurn(
                task: log.task, message: log.task.history.last ?? message, isStreamed: isStreamed, context: context, note: log.note,
                earlierNote: earlier, request: request)
            runtime.work(on: task, turn, by: agent.performer)
            if parameters.push != nil || message.taskID != nil { await runtime.push?.follow(task.record, in: runtime) }
            return (task, log)
        } catch {
            if let held {
                if isTaken { await runtime.abandon(held) }
                if hasJoined { held.removeStream() }
                runtime.release(held)
            }
            if hasPlace { runtime.removeStream() }
            runtime.dismiss(owner)
            throw error
        }
    }

    /// A client knows every extension that the agent insists on (1.0 §4.6.1).
    private func checkExtensions() throws(A2AFailure) {
        let required = agent.elsewhere?.agent.knownCard?.capabilities.extensions.filter(\.isRequired) ?? []
        guard !required.isEmpty else { return }
        let requested = Set(A2AHeaders.requestedExtensions(fields))
        for missing in required where !requested.contains(missing.uri) {
            throw A2AFailure(.extensionRequired, "The agent insists on an extension of the protocol", metadata: ["extension": missing.uri])
        }
    }

    /// The most tasks that are looked up for a message that refers to them.
    private static let maximumReferences = 8

    /// What the request says beside the message.
    private func turnRequest(_ parameters: SendParameters) async throws -> TurnRequest {
        var request = TurnRequest(
            fields: fields, address: base.map { "\($0)/a2a/\(agent.name)" }, acceptedOutputModes: parameters.acceptedOutputModes,
            metadata: parameters.metadata)
        guard agent.performer.remembers else { return request }
        for id in parameters.message.referenceTaskIDs.prefix(Self.maximumReferences) {
            guard let kept = try await runtime.store.read(id, agent: agent.name, owner: owner) else { continue }
            request.references[id] = try TaskLog(id: id, contextID: kept.record.contextID, stored: kept.entries).note
        }
        return request
    }

    /// What the performer noted of the task before in the conversation that a message goes on with.
    private func earlierNote(_ message: AgentMessage) async throws -> ByteBuffer? {
        guard agent.performer.remembers, message.taskID == nil, let contextID = message.contextID else { return nil }
        var selection = TaskSelection(agent: agent.name, owner: owner)
        selection.contextID = contextID
        guard let record = try await runtime.store.list(selection, after: nil, limit: 1).tasks.first,
            let kept = try await runtime.store.read(record.id, agent: agent.name, owner: owner)
        else { return nil }
        return try TaskLog(id: record.id, contextID: record.contextID, stored: kept.entries).note
    }

    /// The log of a task once its performer has said the first word, where that may be an answer without a task.
    private func begun(_ task: LiveTask, _ log: TaskLog) async throws -> TaskLog {
        var now = log
        guard log.task.status.state == .submitted else { return log }  // there is a task already
        while agent.performer.mayReply, now.events(from: log.position).isEmpty {
            switch task.told(at: now.position) {
            case .entry: break  // such as a note
            case .nothing(isAtWork: true): await task.wait(beyond: now.position, limit: Self.patience)
            case .nothing, .broken: return now
            }
            try Task.checkCancellation()
            now = try await task.log()
        }
        return now
    }

    /// Sends a message. A client that waits for the end and leaves has ended the task: it never heard of it.
    ///
    /// - Parameter follow: is told of each step of the work while the client waits.
    func send(_ parameters: SendParameters, follow: (AgentStep) -> Void = { _ in }) async throws -> A2AResult {
        var (task, log) = try await begin(parameters, isStreamed: false)
        defer { runtime.release(task) }
        var steps = 0
        while !parameters.returnsImmediately, !log.isSettled {
            await task.wait(beyond: log.position, limit: Self.patience)
            if Task.isCancelled {
                // Awaited here; a task of its own, because this one is cancelled. It may have ended meanwhile, which is as well.
                await Task { [self, task] in try? await runtime.cancel(task, by: agent.performer, context: context) }.value
                throw CancellationError()
            }
            let before = log.position
            log = try await task.log()
            for event in log.events(from: before) {
                steps += 1
                follow(AgentStep(number: steps, event))
            }
            if runtime.isDraining, !log.isSettled, !task.isAtWork {
                throw A2AFailure(.overloaded, "The hub is stopping; the task goes on")
            }
        }
        if parameters.returnsImmediately { log = try await begun(task, log) }
        if let reply = log.reply { return .event(.message(reply)) }
        return .event(.task(log.task.showing(historyLength: parameters.historyLength)))
    }

    private func stream(_ parameters: SendParameters) async throws -> TaskStream {
        let (task, log) = try await begin(parameters, isStreamed: true)
        do {
            if try await begun(task, log).reply != nil {
                return TaskStream(runtime: runtime, placed: task, first: nil, position: log.position)
            }
            let first = AgentEvent.task(log.task.showing(historyLength: parameters.historyLength))
            return TaskStream(runtime: runtime, placed: task, first: first, position: log.position)
        } catch {
            runtime.removeStream(task)
            runtime.release(task)
            throw error
        }
    }

    // MARK: Streams

    /// 1. A client that names the last event it had is told what came after it, also of a task that has ended. 2. Any other, and one that has had all
    /// of a task that has ended, is told how the task stands, and then what comes.
    private func subscribe(_ reference: TaskReference, _ lastEventID: String?) async throws -> TaskStream {
        let task = try await runtime.hold(reference.id, agent: agent.name, owner: owner)
        do {
            let log = try await task.log()
            if let last = lastEventID.flatMap({ Int($0) }), last >= 0, last < log.position,
                !log.task.status.state.isTerminal || !log.events(from: last + 1).isEmpty
            {
                return try TaskStream(runtime: runtime, task: task, first: nil, position: last + 1)
            }
            let (first, position) = try log.subscription()
            return try TaskStream(runtime: runtime, task: task, first: first, position: position)
        } catch {
            runtime.release(task)
            throw error
        }
    }

    // MARK: Lists

    private static let usualPage = 50

    private func list(_ query: TaskListQuery) async throws -> TaskPage {
        var selection = TaskSelection(agent: agent.name, owner: owner)
        selection.contextID = query.contextID
        selection.state = query.state?.rawValue
        // What is kept is cut off to milliseconds: a time within one is past it.
        selection.changedSince = query.changedSince.map { $0.milliseconds + ($0.nanoseconds % 1_000_000 > 0 ? 1 : 0) }
        let size = query.pageSize ?? Self.usualPage
        let cursor = try query.pageToken.map(Self.cursor)
        let found = try await runtime.store.list(selection, after: cursor, limit: size + 1)
        var tasks: [AgentTask] = []
        var (looked, bytes) = (0, 0)
        for record in found.tasks.prefix(size) {
            guard bytes < runtime.bounds.page else { break }
            looked += 1
            // One may be forgotten meanwhile.
            guard let kept = try await runtime.store.read(record.id, agent: agent.name, owner: owner) else { continue }
            let log = try TaskLog(id: record.id, contextID: record.contextID, stored: kept.entries)
            let task = log.task.showing(historyLength: query.historyLength, includesArtifacts: query.includesArtifacts)
            bytes += task.size
            tasks.append(task)
        }
        let last = found.tasks.count > looked ? found.tasks.prefix(looked).last : nil
        return TaskPage(
            tasks: tasks, nextPageToken: last.map { "\($0.changed).\($0.id)" } ?? "", pageSize: size, totalSize: found.total)
    }

    private static func cursor(_ token: String) throws(A2AFailure) -> TaskCursor {
        let parts = token.split(separator: ".", maxSplits: 1)
        guard token.utf8.count <= longestContext, parts.count == 2, let changed = Int64(parts[0]) else {
            throw A2AFailure(WireProblem(place: "pageToken", reason: .unknownValue))
        }
        return TaskCursor(changed: changed, id: String(parts[1]))
    }

    // MARK: Webhooks

    /// The webhooks of agents that tell them of something.
    private func pushSender() throws(A2AFailure) -> PushSender {
        guard agent.sendsPush, let push = runtime.push else { throw A2AFailure(.pushNotSupported, "This agent sends no notifications") }
        return push
    }

    private func check(_ configuration: PushConfiguration) async throws {
        try await pushSender().check(Webhook(configuration, version))
    }

    private func push(_ request: A2ARequest) async throws -> A2AResult {
        let push = try pushSender()
        if case .createPush(let configuration) = request { try await check(configuration) }
        let task = try await runtime.hold(request.taskID ?? "", agent: agent.name, owner: owner)
        defer { runtime.release(task) }
        switch request {
        case .createPush(let configuration):
            let kept = try await keep(configuration, of: task)
            await push.follow(task.record, in: runtime)
            return .push(kept)
        case .listPushes: return .pushes(try await pushes(of: task), nextPageToken: nil)
        case .deletePush(let reference):
            try await runtime.store.forgetPush(reference.id ?? "", of: task.record)
            return .nothing
        default:
            guard case .getPush(let reference) = request,
                let found = try await pushes(of: task).first(where: { reference.id == nil || $0.id == reference.id })
            else { throw A2AFailure(.taskNotFound, "There is no such webhook") }
            return .push(found)
        }
    }

    /// Keeps a webhook, which hears of what is stored from now on.
    private func keep(_ configuration: PushConfiguration, of task: LiveTask) async throws -> PushConfiguration {
        var configuration = configuration
        let id = configuration.id ?? runtime.makeID()
        (configuration.id, configuration.taskID) = (id, task.id)
        let position = try await task.log().position
        let webhook = TaskWebhook(id: id, configuration: Webhook(configuration, version).stored, position: position)
        try await runtime.store.keepPush(webhook, of: task.record)
        return configuration
    }

    private func pushes(of task: LiveTask) async throws -> [PushConfiguration] {
        try await runtime.store.pushes(of: task.record).map { try Webhook($0).configuration }
    }
}

/// Something that happened to a task while its client waits.
struct AgentStep: Sendable {
    /// How many there were, with this one.
    var number: Int
    /// What was said, or the name of what was made; nil: nothing.
    var text: String?

    /// The step that an event is.
    init(number: Int, _ event: AgentEvent) {
        self.number = number
        switch event {
        case .statusUpdate(let update): text = update.status.message?.parts.lazy.compactMap(\.text).first
        case .artifactUpdate(let update): text = update.artifact.name
        case .task, .message: break
        }
    }
}

extension MessagePart {
    fileprivate var text: String? { if case .text(let text) = content { text } else { nil } }
}
