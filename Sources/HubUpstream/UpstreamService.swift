import HTTPTypes
public import HubCore
public import Logging
import NIOCore
import NIOPosix

/// A named group of addresses that take HTTP requests: chooses one, adds the hub's credential, keeps every limit.
///
/// Made by `UpstreamRegistry`; shared by all calls of a snapshot; its connections end when the last snapshot that uses it goes.
public final class UpstreamService: Sendable {
    /// What is configured.
    public let settings: UpstreamSettings
    /// Keeps limits of time.
    let timers: TimerTable
    private let endpoints: [Endpoint]
    private let transport: any UpstreamTransport
    private let rotation: AddressRotation
    private let outgoing: OutgoingRequest
    private let redaction: Redaction

    init(_ settings: UpstreamSettings, timers: TimerTable, group: MultiThreadedEventLoopGroup = .singleton) {
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
    }

    deinit { transport.close() }

    /// Sends one request and gives the answer when its head has come. Its body may be a stream, without a limit on its size.
    ///
    /// - Parameters:
    ///   - request: its path is put below the path of the address, or below `basePath` where the address has none.
    ///   - basePath: empty, or a path without a trailing slash.
    ///   - logger: hears of failures, with their causes.
    /// - Throws: `HubError` with `.upstreamFailed`, `.upstreamTimeout`, `.overloaded` or `.addressRefused`; `CancellationError`; what a
    ///   request's body threw.
    public func send(_ request: OutboundRequest, basePath: String, logger: Logger) async throws -> UpstreamResponse {
        try await open(request, basePath: basePath, logger: logger).response
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
    ///   - logger: hears of failures, with their causes.
    ///   - deadline: for the whole exchange, where it is nearer than that of the settings.
    func open(
        _ request: OutboundRequest, basePath: String, credentials: OperationCredentials? = nil, logger: Logger,
        deadline: NIODeadline = .distantFuture
    ) async throws -> (response: UpstreamResponse, length: Int?) {
        do throws(UpstreamFailure) {
            let (answer, endpoint) = try await attempt(request, basePath: basePath, credentials?.shown, deadline: deadline)
            var response = UpstreamResponse(status: answer.status, fields: answer.fields.endToEnd, body: answer.body)
            if let scanner = redaction.scanner(status: answer.status, endpoint: endpoint, with: credentials?.redaction) {
                response.fields = scanner.redact(response.fields)
                response.body = scanner.redact(response.body)
            }
            return (response, answer.bodyLength)
        } catch {
            request.bodyStream?.cancel()
            if case .cancelled = error { throw error.error }
            logger.info("upstream failed", metadata: ["upstream": "\(settings.name)", "error": "\(error)"])
            throw error.error
        }
    }

    /// One request, at the address whose turn it is, at another where none of its bytes was sent, and again on a kept connection that
    /// turned out closed when the method is safe (RFC 9112 §9.3.1).
    private func attempt(
        _ request: OutboundRequest, basePath: String, _ credentials: ShownCredentials?, deadline: NIODeadline
    ) async throws(UpstreamFailure) -> (EndpointAnswer, Endpoint) {
        guard let turn = rotation.turn() else { throw .other(HubError(.internal, "The upstream has no address")) }
        let body = request.bodyStream.map { .stream($0) } ?? request.body.map { .complete($0) } ?? EndpointRequest.Body.none
        let deadline = min(deadline, .now() + TimeAmount(settings.timeouts.total))
        let prepared = EndpointRequest(
            method: request.method, target: "", fields: outgoing.fields(request, showing: credentials), body: body, deadline: deadline)
        let first = rotation.address(at: turn)
        do throws(UpstreamFailure) {
            return try await exchange(prepared, for: request, at: first, basePath: basePath, credentials)
        } catch {
            guard error.isBeforeSending else { throw error }
            var last = error
            for other in rotation.others(after: turn) where NIODeadline.now() < deadline {
                do throws(UpstreamFailure) {
                    return try await exchange(prepared, for: request, at: other, basePath: basePath, credentials)
                } catch {
                    guard error.isBeforeSending else { throw error }
                    last = error
                }
            }
            throw last
        }
    }

    private func exchange(
        _ prepared: EndpointRequest, for request: OutboundRequest, at index: Int, basePath: String, _ credentials: ShownCredentials?
    ) async throws(UpstreamFailure) -> (EndpointAnswer, Endpoint) {
        let endpoint = endpoints[index]
        var prepared = prepared
        prepared.target = try outgoing.target(request, endpoint: endpoint, basePath: basePath, showing: credentials)
        do throws(UpstreamFailure) {
            return (try await transport.exchange(prepared, endpoint: index), endpoint)
        } catch {
            guard case .closedUnanswered(wasKept: true) = error, Self.isSafe(request.method), request.bodyStream == nil else { throw error }
            return (try await transport.exchange(prepared, endpoint: index), endpoint)
        }
    }

    private static func isSafe(_ method: HTTPRequest.Method) -> Bool { [.get, .head, .options].contains(method) }
}
