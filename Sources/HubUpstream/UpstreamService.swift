import AsyncHTTPClient
import HTTPTypes
public import HubCore
public import Logging
public import NIOCore
import NIOHTTP1
import NIOHTTPCompression
import NIOPosix

/// An answer of an upstream, complete.
public struct UpstreamResponse: Sendable {
    /// The status.
    public var status: Int
    /// The media type with its parameters.
    public var contentType: String?
    /// The body.
    public var body: ByteBuffer
}

/// A named group of addresses that take HTTP requests: chooses one, adds the hub's credential, keeps every limit.
///
/// Made by `UpstreamRegistry`; shared by all calls of a snapshot; its connections end when the last snapshot that uses it goes.
public final class UpstreamService: Sendable {
    /// What is configured.
    public let settings: UpstreamSettings
    private let client: HTTPClient
    private let rotation: AddressRotation
    private let redaction: Redaction
    private let timers: TimerTable

    init(_ settings: UpstreamSettings, timers: TimerTable) {
        self.settings = settings
        self.timers = timers
        rotation = AddressRotation(settings.addresses)
        redaction = Redaction(credential: settings.credential)
        var configuration = HTTPClient.Configuration(
            redirectConfiguration: .disallow,  // a redirect would carry the hub's credential to another origin
            timeout: .init(connect: TimeAmount(settings.timeouts.connect), read: TimeAmount(settings.timeouts.idle)),
            connectionPool: .init(idleTimeout: .seconds(60), concurrentHTTP1ConnectionsPerHostSoftLimit: 512),
            decompression: .enabled(limit: .size(settings.maximumResponseBytes + 1))
        )
        configuration.connectionPool.retryConnectionEstablishment = false
        configuration.httpVersion = .http1Only
        if !settings.isOperatorDefined {
            configuration.http1_1ConnectionDebugInitializer = { channel in
                Self.allowsConnection(to: channel.remoteAddress)
                    ? channel.eventLoop.makeSucceededVoidFuture()
                    : channel.eventLoop.makeFailedFuture(HubError(.addressRefused, "The upstream's address is not allowed"))
            }
        }
        client = HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
    }

    deinit {
        // Nobody waits: the task keeps the client until its connections are closed.
        Task { [client] in try? await client.shutdown() }  // fails only when shut down before
    }

    /// Sends one request and collects the answer.
    ///
    /// - Parameters:
    ///   - request: its path is put below the path of the address, or below `basePath` where the address has none.
    ///   - basePath: empty, or a path without a trailing slash.
    ///   - logger: hears of failures, with their causes.
    /// - Throws: `HubError` with `.upstreamFailed`, `.upstreamTimeout`, `.tooLarge` or `.addressRefused`; `CancellationError`.
    public func send(_ request: OutboundRequest, basePath: String, logger: Logger) async throws -> UpstreamResponse {
        do {
            return try await withDeadline(settings.timeouts.total, timers: timers) { [self] in
                try await attempt(request, basePath: basePath, logger: logger)
            }
        } catch {
            if Task.isCancelled { throw CancellationError() }
            logger.info("upstream failed", metadata: ["upstream": "\(settings.name)", "error": "\(error)"])
            throw Self.hubError(for: error)
        }
    }

    /// One request, at the next address, at another where none of its bytes was sent, and again on a kept connection that turned
    /// out closed when the method is safe (RFC 9112 §9.3.1).
    private func attempt(_ request: OutboundRequest, basePath: String, logger: Logger) async throws -> UpstreamResponse {
        var lastError: any Error = HubError(.upstreamFailed, "The upstream has no address")
        for address in rotation.candidates() {
            do {
                return try await exchange(request, address: address, basePath: basePath)
            } catch let error as HTTPClientError where error == .remoteConnectionClosed && Self.isSafe(request.method) {
                return try await exchange(request, address: address, basePath: basePath)
            } catch  where Self.isBeforeSending(error) {
                lastError = error
            }
        }
        throw lastError
    }

