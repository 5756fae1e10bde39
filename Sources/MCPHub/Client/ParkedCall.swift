import HubCore
import NIOConcurrencyHelpers
import NIOCore

/// A call of a client of 2026-07-28 whose server may ask in the middle of it. It runs in a task of its own, because the request that began it
/// ends with the first question, and another request brings the answer.
///
/// At any time at most one request is attached. Each time the call asks, the request that is attached is answered with all questions that
/// are open, and the next round begins; a round can be answered once.
final class ParkedCall: CallClient {
    /// What the request that is attached has to be answered with.
    enum Event: Sendable {
        /// The call has ended.
        case finished(Result<Performed, any Error>)
        /// It asks this, by the names that the answers are to have.
        case asks([(key: String, request: ClientRequest)], round: UInt32)
    }

    private struct Question {
        var key: String
        var request: ClientRequest
        var continuation: CheckedContinuation<JSONValue, any Error>
    }

    private struct State {
        var round: UInt32 = 0
        var nextKey = 1
        var questions: [Question] = []
        var outcome: Result<Performed, any Error>?
        var isAttached = true
        var waiter: CheckedContinuation<Event, Never>?
        var channel: ReplyChannel
        var task: Task<Void, Never>?
        var isCancelled = false
        /// Ends its waiting, and looks whether others wait.
        var timer: TimerTable.Token?
        var look: TimerTable.Token?
        /// Whether others wait for what the call holds; nil: it holds nothing.
        var isWanted: (@Sendable () -> Bool)?

        mutating func takeTimers() -> [TimerTable.Token] {
            defer { (timer, look) = (nil, nil) }
            return [timer, look].compactMap(\.self)
        }

        /// Lets the attached request go with the open questions.
        mutating func askNext() -> Event {
            round += 1
            isAttached = false
            channel = .closed
            return .asks(questions.map { ($0.key, $0.request) }, round: round)
        }
    }

    private static let maximumQuestions = 16

    let id = UInt128.random(in: .min ... .max)
    let owner: ParkedOwner
    let capabilities: ClientCapabilities
    let logLevel: LogLevel?
    private let calls: ParkedCalls
    private let state: NIOLockedValueBox<State>

    /// - Parameters:
    ///   - owner: who calls.
    ///   - client: what the client can do and wants to hear, with the channel of its first request.
    ///   - calls: where the call waits.
    init(owner: ParkedOwner, client: ModernClient, calls: ParkedCalls) {
        self.owner = owner
        self.capabilities = client.capabilities
        self.logLevel = client.logLevel
        self.calls = calls
        state = NIOLockedValueBox(State(channel: client.channel))
    }

    // MARK: The work

    /// Begins the work, and gives what the request is to be answered with. A client that leaves meanwhile cancels it.
    func run(_ work: @escaping @Sendable (any CallClient) async throws -> Performed) async -> Event {
        // Ends with the work. Cancelled by a client that leaves while its request is attached, by the time limit of a call that waits, and
        // when the hub stops.
        let task = Task.immediate(executorPreference: LoopTaskExecutor.current) {
            do { finish(.success(try await work(self))) } catch { finish(.failure(error)) }
        }
        let isCancelled = state.withLockedValue { state in
            state.task = task
            return state.isCancelled
        }
        if isCancelled { task.cancel() }
        return await next()
    }

    /// Ends the call: what it waits for, and what it does.
    func cancel() {
        let (task, timers) = state.withLockedValue { state in
            state.isCancelled = true
            return (state.task, state.takeTimers())
        }
        for timer in timers { calls.timers.remove(timer) }
        calls.remove(self)
        task?.cancel()
    }

    /// Ends the call if no request waits for it.
    func cancelUnlessAttached() {
        if state.withLockedValue({ !$0.isAttached }) { cancel() }
    }

    private func finish(_ outcome: Result<Performed, any Error>) {
        let waiter: CheckedContinuation<Event, Never>? = state.withLockedValue { state in
            guard state.outcome == nil else { return nil }
            state.outcome = outcome
            defer { state.waiter = nil }
            return state.waiter
        }
        guard let waiter else { return }
        calls.remove(self)
        waiter.resume(returning: .finished(outcome))
    }

    // MARK: Requests

    /// Brings the answers to the open questions, and attaches a request, until the call ends or asks again. What was not answered is asked
    /// again.
    ///
    /// - Parameter answers: `inputResponses`.
    /// - Returns: Nil where the round has been answered before.
    func resume(round: UInt32, answers: JSONValue?, channel: ReplyChannel) async -> Event? {
        let taken: (answered: [(Question, JSONValue)], timers: [TimerTable.Token])? = state.withLockedValue { state in
            guard !state.isAttached, state.round == round else { return nil }
            state.isAttached = true
            state.channel = channel
            var answered: [(Question, JSONValue)] = []
            var open: [Question] = []
            for question in state.questions {
                if let answer = answers?[question.key], answer.kind == .object {
                    answered.append((question, answer))
                } else {
                    open.append(question)
                }
            }
            state.questions = open
            return (answered, state.takeTimers())
        }
        guard let taken else { return nil }
        for timer in taken.timers { calls.timers.remove(timer) }
        for (question, answer) in taken.answered { question.continuation.resume(returning: answer) }
        return await next()
    }

