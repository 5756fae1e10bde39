import Crypto
import FoundationEssentials
import HubCore
import NIOCore

@testable import HubStore

/// A store with tasks, in a folder of its own.
struct TaskFixture: Sendable {
    let folder: StoreFolder
    let database: HubDatabase
    let tasks: TaskRepository

    init(bounds: TaskBounds = TaskBounds(), folder: StoreFolder? = nil) throws {
        let folder = try folder ?? StoreFolder()
        let key = MasterKeyRing(try StoreFolder.key(1))
        self.folder = folder
        database = try HubDatabase(path: folder.path)
        let secrets = SecretStore(SecretRepository(database)) { () throws(SecretError) in key }
        tasks = TaskRepository(database, secrets: secrets, bounds: bounds)
    }

    static func task(
        _ id: String, owner: UInt64 = 1, agent: String = "a", context: String = "c", state: Int = 2, isAtWork: Bool = true,
        changed: Int64 = 1
    ) -> StoredTask {
        StoredTask(
            agent: agent, owner: StoredOwner(UInt128(owner)), id: id, contextID: context, state: state, isAtWork: isAtWork, changed: changed
        )
    }

    static func entries(_ texts: String...) -> [ByteBuffer] { texts.map { ByteBuffer(string: $0) } }

    func texts(_ id: String, owner: UInt64 = 1, agent: String = "a") async throws -> [String]? {
        try await tasks.read(id, agent: agent, owner: StoredOwner(UInt128(owner)))?.entries.map { String(buffer: $0) }
    }

    func webhook(_ id: String, _ text: String = "{}", position: Int = 0) -> StoredWebhook {
        StoredWebhook(id: id, configuration: ByteBuffer(string: text), position: position)
    }
}
