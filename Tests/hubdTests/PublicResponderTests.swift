import HTTPTypes
import HubCore
import Logging
import NIOConcurrencyHelpers
import NIOCore
import Testing

@testable import hubd

@Suite("Public listener")
struct PublicResponderTests {
    /// Tells who called and whether its page may.
    private struct EchoEntry: HubEntry {
        func respond(to request: InboundRequest, subpath: Substring, writer: any ResponseWriter) async throws {
            try await writer.respond(
                HTTPResponse(status: .ok), body: ByteBuffer(string: "\(request.remoteAddress) \(request.hasAllowedOrigin)"))
        }
    }

    private final class Recorder: ResponseWriter {
        let answer = NIOLockedValueBox<(head: HTTPResponse, body: String)?>(nil)

        func respond(_ head: HTTPResponse, body: ByteBuffer) async throws {
            answer.withLockedValue { $0 = (head, String(buffer: body)) }
        }
        func begin(_ head: HTTPResponse) async throws {}
        func write(_ bytes: ByteBuffer) async throws {}
        func end() async throws {}
    }

    private func answer(
        _ fields: HTTPFields = [:], method: HTTPRequest.Method = .post, from address: String = "203.0.113.9", at path: String = "/mcp/a",
        settings text: String
    ) async throws -> (head: HTTPResponse, body: String) {
        let settings = try #require(SettingsTestFiles.load(text).settings)
        let key = EntryKey(kind: .mcp, name: "a")
        let snapshot = HubSnapshot(
            entries: [key: EchoEntry(), EntryKey(kind: .mcp, name: "b"): EchoEntry()], hosts: settings.hostRule,
            callers: settings.callerRule, cors: settings.cors, documents: ResourceDocuments.documents(of: settings))
        let head = HTTPRequest(method: method, scheme: "http", authority: "localhost", path: path, headerFields: fields)
        let request = InboundRequest(
            head: head, host: "localhost", body: ByteBuffer(), id: "1", remoteAddress: address,
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        let recorder = Recorder()
        try await PublicResponder(store: SnapshotStore(snapshot), callers: LiveCallers()).respond(to: request, writer: recorder)
        return try #require(recorder.answer.withLockedValue { $0 })
    }

    private static let proxies =
        "hosts: [localhost]\ntrustedProxies: [203.0.113.0/24]\npolicies: { network: { deny: [198.51.100.0/24] } }\n"

    @Test("an entry learns the caller's address from trusted proxies alone")
    func addresses() async throws {
        let forwarded: HTTPFields = [.forwardedFor: "192.0.2.1"]
        #expect(try await answer(forwarded, settings: Self.proxies).body == "192.0.2.1 false")
        #expect(try await answer(forwarded, from: "192.0.2.9", settings: Self.proxies).body == "192.0.2.9 false")
        #expect(try await answer(settings: Self.proxies).body == "203.0.113.9 false")
    }

    @Test("callers from denied addresses are refused, whoever forwards them, in the listener's own words")
    func denied() async throws {
        let direct = try await answer(from: "198.51.100.7", settings: Self.proxies)
        #expect(direct.head.status == .forbidden)
        #expect(direct.body == #"{"error":{"code":403,"message":"Calls from this address are not taken"}}"#)
        #expect(try await answer([.forwardedFor: "198.51.100.7"], settings: Self.proxies).head.status == .forbidden)
        #expect(try await answer([.forwardedFor: "198.51.100.7"], at: "/nothing", settings: Self.proxies).head.status == .forbidden)
    }

    private static let pages = """
        upstreams: { u: { addresses: ["http://127.0.0.1:1"] } }
        servers:
          a: { openapi: a.yaml, upstream: u, cors: { origins: ["https://app.example.com"] } }
        """

    @Test("a page of an allowed origin is told so, before and with the answer")
    func allowedPages() async throws {
        let origin: HTTPFields = [.origin: "https://app.example.com"]
        var preflight = origin
        preflight[.accessControlRequestMethod] = "POST"
        let permission = try await answer(preflight, method: .options, settings: Self.pages)
        #expect(permission.head.status == .noContent)
        #expect(permission.head.headerFields[.accessControlAllowOrigin] == "https://app.example.com")
        let answer = try await answer(origin, settings: Self.pages)
        #expect(answer.body == "203.0.113.9 true")
        #expect(answer.head.headerFields[.accessControlAllowOrigin] == "https://app.example.com")
        #expect(answer.head.headerFields[.vary] == "origin")
    }

    @Test("other pages, other entries and callers without a page get nothing of it")
    func otherPages() async throws {
        var preflight: HTTPFields = [.origin: "https://evil.example"]
        preflight[.accessControlRequestMethod] = "POST"
        let refused = try await answer(preflight, method: .options, settings: Self.pages)
        #expect(refused.body == "203.0.113.9 false")
        #expect(refused.head.headerFields[.accessControlAllowOrigin] == nil)
        #expect(refused.head.headerFields[.vary] == "origin")
        let other = try await answer([.origin: "https://app.example.com"], at: "/mcp/b", settings: Self.pages)
        #expect(other.body == "203.0.113.9 false")
        #expect(other.head.headerFields[.vary] == nil)
        #expect(try await answer(settings: Self.pages).head.headerFields[.accessControlAllowOrigin] == nil)
    }

    private static let oauth = """
        publicUrl: https://hub.test
        hosts: [localhost]
        servers:
          a: { openapi: a.yaml, auth: [oauth], oauth: { authorizationServers: ["https://idp.test"] } }
        """

    @Test("metadata may be read by pages of any origin, also by those that ask before, and at an address with a slash")
    func metadata() async throws {
        let path = "/.well-known/oauth-protected-resource/mcp/a"
        for path in [path, path + "/", "/.well-known/oauth-protected-resource"] {
            let found = try await answer(method: .get, at: path, settings: Self.oauth)
            #expect(found.head.status == .ok && found.body.contains(#""resource":"https://hub.test/mcp/a""#))
            #expect(found.head.headerFields[.accessControlAllowOrigin] == "*")
        }
        var preflight: HTTPFields = [.origin: "https://app.example.com", .accessControlRequestMethod: "GET"]
        preflight[.accessControlRequestHeaders] = "mcp-protocol-version"
        let permission = try await answer(preflight, method: .options, at: path, settings: Self.oauth)
        #expect(permission.head.status == .noContent)
        #expect(permission.head.headerFields[.accessControlAllowOrigin] == "*")
        #expect(permission.head.headerFields[.accessControlAllowHeaders] == "mcp-protocol-version")
        let other = try await answer(method: .post, at: path, settings: Self.oauth)
        #expect(other.head.status == .methodNotAllowed && other.head.headerFields[.allow] == "GET, HEAD")
        #expect(try await answer(method: .get, at: path + "x", settings: Self.oauth).head.status == .notFound)
    }

    @Test("an origin of the configuration has no path")
    func paths() {
        let text = Self.pages.replacing("example.com\"", with: "example.com/app\"")
        #expect(SettingsTestFiles.load(text).findings.map(\.message) == ["an origin has no path"])
    }
}

extension HTTPField.Name {
    fileprivate static let forwardedFor = HTTPField.Name("x-forwarded-for") ?? .via
}
