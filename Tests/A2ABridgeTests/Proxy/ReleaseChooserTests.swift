import HTTPTypes
import HubCore
import NIOCore
import Testing

@testable import A2ABridge

@Suite("Which release gets a conversation", .timeLimit(.minutes(1)))
struct ReleaseChooserTests {
    private static let target = StubTarget { _ in throw HubError(.upstreamFailed, "The upstream failed to answer") }

    private static func release(_ name: String, _ weight: Int = 1, _ fields: HTTPFields = [:]) -> RemoteRelease {
        RemoteRelease(name: name, target: target, weight: weight, when: fields)
    }

    private static let canary: HTTPFields = [.userAgent: "1"]

    private let chooser = ReleaseChooser(releases: [release("v1", 95), release("v2", 5), release("v2", 1, canary)])

    private func share(_ chooser: ReleaseChooser, _ fields: HTTPFields = [:], away: Set<String> = []) -> [String: Int] {
        var counts: [String: Int] = [:]
        for index in 0..<10_000 {
            let chosen = chooser.choose(contextID: "context-\(index)", fields: fields) { away.contains($0.name) }
            counts[chosen?.name ?? "", default: 0] += 1
        }
        return counts
    }

    @Test("of 10,000 conversations each release gets its share, within one in a hundred")
    func weights() {
        let counts = share(chooser)
        #expect((9_400...9_600).contains(counts["v1"] ?? 0) && (counts["v1"] ?? 0) + (counts["v2"] ?? 0) == 10_000)
        let even = share(ReleaseChooser(releases: ["a", "b", "c", "d"].map { Self.release($0, 1 << 30) }))
        #expect(even.count == 4 && even.values.allSatisfy { (2_400...2_600).contains($0) })
    }

    @Test("the same conversation comes to the same release, whatever else is chosen")
    func stable() {
        for index in 0..<100 {
            let names = (0..<3).map { _ in chooser.choose(contextID: "c\(index)", fields: [:]) { _ in false }?.name }
            #expect(Set(names).count == 1)
        }
    }

    @Test("a message with the header fields that a release is meant for comes to it alone, any other to none such")
    func fields() {
        #expect(share(chooser, Self.canary) == ["v2": 10_000])
        #expect(share(chooser, [.userAgent: "2"])["v1"] ?? 0 > 9_000)
        let both = ReleaseChooser(releases: [Self.release("a", 1, [.userAgent: "1", .from: "x"]), Self.release("b", 1)])
        #expect(share(both, Self.canary) == ["b": 10_000])
        #expect(share(both, [.userAgent: "1", .from: "x"]) == ["a": 10_000])
        #expect(share(ReleaseChooser(releases: [Self.release("a", 1, Self.canary)])) == ["": 10_000])
    }

    @Test("one that is away gets none, unless all are away; one without weight gets none")
    func away() {
        #expect(share(chooser, away: ["v1"]) == ["v2": 10_000])
        #expect(share(chooser, away: ["v1", "v2"])["v1"] ?? 0 > 9_000)
        #expect(share(ReleaseChooser(releases: [Self.release("a", 0), Self.release("b")])) == ["b": 10_000])
        #expect(share(ReleaseChooser(releases: [Self.release("a", -1)])) == ["": 10_000])
    }

    @Test("what a conversation was given it keeps: its tasks fail when the release is gone, and a task that begins is given another")
    func sticky() async throws {
        func release(_ name: String, _ weight: Int) -> RemoteRelease {
            let target = ScriptedElsewhere(card: ScriptedElsewhere.card(streaming: false)) { method, request in
                if method == "CancelTask" { return ScriptedElsewhere.error(-32002, "no") }
                return ScriptedElsewhere.result(
                    ScriptedElsewhere.task("INPUT_REQUIRED", message: name, id: "T\(request.body?.hashValue ?? 0)"))
            }
            return RemoteRelease(name: name, target: target, weight: weight)
        }
        let hub = StubAgent()
        let before = StubProxy([release("v1", 100), release("v2", 0)], hub: hub)
        let first = try await before.task()
        #expect(first.said == "v1")
        let context = first["contextId"]?.string ?? ""
        let shifted = StubProxy([release("v1", 0), release("v2", 100)], hub: hub)
        let params = #"{"message":{"messageId":"2","role":"ROLE_USER","contextId":"\#(context)","parts":[{"text":"x"}]}}"#
        #expect(try await shifted.rpc("SendMessage", params).json()[path: "result", "task"]?.said == "v1")
        #expect(try await shifted.task().said == "v2")
        let without = StubProxy([release("v2", 100)], hub: hub)
        #expect(try await without.rpc("SendMessage", params).json()[path: "result", "task"]?.said == "v2")
        let failed = try await without.task(task: first.taskID)
        #expect(failed.state == "TASK_STATE_FAILED" && failed.said == "The release of the agent that has this task is there no more")
    }
}
