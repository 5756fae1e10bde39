import FoundationEssentials
import HubCore
import HubStore
import Testing

@testable import hubd

@Suite("Rotation of the master key") struct MasterKeyRotationTests {
    /// A data folder with a store that holds two secrets.
    private final class Fixture {
        let data: DataDirectory
        let secrets: SecretRepository

        init() throws {
            data = try DataDirectory(
                path: FileManager.default.temporaryDirectory.appending(path: "hubd-test-\(UInt64.random(in: .min ... .max))").path)
            secrets = SecretRepository(try HubDatabase(path: data.storePath))
        }

        deinit {
            try? FileManager.default.removeItem(atPath: data.path)  // a leftover in the temporary folder harms nobody
        }

        func source(_ masterKey: String? = nil, environment: [String: String] = [:]) -> MasterKeySource {
            MasterKeySource(
                data: data, reference: masterKey.flatMap(Self.reference), local: LocalSecrets(environment: environment),
                backends: BackendTable())
        }

        static func reference(_ text: String) -> SecretReference? {
            SecretReference(text, directory: "", place: SourcePlace(file: "hub.yaml"))
        }

        func rotation(_ source: MasterKeySource) -> SecretRotation { SecretRotation(data: data, masterKey: source) }

        func set(_ source: MasterKeySource) async throws {
            for name in ["a", "b"] {
                try secrets.set(name, to: Secret("value of \(name)"), keys: try await source.ring(isMaking: true), now: 1)
            }
        }

        func expectAllOpen(_ source: MasterKeySource) async throws {
            for name in ["a", "b"] {
                #expect(try secrets.read(name, keys: try await source.ring(isMaking: false)) == Secret("value of \(name)"))
            }
        }
    }

    private static let environment = ["OLD": String(repeating: "o", count: 32), "NEW": String(repeating: "n", count: 32)]

    @Test("the key that the hub made is replaced, and the secrets are under the new one")
    func ownKey() async throws {
        let fixture = try Fixture()
        let source = fixture.source()
        try await fixture.set(source)
        let before = try await source.inForce()
        let outcome = try await fixture.rotation(source).run(from: nil, secrets: fixture.secrets)
        #expect(outcome.moved == 2)
        let after = try await source.inForce()
        #expect(after != before)
        #expect(try MasterKeySource.storeKey(after).id == outcome.keyID)
        #expect(try fixture.data.existingMasterKeys().next == nil)
        try await fixture.expectAllOpen(source)
    }

    @Test("cut off before, within or after the move, every secret opens, and the next rotation goes on with the same key", arguments: 0...2)
    func interrupted(moved: Int) async throws {
        let fixture = try Fixture()
        let source = fixture.source()
        try await fixture.set(source)
        let sessions = try await source.inForce()
        let next = try fixture.data.nextMasterKey()
        let ring = try await source.ring(isMaking: false)
        #expect(ring.earlier.count == 1)
        if moved > 0 {
            // As many as a rotation that ends here has moved: setting a secret anew seals it as moving it does.
            for name in ["a", "b"].prefix(moved) {
                try fixture.secrets.set(name, to: Secret("value of \(name)"), keys: try await firstSteps(fixture, ring), now: 1)
            }
        }
        try await fixture.expectAllOpen(source)
        #expect(try await source.inForce() == sessions)  // sessions stay valid until the end
        let outcome = try await fixture.rotation(source).run(from: nil, secrets: fixture.secrets)
        #expect(outcome.moved == 2 - moved)
        #expect(try MasterKeySource.storeKey(next).id == outcome.keyID)
        try await fixture.expectAllOpen(source)
    }

    /// Puts the next key in force without moving anything.
    private func firstSteps(_ fixture: Fixture, _ ring: MasterKeyRing) async throws -> MasterKeyRing {
        struct Interruption: Error {}
        #expect(throws: StoreError.self) { try fixture.secrets.rotate(to: MasterKeyRing(ring.current), finish: { throw Interruption() }) }
        return ring
    }

