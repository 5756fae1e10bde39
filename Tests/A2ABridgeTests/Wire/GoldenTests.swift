import HubCore
import Testing

@testable import A2ABridge

@Suite("what is said in one version is said in the other")
struct GoldenTests {
    @Test("parts", arguments: Golden.cases("parts"))
    func parts(_ example: GoldenCase) throws {
        try example.check({ try MessagePart($0) }, { $0.write(to: &$1, as: $2) })
    }

    @Test("messages", arguments: Golden.cases("messages"))
    func messages(_ example: GoldenCase) throws {
        try example.check({ try AgentMessage($0) }, { $0.write(to: &$1, as: $2) })
    }

    @Test("states", arguments: Golden.cases("statuses"))
    func statuses(_ example: GoldenCase) throws {
        try example.check({ try TaskStatus($0) }, { $0.write(to: &$1, as: $2) })
    }

    @Test("tasks", arguments: Golden.cases("tasks"))
    func tasks(_ example: GoldenCase) throws {
        try example.check({ try AgentTask($0) }, { $0.write(to: &$1, as: $2) })
    }

    @Test("events", arguments: Golden.cases("events"))
    func events(_ example: GoldenCase) throws {
        try example.check({ try AgentEvent($0) }, { $0.write(to: &$1, as: $2) })
    }

    @Test("requests", arguments: Golden.cases("requests"))
    func requests(_ example: GoldenCase) throws {
        let operation = try #require(example.operation)
        try example.check({ try A2ARequest(operation, $0) }, { $0.writeParameters(to: &$1, as: $2) })
    }

    @Test("results", arguments: Golden.cases("results"))
    func results(_ example: GoldenCase) throws {
        let operation = try #require(example.operation)
        try example.check({ try A2AResult(operation, $0) }, { $0.write(to: &$1, as: $2) })
    }

    @Test("every operation has a request and a result among the examples")
    func allOperations() {
        #expect(Set(Golden.cases("requests").compactMap(\.operation)) == Set(A2AOperation.allCases))
        #expect(Set(Golden.cases("statuses").compactMap { $0[.v1_0]?["state"]?.string }).count == TaskState.allCases.count)
    }
}

extension GoldenCase {
    /// The operation it belongs to.
    var operation: A2AOperation? { json["operation"]?.string.flatMap { A2AOperation(rawValue: $0) } }
}
