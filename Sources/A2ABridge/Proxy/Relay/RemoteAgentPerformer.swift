import HTTPTypes
import HubCore
import NIOCore

/// An agent whose work is done by an agent elsewhere. The hub owns the task; what is kept of the other is in its notes.
///
/// 1. A message of a task goes to the release that has it, and to its task there.
/// 2. A task that begins in a conversation goes to the release that has the conversation, and to its conversation there; where that release is
///    gone, it is chosen anew, and the conversation there begins anew.
/// 3. Any other is chosen a release (`ReleaseChooser`).
struct RemoteAgentPerformer: AgentPerformer {
    /// The agent.
    let remote: RemoteAgent
    /// Waits.
    let pause: @Sendable (Duration) async throws -> Void

    var mayReply: Bool { true }
    var remembers: Bool { true }

    /// Whether a message can be taken only the agent knows.
    func check(_ message: AgentMessage, context: CallContext) throws(A2AFailure) {}

    /// Gives the message to the agent, and tells what comes of it.
    func perform(_ turn: AgentTurn, tell: (AgentOutput) async throws -> Void) async throws {
        let (release, note) = try place(of: turn)
        if RemoteNote(turn.note) != note { try await tell(.note(note.bytes)) }
        var follower = try await follower(turn, release, note)
        try await watching(release) {
            if turn.isResumed { try await follower.resume(tell) } else { try await follower.follow(parameters(turn, note), tell) }
        }
    }

    /// Where the agent's name for the task is known.
    func canResume(_ note: ByteBuffer?) -> Bool { RemoteNote(note)?.taskID != nil }

    private func follower(_ turn: AgentTurn, _ release: RemoteRelease, _ note: RemoteNote) async throws -> RemoteFollower {
        let (client, card) = try await client(of: release, context: turn.context)
        let extensions = A2AHeaders.requestedExtensions(turn.request.fields).filter { $0 != A2AAgent.schemasExtension }
        let places = RemotePlaces(card, own: turn.request.address)
        let progress = RemoteProgress(turn.task, taskID: note.taskID, contextID: note.contextID, places: places)
        return RemoteFollower(
            client: client, extensions: extensions, context: turn.context, isStreaming: card.capabilities.streaming == true,
            progress: progress, note: note, pause: pause)
    }

    /// Asks the agent to end a task of its own.
    ///
    /// - Throws: `A2AFailure` with `taskNotCancelable` where it refuses; why it could not be asked. A task that it does not know is ended.
    func cancel(_ task: AgentTask, note: ByteBuffer?, context: CallContext) async throws {
        guard let note = RemoteNote(note), let taskID = note.taskID else { return }
        guard let release = remote.chooser.release(named: note.release) else { throw Self.gone }
        do {
            let (client, _) = try await client(of: release, context: context)
            let answer = try await watching(release) { try await client.ask(.cancelTask(TaskReference(id: taskID)), context: context) }
            guard case .task(let ended) = answer, ended.status.state.isTerminal, ended.status.state != .canceled else { return }
            throw A2AFailure(.taskNotCancelable, "The task has ended already")
        } catch let failure as A2AFailure {
            switch failure.code {
            case .taskNotFound: return
            case .unsupportedOperation, .methodNotFound: throw A2AFailure(.taskNotCancelable, "The agent does not end tasks")
            default: throw failure
            }
        }
    }

    private static let gone = A2AFailure(.upstreamFailed, "The release of the agent that has this task is there no more")

    /// Where a message goes, and what is known of its task there.
    private func place(of turn: AgentTurn) throws(A2AFailure) -> (RemoteRelease, RemoteNote) {
        if let note = RemoteNote(turn.note) {
            guard let release = remote.chooser.release(named: note.release) else { throw Self.gone }
            return (release, note)
        }
        if let earlier = RemoteNote(turn.earlierNote), let release = remote.chooser.release(named: earlier.release) {
            return (release, RemoteNote(release: release.name, contextID: earlier.contextID))
        }
        let chosen = remote.chooser.choose(contextID: turn.task.contextID ?? turn.task.id, fields: turn.request.fields) { release in
            remote.standing(release)?.isAway ?? false
        }
        guard let chosen else { throw A2AFailure(.upstreamFailed, "No release of the agent is for messages like this one") }
        return (chosen, RemoteNote(release: chosen.name))
    }

    private func client(of release: RemoteRelease, context: CallContext) async throws -> (RemoteAgentClient, AgentCard) {
        guard let standing = remote.standing(release) else { throw Self.gone }
        let card = try await standing.card(release, agent: remote.name, now: .now, context: context).card
        guard let interface = RemoteInterface.chosen(from: card, ownPath: release.path) else {
            throw A2AFailure(.upstreamFailed, "The agent speaks in no way that the hub knows")
        }
        return (RemoteAgentClient(agent: remote.name, release: release.name, target: release.target, interface: interface), card)
    }

    /// Keeps whether the release answers.
    private func watching<Result>(_ release: RemoteRelease, _ ask: () async throws -> Result) async throws -> Result {
        do {
            let result = try await ask()
            remote.standing(release)?.answered()
            return result
        } catch {
            switch error {
            case let error as HubError where error.code == .upstreamFailed || error.code == .upstreamTimeout:
                remote.standing(release)?.failed()
            case let error as A2AFailure where [.upstreamFailed, .upstreamTimeout, .invalidAgentResponse].contains(error.code):
                remote.standing(release)?.failed()
            default: break
            }
            throw error
        }
    }

    /// The message with the agent's names in place of the hub's. Tasks that it refers to and that the release does not have are left out.
    private func parameters(_ turn: AgentTurn, _ note: RemoteNote) -> SendParameters {
        var message = turn.message
        (message.taskID, message.contextID) = (note.taskID, note.contextID)
        message.referenceTaskIDs = message.referenceTaskIDs.compactMap { id in
            guard let known = RemoteNote(turn.request.references[id]), known.release == note.release else { return nil }
            return known.taskID
        }
        var parameters = SendParameters(message: message)
        parameters.acceptedOutputModes = turn.request.acceptedOutputModes
        parameters.metadata = turn.request.metadata
        return parameters
    }
}
