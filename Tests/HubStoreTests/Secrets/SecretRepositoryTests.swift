import Crypto
import FoundationEssentials
import GRDB
import HubCore
import Testing

@testable import HubStore

@Suite struct SecretRepositoryTests {
    /// A store with some secrets under one key.
    private struct Fixture {
        let folder: StoreFolder
        let database: HubDatabase
        let secrets: SecretRepository
        let keys: MasterKeyRing

        init(_ names: [String] = []) throws {
            folder = try StoreFolder()
            database = try HubDatabase(path: folder.path)
            secrets = SecretRepository(database)
            keys = MasterKeyRing(try StoreFolder.key(1))
            for (index, name) in names.enumerated() {
                try secrets.set(name, to: Secret("value of \(name)"), keys: keys, now: Int64(100 + index))
            }
        }
    }

    @Test("a secret is read as it was set, the later value in the place of the earlier one")
    func setAndRead() throws {
        let fixture = try Fixture(["a", "b"])
        #expect(try fixture.secrets.read("a", keys: fixture.keys) == Secret("value of a"))
        try fixture.secrets.set("a", to: Secret("é\n"), keys: fixture.keys, now: 500)
        #expect(try fixture.secrets.read("a", keys: fixture.keys).revealed == "é\n")
        let list = try fixture.secrets.list()
        #expect(list.map(\.name) == ["a", "b"])
        #expect(list.first?.createdAt == 100)
        #expect(list.first?.changedAt == 500)
        #expect(list.first?.keyID == fixture.keys.current.id)
    }

    @Test("what is kept for one purpose is not there for another, and a rotation moves both")
    func signIns() throws {
        let fixture = try Fixture(["a"])
        let signIns = SecretRepository(fixture.database, purpose: .signIn)
        #expect(throws: StoreError.self) { try signIns.read("a", keys: fixture.keys) }
        try signIns.set("a", to: Secret("of signing in"), keys: fixture.keys, now: 200)
        #expect(try fixture.secrets.list().map(\.name) == ["a"] && signIns.list().map(\.name) == ["a"])
        #expect(throws: StoreError.self) { try fixture.secrets.read("signin:a", keys: fixture.keys) }
        #expect(throws: StoreError.self) { try fixture.secrets.remove("signin:a") }
        let next = MasterKeyRing(try StoreFolder.key(2), earlier: [fixture.keys.current])
        #expect(try fixture.secrets.rotate(to: next) == 2)
        try fixture.secrets.remove("a")
        #expect(try signIns.read("a", keys: next) == Secret("of signing in"))
        let error = #expect(throws: StoreError.self) { try signIns.read("b", keys: next) }
        #expect(error?.kind == .missing && error?.description.contains("hubd signin b") == true)
    }

    @Test("what was removed is missing, and cannot be removed again")
    func removal() throws {
        let fixture = try Fixture(["a"])
        try fixture.secrets.remove("a")
        #expect(try fixture.secrets.list() == [])
        for attempt in [{ _ = try fixture.secrets.read("a", keys: fixture.keys) }, { try fixture.secrets.remove("a") }] {
            let error = #expect(throws: StoreError.self) { try attempt() }
            #expect(error?.kind == .missing)
            #expect(error?.description.contains("no secret a; ") == true && error?.description.contains("hubd secrets ") == true)
        }
    }

    @Test(
        "a value has 1 byte to 64 KiB, and a name 1 to 63",
        arguments: [
            ("a", 0, false), ("a", 1, true), ("a", 64 << 10, true), ("a", (64 << 10) + 1, false),
            ("", 1, false), (String(repeating: "n", count: 63), 1, true), (String(repeating: "n", count: 64), 1, false),
        ])
    func limits(name: String, bytes: Int, isTaken: Bool) throws {
        let fixture = try Fixture()
        let value = Secret(String(repeating: "x", count: bytes))
        if isTaken {
            try fixture.secrets.set(name, to: value, keys: fixture.keys, now: 1)
            #expect(try fixture.secrets.read(name, keys: fixture.keys) == value)
        } else {
            let error = #expect(throws: StoreError.self) { try fixture.secrets.set(name, to: value, keys: fixture.keys, now: 1) }
            #expect(error?.kind == .invalid)
        }
    }

    @Test("another master key opens nothing: the error names both keys' ids and what to do, and no value")
    func wrongKey() throws {
        let fixture = try Fixture(["a"])
        let other = MasterKeyRing(try StoreFolder.key(2))
        for attempt in [
            { _ = try fixture.secrets.read("a", keys: other) },
            { try fixture.secrets.set("b", to: Secret("x"), keys: other, now: 1) },
        ] {
            let error = try #require(#expect(throws: StoreError.self) { try attempt() })
            #expect(error.kind == .wrongKey)
            #expect(error.description.contains(fixture.keys.current.id) && error.description.contains(other.current.id))
            #expect(error.description.contains("hubd secrets rotate --from"))
        }
        // In a store without secrets nothing is lost with the earlier key.
        try fixture.secrets.remove("a")
        try fixture.secrets.set("b", to: Secret("x"), keys: other, now: 1)
        #expect(try fixture.secrets.read("b", keys: other) == Secret("x"))
    }