    private func exchange(_ request: OutboundRequest, address: HTTPAddress, basePath: String) async throws -> UpstreamResponse {
        let response = try await client.execute(
            outgoing(request, address: address, basePath: basePath), deadline: .now() + TimeAmount(settings.timeouts.firstByte))
        if let length = response.headers.first(name: "content-length").flatMap({ Int($0) }), length > settings.maximumResponseBytes,
            request.method != .head
        {
            throw HubError(.tooLarge, "The upstream's answer is larger than \(settings.maximumResponseBytes) bytes")
        }
        var body = ByteBuffer()
        for try await chunk in response.body {
            guard body.readableBytes + chunk.readableBytes <= settings.maximumResponseBytes else {
                throw HubError(.tooLarge, "The upstream's answer is larger than \(settings.maximumResponseBytes) bytes")
            }
            if body.readableBytes == 0 { body = chunk } else { body.writeImmutableBuffer(chunk) }
        }
        let status = Int(response.status.code)
        return UpstreamResponse(
            status: status, contentType: response.headers.first(name: "content-type"),
            body: redaction.apply(to: body, status: status, address: address))
    }

    private func outgoing(_ request: OutboundRequest, address: HTTPAddress, basePath: String) -> HTTPClientRequest {
        var path = (address.path.isEmpty ? basePath : address.path) + request.path
        var headers = HTTPHeaders()
        for field in request.headers { headers.add(name: field.name.rawName, value: field.value) }
        if !headers.contains(name: "user-agent") { headers.add(name: "user-agent", value: "hubd") }
        switch request.method == .trace ? nil : settings.credential {  // RFC 9110 §9.3.8: the answer repeats the request
        case .header(let name, let value): headers.replaceOrAdd(name: name, value: value.revealed)
        case .query(let name, let value):
            path = Self.path(path, withQuery: name, value.revealed)
        case .basic(let username, let password):
            headers.replaceOrAdd(name: "authorization", value: "Basic " + Base64.encode(Array("\(username):\(password.revealed)".utf8)))
        case .bearer(let token): headers.replaceOrAdd(name: "authorization", value: "Bearer \(token.revealed)")
        case nil: break
        }
        var outgoing = HTTPClientRequest(url: address.origin + path)
        outgoing.method = .init(rawValue: request.method.rawValue)
        outgoing.headers = headers
        if let body = request.body { outgoing.body = .bytes(body) }
        return outgoing
    }

    /// The path with a query parameter of the hub's, in place of any of that name: no argument may say it otherwise.
    private static func path(_ path: String, withQuery name: String, _ value: String) -> String {
        let parts = path.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
        let others = (parts.count > 1 ? parts[1].split(separator: "&") : []).filter { pair in
            let other = String(pair.prefix { $0 != "=" }).replacing("+", with: " ")
            return (PercentEncoding.decode(other) ?? other) != name
        }
        let own = [name, value].map { PercentEncoding.encode($0) }.joined(separator: "=")
        return parts[0] + "?" + (others.map(String.init) + [own]).joined(separator: "&")
    }

    private static func isSafe(_ method: HTTPRequest.Method) -> Bool { [.get, .head, .options].contains(method) }

    private static func allowsConnection(to address: SocketAddress?) -> Bool {
        guard let text = address?.ipAddress, let ip = IPAddress(text) else { return false }
        return HostClass(ip) == .public
    }

    private static func isBeforeSending(_ error: any Error) -> Bool {
        switch error {
        case let error as HTTPClientError: error == .connectTimeout || error == .tlsHandshakeTimeout
        case is NIOConnectionError: true
        case let error as IOError: error.errnoCode == 111  // ECONNREFUSED
        default: false
        }
    }

    /// What a caller may know of a failure: never an address, never the text of a library's error.
    private static func hubError(for error: any Error) -> HubError {
        switch error {
        case let error as HubError: error
        case is DeadlineExceeded: HubError(.upstreamTimeout, "The upstream did not answer in time", cause: error)
        case let error as HTTPClientError where [.connectTimeout, .tlsHandshakeTimeout].contains(error):
            HubError(.upstreamTimeout, "The upstream could not be reached in time", cause: error)
        case let error as HTTPClientError where [.readTimeout, .deadlineExceeded, .writeTimeout].contains(error):
            HubError(.upstreamTimeout, "The upstream did not answer in time", cause: error)
        case let error as HTTPClientError where error == .remoteConnectionClosed:
            HubError(.upstreamFailed, "The upstream closed the connection before its answer was complete", cause: error)
        case is HTTPParserError: HubError(.upstreamFailed, "The upstream's answer is not HTTP", cause: error)
        case is NIOHTTPDecompression.DecompressionError:
            HubError(.upstreamFailed, "The upstream's answer could not be decompressed within its limit", cause: error)
        case _ where isBeforeSending(error): HubError(.upstreamFailed, "The upstream could not be reached", cause: error)
        default: HubError(.upstreamFailed, "The upstream failed to answer", cause: error)
        }
    }
}
