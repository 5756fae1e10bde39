import Glibc
import HubCore
import NIOConcurrencyHelpers
import NIOCore
import Testing

@testable import HubStore

@Suite("A process that is killed while it writes tasks", .timeLimit(.minutes(5)))
struct TaskCrashTests {
    private static let tasks = 1_000
    private static let writers = 100

    private static func open(_ path: String) throws -> TaskRepository {
        let database = try HubDatabase(path: path)
        let key = MasterKeyRing(try StoreFolder.key(1))
        return TaskRepository(database, secrets: SecretStore(SecretRepository(database)) { () throws(SecretError) in key })
    }

    /// Adds to all tasks from many tasks at once, and tells on the standard output of each entry whose call has come back; ends by being killed
    /// some time after the entry of a number was begun.
    private static func work(_ path: String, killingAfter limit: Int, microseconds: Int) async throws {
        let repository = try open(path)
        let begun = NIOLockedValueBox(0)
        try await withThrowingTaskGroup(of: Void.self) { group in
            for writer in 0..<writers {
                group.addTask {
                    let mine = Array(stride(from: writer, to: tasks, by: writers))
                    var positions: [Int: Int] = [:]
                    for number in mine {
                        positions[number] = try await repository.read("t\(number)", agent: "a", owner: StoredOwner(1))?.entries.count
                    }
                    while true {
                        for number in mine {
                            let position = positions[number, default: 0]
                            let count = 1 + position % 3
                            let isLast = begun.withLockedValue { begun in
                                begun += 1
                                return begun == limit
                            }
                            if isLast {
                                Task.detached {
                                    let end = ContinuousClock.now + .microseconds(microseconds)
                                    while ContinuousClock.now < end {}
                                    kill(getpid(), SIGKILL)
                                }
                            }
                            let entries = (0..<count).map { ByteBuffer(string: "t\(number).\(position + $0)") }
                            try await repository.append(entries, at: position, to: TaskFixture.task("t\(number)", changed: Int64(position)))
                            positions[number] = position + count
                            let line = Array((0..<count).map { "\(number) \(position + $0)\n" }.joined().utf8)
                            _ = unsafe line.withUnsafeBytes { unsafe Glibc.write(1, $0.baseAddress, $0.count) }
                        }
                    }
                }
            }
            try await group.waitForAll()
        }
    }

    @Test("after every kill all that was acknowledged is there, once and in order, and the next process goes on with it")
    func killed() async throws {
        let folder = try StoreFolder()
        let path = folder.path
        var acknowledged = 0
        for limit in [1, 150, 1_000, 2_500, 5_000, 9_000].map({ $0 + Int.random(in: 0..<500) }) {
            let microseconds = Int.random(in: 0..<3_000)
            let result = await #expect(processExitsWith: .signal(SIGKILL), observing: [\.standardOutputContent]) {
                [path = path as String, limit = limit as Int, microseconds = microseconds as Int] in
                try await Self.work(path, killingAfter: limit, microseconds: microseconds)
            }
            var told: [Int: Int] = [:]
            for line in String(decoding: result?.standardOutputContent ?? [], as: UTF8.self).split(separator: "\n") {
                let numbers = line.split(separator: " ").compactMap { Int($0) }
                guard numbers.count == 2, line.last != " " else { continue }
                told[numbers[0]] = max(numbers[1], told[numbers[0]] ?? 0)
                acknowledged += 1
            }
            let repository = try Self.open(path)
            for number in 0..<Self.tasks {
                let kept = try await repository.read("t\(number)", agent: "a", owner: StoredOwner(1))
                let entries = kept?.entries.map { String(buffer: $0) } ?? []
                #expect(entries == entries.indices.map { "t\(number).\($0)" })
                if let last = told[number] { #expect(entries.count > last) }
            }
        }
        #expect(acknowledged > 10_000)
    }
}
