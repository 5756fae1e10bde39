import HubCore
import Logging
import NIOConcurrencyHelpers
import NIOCore

/// Begins sessions with a server that is a process. What it speaks is found out once and remembered for as long as it holds:
/// 1. `server/discover` answered with a version without handshakes: 2026-07-28.
/// 2. Any other answer, or none in time: `initialize`.
/// 3. `initialize` refused with -32022: the server had read the first question late, and has settled on 2026-07-28.
/// 4. A process that ended at the first question is started again, for `initialize` alone.
final class LineSessionOpener: SessionOpener {
    private enum Era {
        case modern
        case handshake
    }

    private let source: any LineChannelSource
    private let timers: TimerTable
    private let version: String
    private let era: UpstreamEra
    private let logger: Logger
    private let known = NIOLockedValueBox<Era?>(nil)

    /// - Parameters:
    ///   - source: starts the process.
    ///   - timers: keeps limits; must be driven.
    ///   - version: the hub's.
    ///   - era: what is spoken; where it is one era alone, a server that does not speak it is refused with `WrongEra`.
    ///   - logger: hears of what goes wrong.
    init(source: any LineChannelSource, timers: TimerTable, version: String, era: UpstreamEra = .auto, logger: Logger) {
        self.source = source
        self.timers = timers
        self.version = version
        self.era = era
        self.logger = logger
    }

    func open(
        capabilities: ClientCapabilities, observer: (any SessionObserver)?, principal: Principal, deadline: NIODeadline
    ) async throws -> any UpstreamSession {
        let asker = Asker(capabilities: capabilities, observer: WeakObserver(observer), principal: principal, deadline: deadline)
        let era = presumed
        let link = try await start(principal)
        do {
            let session = try await begin(link, era: era, for: asker)
            known.withLockedValue { $0 = session.greeting.revision.isModern ? .modern : .handshake }
            return session
        } catch {
            let hasEnded = link.calls.isEnded
            link.end(nil)
            if era == nil, hasEnded, !Task.isCancelled, deadline > .now() {
                let session = try await again(for: asker)
                known.withLockedValue { $0 = .handshake }
                return session
            }
            known.withLockedValue { $0 = nil }
            throw error
        }
    }

    /// What is spoken without asking; nil: it is to be found out.
    private var presumed: Era? {
        switch era {
        case .auto: known.withLockedValue { $0 }
        case .modern: .modern
        case .handshake: .handshake
        }
    }

    /// Who wants a session.
    private struct Asker {
        let capabilities: ClientCapabilities
        let observer: WeakObserver
        let principal: Principal
        let deadline: NIODeadline
    }

    private func start(_ principal: Principal) async throws -> ChannelLink {
        let link = ChannelLink(LineMessages(try await source.open()), principal: principal, timers: timers, logger: logger)
        link.start()
        return link
    }

    private func begin(_ link: ChannelLink, era presumed: Era?, for asker: Asker) async throws -> ChannelSession {
        if presumed != .handshake {
            let limit = presumed == nil ? min(asker.deadline, .now(plus: SessionLimits.probe)) : asker.deadline
            if let session = try await modern(link, for: asker, until: limit) { return session }
            if era == .modern { throw HubError.wrongEra(era, cause: HubError.noCommonVersion) }
        }
        do {
            return try await handshake(link, for: asker)
        } catch let error as JSONRPCError {
            guard era == .auto else { throw HubError.wrongEra(era, cause: error) }
            guard let session = try await modern(link, for: asker, until: asker.deadline) else { throw error }
            return session
        }
    }

    /// The session of 2026-07-28; nil where the server does not say that it speaks it.
    private func modern(_ link: ChannelLink, for asker: Asker, until limit: NIODeadline) async throws -> ChannelSession? {
        let words = SessionWords(version: version, revision: .v2026_07_28)
        let result: JSONDocument
        do {
            let request = Opening.discovery(principal: asker.principal, deadline: limit)
            result = try await link.perform(request, words: words, handler: NobodyListens())
        } catch let error as JSONRPCError {
            if error.namesOnlyUnknownVersions { throw HubError.noCommonVersion }
            return nil
        } catch let error as HubError where error.code == .upstreamTimeout && asker.deadline > .now() {
            return nil
        }
        guard let greeting = ServerGreeting(discovery: result.root) else { return nil }
        let session = ChannelSession(
            greeting: greeting, link: link, version: version, observer: asker.observer, principal: asker.principal)
        session.start()
        return session
    }

    private func handshake(_ link: ChannelLink, for asker: Asker) async throws -> ChannelSession {
        try await ChannelSession.handshake(
            over: link, version: version, capabilities: asker.capabilities, observer: asker.observer, principal: asker.principal,
            deadline: asker.deadline)
    }

    /// In a new process, without the question that the last one did not survive.
    private func again(for asker: Asker) async throws -> ChannelSession {
        let link = try await start(asker.principal)
        do {
            return try await handshake(link, for: asker)
        } catch {
            link.end(nil)
            throw error
        }
    }
}
