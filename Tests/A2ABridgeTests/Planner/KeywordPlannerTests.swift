import HubCore
import Logging
import NIOCore
import Testing

@testable import A2ABridge

@Suite("Planning by words")
struct KeywordPlannerTests {
    private struct NoTarget: CallTarget {
        func perform(_ call: Call, context: CallContext) async throws -> CallResponse { throw HubError(.internal, "Not performed here") }
    }

    private let tools = ToolSet(
        [
            ("get_order", "Shows an order", Risk.read), ("cancel_order", "Cancels an order", .destructive),
            ("send_mail", "Sends a mail", .write),
            ("send_fax", "Sends a fax", .write),
        ].map { name, description, risk in
            var definition = StatedArgumentsTests.definition(
                #"{"properties":{"orderId":{"type":"string"}},"required":["orderId"]}"#, name: name, risk: risk)
            definition.description = description
            return Tool(definition: definition, target: NoTarget())
        })

    private func plan(_ text: String, tool: String? = nil) async throws -> Plan {
        let context = CallContext(requestID: "r", logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        return try await KeywordPlanner(tools).plan(PlanRequest(text: text, tools: tools, tool: tool, context: context))
    }

    @Test("a tool is chosen by the words of a request, and its arguments are taken from them")
    func chooses() async throws {
        #expect(try await plan("cancel order 5") == .call(tool: "cancel_order", arguments: ["orderId": .string("5")]))
        #expect(try await plan("please show the order") == .call(tool: "get_order", arguments: [:]))
        #expect(try await plan("send_fax now") == .call(tool: "send_fax", arguments: [:]))
        #expect(try await plan("anything", tool: "send_mail") == .call(tool: "send_mail", arguments: [:]))
    }

    @Test("what fits several tools that do something, or none, is asked for")
    func asks() async throws {
        guard case .choose(let rivals) = try await plan("send it") else {
            Issue.record("a tool was chosen")
            return
        }
        #expect(rivals.sorted() == ["send_fax", "send_mail"])
        #expect(try await plan("xyzzy") == .choose(["get_order", "cancel_order", "send_mail", "send_fax"]))
    }
}
