import FoundationEssentials
import HubCore
import HubServer
import Logging
import NIOConcurrencyHelpers
import NIOCore
import SpecIngest
import Testing

@testable import hubd

@Suite("Certificates of the configuration")
struct CertificateKeeperTests {
    /// A folder with a certificate and its key, and the configuration that names them.
    private struct Fixture {
        let folder = FileManager.default.temporaryDirectory.appending(path: "hubd-test-\(UInt64.random(in: .min ... .max))").path
        let loader = CertificateLoader(
            secrets: SecretKeeper(local: LocalSecrets(environment: [:]), logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }))

        init() throws {
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
            try write(TestCertificates.a.certificate, to: "hub.pem")
            try write(TestCertificates.a.key, to: "hub.key")
        }

        func write(_ text: String, to name: String) throws {
            // Another file under the same name, as renewals do it.
            try text.write(toFile: folder + "/" + name, atomically: true, encoding: .utf8)
        }

        func entries(_ more: String = "") throws -> [TLSEntry] {
            let text = #"tls: [ { names: [a.test, "*.a.test"], certificate: \#(folder)/hub.pem, key: "file:\#(folder)/hub.key"\#(more) } ]"#
            let (settings, findings) = SettingsTestFiles.load(text)
            #expect(findings == [])
            return try #require(settings).tls
        }

        func remove() {
            try? FileManager.default.removeItem(atPath: folder)  // a leftover in the temporary folder harms nobody
        }
    }

    @Test("a certificate is read with its key, and its secret is one of those that are checked")
    func loads() async throws {
        let fixture = try Fixture()
        defer { fixture.remove() }
        let entries = try fixture.entries()
        let loaded = await fixture.loader.load(entries)
        #expect(loaded.findings == [])
        #expect(loaded.certificates.map(\.identity.names) == [["a.test", "*.a.test"]])
        var settings = Settings()
        settings.tls = entries
        #expect(settings.secrets.map(\.name) == [fixture.folder + "/hub.key"])
        #expect(!settings.findingsForRestart(since: Settings()).isEmpty)
    }

    @Test("what is wrong is said where the file is named: a file that is missing, not PEM, or the key of another")
    func complaints() async throws {
        let fixture = try Fixture()
        defer { fixture.remove() }
        let entries = try fixture.entries(#", clientCA: \#(fixture.folder)/ca.pem"#)
        #expect(
            await fixture.loader.load(entries).findings.map(\.message) == [
                "cannot be read: \(fixture.folder)/ca.pem: No such file or directory"
            ])
        try fixture.write("nonsense", to: "ca.pem")
        let authorities = try #require(await fixture.loader.load(entries).findings.first)
        #expect(authorities.message == "the file of clientCA cannot be used: it holds no certificate in PEM")
        #expect(authorities.place.position?.line == 1)
        // Offline, keys are not read, but certificates are.
        #expect(await fixture.loader.load(entries, readsKeys: false).findings == [authorities])
        try fixture.write(TestCertificates.a.certificate, to: "ca.pem")
        try fixture.write(TestCertificates.b.key, to: "hub.key")
        #expect(await fixture.loader.load(entries, readsKeys: false).findings == [])
        let key = try #require(await fixture.loader.load(entries).findings.first)
        #expect(key.message == "the key cannot be used: it does not belong to the certificate")
        #expect(key.place == entries.first?.key.place)
    }

    /// A store with one secret, which a test changes.
    private final class TestStore: VersionedSecrets {
        let value = NIOLockedValueBox((text: TestCertificates.a.key, version: 1))

        func version() -> Int? { value.withLockedValue { $0.version } }
        func read(_ name: String, field: String?) async throws(SecretError) -> Secret { Secret(value.withLockedValue { $0.text }) }
        func set(_ text: String) { value.withLockedValue { $0 = (text, $0.version + 1) } }
    }

    @Test("a key that is kept in the hub's store is taken up with its certificate")
    func storedKey() async throws {
        let fixture = try Fixture()
        defer { fixture.remove() }
        let store = TestStore()
        let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        let loader = CertificateLoader(secrets: SecretKeeper(local: LocalSecrets(environment: [:]), store: store, logger: logger))
        let text = "tls: [ { names: [a.test], certificate: \(fixture.folder)/hub.pem, key: store:hub-key } ]"
        let entries = try #require(SettingsTestFiles.load(text).settings).tls
        let keeper = try #require(CertificateKeeper(await loader.load(entries).certificates, loader: loader, logger: logger))
        #expect(await !keeper.renewChanged())
        try fixture.write(TestCertificates.b.certificate, to: "hub.pem")
        #expect(await !keeper.renewChanged())  // the key is still the old one
        store.set(TestCertificates.b.key)
        #expect(await keeper.renewChanged())
        #expect(await !keeper.renewChanged())
    }

    @Test("a changed file is taken up, once all of it fits together, and until then the old one stays")
    func renewal() async throws {
        let fixture = try Fixture()
        defer { fixture.remove() }
        let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        let keeper = try #require(
            CertificateKeeper(await fixture.loader.load(try fixture.entries()).certificates, loader: fixture.loader, logger: logger))
        #expect(await !keeper.renewChanged())
        try fixture.write(TestCertificates.b.certificate, to: "hub.pem")
        #expect(await !keeper.renewChanged())  // the key is still the old one
        #expect(await !keeper.renewChanged())
        try fixture.write(TestCertificates.b.key, to: "hub.key")
        #expect(await keeper.renewChanged())
        #expect(await !keeper.renewChanged())
        try FileManager.default.removeItem(atPath: fixture.folder + "/hub.pem")
        #expect(await !keeper.renewChanged())
        #expect(CertificateKeeper([], loader: fixture.loader, logger: logger) == nil)
    }
}
