import HubCore
import NIOCore

/// Gives one message to an agent elsewhere, and follows what comes of it until the agent has said its last word.
///
/// 1. An agent that streams is asked for a stream, any other for an answer at once; what goes on then is asked for from time to time, so that no
///    request lasts as long as the work.
/// 2. A message is sent once. Only an agent that says it does not stream, and so has done nothing, is given it in the other way.
/// 3. A stream that ends before the last word, or is cut, is taken up again: after the last event where events have ids, else as the agent sees
///    fit. What comes is told as it comes only where it begins with how the task stands; otherwise the words of a status are told, and what of
///    artifacts there is, is asked for.
/// 4. Where that fails, how the task stands is asked for, with longer and longer pauses while nothing happens.
/// 5. Of a task that waits for a credential how it stands is asked for some minutes longer: its client may have nothing more to say to it.
struct RemoteFollower {
    /// Speaks to the agent.
    let client: RemoteAgentClient
    /// The extensions that the client wants.
    let extensions: [String]
    let context: CallContext
    /// Waits.
    let pause: @Sendable (Duration) async throws -> Void
    /// Whether the agent streams.
    private(set) var isStreaming: Bool
    /// What was told.
    private(set) var progress: RemoteProgress
    private var note: RemoteNote
    private var lastID: String?
    private var hasHeard = false

    /// How often on end nothing may come of an attempt to learn more.
    private static let patience = 6
    /// After how many streams without a word how the task stands is asked for instead.
    private static let emptyStreams = 2
    private static let shortestPause = Duration.milliseconds(500)
    private static let longestPause = Duration.seconds(15)
    /// How long a task that waits for a credential is looked after.
    private static let credentialPatience = Duration.seconds(300)

    init(
        client: RemoteAgentClient, extensions: [String], context: CallContext, isStreaming: Bool, progress: RemoteProgress,
        note: RemoteNote, pause: @escaping @Sendable (Duration) async throws -> Void
    ) {
        (self.client, self.extensions, self.context, self.pause) = (client, extensions, context, pause)
        (self.isStreaming, self.progress, self.note) = (isStreaming, progress, note)
    }

    /// Gives the message to the agent, and tells what comes of it.
    ///
    /// - Throws: `A2AFailure`, `HubError` where the agent cannot be heard any more; `CancellationError`; what `tell` throws.
    mutating func follow(_ parameters: SendParameters, _ tell: (AgentOutput) async throws -> Void) async throws {
        if isStreaming {
            do {
                let events = try await client.stream(.streamMessage(parameters), extensions: extensions, context: context)
                if try await read(events, resumedAfter: nil, isResumed: false, tell) { return }
            } catch let failure as A2AFailure where failure.isNotDone && !hasBegun {
                isStreaming = false
            }
        }
        if !hasBegun {
            var parameters = parameters
            parameters.returnsImmediately = true
            let answer = try await client.ask(.sendMessage(parameters), extensions: extensions, context: context)
            guard case .event(let event) = answer else { throw A2AFailure.noAgent }
            try await take(event, tell)
        }
        if !progress.isSettled { try await pursue(tell) }
    }

    /// Follows a task whose name at the agent is known, from where it stands.
    ///
    /// - Throws: as `follow`.
    mutating func resume(_ tell: (AgentOutput) async throws -> Void) async throws {
        hasHeard = true
        try await pursue(tell)
    }

    /// Whether the agent has said a word of a task.
    private var hasBegun: Bool { hasHeard && progress.taskID != nil }

    /// Tells what is news of an event; that of the first is noted before.
    private mutating func take(_ event: AgentEvent, _ tell: (AgentOutput) async throws -> Void) async throws {
        let outputs = try progress.take(event)
        hasHeard = true
        if progress.taskID != note.taskID || progress.contextID != note.contextID {
            (note.taskID, note.contextID) = (progress.taskID, progress.contextID)
            try await tell(.note(note.bytes))
        }
        for output in outputs { try await tell(output) }
    }

    // MARK: Streams

