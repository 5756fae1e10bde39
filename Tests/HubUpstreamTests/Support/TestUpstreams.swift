import HTTPTypes
import HubCore
import Logging
import NIOCore
import NIOPosix
import Testing

@testable import HubUpstream

/// What the tests of the way out share.
enum TestUpstreams {
    /// One loop, so that all requests of a test meet in one pool.
    static let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
    static let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
    static let ok = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok"

    /// A service whose only address is `upstream`.
    static func service(
        _ upstream: RawUpstream, scheme: String = "http", host: String = "127.0.0.1", change: (inout UpstreamSettings) -> Void = { _ in }
    ) throws -> UpstreamService {
        let address = try #require(HTTPAddress("\(scheme)://\(host):\(upstream.port)"))
        var settings = UpstreamSettings(
            name: "test", addresses: [UpstreamAddress(address: address)],
            timeouts: UpstreamTimeouts(connect: .seconds(10), firstByte: .seconds(10), idle: .seconds(10), total: .seconds(30)),
            isOperatorDefined: true)
        change(&settings)
        return UpstreamService(settings, timers: TimerTable(), group: group)
    }
}

extension UpstreamService {
    func send(_ method: HTTPRequest.Method = .get, _ path: String = "/") async throws -> UpstreamResponse {
        try await send(OutboundRequest(method: method, path: path), basePath: "", logger: TestUpstreams.logger)
    }

    /// The whole answer as text.
    func text(_ method: HTTPRequest.Method = .get, _ path: String = "/") async throws -> String {
        String(buffer: try await collect(OutboundRequest(method: method, path: path), basePath: "", logger: TestUpstreams.logger).body)
    }

    /// How a request fails; nil where it does not.
    func failure(_ method: HTTPRequest.Method = .get, _ path: String = "/") async -> HubError.Code? {
        do {
            _ = try await text(method, path)
            return nil
        } catch {
            return (error as? HubError)?.code ?? .cancelled
        }
    }
}
