import HTTPTypes
import HubCore
import Logging
import NIOConcurrencyHelpers
import NIOCore

/// Begins sessions with a server over HTTP. What it speaks is found out once and remembered for as long as it holds:
/// 1. `server/discover` answered with a version without handshakes: 2026-07-28.
/// 2. Any other answer: `initialize`, and streamable HTTP where that is answered.
/// 3. `initialize` refused by HTTP alone, with 400, 404 or 405: a GET, and HTTP+SSE where its first event names an endpoint.
/// 4. No answer, or one with a status of 500 and above, says nothing.
final class HTTPSessionOpener: SessionOpener {
    /// What a server speaks.
    private enum Verdict {
        case modern(ServerPlace)
        case handshake(ServerPlace)
        case sse(ServerPlace)
    }

    private let server: ServerHTTP
    private let version: String
    private let era: UpstreamEra
    private let verdict = NIOLockedValueBox<Verdict?>(nil)

    /// - Parameters:
    ///   - http: the way to the server, whose address is where it takes messages.
    ///   - timers: keeps limits; must be driven.
    ///   - version: the hub's.
    ///   - era: what is spoken; where it is one era alone, a server that does not speak it is refused with `WrongEra`.
    ///   - logger: hears of what goes wrong.
    init(http: any OutboundHTTP, timers: TimerTable, version: String, era: UpstreamEra = .auto, logger: Logger) {
        server = ServerHTTP(http: http, timers: timers, logger: logger)
        self.version = version
        self.era = era
    }

    func open(
        capabilities: ClientCapabilities, observer: (any SessionObserver)?, principal: Principal, deadline: NIODeadline
    ) async throws -> any UpstreamSession {
        let opening = Opening(
            server: server, version: version, capabilities: capabilities, observer: WeakObserver(observer), principal: principal,
            deadline: deadline, lost: { [verdict] in verdict.withLockedValue { $0 = nil } })
        if let known = verdict.withLockedValue({ $0 }) {
            do throws(Opening.Refusal) {
                switch known {
                case .modern(let place): return try await opening.modern(at: place)
                case .handshake(let place): return try await opening.handshake(at: place)
                case .sse(let place): return try await opening.sse(at: place)
                }
            } catch {
                guard error.isOfEra else { throw error.error }
                verdict.withLockedValue { $0 = nil }
            }
        }
        do throws(Opening.Refusal) {
            return try await find(opening)
        } catch {
            guard era != .auto, error.isOfEra else { throw error.error }
            throw HubError.wrongEra(era, cause: error.error)
        }
    }

    private func find(_ opening: Opening) async throws(Opening.Refusal) -> any UpstreamSession {
        if era != .handshake {
            do throws(Opening.Refusal) {
                let session = try await opening.modern(at: .address)
                verdict.withLockedValue { $0 = .modern(session.server.place) }
                return session
            } catch {
                guard era == .auto, error.isOfEra else { throw error }
            }
        }
        do throws(Opening.Refusal) {
            let session = try await opening.handshake(at: .address)
            verdict.withLockedValue { $0 = .handshake(session.server.place) }
            return session
        } catch {
            guard case .notHere = error else { throw error }
        }
        let session = try await opening.sse(at: .address)
        verdict.withLockedValue { $0 = .sse(.address) }
        return session
    }
}