    /// Reads a stream as far as it goes.
    ///
    /// - Returns: whether the agent has said its last word.
    /// - Throws: what makes no sense, always; what cut the stream where nothing was heard of a task.
    private mutating func read(
        _ events: RemoteEvents, resumedAfter last: String?, isResumed: Bool, _ tell: (AgentOutput) async throws -> Void
    ) async throws -> Bool {
        var events = events
        defer { events.cancel() }
        var isWhole = !isResumed
        var isFirst = true
        while true {
            let event: AgentEvent?
            do {
                event = try await events.next()
            } catch let failure where hasBegun && failure.isCut {
                return false
            }
            guard let event else {
                guard hasBegun || progress.hasReplied else {
                    throw HubError(.upstreamFailed, "The agent broke off before it said anything")
                }
                return progress.isSettled
            }
            lastID = events.lastID ?? lastID
            let isAgain = isFirst && last != nil && events.lastID == last
            isFirst = false
            if isAgain { continue }
            if case .task = event { isWhole = true }
            if !isWhole, try await lookAgain(at: event, tell) { continue }
            try await take(event, tell)
            if progress.isSettled { return true }
            if progress.state == .authRequired { return false }
        }
    }

    /// Asks how the task stands where an event alone does not tell.
    ///
    /// - Returns: whether the event says no more than that.
    private mutating func lookAgain(at event: AgentEvent, _ tell: (AgentOutput) async throws -> Void) async throws -> Bool {
        switch event {
        case .artifactUpdate:
            try await look(tell)
            return true
        case .statusUpdate(let update) where update.status.state.endsStream: try await look(tell)
        case .statusUpdate, .task, .message: break
        }
        return false
    }

    private mutating func look(_ tell: (AgentOutput) async throws -> Void) async throws {
        let answer = try await client.ask(.getTask(TaskQuery(id: progress.taskID ?? "")), extensions: extensions, context: context)
        guard case .task(let task) = answer else { throw A2AFailure.noAgent }
        try await take(.task(task), tell)
    }

    // MARK: After a stream

    /// Follows a task whose stream has ended, or that had none.
    private mutating func pursue(_ tell: (AgentOutput) async throws -> Void) async throws {
        guard hasBegun else { throw A2AFailure(.invalidAgentResponse, "The agent's answer is neither a task nor a message") }
        var (failures, emptyStreams, waited) = (0, 0, Duration.zero)
        var rest = Self.shortestPause
        while true {
            let before = progress
            if isStreaming, emptyStreams < Self.emptyStreams, progress.state != .authRequired {
                do {
                    let request = A2ARequest.subscribe(TaskReference(id: progress.taskID ?? ""))
                    let events = try await client.stream(request, extensions: extensions, after: lastID, context: context)
                    if try await read(events, resumedAfter: lastID, isResumed: true, tell) { return }
                } catch let failure as A2AFailure where failure.code != .invalidAgentResponse {
                    // It has ended meanwhile, or there is no way back: how it stands will tell.
                    isStreaming = failure.isCut
                } catch let failure where failure.isCut {
                    failures += 1
                }
                if progress.isNews(since: before) {
                    (emptyStreams, failures, rest) = (0, 0, Self.shortestPause)
                    continue
                }
                emptyStreams += 1
            }
            do {
                try await look(tell)
                failures = 0
            } catch let failure where failure.isCut {
                failures += 1
                if failures > Self.patience { throw failure }
            }
            if progress.isSettled { return }
            if progress.state == .authRequired, waited >= Self.credentialPatience { return }
            if progress.isNews(since: before) { (emptyStreams, rest) = (0, Self.shortestPause) }
            try await pause(rest)
            if progress.state == .authRequired { waited += rest }
            rest = min(rest * 2, Self.longestPause)
        }
    }
}

extension RemoteProgress {
    /// Whether anything was told since.
    fileprivate func isNews(since before: RemoteProgress) -> Bool { count != before.count }
}

extension Error {
    /// Whether more may be heard when the agent is asked again: it did not answer, or broke off. What it says does not change.
    fileprivate var isCut: Bool {
        switch self {
        case let error as HubError: error.code == .upstreamFailed || error.code == .upstreamTimeout || error.code == .overloaded
        case let error as A2AFailure: error.code == .upstreamFailed || error.code == .upstreamTimeout
        default: false
        }
    }
}

extension A2AFailure {
    /// Whether the agent says that it knows nothing of what it was asked, and so has not done it.
    fileprivate var isNotDone: Bool { code == .unsupportedOperation || code == .methodNotFound }
}
