import HubCore
import NIOCore
import Testing

@testable import A2ABridge

@Suite("what is written is read again")
struct RoundTripTests {
    /// What is read of what a value is written as.
    private func again<Value>(
        _ dialect: A2ADialect, read: (WireValue) throws -> Value, _ write: (inout JSONWriter) -> Void
    ) throws -> Value {
        var json = JSONWriter()
        write(&json)
        return try read(WireValue(JSONDocument(parsing: json.buffer, limits: .message).root, dialect))
    }

    @Test("parts, through 1.0 whole and through 0.3 but for what the table names", arguments: A2ADialect.allCases)
    func parts(_ dialect: A2ADialect) throws {
        var random = RandomValues(seed: 7)
        for _ in 0..<3000 {
            let part = random.part()
            let expected = dialect == .v1_0 ? part : Losses(dialect: dialect).part(part)
            try #require(try again(dialect, read: { try MessagePart($0) }, { part.write(to: &$0, as: dialect) }) == expected)
        }
    }

    @Test("events, through 1.0 whole and through 0.3 but for what the table names", arguments: A2ADialect.allCases)
    func events(_ dialect: A2ADialect) throws {
        var random = RandomValues(seed: 1)
        for _ in 0..<400 {
            let event = random.event()
            let expected = dialect == .v1_0 ? event : Losses(dialect: dialect).event(event)
            try #require(try again(dialect, read: { try AgentEvent($0) }, { event.write(to: &$0, as: dialect) }) == expected)
        }
    }

    @Test("requests, through 1.0 whole and through 0.3 but for what the table names", arguments: A2ADialect.allCases)
    func requests(_ dialect: A2ADialect) throws {
        var random = RandomValues(seed: 2)
        for _ in 0..<500 {
            let request = random.request()
            guard let expected = dialect == .v1_0 ? Losses.newer(request) : Losses(dialect: dialect).request(request) else { continue }
            let read = try again(
                dialect, read: { try A2ARequest(request.operation, $0) }, { request.writeParameters(to: &$0, as: dialect) })
            try #require(read == expected)
        }
    }

    @Test("cards, through each form", arguments: CardForm.allCases)
    func cards(_ form: CardForm) throws {
        var random = RandomValues(seed: 3)
        for _ in 0..<200 {
            let card = random.card()
            let expected = form == .v0_3 ? Losses(dialect: .v0_3).card(card) : Losses.newer(card)
            try #require(try again(.v1_0, read: { try AgentCard($0) }, { card.write(to: &$0, as: form) }) == expected)
        }
    }

    @Test("results and webhooks, over 1.0", arguments: A2ADialect.allCases)
    func results(_ dialect: A2ADialect) throws {
        var random = RandomValues(seed: 4)
        for _ in 0..<150 {
            let configurations = random.some { random -> PushConfiguration in
                var push = random.push()
                push.tenant = nil
                push.authentication?.alternatives = []
                return push
            }
            let result = A2AResult.pushes(configurations, nextPageToken: dialect == .v0_3 ? nil : random.maybe { $0.text() })
            try #require(try again(dialect, read: { try A2AResult(.listPushes, $0) }, { result.write(to: &$0, as: dialect) }) == result)
            guard dialect == .v1_0 else { continue }
            let page = A2AResult.tasks(
                TaskPage(tasks: random.some { $0.task() }, nextPageToken: random.maybe { $0.text() } ?? "", pageSize: 3, totalSize: 9))
            try #require(try again(dialect, read: { try A2AResult(.listTasks, $0) }, { page.write(to: &$0, as: dialect) }) == page)
        }
    }

    @Test("from 0.3 over 1.0 to 0.3, and back, nothing more is lost the second time", arguments: [A2ADialect.v0_3, .v0_3Proto])
    func stable(_ dialect: A2ADialect) throws {
        var random = RandomValues(seed: 5)
        for _ in 0..<200 {
            let event = random.event()
            let once = try again(dialect, read: { try AgentEvent($0) }, { event.write(to: &$0, as: dialect) })
            let newer = try again(.v1_0, read: { try AgentEvent($0) }, { once.write(to: &$0, as: .v1_0) })
            let twice = try again(dialect, read: { try AgentEvent($0) }, { newer.write(to: &$0, as: dialect) })
            try #require(twice == once)
        }
    }
}
