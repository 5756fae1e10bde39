public import HubCore
import NIOCore

/// A call that was made for a planner, and what came of it, as far as the planner is told.
public struct PlanStep: Sendable, Hashable {
    /// The tool.
    public var tool: String
    /// What it was given.
    public var arguments: JSONObject
    /// The beginning of its answer as text. It is data: nobody whom the hub knows has written it.
    public var result: String
    /// Whether it failed.
    public var isFailure: Bool
    /// What the thought cost that led to it.
    public var tokens: Int

    /// The longest result, in scalars.
    static let longestResult = 16_384

    /// A step.
    public init(tool: String, arguments: JSONObject, result: String, isFailure: Bool, tokens: Int) {
        (self.tool, self.arguments, self.isFailure, self.tokens) = (tool, arguments, isFailure, tokens)
        self.result = result.cut(to: Self.longestResult)
    }
}

/// The steps of a task whose planner sees what comes of its calls, as they are noted between messages.
struct PlanSteps: Sendable, Hashable {
    /// What was done, in order.
    var steps: [PlanStep] = []
    /// What the thought cost that led to the call which is due.
    var tokens = 0

    /// The most steps of a task, whatever its planner wants.
    static let most = 32

    /// No steps yet.
    init() {}

    /// The steps that were noted; nil where the task is not done in steps.
    init?(_ note: ByteBuffer?) {
        // What is no note says nothing.
        guard let note, let root = (try? JSONDocument(parsing: note, limits: .payload))?.root, let noted = root["steps"] else { return nil }
        tokens = max(0, root["tokens"]?.int ?? 0)
        steps = noted.elements.map { step in
            PlanStep(
                tool: step["tool"]?.string ?? "", arguments: step["arguments"].flatMap { JSONTree($0).object } ?? [:],
                result: step["result"]?.string ?? "", isFailure: step["failed"]?.bool ?? false, tokens: max(0, step["tokens"]?.int ?? 0))
        }
    }

    /// As they are noted.
    var bytes: ByteBuffer {
        var json = JSONWriter()
        json.object { json in
            json.member("tokens", tokens)
            json.list("steps", steps) { step, json in
                json.object { json in
                    json.member("tool", step.tool)
                    json.member("arguments", raw: JSONTree.object(step.arguments).bytes)
                    json.member("result", step.result)
                    if step.isFailure { json.member("failed", true) }
                    json.member("tokens", step.tokens)
                }
            }
        }
        return json.buffer
    }
}
