public import HubCore
public import Logging
import NIOConcurrencyHelpers
import NIOCore

/// Tells webhooks what happens to tasks. The log is the queue: a webhook keeps the position that it has been told up to, and is told of what comes
/// then, one thing after another, for as long as there is something or somebody is at work. Each goes its own way, so that a slow one holds no
/// other up.
///
/// One per hub, given to its `A2ARuntime`, which ends it.
public final class PushSender: Sendable {
    /// How much goes on at once.
    public struct Bounds: Sendable, Hashable {
        /// The most webhooks that are told of something.
        public var webhooks = 2_000
        /// The most of them that are one owner's.
        public var webhooksOfOwner = 100
        /// After how long those are looked for again for which there was no room.
        public var sweep = Duration.seconds(15)

        /// The usual bounds.
        public init() {}
    }

    /// What became of notifications.
    public struct Counts: Sendable {
        /// Those that came.
        public let told = Counter()
        /// Those that were refused or given up.
        public let lost = Counter()
        /// Attempts that were not the first.
        public let repeated = Counter()
    }

    private struct Key: Hashable {
        var task: String
        var webhook: String
    }

    private struct Active {
        var owner: TaskOwner
        /// Whether something may have come since it last looked.
        var isAgain = false
        var work: Task<Void, Never>?
    }

    private struct State {
        var active: [Key: Active] = [:]
        var ofOwner: [TaskOwner: Int] = [:]
        var isSweepDue = false
        var isDraining = false
    }

    /// What became of notifications.
    public let counts = Counts()
    let sender: any WebhookSender
    let key: (any NotificationKey)?
    let policy: PushPolicy
    let timers: TimerTable
    let logger: Logger
    let secondsSince1970: @Sendable () -> Int64
    let random: @Sendable () -> UInt64
    private let bounds: Bounds
    private let state = NIOLockedValueBox(State())

    /// - Parameters:
    ///   - sender: connects to webhooks.
    ///   - key: signs notifications; nil: they are not signed.
    ///   - timers: waits before another attempt; must be driven.
    ///   - policy: when one is made.
    ///   - bounds: how much goes on at once.
    ///   - logger: hears of webhooks that are not reached.
    ///   - secondsSince1970: the wall clock.
    ///   - random: any numbers, so that not all wait equally long.
    public init(
        _ sender: any WebhookSender, key: (any NotificationKey)? = nil, timers: TimerTable, policy: PushPolicy = PushPolicy(),
        bounds: Bounds = Bounds(), logger: Logger, secondsSince1970: @escaping @Sendable () -> Int64,
        random: @escaping @Sendable () -> UInt64 = { .random(in: .min ... .max) }
    ) {
        (self.sender, self.key, self.timers, self.policy, self.bounds) = (sender, key, timers, policy, bounds)
        (self.logger, self.secondsSince1970, self.random) = (logger, secondsSince1970, random)
    }

    /// How many webhooks are being told of something.
    public var load: Int { state.withLockedValue { $0.active.count } }

    /// Refuses a webhook that cannot be told of anything.
    ///
    /// - Throws: `A2AFailure` with `invalidParameters`.
    func check(_ webhook: Webhook) async throws {
        let address = try webhook.check()
        do {
            try await sender.check(address)
        } catch let error as HubError where error.code == .addressRefused {
            throw Webhook.wrong("url", "is an address that the hub does not connect to")
        }
    }

    // MARK: What is told

    /// Tells the webhooks of a task of what they have not been told of; comes back at once.
    func follow(_ task: TaskRecord, in runtime: A2ARuntime) async {
        do {
            for webhook in try await runtime.store.pushes(of: task) { start(webhook.id, of: task, in: runtime) }
        } catch {
            logger.error("the webhooks of a task cannot be read", metadata: ["agent": "\(task.agent)", "error": "\(error)"])
            sweepLater(in: runtime)
        }
    }

    private func start(_ id: String, of task: TaskRecord, in runtime: A2ARuntime) {
        enum Start { case new, known, full, never }
        let key = Key(task: task.id, webhook: id)
        let start = state.withLockedValue { state -> Start in
            guard !state.isDraining else { return .never }
            if state.active[key] != nil {
                state.active[key]?.isAgain = true
                return .known
            }
            guard state.active.count < bounds.webhooks, state.ofOwner[task.owner, default: 0] < bounds.webhooksOfOwner else { return .full }
            state.active[key] = Active(owner: task.owner)
            state.ofOwner[task.owner, default: 0] += 1
            return .new
        }
        if start == .full { sweepLater(in: runtime) }
        guard start == .new else { return }
        // Nobody waits for it: how far it came stands in the store. It ends by itself, or by `drain`.
        let work = Task {
            let delivery = PushDelivery(id, of: task, in: runtime, by: self)
            repeat { await delivery.run() } while !rest(key)
        }
        let isTooLate = state.withLockedValue { state in
            state.active[key]?.work = work
            return state.isDraining
        }
        if isTooLate { work.cancel() }
    }

    /// Whether nothing has come since it looked; then it has ended.
    private func rest(_ key: Key) -> Bool {
        state.withLockedValue { state in
            guard let active = state.active[key] else { return true }
            if active.isAgain, !state.isDraining {
                state.active[key]?.isAgain = false
                return false
            }
            state.active[key] = nil
            let count = state.ofOwner[active.owner, default: 1] - 1
            state.ofOwner[active.owner] = count > 0 ? count : nil
            return true
        }
    }

    /// Ends all of it.
    func drain() {
        let work = state.withLockedValue { state in
            state.isDraining = true
            return state.active.values.compactMap(\.work)
        }
        for task in work { task.cancel() }
    }

    // MARK: What was left

    /// How many tasks are looked up at once.
    private static let page = 1_000

    /// Goes on with all webhooks that have not been told of everything: after a start, and where there was no room. Owners for whose webhooks there
    /// is none now are left for later without a look at what they have.
    func sweep(in runtime: A2ARuntime) async throws {
        var last: String?
        repeat {
            let tasks = try await runtime.store.untold(after: last, limit: Self.page)
            for task in tasks {
                guard load < bounds.webhooks else { return sweepLater(in: runtime) }
                if hasRoom(for: task.owner) { await follow(task, in: runtime) } else { sweepLater(in: runtime) }
            }
            last = tasks.last?.id
        } while last != nil
    }

    private func hasRoom(for owner: TaskOwner) -> Bool {
        state.withLockedValue { $0.ofOwner[owner, default: 0] < bounds.webhooksOfOwner }
    }

    private func sweepLater(in runtime: A2ARuntime) {
        let isNew = state.withLockedValue { state in
            defer { state.isSweepDue = true }
            return !state.isSweepDue && !state.isDraining
        }
        guard isNew else { return }
        _ = timers.add(due: .now + bounds.sweep) { [self] in
            state.withLockedValue { $0.isSweepDue = false }
            // Nobody waits for it: it looks once at what is stored, and ends.
            Task {
                do {
                    try await sweep(in: runtime)
                } catch {
                    logger.error("webhooks that are behind cannot be found", metadata: ["error": "\(error)"])
                    sweepLater(in: runtime)
                }
            }
        }
    }
}
