import HubCore
import NIOConcurrencyHelpers
import Testing

@testable import HubUpstream

@Suite("secrets of Vault", .timeLimit(.minutes(1)))
struct VaultBackendTests {
    /// A double of Vault by its public HTTP API: the KV engine of version 2 at `hub` and at `kv/team`, AppRole, and tokens that are renewed.
    private final class VaultDouble: Sendable {
        struct State {
            var tokens: Set<String> = ["root"]
            var logins = 0
            var isSealed = false
            var renewedLease = 900
            var calls: [String] = []
        }

        let state = NIOLockedValueBox(State())
        private let secrets = [
            "hub/data/support-bot": #"{"data":{"data":{"key":"sesame","number":7,"empty":"","list":[1]},"metadata":{"version":3}}}"#,
            "kv/team/data/a%20b/c": #"{"data":{"data":{"key":"deep"}}}"#,
            "hub/data/deleted": #"{"data":{"data":null,"metadata":{"deletion_time":"2026-01-01T00:00:00Z"}}}"#,
        ]

        func answer(_ request: String) -> (Int, String) {
            let head = request.split(separator: "\r\n")
            let line = head.first?.split(separator: " ").map(String.init) ?? []
            let fields = head.dropFirst().map { $0.lowercased() }
            return state.withLockedValue { state in
                let path = line.count > 1 ? String(line[1].dropFirst("/v1/".count)) : ""
                state.calls.append("\(line.first ?? "") \(path)")
                if state.isSealed { return (503, #"{"errors":["Vault is sealed"]}"#) }
                guard fields.contains("x-vault-request: true"), fields.contains("x-vault-namespace: team") else { return (400, "") }
                if path == "auth/approle/login" {
                    guard request.hasSuffix(#"{"role_id":"role","secret_id":"swordfish"}"#) else {
                        return (400, #"{"errors":["invalid"]}"#)
                    }
                    state.logins += 1
                    state.tokens.insert("login-\(state.logins)")
                    return (200, #"{"auth":{"client_token":"login-\#(state.logins)","lease_duration":900,"renewable":true}}"#)
                }
                let token = fields.first { $0.hasPrefix("x-vault-token: ") }?.dropFirst("x-vault-token: ".count) ?? ""
                guard state.tokens.contains(String(token)) else { return (403, #"{"errors":["permission denied"]}"#) }
                switch path {
                case "auth/token/lookup-self": return (200, #"{"data":{"ttl":900,"renewable":true}}"#)
                case "auth/token/renew-self":
                    return (200, #"{"auth":{"client_token":"\#(token)","lease_duration":\#(state.renewedLease),"renewable":true}}"#)
                case "hub/data/forbidden": return (403, #"{"errors":["1 error occurred: permission denied"]}"#)
                case let path: return secrets[path].map { (path.hasSuffix("deleted") ? 404 : 200, $0) } ?? (404, #"{"errors":[]}"#)
                }
            }
        }

        func calls() -> [String] {
            state.withLockedValue { state in
                defer { state.calls = [] }
                return state.calls
            }
        }
    }

    private let clock = HandClock()
    private let vault = VaultDouble()

    private static let role = VaultSettings.Login.appRole(roleID: Secret("role"), secretID: Secret("swordfish"), mount: "approle")

    private func backend(_ login: VaultSettings.Login, mount: String? = nil) async throws -> VaultBackend {
        try await backendAndServer(login, mount: mount).backend
    }

    private func backendAndServer(
        _ login: VaultSettings.Login, mount: String? = nil
    ) async throws -> (backend: VaultBackend, server: RawUpstream) {
        let vault = vault
        let server = try await RawUpstream.start { request, _ in
            let (status, body) = vault.answer(request)
            return [.write("HTTP/1.1 \(status) X\r\ncontent-length: \(body.utf8.count)\r\n\r\n\(body)")]
        }
        let address = try #require(HTTPAddress("http://127.0.0.1:\(server.port)"))
        let settings = VaultSettings(address: address, login: login, namespace: "team", mount: mount)
        let backend = VaultBackend(settings, timers: TimerTable(), clock: clock.credentials, logger: TestUpstreams.logger) {
            UpstreamService($0, timers: TimerTable(), group: TestUpstreams.group)
        }
        return (backend, server)
    }

    @Test("a field is read at its path, with a token that says for how long it is good")
    func token() async throws {
        let backend = try await backend(.token(Secret("root")))
        #expect(try await backend.read("hub/support-bot", field: "key").revealed == "sesame")
        #expect(try await backend.read("hub/support-bot", field: "number").revealed == "7")
        #expect(vault.calls() == ["GET auth/token/lookup-self", "GET hub/data/support-bot", "GET hub/data/support-bot"])
    }

    @Test("a mount of several parts is one where that is written")
    func mount() async throws {
        let backend = try await backend(.token(Secret("root")), mount: "kv/team")
        #expect(try await backend.read("kv/team/a b/c", field: "key").revealed == "deep")
        #expect(try await backend.read("hub/support-bot", field: "key").revealed == "sesame")
    }

    @Test("a token is renewed at two thirds of its lease, and nobody waits for that")
    func renewal() async throws {
        let (backend, server) = try await backendAndServer(Self.role)
        _ = try await backend.read("hub/support-bot", field: "key")
        #expect(vault.calls() == ["POST auth/approle/login", "GET hub/data/support-bot"])
        clock.advance(.seconds(599))
        _ = try await backend.read("hub/support-bot", field: "key")
        #expect(vault.calls() == ["GET hub/data/support-bot"])
        clock.advance(.seconds(1))
        _ = try await backend.read("hub/support-bot", field: "key")
        let log = await server.until { $0.requests.count == 5 }
        let lines = log.requests.suffix(2).compactMap { $0.text.split(separator: "\r\n").first }
        #expect(Set(lines) == ["POST /v1/auth/token/renew-self HTTP/1.1", "GET /v1/hub/data/support-bot HTTP/1.1"])
    }

    @Test("when a renewal no longer gives what the login gave, the hub logs in again")
    func loginAgain() async throws {
        let (backend, server) = try await backendAndServer(Self.role)
        _ = try await backend.read("hub/support-bot", field: "key")
        vault.state.withLockedValue { $0.renewedLease = 60 }
        clock.advance(.seconds(600))
        _ = try await backend.read("hub/support-bot", field: "key")
        await server.until { log in log.requests.count { $0.text.contains("/auth/approle/login ") } == 2 }
    }

    @Test("a role's token that is refused is replaced once; a token of its own is not")
    func revoked() async throws {
        let role = try await backend(Self.role)
        _ = try await role.read("hub/support-bot", field: "key")
        vault.state.withLockedValue { $0.tokens = ["root"] }
        #expect(try await role.read("hub/support-bot", field: "key").revealed == "sesame")
        #expect(vault.state.withLockedValue { $0.logins } == 2)
        let own = try await backend(.token(Secret("revoked")))
        let error = await #expect(throws: SecretError.self) { try await own.read("hub/support-bot", field: "key") }
        #expect(error?.kind == .refused)
    }

    @Test("what went wrong is told apart, without a secret")
    func failures() async throws {
        let backend = try await backend(.token(Secret("root")))
        for (name, field, kind) in [
            ("hub/none", "key", SecretError.Kind.missing), ("hub/deleted", "key", .missing), ("hub/support-bot", "none", .missing),
            ("hub/support-bot", "empty", .missing), ("hub/support-bot", "list", .missing), ("hub/forbidden", "key", .refused),
            ("hub", "key", .missing), ("hub/../sys/x", "key", .missing), ("hub//x", "key", .missing),
        ] {
            let error = await #expect(throws: SecretError.self) { try await backend.read(name, field: field) }
            #expect(error?.kind == kind, "\(name)#\(field)")
            #expect(error?.description.contains("sesame") == false)
        }
        #expect(!vault.calls().contains { $0.contains("..") || $0.contains("//") })
        vault.state.withLockedValue { $0.isSealed = true }
        let error = await #expect(throws: SecretError.self) { try await backend.read("hub/support-bot", field: "key") }
        #expect(error == SecretError(.unavailable, "Vault is sealed, or down for maintenance"))
    }

    @Test("a login that is refused is an error that says nothing of the role's secret")
    func badLogin() async throws {
        let login = VaultSettings.Login.appRole(roleID: Secret("role"), secretID: Secret("wrong-swordfish"), mount: "approle")
        let backend = try await backend(login)
        let error = await #expect(throws: SecretError.self) { try await backend.read("hub/support-bot", field: "key") }
        #expect(error == SecretError(.refused, "Vault does not let the hub in"))
    }
}
