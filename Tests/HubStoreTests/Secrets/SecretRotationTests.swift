import FoundationEssentials
import HubCore
import NIOConcurrencyHelpers
import Testing

@testable import HubStore

@Suite struct SecretRotationTests {
    private static let names = (0..<100).map { "s\($0)" }

    /// A store with a hundred secrets under the first key.
    private struct Fixture {
        let folder: StoreFolder
        let database: HubDatabase
        let secrets: SecretRepository
        let first: MasterKeyRing
        let second: MasterKeyRing

        init() throws {
            folder = try StoreFolder()
            database = try HubDatabase(path: folder.path)
            secrets = SecretRepository(database)
            first = MasterKeyRing(try StoreFolder.key(1))
            second = MasterKeyRing(try StoreFolder.key(2), earlier: [try StoreFolder.key(1)])
            for name in SecretRotationTests.names { try secrets.set(name, to: Secret("v \(name)"), keys: first, now: 1) }
        }

        func expectAllOpen(with keys: MasterKeyRing) throws {
            for name in SecretRotationTests.names { #expect(try secrets.read(name, keys: keys) == Secret("v \(name)")) }
        }
    }

    @Test("all secrets open under the new key alone, with the times they had")
    func rotates() throws {
        let fixture = try Fixture()
        var steps: [Int] = []
        let moved = try fixture.secrets.rotate(to: fixture.second, progress: { steps.append($0) })
        #expect(moved == 100)
        #expect(steps == [32, 64, 96, 100])
        try fixture.expectAllOpen(with: MasterKeyRing(fixture.second.current))
        #expect(try fixture.secrets.list().allSatisfy { $0.keyID == fixture.second.current.id && $0.changedAt == 1 })
        #expect(try fixture.secrets.rotate(to: fixture.second) == 0)
    }

    @Test("nothing that was sealed under the earlier key stays behind in the files of the store")
    func leftovers() throws {
        let fixture = try Fixture()
        let before = try fixture.database.look { try SealedSecret.find("s7", in: $0) }
        let sealed = try #require(before).sealedKey
        func isThere() throws -> Bool { try fixture.folder.contents().contains { $0.firstRange(of: Data(sealed)) != nil } }
        #expect(try isThere())
        try fixture.secrets.rotate(to: fixture.second)
        #expect(try !isThere())
    }

    private struct Interruption: Error {}

    @Test("cut off after any transaction, all secrets open with both keys, and the rest is done later", arguments: 1...4)
    func interrupted(batches: Int) throws {
        let fixture = try Fixture()
        var done = 0
        #expect(throws: StoreError.self) {
            try fixture.secrets.rotate(to: fixture.second) { _ in
                done += 1
                if done == batches { throw Interruption() }
            }
        }
        try fixture.expectAllOpen(with: fixture.second)
        #expect(try fixture.secrets.rotate(to: fixture.second) == max(0, 100 - batches * 32))
        try fixture.expectAllOpen(with: MasterKeyRing(fixture.second.current))
    }

    @Test("once a rotation has begun, nothing is sealed under the earlier key any more")
    func lateWriters() throws {
        let fixture = try Fixture()
        var isRefused = false
        var isFinished = false
        try fixture.secrets.rotate(
            to: fixture.second,
            progress: { moved in
                let error = #expect(throws: StoreError.self) {
                    try fixture.secrets.set("s0", to: Secret("late"), keys: fixture.first, now: 2)
                }
                isRefused = error?.kind == .wrongKey
                try fixture.secrets.set("s99", to: Secret("v s99"), keys: fixture.second, now: 2)
            }, finish: { isFinished = true })
        #expect(isRefused && isFinished)
        try fixture.expectAllOpen(with: MasterKeyRing(fixture.second.current))
    }

    @Test("a secret under a key that nobody has stops the rotation and is named; the earlier keys are not given up")
    func lostKey() throws {
        let fixture = try Fixture()
        let lost = try SealedSecret(
            sealing: Secret("x"), name: "s1", purpose: "reference", under: try StoreFolder.key(9), createdAt: 1, changedAt: 1)
        try fixture.database.change { try lost.store(in: $0) }
        let error = #expect(throws: StoreError.self) {
            try fixture.secrets.rotate(to: fixture.second, finish: { Issue.record("the earlier key was given up") })
        }
        #expect(error?.kind == .wrongKey)
        #expect(error?.description.contains("the secret s1") == true)
    }

    @Test("a reader beside a rotation looks for the new key by itself, and only then")
    func readers() async throws {
        let fixture = try Fixture()
        let asked = NIOLockedValueBox(0)
        let rings = [fixture.first, fixture.second]
        let store = SecretStore(fixture.secrets) { () throws(SecretError) in
            asked.withLockedValue { count in
                defer { count += 1 }
                return rings[min(count, 1)]
            }
        }
        #expect(try await store.read("s1", field: nil) == Secret("v s1"))
        #expect(try await store.read("s2", field: nil) == Secret("v s2"))
        #expect(asked.withLockedValue { $0 } == 1)
        try fixture.secrets.rotate(to: fixture.second)
        #expect(try await store.read("s1", field: nil) == Secret("v s1"))
        #expect(try await store.read("s2", field: nil) == Secret("v s2"))
        #expect(asked.withLockedValue { $0 } == 2)
        let error = await #expect(throws: SecretError.self) { try await store.read("none", field: nil) }
        #expect(error?.kind == .missing)
    }
}
