import HTTPTypes
import HubCore
import NIOConcurrencyHelpers
import NIOCore

@testable import A2ABridge

/// Requests to an agent of a hub of its own, each of which is answered before the next.
struct AgentExchange: Sendable {
    /// Ways to speak to an agent, in the order of the choices.
    struct Way: Sendable {
        var version: A2AVersion
        var isHTTP: Bool

        static let all = [
            Way(version: .v1_0, isHTTP: false), Way(version: .v1_0, isHTTP: true), Way(version: .v0_3, isHTTP: false),
            Way(version: .v0_3, isHTTP: true),
        ]
    }

    let timers = TimerTable()
    let runtime: A2ARuntime

    init() {
        let ticks = NIOLockedValueBox<Int64>(1_700_000_000_000)
        runtime = A2ARuntime(store: InMemoryTaskStore(), timers: timers) {
            ticks.withLockedValue { ticks in
                ticks += 1
                return ticks
            }
        }
    }

    /// What the agent answers. A client whose stream waits for nothing leaves.
    func answer(_ agent: A2AAgent, to request: InboundRequest) async -> AnswerKeeper.Answer {
        let keeper = AnswerKeeper()
        let failure = NIOLockedValueBox<(any Error)?>(nil)
        let isOver = NIOLockedValueBox(false)
        let path = request.path
        let work = Task {
            do { try await agent.respond(to: request, subpath: path.dropFirst("/a2a/orders".count), writer: keeper) } catch {
                failure.withLockedValue { $0 = error }
            }
            isOver.withLockedValue { $0 = true }
        }
        var (idle, seen, hasLeft) = (0, -1, false)
        while !isOver.withLockedValue({ $0 }) {
            let written = keeper.answer.body.readableBytes
            idle = written == seen && keeper.answer.head != nil && runtime.load.tasksAtWork == 0 ? idle + 1 : 0
            seen = written
            if idle == Self.patience {
                work.cancel()
                hasLeft = true
            }
            await Task.yield()
        }
        if let failure = failure.withLockedValue({ $0 }) {
            claim(hasLeft && failure is CancellationError, "a request is answered: \(failure)")
        }
        claim(keeper.answer.isEnded || hasLeft, "an answer has an end")
        // What goes on after an answer has an end, too.
        while runtime.load.tasksAtWork > 0 { await Task.yield() }
        return keeper.answer
    }

    /// How often a client looks for news.
    private static let patience = 1000

    /// Nothing goes on, and nothing waits for its time.
    func checkRest() {
        claim(runtime.load == (0, 0), "nothing is left at work: \(runtime.load)")
        claim(timers.count == 0, "no limit of time is left behind")
    }

    /// The id of the task that an answer tells of.
    static func taskID(in documents: [JSONValue]) -> String? {
        for document in documents {
            let result = document["result"] ?? document
            let update = result["statusUpdate"] ?? result["artifactUpdate"] ?? result
            if let id = result["task"]?["id"]?.string ?? update["taskId"]?.string ?? result["id"]?.string { return id }
        }
        return nil
    }
}
