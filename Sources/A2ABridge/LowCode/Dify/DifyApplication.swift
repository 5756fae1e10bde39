import HTTPTypes
public import HubCore
public import Logging
import NIOConcurrencyHelpers
import NIOCore

/// An application of Dify, and what is known of it: what it says of itself is asked for anew from time to time, and the last good answer is kept.
///
/// Made when a configuration is read; one may serve several snapshots. What it is called through must have the application's key.
public final class DifyApplication: Sendable {
    /// The kinds of application, by the doors they have.
    public enum Kind: String, Sendable, Hashable, CaseIterable {
        /// A chatbot, or a flow that chats.
        case chat
        /// An agent with tools.
        case agent
        /// A workflow: from inputs to outputs, without a conversation.
        case workflow
        /// A text generator: from inputs to a text, without a conversation.
        case completion
    }

    /// What kind it is.
    public let kind: Kind
    /// Whether clients are told which steps the application takes and what it thinks.
    public let tellsProgress: Bool
    /// Sends messages below `/v1` of the application's service.
    let target: any CallTarget

    private let known = NIOLockedValueBox<(description: DifyDescription?, next: NIODeadline)>((nil, .uptimeNanoseconds(0)))

    /// The runs that are being stopped for their clients: they may end in any way meanwhile.
    private let stopping = NIOLockedValueBox<Set<String>>([])

    /// The most runs that are known to be stopping; more than there are tasks at work.
    private static let mostStopping = 10_000

    /// How long a description counts, and how long one that could not be had is not asked for again.
    private static let (freshness, patience) = (TimeAmount.minutes(5), TimeAmount.seconds(15))

    /// An application.
    ///
    /// - Parameters:
    ///   - kind: what kind it is.
    ///   - target: sends messages below `/v1` of its service, with its key.
    ///   - tellsProgress: whether clients are told what it is at meanwhile.
    public init(kind: Kind, target: any CallTarget, tellsProgress: Bool = true) {
        (self.kind, self.target, self.tellsProgress) = (kind, target, tellsProgress)
    }

    /// Asks the application what it is, so that its agent's card can say it. Comes back when that is known, or is not to be had.
    ///
    /// - Parameters:
    ///   - agent: the name of the agent in the configuration.
    ///   - logger: hears why it is not to be had.
    public func refresh(agent: String, logger: Logger) async {
        let client = ApplicationClient(agent: agent, tool: agent, target: target)
        await refresh(client, CallContext(requestID: "", logger: logger))
    }

    /// Asks the application what it is where that is not known or old.
    func refreshIfDue(agent: String, context: CallContext) async {
        _ = await current(ApplicationClient(agent: agent, tool: agent, target: target), context)
    }

    /// What is known of it.
    var description: DifyDescription? { known.withLockedValue { $0.description } }

    /// What is known of it, asked for anew where that is old.
    func current(_ client: ApplicationClient, _ context: CallContext) async -> DifyDescription? {
        let isDue = known.withLockedValue { known in
            guard known.next <= .now() else { return false }
            // Others take what there is meanwhile; where there is nothing yet, each asks.
            if known.description != nil { known.next = .now() + Self.patience }
            return true
        }
        if isDue { await refresh(client, context) }
        return description
    }

    private func refresh(_ client: ApplicationClient, _ context: CallContext) async {
        do {
            let parameters = try await client.object(.get, "/parameters?user=\(context.opaqueUser)", context: context)
            guard let parameters else { throw ApplicationEvents.nonsense }
            // Older servers have neither; the card does without.
            let info = try? await client.object(.get, "/info", context: context)
            let meta = try? await client.object(.get, "/meta", context: context)
            let description = DifyDescription(parameters: parameters, info: info ?? nil, meta: meta ?? nil)
            known.withLockedValue { $0 = (description, .now() + Self.freshness) }
        } catch {
            context.logger.info("an application does not describe itself", metadata: ["agent": "\(client.agent)", "error": "\(error)"])
            known.withLockedValue { $0.next = .now() + Self.patience }
        }
    }

    // MARK: Runs that are stopped

    /// A run is about to be stopped for its client, while somebody follows it.
    func stops(_ run: String) {
        stopping.withLockedValue { stopping in
            if stopping.count >= Self.mostStopping { stopping = [] }
            stopping.insert(run)
        }
    }

    /// Whether a run is being stopped for its client.
    func isStopping(_ run: String?) -> Bool { run.map { run in stopping.withLockedValue { $0.contains(run) } } ?? false }

    /// Nobody follows a run any more.
    func leaves(_ run: String?) {
        if let run { stopping.withLockedValue { _ = $0.remove(run) } }
    }
}
