import FoundationEssentials
import GRDB
import Testing

@testable import HubStore

@Suite struct HubDatabaseTests {
    @Test("a store is made where there is none and opened again")
    func opens() throws {
        let folder = try StoreFolder()
        _ = try HubDatabase(path: folder.path).version()
        _ = try HubDatabase(path: folder.path).version()
        #expect(FileManager.default.fileExists(atPath: folder.path))
    }

    @Test("an acknowledged commit is on the disk, and the log is written ahead")
    func durability() throws {
        let folder = try StoreFolder()
        let store = try HubDatabase(path: folder.path)
        #expect(try store.pool.write { try Int.fetchOne($0, sql: "PRAGMA synchronous") } == 2)  // FULL
        #expect(try store.pool.write { try String.fetchOne($0, sql: "PRAGMA journal_mode") } == "wal")
    }

    @Test("the files are for their owner alone, also where they were open to others")
    func modes() throws {
        let folder = try StoreFolder()
        let path = folder.path
        func modes() throws -> [Int?] {
            try [path, path + "-wal", path + "-shm"].map {
                try FileManager.default.attributesOfItem(atPath: $0)[.posixPermissions] as? Int
            }
        }
        let first = try HubDatabase(path: path)
        #expect(try modes() == [0o600, 0o600, 0o600])
        for file in [path, path + "-wal", path + "-shm"] {
            try FileManager.default.setAttributes([.posixPermissions: 0o644], ofItemAtPath: file)
        }
        let second = try HubDatabase(path: path)
        #expect(try modes() == [0o600, 0o600, 0o600])
        withExtendedLifetime((first, second)) {}
    }

    @Test("every commit moves the version, here and in another process's connection, and asking does not")
    func versions() throws {
        let folder = try StoreFolder()
        let one = try HubDatabase(path: folder.path)
        let other = try HubDatabase(path: folder.path)
        try one.pool.write { try $0.execute(sql: "CREATE TABLE t (a)") }
        var known = (try one.version(), try other.version())
        #expect(try one.version() == known.0)
        #expect(try other.version() == known.1)
        for writer in [one, other, one] {
            try writer.pool.write { try $0.execute(sql: "INSERT INTO t VALUES (1)") }
            let now = (try one.version(), try other.version())
            #expect(now.0 != known.0)
            #expect(now.1 != known.1)
            known = now
            _ = try one.pool.read { try Int.fetchOne($0, sql: "SELECT count(*) FROM t") }
            #expect(try one.version() == known.0)
        }
    }

    @Test("a file of another program is refused and left as it is")
    func foreign() throws {
        let folder = try StoreFolder()
        try DatabaseQueue(path: folder.path).write { try $0.execute(sql: "CREATE TABLE mine (a)") }
        let before = try Data(contentsOf: folder.url.appending(path: "hub.sqlite"))
        let error = #expect(throws: StoreError.self) { try HubDatabase(path: folder.path) }
        #expect(error?.kind == .foreign)
        #expect(try Data(contentsOf: folder.url.appending(path: "hub.sqlite")) == before)
    }

    @Test("a store of a newer version is refused, with what to do")
    func newer() throws {
        let folder = try StoreFolder()
        try HubDatabase(path: folder.path).pool.write { try $0.execute(sql: "PRAGMA user_version = 1000") }
        let error = #expect(throws: StoreError.self) { try HubDatabase(path: folder.path) }
        #expect(error?.kind == .newer)
        #expect(error?.description.contains("newer version of hubd (schema 1000") == true)
    }

    @Test(
        "what is no database is refused",
        arguments: ["not a database, and longer than a header of a hundred bytes: " + String(repeating: "x", count: 100)])
    func garbage(text: String) throws {
        let folder = try StoreFolder()
        try text.write(toFile: folder.path, atomically: false, encoding: .utf8)
        let error = #expect(throws: StoreError.self) { try HubDatabase(path: folder.path) }
        #expect(error?.kind == .unusable)
    }

    @Test("many that open a new store at once all find it whole")
    func concurrentOpening() async throws {
        let folder = try StoreFolder()
        let path = folder.path
        try await withThrowingTaskGroup(of: Int.self) { group in
            for _ in 0..<8 {
                group.addTask { try HubDatabase(path: path).pool.read { try Schema.version(of: $0) } }
            }
            for try await version in group { #expect(version == Schema.current) }
        }
    }

    @Test("a store that another process makes while this one looks is no other program's")
    func madeMeanwhile() throws {
        let folder = try StoreFolder()
        let other = try DatabasePool(path: folder.path)
        try DatabaseQueue(path: folder.path).unsafeRead { database in
            var isMade = false
            database.trace(options: .profile) { _ in  // each statement that has run
                guard !isMade else { return }
                isMade = true
                #expect(throws: Never.self) { try other.write { try Schema.migrate($0) } }
            }
            try HubDatabase.check(database, path: folder.path)
            #expect(isMade)
        }
    }

    @Test("steps are numbered from one without a gap, and their names differ")
    func steps() {
        #expect(Schema.steps.map(\.number) == Array(1...Schema.steps.count))
        #expect(Set(Schema.steps.map(\.name)).count == Schema.steps.count)
    }
}
