import HubCore
import HubUpstream
import Logging
import Testing

@testable import hubd

@Suite("the hub's ways to places that keep secrets")
struct SecretBackendsTests {
    private static let text = """
        secrets:
          vault: { address: https://v, token: env:T }
          aws: { region: eu-central-1, credential: { id: AKID, secret: env:S } }
          alibaba: { region: cn-hangzhou, credential: { id: LTAI, secret: env:S } }
        """

    private func backends(
        _ known: SecretBackends, _ environment: [String: String]
    ) async throws -> (places: SecretPlaces, findings: [ConfigFinding]) {
        let settings = try #require(SettingsTestFiles.load(Self.text).settings)
        var findings = FindingCollector()
        let places = await known.backends(
            settings.secretStores,
            read: { reference throws(ConfigFinding) in try LocalSecrets(environment: environment).value(of: reference) },
            findings: &findings)
        return (places, findings.findings)
    }

    private static func known() -> SecretBackends {
        SecretBackends(registry: UpstreamRegistry(timers: TimerTable()), logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
    }

    @Test("each place that is written has one, and a Vault whose settings stay is the same, still logged in")
    func places() async throws {
        let known = Self.known()
        let first = try await backends(known, ["T": "t", "S": "s"])
        #expect(Set(first.places.backends.keys) == [.vault, .awsSecrets, .alibabaKMS] && first.findings.isEmpty)
        #expect(first.places.keys != nil)
        let again = try await backends(known, ["T": "t", "S": "s"])
        #expect((again.places.backends[.vault] as? VaultBackend) === (first.places.backends[.vault] as? VaultBackend))
        let other = try await backends(known, ["T": "u", "S": "s"])
        #expect((other.places.backends[.vault] as? VaultBackend) !== (first.places.backends[.vault] as? VaultBackend))
    }

    @Test("what opens one and cannot be read costs that one, with a finding")
    func unreadable() async throws {
        let (places, findings) = try await backends(Self.known(), ["S": "s"])
        #expect(Set(places.backends.keys) == [.awsSecrets, .alibabaKMS])
        #expect(findings.map(\.message) == ["the environment variable T is not set"])
    }

    @Test(
        "a reference to a place that is not written says what to add",
        arguments: [
            ("vault:a/b#c", "vault: { address: \"https://HOST:8200\", token: file:PATH }"),
            ("aws-secrets:a#c", "aws: { region: REGION, credential: { id: env:NAME, secret: env:NAME } }"),
            ("aws-kms:a", "aws: { region: REGION, credential: { id: env:NAME, secret: env:NAME } }"),
            ("alibaba-kms:a#c", "alibaba: { region: REGION, credential: { id: env:NAME, secret: env:NAME } }"),
        ])
    func missing(text: String, example: String) throws {
        let reference = try #require(SecretReference(text, directory: "", place: SourcePlace(file: "hub.yaml")))
        #expect(SecretStores().missing(for: reference)?.hint == "add `secrets: { \(example) }`")
        #expect(try #require(SettingsTestFiles.load(Self.text).settings).secretStores.missing(for: reference) == nil)
    }
}