    @Test(
        "no field of a row can be exchanged with that of another row",
        arguments: [
            "name", "key_id", "sealed_key", "sealed_value", "created_at", "changed_at", "sealed_key, sealed_value", "key_id, sealed_key",
            "key_id, sealed_key, sealed_value",
        ])
    func swaps(columns: String) throws {
        let fixture = try Fixture(["a", "b"])
        let other = MasterKeyRing(try StoreFolder.key(2), earlier: [fixture.keys.current])
        // b is under another key, so that the ids differ too.
        let row = try SealedSecret(
            sealing: Secret("value of b"), name: "b", purpose: "reference", under: other.current, createdAt: 101,
            changedAt: 101)
        try fixture.database.change { try row.store(in: $0) }
        #expect(try fixture.secrets.read("b", keys: other) == Secret("value of b"))
        let names = columns.split(separator: ",").map { $0.trimmingPrefix(" ") }
        try fixture.database.change { database in
            let rows = try ["a", "b"].map {
                try #require(try Row.fetchOne(database, sql: "SELECT * FROM secrets WHERE name = ?", arguments: [$0]))
            }
            try database.execute(sql: "DELETE FROM secrets")
            for (own, exchanged) in [(rows[0], rows[1]), (rows[1], rows[0])] {
                let values = own.map { column, value in names.contains { $0 == column } ? exchanged[column] : value }
                try database.execute(
                    sql: "INSERT INTO secrets VALUES (\(own.columnNames.map { _ in "?" }.joined(separator: ",")))",
                    arguments: StatementArguments(values))
            }
        }
        for name in ["a", "b"] {
            let error = #expect(throws: StoreError.self, "\(name) opened") { try fixture.secrets.read(name, keys: other) }
            #expect(error?.kind == .damaged)
        }
    }

    @Test("what was sealed for another purpose is no secret of this kind, also where the row says so")
    func purposes() throws {
        let fixture = try Fixture()
        let row = try SealedSecret(
            sealing: Secret("x"), name: "a", purpose: "other", under: fixture.keys.current, createdAt: 1, changedAt: 1)
        try fixture.database.change { try row.store(in: $0) }
        #expect(throws: StoreError.self) { try fixture.secrets.read("a", keys: fixture.keys) }
        try fixture.database.change { try $0.execute(sql: "UPDATE secrets SET purpose = 'reference'") }
        let error = #expect(throws: StoreError.self) { try fixture.secrets.read("a", keys: fixture.keys) }
        #expect(error?.kind == .damaged)
    }

    @Test("a row of a later format is refused as such")
    func laterFormat() throws {
        let fixture = try Fixture(["a"])
        try fixture.database.change { try $0.execute(sql: "UPDATE secrets SET format = 2") }
        let error = #expect(throws: StoreError.self) { try fixture.secrets.read("a", keys: fixture.keys) }
        #expect(error?.kind == .newer)
    }

    @Test("no value is in the files of the store, nor is a master key")
    func noPlainText() throws {
        let fixture = try Fixture()
        let canary = "canary-7d1e2c9b4f"
        try fixture.secrets.set("a", to: Secret(canary), keys: fixture.keys, now: 1)
        for file in try fixture.folder.contents() {
            #expect(file.firstRange(of: Data(canary.utf8)) == nil)
            #expect(file.firstRange(of: Data([UInt8](repeating: 1, count: 32))) == nil)
        }
    }

    @Test("the same value is sealed differently each time")
    func freshness() throws {
        let key = try StoreFolder.key(1)
        var seen: Set<[UInt8]> = []
        for _ in 0..<1000 {
            let row = try SealedSecret(sealing: Secret("v"), name: "a", purpose: "p", under: key, createdAt: 1, changedAt: 1)
            seen.insert(Array(row.sealedKey.prefix(12)))
            seen.insert(Array(row.sealedValue.prefix(12)))
        }
        #expect(seen.count == 2000)
    }

    @Test("a master key has 256 bits, and its id says nothing but which one it is")
    func masterKeys() throws {
        #expect(MasterKey(SymmetricKey(size: .bits128)) == nil)
        let key = try StoreFolder.key(1)
        #expect(key.id.utf8.count == 16)
        #expect(key == (try StoreFolder.key(1)))
        #expect(key != (try StoreFolder.key(2)))
    }
}