    @Test("a configured key is moved to from the one that is named")
    func configuredKey() async throws {
        let fixture = try Fixture()
        let old = fixture.source("env:OLD", environment: Self.environment)
        let new = fixture.source("env:NEW", environment: Self.environment)
        try await fixture.set(old)
        let error = await #expect(throws: DataDirectory.DataError.self) {
            try await fixture.rotation(new).run(from: nil, secrets: fixture.secrets)
        }
        #expect(error?.description.contains("hubd secrets rotate --from") == true)
        #expect(throws: StoreError.self) {
            try fixture.secrets.rotate(to: MasterKeyRing(try MasterKeySource.storeKey(fixture.data.masterKey())))
        }
        let outcome = try await fixture.rotation(new).run(from: Fixture.reference("env:OLD"), secrets: fixture.secrets)
        #expect(outcome.moved == 2)
        try await fixture.expectAllOpen(new)
    }

    @Test("a configured key takes over from the hub's own, also in the middle of its rotation")
    func fromOwnToConfigured() async throws {
        let fixture = try Fixture()
        let own = fixture.source()
        try await fixture.set(own)
        _ = try fixture.data.nextMasterKey()
        let ring = try await own.ring(isMaking: false)
        try fixture.secrets.set("b", to: Secret("value of b"), keys: try await firstSteps(fixture, ring), now: 1)
        let new = fixture.source("env:NEW", environment: Self.environment)
        #expect(try await fixture.rotation(new).run(from: nil, secrets: fixture.secrets).moved == 2)
        try await fixture.expectAllOpen(new)
    }

    @Test("a rotation from a key that is not the one is refused before anything is changed")
    func wrongEarlierKey() async throws {
        let fixture = try Fixture()
        let old = fixture.source("env:OLD", environment: Self.environment)
        try await fixture.set(old)
        let new = fixture.source("env:NEW", environment: Self.environment)
        for (source, reference) in [(new, "env:NEW"), (fixture.source(environment: Self.environment), nil)] {
            let error = await #expect(throws: DataDirectory.DataError.self) {
                try await fixture.rotation(source).run(from: reference.flatMap(Fixture.reference), secrets: fixture.secrets)
            }
            #expect(error?.description.contains(try await old.ring(isMaking: false).current.id) == true)
        }
        try await fixture.expectAllOpen(old)
        try await fixture.set(old)
    }

    @Test("without a new key, a configured one is not rotated, and the error says how to")
    func nothingToDo() async throws {
        let fixture = try Fixture()
        let source = fixture.source("env:OLD", environment: Self.environment)
        try await fixture.set(source)
        let error = await #expect(throws: ConfigFinding.self) {
            try await fixture.rotation(source).run(from: nil, secrets: fixture.secrets)
        }
        #expect(error?.message == "the master key is configured here, and everything is sealed under it")
        try await fixture.expectAllOpen(source)
    }

    @Test("a second rotation at the same time is refused")
    func concurrent() async throws {
        let fixture = try Fixture()
        let source = fixture.source()
        try await fixture.set(source)
        let lock = try fixture.data.lockRotation()
        let error = await #expect(throws: DataDirectory.DataError.self) {
            try await fixture.rotation(source).run(from: nil, secrets: fixture.secrets)
        }
        #expect(error?.description.contains("another rotation runs") == true)
        withExtendedLifetime(lock) {}
    }

    @Test("a store whose master key is gone says so, and no key is made in its place")
    func lostKey() async throws {
        let fixture = try Fixture()
        let source = fixture.source()
        try await fixture.set(source)
        try FileManager.default.removeItem(atPath: fixture.data.masterKeyPath)
        let stored = StoredSecrets(path: fixture.data.storePath, masterKey: source)
        let error = await #expect(throws: SecretError.self) { try await stored.read("a", field: nil) }
        #expect(error?.description.contains("put it back there") == true)
        #expect(!FileManager.default.fileExists(atPath: fixture.data.masterKeyPath))
    }

    @Test("a running hub reads its secrets before, during and after a rotation")
    func runningHub() async throws {
        let fixture = try Fixture()
        let source = fixture.source()
        try await fixture.set(source)
        let stored = StoredSecrets(path: fixture.data.storePath, masterKey: source)
        #expect(stored.version() != nil, "a store that is there is opened when it is asked")
        #expect(try await stored.read("a", field: nil) == Secret("value of a"))
        let version = stored.version()
        for _ in 0..<3 {
            _ = try await fixture.rotation(source).run(from: nil, secrets: fixture.secrets)
            #expect(try await stored.read("a", field: nil) == Secret("value of a"))
        }
        #expect(stored.version() != version)
    }

    @Test("a store that is not there is not made for a look-up")
    func noStore() async throws {
        let fixture = try Fixture()
        let path = fixture.data.path + "/other.sqlite"
        let error = await #expect(throws: SecretError.self) {
            try await StoredSecrets(path: path, masterKey: fixture.source()).read("a", field: nil)
        }
        #expect(error?.kind == .missing)
        #expect(!FileManager.default.fileExists(atPath: path))
    }
}
