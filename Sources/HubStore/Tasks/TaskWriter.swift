import GRDB
import NIOConcurrencyHelpers

/// Writes what happens to tasks: what comes while one group is being committed is the next one, so that nobody waits for company, and many who
/// come at once share one transaction.
///
/// Each change is refused or made by itself; its caller comes back when the group is committed. Between groups it forgets, in small steps, what
/// is too much or too old.
final class TaskWriter: Sendable {
    /// Something to be written.
    struct Change: Sendable {
        /// How much it is, in bytes.
        var bytes = 0
        /// Writes it. A `StoreError` refuses it alone and must come before anything is written; any other error ends the group.
        var write: @Sendable (Database) throws -> TaskHoldings.Growth
    }

    private struct Waiting {
        var change: Change
        var continuation: CheckedContinuation<Result<Void, StoreError>, Never>
    }

    private struct State {
        var waiting: [Waiting] = []
        var bytes = 0
        var isWriting = false
        /// Those whose last change is older go, in milliseconds since 1970.
        var cutoff: Int64?
        var settled: [CheckedContinuation<Void, Never>] = []
        /// Nil until it was counted.
        var holdings: TaskHoldings?
        /// Whether there may be something to forget: at first what an earlier process began to.
        var mayForget = true
    }

    /// How much one transaction has at most: others wait no longer than for that.
    private static let (groupChanges, groupBytes) = (512, 8 << 20)
    /// How many steps of forgetting come between two groups at most: as much as a group can make, and others wait no longer than for these.
    private static let stepsBetween = groupChanges / TaskRetention.hiddenTasks

    private let database: HubDatabase
    private let bounds: TaskBounds
    private let state = NIOLockedValueBox(State())

    init(_ database: HubDatabase, bounds: TaskBounds) { (self.database, self.bounds) = (database, bounds) }

    /// How much there is; nil before anything was written.
    var holdings: TaskHoldings? { state.withLockedValue { $0.holdings } }

    // MARK: Callers

    /// Makes a change; comes back when it is committed.
    ///
    /// - Throws: `StoreError` with `busy` where too much waits already.
    func make(_ change: Change) async throws(StoreError) {
        let result = await withCheckedContinuation { continuation in
            let isTaken = state.withLockedValue { state in
                guard state.waiting.count < bounds.waitingChanges, state.bytes == 0 || change.bytes <= bounds.waitingBytes - state.bytes
                else { return false }
                state.waiting.append(Waiting(change: change, continuation: continuation))
                state.bytes += change.bytes
                return true
            }
            guard isTaken else {
                return continuation.resume(returning: .failure(StoreError(.busy, "too much waits to be written; try again in a moment")))
            }
            start()
        }
        try result.get()
    }

    /// Forgets what changed last before a time; comes back when that and all else that is too much is gone.
    func settle(before cutoff: Int64) async {
        await withCheckedContinuation { continuation in
            state.withLockedValue { state in
                state.cutoff = max(cutoff, state.cutoff ?? cutoff)
                state.settled.append(continuation)
            }
            start()
        }
    }

    private func start() {
        let isFirst = state.withLockedValue { state in
            defer { state.isWriting = true }
            return !state.isWriting
        }
        // Nobody waits for it, but each caller for its own change; it ends when nothing is left to do.
        if isFirst { Task { await run() } }
    }

    // MARK: The writer

    private enum Step {
        case commit([Waiting])
        case forget(before: Int64?)
        case rest([CheckedContinuation<Void, Never>])
    }

    private func run() async {
        var (isBlocked, steps) = (false, 0)
        while true {
            switch next(mayForget: !isBlocked, isForgettingFirst: steps > 0) {
            case .commit(let group):
                await commit(group)
                steps = Self.stepsBetween
            case .forget(let cutoff):
                steps -= 1
                do throws(StoreError) {
                    try await forget(before: cutoff)
                } catch {
                    isBlocked = true  // it is tried again with the next change
                }
            case .rest(let settled):
                for continuation in settled { continuation.resume() }
                return
            }
        }
    }

    private func next(mayForget: Bool, isForgettingFirst: Bool) -> Step {
        state.withLockedValue { state in
            let hasToForget = mayForget && (state.mayForget || state.cutoff != nil)
            if hasToForget, isForgettingFirst || state.waiting.isEmpty { return .forget(before: state.cutoff) }
            var (count, bytes) = (0, 0)
            for waiting in state.waiting.prefix(Self.groupChanges) {
                guard count == 0 || bytes + waiting.change.bytes <= Self.groupBytes else { break }
                (count, bytes) = (count + 1, bytes + waiting.change.bytes)
            }
            if count > 0 {
                defer { state.waiting.removeFirst(count) }
                state.bytes -= bytes
                return .commit(Array(state.waiting.prefix(count)))
            }
            defer { state.settled = [] }
            state.isWriting = false
            return .rest(state.settled)
        }
    }

    private func commit(_ group: [Waiting]) async {
        let changes = group.map(\.change)
        let results: [Result<TaskHoldings.Growth, StoreError>]
        do throws(StoreError) {
            try await count()
            results = try await database.changeSoon { database in
                try changes.map { change in
                    do {
                        return .success(try change.write(database))
                    } catch let error as StoreError {
                        return .failure(error)
                    }
                }
            }
        } catch {
            for waiting in group { waiting.continuation.resume(returning: .failure(error)) }
            return
        }
        state.withLockedValue { state in
            for case .success(let growth) in results { state.holdings?.take(growth) }
            if let holdings = state.holdings, !holdings.crowded.isEmpty || holdings.isOver(bounds) { state.mayForget = true }
        }
        for (waiting, result) in zip(group, results) { waiting.continuation.resume(returning: result.map { _ in }) }
    }

    /// Counts what there is, once.
    private func count() async throws(StoreError) {
        guard holdings == nil else { return }
        let bounds = bounds
        let counted = try database.look { try TaskRetention.count($0, bounds) }
        state.withLockedValue { $0.holdings = counted }
    }

    private func forget(before cutoff: Int64?) async throws(StoreError) {
        try await count()
        let (bounds, holdings) = (bounds, holdings ?? TaskHoldings(bounds))
        let step = try await database.changeSoon { try TaskRetention.step(holdings, bounds, before: cutoff, in: $0) }
        state.withLockedValue { state in
            for growth in step.growths { state.holdings?.take(growth) }
            state.mayForget = step.hasMore
            // A later one may have come meanwhile.
            if !step.isCutoffLeft, state.cutoff == cutoff { state.cutoff = nil }
        }
    }
}
