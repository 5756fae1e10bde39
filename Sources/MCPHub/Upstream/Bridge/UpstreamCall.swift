import HubCore
import Logging
import NIOConcurrencyHelpers
import NIOCore

/// One request to a server: waits for the server where it is away, finds a session for it, and says it in the words of the server's era.
struct UpstreamCall {
    /// How long a server that is being reached for the first time is waited for, and a session.
    static let reachLimit = Duration.seconds(10)
    /// How long one that is known to be away is waited for.
    static let awayLimit = Duration.seconds(1)

    let server: UpstreamServer
    let request: OriginRequest
    let context: CallContext

    /// What the client can do for a server. That it follows tasks is said where a call may become one, and about one alone.
    var capabilities: ClientCapabilities {
        let capabilities = context.client?.capabilities ?? []
        return request.method == .callTool || request.method.isOfTask ? capabilities : capabilities.subtracting(.tasks)
    }

    /// The result in the words of 2026-07-28.
    func answer() async throws -> JSONDocument {
        let parameters = try OriginParameters(request)
        let due = server.environment.now() + server.settings.callLimit
        do {
            return try await inSession(parameters, due: due)
        } catch let error as JSONRPCError where error.code == .headerMismatch {
            // The schema that the headers were made by is not the server's any more (2026-07-28 transports, "Custom headers").
            await server.listAnew(until: min(due, server.environment.now() + Self.reachLimit))
        } catch {
            throw told(error)
        }
        do {
            return try await inSession(parameters, due: due)
        } catch {
            throw told(error)
        }
    }

    private func told(_ error: any Error) -> any Error {
        switch error {
        case let error as JSONRPCError: return UpstreamRefusal.translated(error, by: server.name)
        case let error as HubError where error.code == .upstreamFailed: server.doubt()
        default: break
        }
        return error
    }

    // MARK: Sessions

    /// Performs the request; in another session, once, where the server cannot have begun with it in the first.
    private func inSession(_ parameters: OriginParameters, due: ContinuousClock.Instant) async throws -> JSONDocument {
        do {
            return try await once(parameters, due: due)
        } catch let error as HubError where error.cause is SessionLoss {
            return try await once(parameters, due: due)
        }
    }

    private func once(_ parameters: OriginParameters, due: ContinuousClock.Instant) async throws -> JSONDocument {
        let revision = try await revision(due: due)
        // The tasks of 2025-11-25 are others: a server that went back to them has lost those of before.
        guard revision.isModern || !request.method.isOfTask else { throw JSONRPCError(.invalidParams, "Unknown task") }
        let lease = try await lease(in: revision, due: due)
        context.client?.holds { [pool = server.pool] in pool.isWaitedFor(lease) }
        defer {
            context.client?.holds(nil)
            server.pool.release(lease)
        }
        return lease.session.greeting.revision.isModern
            ? try await inRounds(lease.session, parameters) : try await byRequest(lease.session, parameters)
    }

    /// A session for the request; of the modern era where the server turns out to have no other.
    private func lease(in revision: ProtocolRevision, due: ContinuousClock.Instant) async throws -> SessionPool.Lease {
        func lease(_ wish: SessionWish) async throws -> SessionPool.Lease {
            try await server.pool.lease(wish, until: due, openingUntil: server.environment.now() + Self.reachLimit)
        }
        let wish = wish(in: revision)
        guard wish.isHandshake else { return try await lease(wish) }
        do {
            let lease = try await lease(wish)
            server.standing.withLockedValue { $0.found(.spoken) }
            return lease
        } catch let error as HubError where server.doesWithoutHandshake(after: error) {
            return try await lease(.everybodys)
        }
    }

