import HTTPTypes
import HubCore
import HubServer
import Logging
import NIOCore
import Testing

@testable import HubUpstream

@Suite("Upstream service", .timeLimit(.minutes(1)))
struct UpstreamServiceTests {
    /// Shows the request it got; other paths misbehave.
    private struct Upstream: HTTPResponder {
        func respond(to request: InboundRequest, writer: any ResponseWriter) async throws {
            switch request.path {
            case "/big": try await writer.respond(HTTPResponse(status: .ok), body: ByteBuffer(repeating: 0x61, count: 2000))
            case "/endless":
                try await writer.begin(HTTPResponse(status: .ok))
                while true { try await writer.write(ByteBuffer(repeating: 0x61, count: 1000)) }
            case "/silent": try await Task.sleep(for: .seconds(50))
            case "/stalls":
                try await writer.begin(HTTPResponse(status: .ok))
                try await writer.write(ByteBuffer(string: "a"))
                try await Task.sleep(for: .seconds(50))
            case "/breaks":
                try await writer.begin(HTTPResponse(status: .ok))
                try await writer.write(ByteBuffer(string: "a"))
            case "/redirect": try await writer.respond(HTTPResponse(status: .found, headerFields: [.location: "/"]), body: ByteBuffer())
            case "/error":
                try await writer.respond(
                    HTTPResponse(status: .internalServerError), body: ByteBuffer(string: "at \(request.head.authority ?? "")"))
            default:
                let lines =
                    [request.head.method.rawValue, request.head.path ?? ""] + request.head.headerFields.map { "\($0.name): \($0.value)" }
                let echo = ByteBuffer(string: lines.joined(separator: "\n") + "\n" + String(buffer: request.body))
                try await writer.respond(HTTPResponse(status: .ok, headerFields: [.contentType: "text/plain"]), body: echo)
            }
        }
    }

    private static let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

    private func send(
        _ path: String, method: HTTPRequest.Method = .get, basePath: String = "", addressPath: String = "",
        credential: UpstreamCredential? = nil, showing credentials: OperationCredentials? = nil,
        isOperatorDefined: Bool = true, isPatient: Bool = true
    ) async throws -> CollectedResponse {
        let listener = try await Listener.start(
            on: .bind(host: "127.0.0.1", port: 0), bounds: ListenerBounds(), responder: Upstream(), logger: Self.logger)
        let address = try #require(HTTPAddress("http://\(listener.address)\(addressPath)"))
        let settings = UpstreamSettings(
            name: "test", addresses: [UpstreamAddress(address: address)], credential: credential,
            timeouts: isPatient ? UpstreamTimeouts() : UpstreamTimeouts(firstByte: .milliseconds(300), idle: .milliseconds(300)),
            maximumResponseBytes: 1000, isOperatorDefined: isOperatorDefined)
        let service = UpstreamRegistry(timers: TimerTable()).service(for: settings)
        let result: Result<CollectedResponse, any Error>
        do {
            result = .success(
                try await collect(
                    OutboundRequest(method: method, path: path), by: service, basePath: basePath, showing: credentials))
        } catch {
            result = .failure(error)
        }
        await listener.shutDown(limit: .zero)
        return try result.get()
    }

    private func collect(
        _ request: OutboundRequest, by service: UpstreamService, basePath: String, showing credentials: OperationCredentials?
    ) async throws -> CollectedResponse {
        let (response, length) = try await service.open(request, basePath: basePath, credentials: credentials, logger: Self.logger)
        return try await service.collect(response, length: length)
    }

    private func failure(_ path: String, isPatient: Bool = true) async -> HubError? {
        do {
            _ = try await send(path, isPatient: isPatient)
            return nil
        } catch {
            return error as? HubError
        }
    }

    @Test("the path of the address replaces that of the description")
    func paths() async throws {
        #expect(String(buffer: try await send("/x?y=%2F", basePath: "/v1").body).contains("GET\n/v1/x?y=%2F\n"))
        #expect(String(buffer: try await send("/x", basePath: "/v1", addressPath: "/v2").body).contains("GET\n/v2/x\n"))
    }

    @Test("a whole path stands below nothing, and the credential is added to it all the same")
    func wholePath() async throws {
        let listener = try await Listener.start(
            on: .bind(host: "127.0.0.1", port: 0), bounds: ListenerBounds(), responder: Upstream(), logger: Self.logger)
        let address = try #require(HTTPAddress("http://\(listener.address)/base"))
        let settings = UpstreamSettings(
            name: "test", addresses: [UpstreamAddress(address: address)], credential: .query(name: "key", value: Secret("k")),
            isOperatorDefined: true)
        let service = UpstreamRegistry(timers: TimerTable()).service(for: settings)
        #expect(service.address == address)
        var request = OutboundRequest(method: .get, path: "/messages?id=1")
        request.isPathWhole = true
        let answer = try await service.send(request, principal: .anonymous, logger: Self.logger, deadline: .distantFuture)
        let text = String(buffer: try await answer.body.collect(upTo: 1000))
        #expect(text.hasPrefix("GET\n/messages?id=1&key="))
        await listener.shutDown(limit: .zero)
    }

