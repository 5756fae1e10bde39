import HTTPTypes
public import HubCore
public import Logging
public import NIOCore
import NIOPosix

/// A named group of addresses that take HTTP requests: chooses one, adds the hub's credential, keeps every limit.
///
/// Made by `UpstreamRegistry`; shared by all calls of a snapshot; its connections end when the last snapshot that uses it goes.
public final class UpstreamService: OutboundHTTP {
    /// What is configured.
    public let settings: UpstreamSettings
    /// Keeps limits of time.
    let timers: TimerTable
    private let endpoints: [Endpoint]
    private let transport: any UpstreamTransport
    private let rotation: AddressRotation
    private let outgoing: OutgoingRequest
    private let redaction: Redaction
    private let dynamic: (any DynamicCredential)?

    init(
        _ settings: UpstreamSettings, timers: TimerTable, group: MultiThreadedEventLoopGroup = .singleton, clock: CredentialClock = .system
    ) {
        self.settings = settings
        self.timers = timers
        endpoints = settings.addresses.map { Endpoint($0.address) }
        transport =
            settings.usesHTTP2
            ? HTTP2Transport(endpoints, settings: settings, timers: timers)
            : ConnectionPools(endpoints, settings: settings, group: group)
        rotation = AddressRotation(weights: settings.addresses.map(\.weight))
        outgoing = OutgoingRequest(settings)
        redaction = Redaction(settings.credential.map { [$0] } ?? [])
        dynamic = settings.credential?.dynamic(name: settings.name, timers: timers, clock: clock) {
            UpstreamService($0, timers: timers, group: group)
        }
    }

    deinit { transport.close() }

    /// Where it is, where that is one place.
    public var address: HTTPAddress? { settings.addresses.count == 1 ? settings.addresses.first?.address : nil }

    /// Sends one request and gives the answer when its head has come. Its body may be a stream, without a limit on its size.
    ///
    /// - Parameters:
    ///   - request: its path is put below the path of the address, or below `basePath` where the address has none.
    ///   - basePath: empty, or a path without a trailing slash.
    ///   - principal: who calls, where the upstream is shown that.
    ///   - logger: hears of failures, with their causes.
    /// - Throws: `HubError` with `.upstreamFailed`, `.upstreamTimeout`, `.overloaded` or `.addressRefused`; `CancellationError`; what a
    ///   request's body threw.
    public func send(
        _ request: OutboundRequest, basePath: String, principal: Principal = .anonymous, logger: Logger
    ) async throws -> UpstreamResponse {
        try await open(request, basePath: basePath, principal: principal, logger: logger).response
    }

    /// Sends one request below the address of the settings alone, and gives up at the nearer of two times.
    public func send(_ request: OutboundRequest, principal: Principal, logger: Logger, deadline: NIODeadline) async throws -> CallResponse {
        let response = try await open(request, basePath: "", principal: principal, logger: logger, deadline: deadline).response
        return CallResponse(status: response.status, fields: response.fields, body: response.body)
    }

    /// Sends one request and collects the answer, up to the limit of the settings.
    ///
    /// - Throws: what `send` throws, and `HubError` with `.tooLarge`, without waiting for the body where the head says its length.
    public func collect(_ request: OutboundRequest, basePath: String, logger: Logger) async throws -> CollectedResponse {
        let (response, length) = try await open(request, basePath: basePath, logger: logger)
        return try await collect(response, length: length)
    }

    /// Collects an answer, up to the limit of the settings.
    ///
    /// - Parameter length: of the body, where the head says it.
    func collect(_ response: UpstreamResponse, length: Int?) async throws -> CollectedResponse {
        let limit = settings.maximumResponseBytes
        if let length, length > limit {
            if case .stream(let stream) = response.body { stream.cancel() }
            throw HubError(.tooLarge, "The upstream's answer is larger than \(limit) bytes")
        }
        let body = try await response.body.collect(upTo: limit)
        return CollectedResponse(status: response.status, fields: response.fields, body: body)
    }

