import HTTPTypes
import HubCore
import Logging
import NIOCore

/// An agent that is an application of Dify: each message begins a run, or answers one that waits.
///
/// 1. What the application needs and nobody said is asked for. 2. A run is always streamed. 3. A run that waits for people waits for the client's
/// next message, whose answer goes to the form; then the run is followed again. 4. A conversation of the client is one of the application: its id
/// is in the notes.
struct DifyPerformer: AgentPerformer {
    let application: DifyApplication
    let client: ApplicationClient
    let gate: SkillGate

    var remembers: Bool { true }

    func check(_ message: AgentMessage, context: CallContext) throws(A2AFailure) { try gate.check(message, context: context) }

    func perform(_ turn: AgentTurn, tell: (AgentOutput) async throws -> Void) async throws {
        var run = DifyRun(performer: self, turn: turn)
        defer { application.leaves(run.note.task) }
        do {
            if turn.note == nil, run.note != DifyNote() { try await tell(.note(run.note.bytes)) }
            if run.note.isPaused { try await run.resume(tell) } else { try await run.begin(tell) }
        } catch let failure as ApplicationFailure {
            throw failure.error
        } catch let error as CancellationError {
            if let name = run.note.task, !application.isStopping(name) {
                // Awaited here; a task of its own, because this one is cancelled.
                await Task { await stop(name, turn.context) }.value
            }
            throw error
        }
    }

    /// Stops the run at the application; one that does not stop is given up all the same.
    func cancel(_ task: AgentTask, note: ByteBuffer?, context: CallContext) async throws {
        guard let name = DifyNote(note).task else { return }
        if !task.status.state.isInterrupted { application.stops(name) }
        await stop(name, context)
    }

    private func stop(_ name: String, _ context: CallContext) async {
        do {
            let body = JSONTree.object(["user": .string(context.opaqueUser)]).bytes
            _ = try await client.object(.post, application.kind.stopPath(name), body, context: context)
        } catch {
            context.logger.warning("an application was not stopped", metadata: ["agent": "\(client.agent)", "error": "\(error)"])
        }
    }
}
