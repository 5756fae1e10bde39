import FoundationEssentials
import GRDB
import HubCore
import NIOCore
import Testing

@testable import HubStore

@Suite("Webhooks in the store", .timeLimit(.minutes(5)))
struct TaskWebhookTests {
    private typealias F = TaskFixture

    @Test("webhooks are kept sealed, in the order in which they were made, each with where it has come to")
    func sealed() async throws {
        let fixture = try F()
        let task = F.task("t")
        try await fixture.tasks.append(F.entries("1", "2", "3"), at: 0, to: task)
        try await fixture.tasks.keep(fixture.webhook("one", "token-of-one"), of: task, now: 1)
        try await fixture.tasks.keep(fixture.webhook("two", "token-of-two", position: 2), of: task, now: 1)
        try await fixture.tasks.moveWebhook("one", to: 3, of: task)
        #expect(
            try await fixture.tasks.webhooks(of: task) == [
                fixture.webhook("one", "token-of-one", position: 3), fixture.webhook("two", "token-of-two", position: 2),
            ])
        #expect(try await fixture.tasks.untold(limit: 5).map(\.id) == ["t"])
        try await fixture.tasks.keep(fixture.webhook("one", "other", position: 3), of: task, now: 2)
        try await fixture.tasks.forgetWebhook("two", of: task)
        #expect(try await fixture.tasks.webhooks(of: task) == [fixture.webhook("one", "other", position: 3)])
        #expect(try await fixture.tasks.untold(limit: 5) == [])
        #expect(try fixture.folder.contents().allSatisfy { $0.firstRange(of: Data("token-of".utf8)) == nil })
    }

    @Test("those of another's task are not found, and none is made there")
    func others() async throws {
        let fixture = try F()
        try await fixture.tasks.append(F.entries("1"), at: 0, to: F.task("t"))
        try await fixture.tasks.keep(fixture.webhook("w"), of: F.task("t"), now: 1)
        let other = F.task("t", owner: 2)
        #expect(try await fixture.tasks.webhooks(of: other) == [])
        let error = await #expect(throws: StoreError.self) { try await fixture.tasks.keep(fixture.webhook("v"), of: other, now: 1) }
        #expect(error?.kind == .conflict)
        try await fixture.tasks.forgetWebhook("w", of: other)
        try await fixture.tasks.moveWebhook("w", to: 9, of: other)
        #expect(try await fixture.tasks.webhooks(of: F.task("t")) == [fixture.webhook("w")])
    }

    @Test("a task has no more webhooks than it may, and none that is too large")
    func bounds() async throws {
        var bounds = TaskBounds()
        bounds.webhooksOfTask = 2
        let fixture = try F(bounds: bounds)
        let task = F.task("t")
        try await fixture.tasks.append(F.entries("1"), at: 0, to: task)
        for id in ["1", "2", "1"] { try await fixture.tasks.keep(fixture.webhook(id), of: task, now: 1) }
        let large = String(repeating: "x", count: SecretRepository.maximumBytes + 1)
        for webhook in [
            fixture.webhook("3"), fixture.webhook(""), fixture.webhook(String(repeating: "x", count: 257)), fixture.webhook("1", ""),
            fixture.webhook("1", large), StoredWebhook(id: "1", configuration: ByteBuffer(bytes: [0xFF]), position: 0),
            fixture.webhook("1", position: -1),
        ] {
            let error = await #expect(throws: StoreError.self) { try await fixture.tasks.keep(webhook, of: task, now: 1) }
            #expect(error?.kind == .invalid)
        }
        #expect(try await fixture.tasks.webhooks(of: task).map(\.id) == ["2", "1"])
    }

    @Test("a webhook whose sealing was cut off counts for nothing, and one that does not open is an error")
    func damaged() async throws {
        let fixture = try F()
        let task = F.task("t")
        try await fixture.tasks.append(F.entries("1"), at: 0, to: task)
        try await fixture.tasks.keep(fixture.webhook("w"), of: task, now: 1)
        try await fixture.tasks.keep(fixture.webhook("v"), of: task, now: 1)
        try fixture.database.change { database in
            let name = "(SELECT 'webhook:' || secret FROM task_webhooks WHERE id = 'w')"
            try database.execute(sql: "DELETE FROM secrets WHERE name = \(name)")
        }
        #expect(try await fixture.tasks.webhooks(of: task).map(\.id) == ["v"])
        try fixture.database.change { try $0.execute(sql: "UPDATE secrets SET sealed_value = x'00'") }
        let error = await #expect(throws: StoreError.self) { try await fixture.tasks.webhooks(of: task) }
        #expect(error?.kind == .damaged)
    }

    @Test("a change of the master key moves them as it moves secrets")
    func rotation() async throws {
        let fixture = try F()
        let task = F.task("t")
        try await fixture.tasks.append(F.entries("1"), at: 0, to: task)
        try await fixture.tasks.keep(fixture.webhook("w", "sealed"), of: task, now: 1)
        let second = MasterKeyRing(try StoreFolder.key(2), earlier: [try StoreFolder.key(1)])
        #expect(try SecretRepository(fixture.database).rotate(to: second) == 1)
        let secrets = SecretStore(SecretRepository(fixture.database)) { () throws(SecretError) in MasterKeyRing(second.current) }
        let again = TaskRepository(fixture.database, secrets: secrets)
        #expect(try await again.webhooks(of: task) == [fixture.webhook("w", "sealed")])
    }
}