    /// What the server speaks; waits for a server that is not there.
    private func revision(due: ContinuousClock.Instant) async throws -> ProtocolRevision {
        let known = server.standing.withLockedValue { standing in
            (
                revision: standing.catalogue?.revision, isHere: standing.life.isHere, attempts: standing.attempts,
                isFailing: standing.life.isFailing
            )
        }
        if let revision = known.revision, known.isHere || server.pool.hasOpen(wish(in: revision).cell) { return revision }
        let limit = known.isFailing ? Self.awayLimit : Self.reachLimit
        await server.waitForAttempt(after: known.attempts, until: min(due, server.environment.now() + limit))
        try Task.checkCancellation()
        let (revision, excuse) = server.standing.withLockedValue { standing in
            (standing.life.isHere && !standing.isStopped ? standing.catalogue?.revision : nil, standing.excuse)
        }
        guard let revision else { throw HubError(.upstreamFailed, "The server \(server.name) is away: \(excuse)") }
        return revision
    }

    /// Whose session the request goes into.
    ///
    /// 1. A server of the modern era knows no sessions: everybody's, unless 2.
    /// 2. A client that can be asked by requests alone, where the server may speak a handshake version too: one of that. Servers of both eras
    ///    often can ask in the older alone, and this client would get no other with the server itself.
    /// 3. One that keeps nothing in a session: everybody's too, where the client cannot be asked.
    /// 4. A client with a session: its own.
    /// 5. Any other: one for its credential and what it can do.
    private func wish(in revision: ProtocolRevision) -> SessionWish {
        let isHandshake = revision.isModern && isAskedByRequest && server.mayHaveHandshake
        guard isHandshake || !revision.isModern && !isInSharedSession else { return .everybodys }
        let (said, principal) = (capabilities.subtracting(.tasks), context.principal)
        if let session = context.session {
            return SessionWish(cell: .client(session), capabilities: said, principal: principal, isHandshake: isHandshake)
        }
        let told = said.subtracting(.rootsChanges)  // nobody would hear of them outside of a session
        let cell = SessionCell.caller(consumer: principal.consumer, credential: principal.credential, capabilities: told)
        return SessionWish(cell: cell, capabilities: told, principal: principal, isHandshake: isHandshake)
    }

    /// Whether there is something that the client can be asked, and it is by a request of the server.
    private var isAskedByRequest: Bool {
        guard request.method != .complete, let client = context.client, !client.takesInputRequests else { return false }
        return !capabilities.isDisjoint(with: .questions)
    }

    /// Whether a session of a handshake era that the request goes into is everybody's.
    private var isInSharedSession: Bool {
        server.settings.isShared && capabilities.subtracting([.apps, .rootsChanges, .tasks]).isEmpty
    }

    // MARK: Messages

    /// Sends the request in a session.
    func send(_ params: ByteBuffer, _ parameters: OriginParameters, in session: any UpstreamSession) async throws -> JSONDocument {
        var message = SessionRequest(
            method: request.method.rawValue, params: params, meta: request.meta, deadline: .now() + TimeAmount(server.settings.callLimit))
        message.name = parameters.name
        message.principal = context.principal
        message.clientSession = context.session
        message.isOfOneClient = context.session != nil && !isInSharedSession
        message.capabilities = capabilities
        message.logLevel = context.client?.logLevel
        message.wantsProgress = context.client?.wantsProgress ?? false
        if request.method == .callTool, session.greeting.revision.isModern, let name = parameters.name {
            message.mirrored = parameters.mirrored(server.standing.withLockedValue { $0.mirrored[name] ?? [] })
        }
        let document = try await session.request(message, handler: CallHandler(client: context.client))
        guard document.root.kind == .object else { throw senseless }
        return document
    }

    /// The result without what it says about the hop. A complete one has what its method promises.
    func passedOn(_ document: JSONDocument) throws -> JSONDocument {
        let isComplete = document.root["resultType"].map { $0.isString("complete") } ?? true
        guard !isComplete || ResultShape.isSound(document.root, of: request.method) else { throw senseless }
        do throws(JSONParseError) {
            return try ReservedMeta.stripped(document)
        } catch {
            throw senseless
        }
    }

    /// What an answer is that no revision knows.
    var senseless: HubError {
        HubError(
            .upstreamFailed, "The server \(server.name) gave an answer that makes no sense", cause: UnreadableMessage(cause: nil))
    }
}