    @Test("the credential is added, and taken out where the upstream echoes it")
    func credentials() async throws {
        let secret = Secret("s3cret/value")
        let bearer = String(buffer: try await send("/x", credential: .bearer(secret)).body)
        #expect(bearer.contains("Authorization: Bearer ***") || bearer.contains("authorization: Bearer ***"))
        let query = String(buffer: try await send("/x?a=1", credential: .query(name: "key", value: secret)).body)
        #expect(query.contains("/x?a=1&key=***"))
        let forged = String(buffer: try await send("/x?key=mine&k%65y=mine&a=1", credential: .query(name: "key", value: secret)).body)
        #expect(forged.contains("/x?a=1&key=***"))
        let basic = String(buffer: try await send("/x", credential: .basic(username: "u", password: secret)).body)
        #expect(basic.contains("Basic ***"))
        let header = String(buffer: try await send("/x", credential: .header(name: "X-Key", value: secret)).body)
        #expect(header.lowercased().contains("x-key: ***"))
        for text in [bearer, query, basic, header] { #expect(!text.contains("s3cret")) }
    }

    @Test("an operation shows its own beside the upstream's, and none of its API comes back")
    func operationCredentials() async throws {
        let credentials = OperationCredentials(
            shown: [.query(name: "key", value: Secret("s3cret-one")), .cookie(name: "sid", value: Secret("s3cret-two"))],
            known: [.bearer(Secret("s3cret-three"))])
        let answer = try await send("/x?echo=s3cret-three", credential: .bearer(Secret("s3cret-four")), showing: credentials)
        let text = String(buffer: answer.body).lowercased()
        #expect(text.contains("/x?echo=***&key=***") && text.contains("authorization: bearer ***") && text.contains("cookie: sid=***"))
        let trace = String(buffer: try await send("/x", method: .trace, showing: credentials).body).lowercased()
        #expect(trace.contains("trace\n/x\n") && !trace.contains("cookie"))
    }

    @Test("an error page does not show where the upstream is")
    func errorPages() async throws {
        let response = try await send("/error")
        #expect(response.status == 500)
        #expect(String(buffer: response.body) == "at ***")
    }

    @Test("an answer over the limit is refused, whether its length is announced or not", arguments: ["/big", "/endless"])
    func tooLarge(path: String) async {
        #expect(await failure(path)?.code == .tooLarge)
    }

    @Test("waiting for the head and between two pieces ends", arguments: ["/silent", "/stalls"])
    func timeouts(path: String) async {
        #expect(await failure(path, isPatient: false)?.code == .upstreamTimeout)
    }

    @Test("an answer that breaks off is a failure, not a shorter answer")
    func brokenOff() async {
        #expect(await failure("/breaks")?.code == .upstreamFailed)
    }

    @Test("redirects are not followed")
    func redirects() async throws {
        #expect(try await send("/redirect").status == 302)
    }

    @Test("an address that only a document names is not connected to when it is private")
    func guardsAddresses() async {
        do {
            _ = try await send("/x", isOperatorDefined: false)
            Issue.record("a loopback address was connected to")
        } catch {
            #expect((error as? HubError)?.code == .addressRefused)
        }
    }

    @Test("a refused connection tries the next address and says nothing of where it was")
    func nextAddress() async throws {
        let closed = try await Listener.start(
            on: .bind(host: "127.0.0.1", port: 0), bounds: ListenerBounds(), responder: Upstream(), logger: Self.logger)
        let dead = try #require(HTTPAddress("http://\(closed.address)"))
        await closed.shutDown(limit: .zero)
        let listener = try await Listener.start(
            on: .bind(host: "127.0.0.1", port: 0), bounds: ListenerBounds(), responder: Upstream(), logger: Self.logger)
        let alive = try #require(HTTPAddress("http://\(listener.address)"))
        let both = UpstreamRegistry(timers: TimerTable()).service(
            for: UpstreamSettings(
                name: "both", addresses: [UpstreamAddress(address: dead), UpstreamAddress(address: alive)], isOperatorDefined: true))
        for _ in 0..<4 {
            #expect(try await both.send(OutboundRequest(method: .post, path: "/x"), basePath: "", logger: Self.logger).status == 200)
        }
        await listener.shutDown(limit: .zero)
        let none = UpstreamRegistry(timers: TimerTable()).service(
            for: UpstreamSettings(name: "none", addresses: [UpstreamAddress(address: dead)], isOperatorDefined: true))
        do {
            _ = try await none.send(OutboundRequest(method: .get, path: "/x"), basePath: "", logger: Self.logger)
            Issue.record("nobody listens there")
        } catch {
            let error = try #require(error as? HubError)
            #expect(error.code == .upstreamFailed)
            #expect(!error.message.contains("127.0.0.1"))
        }
    }

    @Test("equal settings are the same service while somebody uses it")
    func registry() throws {
        let registry = UpstreamRegistry(timers: TimerTable())
        let settings = UpstreamSettings(
            name: "a", addresses: [UpstreamAddress(address: try #require(HTTPAddress("http://127.0.0.1:1")))], isOperatorDefined: true)
        let first = registry.service(for: settings)
        #expect(registry.service(for: settings) === first)
        var other = settings
        other.maximumResponseBytes = 1
        #expect(registry.service(for: other) !== first)
    }

    @Test("each address gets its share in turn")
    func rotation() throws {
        let rotation = AddressRotation(weights: [2, 4])
        let turns = (0..<6).compactMap { _ in rotation.turn() }
        #expect(turns.count { rotation.address(at: $0) == 0 } == 2)
        for turn in turns { #expect(rotation.others(after: turn) == [1 - rotation.address(at: turn)]) }
        #expect(AddressRotation(weights: []).turn() == nil)
    }
}
