import AsyncHTTPClient
import HTTPTypes
import HubCore
import NIOCore
import NIOHTTP1
import NIOHTTPCompression
import NIOPosix
import NIOSSL

/// HTTP/2, through AsyncHTTPClient: for upstreams that ask for it, whose calls may cost a little more.
final class HTTP2Transport: UpstreamTransport {
    private let client: HTTPClient?
    private let origins: [String]
    private let settings: UpstreamSettings
    private let timers: TimerTable

    init(_ endpoints: [Endpoint], settings: UpstreamSettings, timers: TimerTable) {
        self.settings = settings
        self.timers = timers
        origins = endpoints.map { "https://\($0.authority)" }
        client = Self.configuration(settings).map { HTTPClient(eventLoopGroupProvider: .singleton, configuration: $0) }
    }

    private static func configuration(_ settings: UpstreamSettings) -> HTTPClient.Configuration? {
        // The authorities were read when the settings were made: without them there is no client, and nothing is sent.
        guard let tls = try? TLSClient.with(authorities: settings.authorities).configuration() else { return nil }
        var configuration = HTTPClient.Configuration(
            tlsConfiguration: tls,
            redirectConfiguration: .disallow,  // a redirect would carry the hub's credential to another origin
            timeout: .init(connect: TimeAmount(settings.timeouts.connect), read: TimeAmount(settings.timeouts.idle)),
            connectionPool: .init(idleTimeout: TimeAmount(settings.bounds.idleTime)),
            decompression: .enabled(limit: .ratio(Inflater.maximumRatio)))
        configuration.connectionPool.retryConnectionEstablishment = false
        configuration.httpVersion = .automatic
        if !settings.isOperatorDefined {
            configuration.http2ConnectionDebugInitializer = { channel in Self.checked(channel) }
            configuration.http1_1ConnectionDebugInitializer = { channel in Self.checked(channel) }
        }
        return configuration
    }

    @Sendable private static func checked(_ channel: any Channel) -> EventLoopFuture<Void> {
        Connector.isPublic(channel.remoteAddress)
            ? channel.eventLoop.makeSucceededVoidFuture() : channel.eventLoop.makeFailedFuture(UpstreamFailure.addressRefused)
    }

    func exchange(_ request: EndpointRequest, endpoint: Int) async throws(UpstreamFailure) -> EndpointAnswer {
        guard let client else { throw .unreachable(CertificateAuthorities.Malformed()) }
        var outgoing = HTTPClientRequest(url: origins[endpoint] + request.target)
        outgoing.method = .init(rawValue: request.method.rawValue)
        for field in request.fields { outgoing.headers.add(name: field.name.rawName, value: field.value) }
        switch request.body {
        case .none: break
        case .complete(let bytes): outgoing.body = .bytes(bytes)
        case .stream(let stream): outgoing.body = .stream(Pieces(stream: stream), length: .unknown)
        }
        do {
            let deadline = min(request.deadline, .now() + TimeAmount(settings.timeouts.firstByte))
            let response = try await client.execute(outgoing, deadline: deadline)
            var answer = EndpointAnswer(
                status: Int(response.status.code), fields: HTTPFields(),
                body: .stream(
                    HTTP2AnswerStream(
                        response.body, deadline: request.deadline, unreadBytes: settings.bounds.unreadBytes, timers: timers)))
            for (name, value) in response.headers {
                if let name = HTTPField.Name(name) { answer.fields.append(HTTPField(name: name, value: value)) }
            }
            if ["gzip", "deflate"].contains(answer.fields[.contentEncoding]?.lowercased()) {
                answer.fields[.contentEncoding] = nil  // the client has unfolded it
            } else {
                answer.bodyLength = request.method == .head ? 0 : answer.fields[.contentLength].flatMap { Int($0) }
            }
            return answer
        } catch {
            throw Self.failure(for: error)
        }
    }

    func close() {
        // Nobody waits: the task keeps the client until its connections are closed.
        Task { [client] in try? await client?.shutdown() }  // fails only when shut down before
    }

    static func failure(for error: any Error) -> UpstreamFailure {
        switch error {
        case is CancellationError: .cancelled
        case let error as UpstreamFailure: error
        case let error as HTTPClientError where error == .cancelled: .cancelled
        case let error as HTTPClientError where [.connectTimeout, .tlsHandshakeTimeout].contains(error): .connectTimeout
        case let error as HTTPClientError where [.readTimeout, .deadlineExceeded, .writeTimeout].contains(error): .timeout
        case let error as HTTPClientError where error == .remoteConnectionClosed: .brokenOff(error)
        case is NIOConnectionError, is NIOSSLError: .unreachable(error)
        case let error as IOError where error.errnoCode == 111: .unreachable(error)  // ECONNREFUSED
        default: .other(error)
        }
    }

    /// A request's body as a sequence.
    private struct Pieces: AsyncSequence, Sendable {
        let stream: any BodyStream

        func makeAsyncIterator() -> Iterator { Iterator(stream: stream) }

        struct Iterator: AsyncIteratorProtocol {
            let stream: any BodyStream

            mutating func next() async throws -> ByteBuffer? { try await stream.next() }
        }
    }
}