    private func next() async -> Event {
        let event = await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let event: Event? = state.withLockedValue { state in
                    if let outcome = state.outcome { return .finished(outcome) }
                    if !state.questions.isEmpty { return state.askNext() }
                    state.waiter = continuation
                    return nil
                }
                if let event { continuation.resume(returning: event) }
            }
        } onCancel: {
            cancel()
        }
        switch event {
        case .finished: calls.remove(self)
        case .asks(_, let round): wait(inRound: round)
        }
        return event
    }

    /// Gives the client its time to come back, less where others wait for what the call holds.
    private func wait(inRound round: UInt32) {
        let end = calls.timers.add(due: .now + ParkedCalls.limit) { [weak self] in
            guard let self else { return }
            if isWaiting(inRound: round) { cancel() }
        }
        keep(end, as: \.timer, inRound: round)
        look(inRound: round, after: ParkedCalls.patience)
    }

    private func look(inRound round: UInt32, after time: Duration) {
        let look = calls.timers.add(due: .now + time) { [weak self] in
            guard let self, isWaiting(inRound: round) else { return }
            // Asked outside of the lock: who answers has one too.
            if state.withLockedValue(\.isWanted)?() == true { return cancel() }
            self.look(inRound: round, after: ParkedCalls.interval)
        }
        keep(look, as: \.look, inRound: round)
    }

    private func isWaiting(inRound round: UInt32) -> Bool { state.withLockedValue { !$0.isAttached && $0.round == round } }

    /// Keeps a timer as long as its round waits.
    private func keep(_ timer: TimerTable.Token, as place: WritableKeyPath<State, TimerTable.Token?>, inRound round: UInt32) {
        let isWaiting = state.withLockedValue { state in
            guard !state.isAttached, state.round == round, !state.isCancelled else { return false }
            state[keyPath: place] = timer
            return true
        }
        if !isWaiting { calls.timers.remove(timer) }
    }

    // MARK: The client of the work

    var takesInputRequests: Bool { true }
    var wantsProgress: Bool { state.withLockedValue { $0.channel.progress != nil } }

    func notify(_ notice: CallNotice) {
        if case .elicitationComplete = notice { return }  // 2026-07-28 knows no such word
        state.withLockedValue { $0.channel }.tell(notice, logLevel: logLevel)
    }

    func holds(_ isWantedByOthers: (@Sendable () -> Bool)?) { state.withLockedValue { $0.isWanted = isWantedByOthers } }

    func ask(_ request: ClientRequest) async throws -> JSONValue {
        try request.check(against: capabilities)
        let key = state.withLockedValue { state in
            defer { state.nextKey += 1 }
            return "q\(state.nextKey)"
        }
        return try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                add(Question(key: key, request: request.forNextHop, continuation: continuation))
                // Cancelled before there was anything to take back.
                if Task.isCancelled { withdraw(key) }
            }
        } onCancel: {
            withdraw(key)
        }
    }

    private func add(_ question: Question) {
        guard admit() else {
            let refusal = HubError(.overloaded, "Too many calls wait for their clients; try again later")
            question.continuation.resume(throwing: refusal)
            // The caller is told, and not the server alone, whose own words for it would pass for the answer.
            finish(.failure(refusal))
            return cancel()
        }
        let next: (waiter: CheckedContinuation<Event, Never>?, event: Event?)? = state.withLockedValue { state in
            guard state.outcome == nil else { return nil }
            guard state.questions.count < Self.maximumQuestions else {
                calls.refusals.count(.clientQuestions)
                return nil
            }
            state.questions.append(question)
            guard let waiter = state.waiter else { return (nil, nil) }
            state.waiter = nil
            return (waiter, state.askNext())
        }
        guard let next else {
            return question.continuation.resume(throwing: HubError(.overloaded, "Too many questions wait for this client"))
        }
        if let waiter = next.waiter, let event = next.event { waiter.resume(returning: event) }
    }

    private func admit() -> Bool {
        guard !state.withLockedValue({ $0.isCancelled }), calls.add(self) else { return false }
        // Cancelled meanwhile: whoever did that may have looked for the call before it was there.
        if state.withLockedValue({ $0.isCancelled }) { calls.remove(self) }
        return true
    }

    private func withdraw(_ key: String) {
        let question = state.withLockedValue { state -> Question? in
            guard let index = state.questions.firstIndex(where: { $0.key == key }) else { return nil }
            return state.questions.remove(at: index)
        }
        question?.continuation.resume(throwing: CancellationError())
    }
}