    /// Sends one request and gives the answer when its head has come, and the length of its body where the head says it.
    ///
    /// - Parameters:
    ///   - request: its path is put below the path of the address, or below `basePath` where the address has none.
    ///   - basePath: empty, or a path without a trailing slash.
    ///   - credentials: what the operation shows beside the upstream's own credential.
    ///   - principal: who calls, where the upstream is shown that.
    ///   - logger: hears of failures, with their causes.
    ///   - deadline: for the whole exchange, where it is nearer than that of the settings.
    func open(
        _ request: OutboundRequest, basePath: String, credentials: OperationCredentials? = nil, principal: Principal = .anonymous,
        logger: Logger, deadline: NIODeadline = .distantFuture
    ) async throws -> (response: UpstreamResponse, length: Int?) {
        do throws(UpstreamFailure) {
            let work = Work(
                request: request, basePath: basePath, shown: credentials?.shown, dynamic: credentials?.dynamic ?? dynamic,
                asker: Asker(
                    principal: principal, logger: logger, deadline: min(deadline, .now() + TimeAmount(settings.timeouts.total))))
            let (answer, endpoint, admission) = try await attempt(work)
            var response = UpstreamResponse(status: answer.status, fields: answer.fields.endToEnd, body: answer.body)
            if settings.hidesCredentials,
                let scanner = redaction.scanner(
                    status: answer.status, endpoint: endpoint, with: credentials?.redaction, admission?.redaction)
            {
                response.fields = scanner.redact(response.fields)
                response.body = scanner.redact(response.body)
            }
            return (response, answer.bodyLength)
        } catch {
            request.bodyStream?.cancel()
            if case .cancelled = error { throw error.error }
            if case .addressRefused = error {
                logger.info(
                    "upstream refused: an address that only a document names is not public; write it under `upstreams` to allow it",
                    metadata: ["upstream": "\(settings.name)"])
            } else {
                logger.info("upstream failed", metadata: ["upstream": "\(settings.name)", "error": "\(error)"])
            }
            throw error.error
        }
    }

    /// A request, before an address is chosen for it.
    private struct Work {
        let request: OutboundRequest
        let basePath: String
        let shown: ShownCredentials?
        let dynamic: (any DynamicCredential)?
        let asker: Asker
    }

    private typealias Answered = (answer: EndpointAnswer, endpoint: Endpoint, admission: Admission?)

    /// One request, at the address whose turn it is, at another where none of its bytes was sent, and again on a kept connection that
    /// turned out closed when the method is safe (RFC 9112 §9.3.1).
    private func attempt(_ work: Work) async throws(UpstreamFailure) -> Answered {
        guard let turn = rotation.turn() else { throw .other(HubError(.internal, "The upstream has no address")) }
        let request = work.request
        let body = request.bodyStream.map { .stream($0) } ?? request.body.map { .complete($0) } ?? EndpointRequest.Body.none
        let deadline = work.asker.deadline
        let prepared = EndpointRequest(
            method: request.method, target: "", fields: outgoing.fields(request, showing: work.shown), body: body, deadline: deadline)
        let first = rotation.address(at: turn)
        do throws(UpstreamFailure) {
            return try await exchange(prepared, for: work, at: first)
        } catch {
            guard error.isBeforeSending else { throw error }
            var last = error
            for other in rotation.others(after: turn) where NIODeadline.now() < deadline {
                do throws(UpstreamFailure) {
                    return try await exchange(prepared, for: work, at: other)
                } catch {
                    guard error.isBeforeSending else { throw error }
                    last = error
                }
            }
            throw last
        }
    }

    private func exchange(_ prepared: EndpointRequest, for work: Work, at index: Int) async throws(UpstreamFailure) -> Answered {
        var prepared = prepared
        prepared.target = try outgoing.target(work.request, endpoint: endpoints[index], basePath: work.basePath, showing: work.shown)
        do throws(UpstreamFailure) {
            return try await admitted(prepared, for: work, at: index, isFirst: true)
        } catch {
            guard case .closedUnanswered(wasKept: true) = error, Self.isSafe(prepared.method), work.request.bodyStream == nil else {
                throw error
            }
            return try await admitted(prepared, for: work, at: index, isFirst: false)
        }
    }

    /// One exchange, and a second one with another token where the first was refused.
    ///
    /// A 401 says that the request has not been applied (RFC 9110 §15.5.2), so that any request may be sent again whose body is still there.
    private func admitted(
        _ prepared: EndpointRequest, for work: Work, at index: Int, isFirst: Bool
    ) async throws(UpstreamFailure) -> Answered {
        let endpoint = endpoints[index]
        // RFC 9110 §9.3.8: the answer to TRACE repeats the request.
        guard let dynamic = work.dynamic, prepared.method != .trace else {
            return (try await transport.exchange(prepared, endpoint: index), endpoint, nil)
        }
        var request = prepared
        let admission = try await dynamic.admit(&request, at: endpoint, for: work.asker)
        let answer = try await exchange(request, showing: dynamic, for: work, at: index)
        guard answer.status == 401, isFirst, work.request.bodyStream == nil else { return (answer, endpoint, admission) }
        request = prepared
        guard let other = await dynamic.readmit(&request, after: admission, for: work.asker) else { return (answer, endpoint, admission) }
        if case .stream(let stream) = answer.body { stream.cancel() }
        return (try await exchange(request, showing: dynamic, for: work, at: index), endpoint, other)
    }

    private func exchange(
        _ request: EndpointRequest, showing dynamic: any DynamicCredential, for work: Work, at index: Int
    ) async throws(UpstreamFailure) -> EndpointAnswer {
        let answer = try await transport.exchange(request, endpoint: index)
        guard let failure = await dynamic.failure(in: answer, for: work.asker) else { return answer }
        if case .stream(let stream) = answer.body { stream.cancel() }
        throw .credential(failure)
    }

    private static func isSafe(_ method: HTTPRequest.Method) -> Bool { [.get, .head, .options].contains(method) }
}
