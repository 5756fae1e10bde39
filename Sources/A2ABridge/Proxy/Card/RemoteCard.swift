import HTTPTypes
import HubCore
import NIOCore

/// The card of an agent elsewhere, as it was read last.
struct RemoteCard: Sendable {
    /// What it says, in the model of 1.0 whichever version it was written in.
    let card: AgentCard
    /// What its signatures are worth: they do not hold for the card that callers see.
    let provenance: CardProvenance
    /// By what the agent knows it (RFC 9110 §8.8.3), and where it was.
    private let entityTag: String?
    private let place: String

    /// Where cards are, below an agent's address: since 0.3, and before.
    private static let places = ["/.well-known/agent-card.json", "/.well-known/agent.json"]
    /// How much of a card is read.
    private static let limits = JSONLimits(maximumBytes: 1 << 20, maximumDepth: 64, maximumValues: 1 << 16, duplicateKeys: .refuse)

    /// Reads the card of a release.
    ///
    /// - Parameter known: the one before, which stays where the agent says that nothing has changed.
    /// - Throws: `HubError`, `A2AFailure` with `invalidAgentResponse`, or `CancellationError`; nothing of it names an address.
    static func read(
        from release: RemoteRelease, agent: String, known: RemoteCard?, keys: CardKeys, context: CallContext
    ) async throws -> RemoteCard {
        for place in places {
            var request = OutboundRequest(method: .get, path: place)
            request.headers = [.accept: "application/json", .a2aVersion: A2AVersion.v1_0.rawValue]
            if let known, known.place == place { request.headers[.ifNoneMatch] = known.entityTag }
            let response = try await release.target.perform(
                Call(entry: agent, tool: release.name, content: .message(request)), context: context)
            let body = try await response.body.collect(upTo: limits.maximumBytes)
            switch response.status {
            case 304 where request.headers[.ifNoneMatch] != nil: if let known { return known }
            case 200..<300: return try RemoteCard(body, at: place, entityTag: response.fields.value(.eTag), keys: keys)
            case 404, 405, 410: continue
            case 401, 403: throw HubError(.upstreamFailed, "The agent does not let the hub in")
            default: throw HubError(.upstreamFailed, "The agent does not show its card (status \(response.status))")
            }
        }
        throw HubError(.upstreamFailed, "The agent has no card")
    }

    private init(_ body: ByteBuffer, at place: String, entityTag: String?, keys: CardKeys) throws {
        let root: JSONValue
        do throws(JSONParseError) {
            root = try JSONDocument(parsing: body, limits: Self.limits).root
        } catch {
            throw A2AFailure(.invalidAgentResponse, "The agent's card is no JSON: \(error)")
        }
        do throws(WireProblem) {
            card = try AgentCard(WireValue(root, .v1_0))
        } catch {
            throw A2AFailure(.invalidAgentResponse, "The agent's card cannot be read: \(error)")
        }
        provenance = CardSignatures.provenance(of: card, written: root, keys: keys)
        self.place = place
        self.entityTag = entityTag.flatMap { $0.utf8.count <= 256 ? $0 : nil }
    }
}
