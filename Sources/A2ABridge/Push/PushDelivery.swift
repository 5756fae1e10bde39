import HubCore
import Logging
import NIOConcurrencyHelpers
import NIOCore

/// What one webhook is told of one task, in order.
///
/// Before each notification the webhook is read anew: one that its client took back, or moved, hears nothing more at the old place. The task is
/// given back while nothing but time is waited for, so that a webhook that is down keeps no log in memory.
final class PushDelivery: Sendable {
    private struct State {
        /// How often the notification at this position was tried.
        var attempts = 0
        var position = -1
        /// Whether the one before was given up.
        var isDown = false
    }

    private enum End {
        case nothing
        case later(Duration)
    }

    /// How long a webhook waits for a task at work before it looks again, should nobody wake it.
    private static let patience = Duration.seconds(30)

    private let id: String
    private let record: TaskRecord
    private let runtime: A2ARuntime
    private let push: PushSender
    private let state = NIOLockedValueBox(State())

    init(_ id: String, of record: TaskRecord, in runtime: A2ARuntime, by push: PushSender) {
        (self.id, self.record, self.runtime, self.push) = (id, record, runtime, push)
    }

    /// Tells of all there is, and of what comes while somebody is at work.
    func run() async {
        do {
            while case .later(let delay) = try await tellWhatThereIs() { try await push.timers.pause(for: delay) }
        } catch is CancellationError {
            // The hub stops: the store knows how far it came.
        } catch let error as A2AFailure where error.code == .taskNotFound {
            // The task is kept no longer, and nor are its webhooks.
        } catch {
            push.logger.error("a webhook cannot be told of a task", metadata: ["agent": "\(record.agent)", "error": "\(error)"])
        }
    }

    private func tellWhatThereIs() async throws -> End {
        let task = try await runtime.hold(record.id, agent: record.agent, owner: record.owner)
        defer { runtime.release(task) }
        var view: TaskLog?
        while true {
            try Task.checkCancellation()
            guard let kept = try await runtime.store.pushes(of: record).first(where: { $0.id == id }) else { return .nothing }
            var position = kept.position
            while case .entry(nil) = task.told(at: position) { position += 1 }
            switch task.told(at: position) {
            case .broken: return .nothing
            case .entry(nil): continue
            case .nothing(let isAtWork):
                if position > kept.position { try await runtime.store.movePush(id, to: position, of: record) }
                guard isAtWork else { return .nothing }
                await task.wait(beyond: position, limit: Self.patience)
            case .entry(let event?):
                let webhook = try Webhook(kept)
                let log = webhook.version == .v0_3 ? try await task.log() : nil
                let body = try webhook.body(event) {
                    guard let log else { throw A2AFailure(.internal, "The log is missing") }
                    return try Self.extend(&view, to: position, from: log).task
                }
                switch await send(body, to: webhook, position) {
                case .told, .passedOver, .givenUp: try await runtime.store.movePush(id, to: position + 1, of: record)
                case .gone:
                    try await runtime.store.forgetPush(id, of: record)
                    return .nothing
                case .again(let delay): return .later(delay)
                case nil: throw CancellationError()
                }
            }
        }
    }

    /// The log as it was after the entry at a position, made of what it was before.
    private static func extend(_ view: inout TaskLog?, to position: Int, from log: TaskLog) throws -> TaskLog {
        var extended: TaskLog
        if let view, view.position <= position + 1 {
            extended = view
            for entry in log.entries.prefix(position + 1).dropFirst(view.position) { try extended.append(entry) }
        } else {
            extended = try TaskLog(id: log.task.id, contextID: log.task.contextID ?? "", entries: Array(log.entries.prefix(position + 1)))
        }
        view = extended
        return extended
    }

    /// Makes one attempt; nil where the hub stops.
    private func send(_ body: ByteBuffer, to webhook: Webhook, _ position: Int) async -> PushPolicy.Verdict? {
        let (attempt, isDown) = state.withLockedValue { state in
            if state.position != position { (state.position, state.attempts) = (position, 0) }
            state.attempts += 1
            return (state.attempts, state.isDown)
        }
        if attempt > 1 { push.counts.repeated.increment() }
        var status: Int?
        var problem = ""
        do {
            let address = try webhook.check()
            let signature = try push.key?.signature(
                of: body, to: address, name: "\(record.id)/\(position)/\(id)", time: push.secondsSince1970())
            status = try await push.sender.post(
                body, headers: webhook.headers(signature: signature), to: address, timeout: push.policy.timeout)
            problem = "it answers with \(status ?? 0)"
        } catch is CancellationError where Task.isCancelled {
            return nil
        } catch let error as HubError where error.code == .addressRefused {
            (status, problem) = (403, error.message)  // as if it were refused there
        } catch {
            problem = (error as? HubError)?.message ?? "it cannot be reached"
        }
        let verdict = push.policy.verdict(status, attempt: attempt, isDown: isDown, random: push.random())
        switch verdict {
        case .told:
            push.counts.told.increment()
            state.withLockedValue { $0.isDown = false }
        case .again: break
        case .passedOver, .gone, .givenUp:
            push.counts.lost.increment()
            if verdict == .givenUp { state.withLockedValue { $0.isDown = true } }
            push.logger.warning("a webhook was not told of a task", metadata: ["agent": "\(record.agent)", "why": "\(problem)"])
        }
        return verdict
    }
}
