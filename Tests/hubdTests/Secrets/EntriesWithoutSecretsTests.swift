import Crypto
import HubCore
import Logging
import NIOConcurrencyHelpers
import Testing

@testable import hubd

@Suite struct EntriesWithoutSecretsTests {
    /// A place that answers as told.
    private final class TestBackend: SecretBackend {
        let answer = NIOLockedValueBox<Result<Secret, SecretError>>(.failure(SecretError(.unavailable, "sealed")))

        func read(_ name: String, field: String?) async throws(SecretError) -> Secret { try answer.withLockedValue { $0 }.get() }
    }

    private static let document = """
        upstreams:
          guarded: { addresses: ["http://127.0.0.1:1"], credential: { bearer: env:LATER } }
          free: { addresses: ["http://127.0.0.1:1"] }
        servers:
          needs: { upstream: guarded, http: [ { name: a, request: "GET /a", description: A } ] }
          works: { upstream: free, http: [ { name: a, request: "GET /a", description: A } ] }
        models:
          needs: { services: { s: { provider: openai-compatible, upstream: guarded } } }
          works: { services: { s: { provider: openai-compatible, upstream: free } } }
        """

    private let backend = TestBackend()
    private let clock = NIOLockedValueBox(ContinuousClock.now)
    private let needs = [EntryKey(kind: .mcp, name: "needs"), EntryKey(kind: .models, name: "needs")]
    private let works = [EntryKey(kind: .mcp, name: "works"), EntryKey(kind: .models, name: "works")]

    private func settings(_ secret: String) throws -> Settings {
        let (loaded, findings) = SettingsTestFiles.load(Self.document)
        #expect(findings == [])
        var settings = try #require(loaded)
        let reference = try #require(SecretReference(secret, directory: "", place: SourcePlace(file: "hub.yaml")))
        settings.upstreams["guarded"]?.credential = .bearer(reference)
        return settings
    }

    private func builder() -> SnapshotBuilder {
        let clock = clock
        let secrets = SecretKeeper(
            local: LocalSecrets(environment: [:]), backends: BackendTable([.vault: backend]), now: { clock.withLockedValue { $0 } },
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        return SnapshotBuilder(
            masterKey: SymmetricKey(size: .bits256), access: SecretAccess(keeper: secrets),
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
    }

    @Test("a secret that is away costs only the entries that need it, and they come back with it")
    func away() async throws {
        let builder = builder()
        let settings = try settings("vault:hub/a#key")
        let first = await builder.build(settings, fetching: .always)
        let snapshot = try #require(first.snapshot)
        #expect(Set(snapshot.entries.keys) == Set(works))
        #expect(Set(snapshot.unavailable.keys) == Set(needs))
        #expect(first.withoutSecrets == Set(needs))
        #expect(first.findings.allSatisfy { $0.severity == .warning })
        #expect(first.findings.contains { $0.message == "vault:hub/a#key cannot be read: sealed" })

        backend.answer.withLockedValue { $0 = .success(Secret("one")) }
        clock.withLockedValue { $0 += RemoteSecretState.pause }
        await builder.secrets.refreshRemotes()
        #expect(builder.secrets.takeChange())
        let second = try #require(await builder.build(settings, fetching: .whenDue(local: first.descriptions)).snapshot)
        #expect(Set(second.entries.keys) == Set(works + needs))
        #expect(second.unavailable.isEmpty)
    }

    @Test("an entry whose secret has been given up is not served on with the old one; any other is")
    func givenUp() async throws {
        backend.answer.withLockedValue { $0 = .success(Secret("one")) }
        let builder = builder()
        let settings = try settings("vault:hub/a#key")
        let earlier = try #require(await builder.build(settings, fetching: .always).snapshot)
        #expect(Set(earlier.entries.keys) == Set(works + needs))
        backend.answer.withLockedValue { $0 = .failure(SecretError(.missing, "gone")) }
        clock.withLockedValue { $0 += RemoteSecretState.lifetime }
        await builder.secrets.refreshRemotes()
        #expect(builder.secrets.takeChange())
        let result = await builder.build(settings, fetching: .whenDue(local: [:]))
        let fresh = try #require(result.snapshot)
        #expect(Set(fresh.keeping(earlier, except: result.withoutSecrets).entries.keys) == Set(works))
        #expect(Set(fresh.keeping(earlier, except: []).entries.keys) == Set(works + needs))
    }

    @Test("a secret that is missing here is an error of the whole")
    func missing() async throws {
        let result = await builder().build(try settings("env:NOWHERE"), fetching: .always)
        #expect(result.snapshot == nil)
        #expect(result.findings.map(\.message) == ["the environment variable NOWHERE is not set"])
    }

    @Test("offline no secret is read")
    func offline() async throws {
        let result = await builder().build(try settings("vault:hub/a#key"), fetching: .never)
        #expect(Set(try #require(result.snapshot).entries.keys) == Set(works + needs))
        #expect(result.findings == [])
    }

    @Test("that the master key lies beside what it seals is said where something is sealed")
    func masterKeyBeside() throws {
        #expect(try settings("store:a").masterKeyFindings.map(\.severity) == [.warning])
        #expect(try settings("env:A").masterKeyFindings == [])
        var elsewhere = try settings("store:a")
        elsewhere.masterKey = SecretReference("file:/k", directory: "", place: SourcePlace(file: "hub.yaml"))
        #expect(elsewhere.masterKeyFindings == [])
    }
}
