import HubCore
import NIOCore
import Testing

@testable import A2ABridge

@Suite("What words state")
struct StatedArgumentsTests {
    private static let order = #"""
        {"properties":{"customer_id":{"type":"string"},"status":{"enum":["open","paid","in-transit"]},"limit":{"type":"integer","maximum":100},
        "from":{"type":"string","format":"date"},"to":{"type":"string","format":"date"},"express":{"type":"boolean"},"note":{"type":"string"},
        "tags":{"type":"array","items":{"type":"string"}}},"required":["customer_id"]}
        """#
    private static let mail = #"""
        {"properties":{"recipient":{"type":"string","format":"email"},"subject":{"type":"string"},"link":{"type":"string","format":"uri"},
        "at":{"type":"string","format":"date-time"},"priority":{"enum":["low","high"]},"fallback":{"enum":["low","none"]}},
        "required":["recipient","subject"]}
        """#
    private static let sum = #"{"properties":{"a":{"type":"number"},"b":{"type":"number"}},"required":["a","b"]}"#
    private static let one = #"{"properties":{"amount":{"type":"number"},"orderId":{"type":"string"}},"required":["amount"]}"#

    static func definition(_ schema: String, name: String = "t", risk: Risk = .read) -> ToolDefinition {
        ToolDefinition(
            name: name, description: "", inputSchema: ByteBuffer(string: schema), annotations: ToolAnnotations(), risk: risk,
            operation: "GET /")
    }

    @Test(
        "arguments are taken where the words state them",
        arguments: [
            (order, "orders of customer 42", #"{"customer_id":"42"}"#),
            (order, "orders with customer_id=ORD-7, limit: 10", #"{"customer_id":"ORD-7","limit":10}"#),
            (order, "customerId: C1; status open", #"{"customer_id":"C1","status":"open"}"#),
            (order, "show Open orders of customer id 9", #"{"customer_id":"9","status":"open"}"#),
            (order, "in-transit or paid?", "{}"),
            (order, "limit 1000", "{}"),
            (order, "from 2026-01-01 to 2026-02-01", #"{"from":"2026-01-01","to":"2026-02-01"}"#),
            (order, "since 2026-01-01", "{}"),
            (order, "from 2026-13-01", "{}"),
            (
                order, "express: yes, note: please ring twice, tags: a, b and c",
                #"{"express":true,"note":"please ring twice","tags":["a","b","c"]}"#
            ),
            (order, "the note is nice", "{}"),
            (order, #"note "two words""#, #"{"note":"two words"}"#),
            (order, "note: first line limit: 5", #"{"note":"first line","limit":5}"#),
            (order, "查询 limit：5 的订单", #"{"limit":5}"#),
            (mail, "write to ann@example.org \"Hello there\"", #"{"recipient":"ann@example.org","subject":"Hello there"}"#),
            (mail, "ann@example.org and bob@example.org", "{}"),
            (
                mail, "see https://example.com/a?b=c:d, at 2026-12-01T10:30:00Z.",
                #"{"at":"2026-12-01T10:30:00Z","link":"https://example.com/a?b=c:d"}"#
            ),
            (mail, "priority is high", #"{"priority":"high"}"#),
            (mail, "as low as can be", "{}"),
            (mail, "subject: It's me", #"{"subject":"It's me"}"#),
            (sum, "a=1 b=-2.5", #"{"a":1,"b":-2.5}"#),
            (sum, "add 1 and 2", "{}"),
            (one, "pay 12.50 please", #"{"amount":12.50}"#),
            (one, "pay 12 for order X-9", #"{"amount":12,"orderId":"X-9"}"#),
            (one, "pay 1 or 2", "{}"),
            (one, "", "{}"),
        ])
    func table(schema: String, text: String, expected: String) throws {
        let arguments = StatedArguments.arguments(in: text, for: SkillSchema(Self.definition(schema)))
        let wanted = JSONTree(try JSONDocument(parsing: expected, limits: .message).root)
        #expect(arguments.keys.sorted() == wanted.object?.keys.sorted())
        for (name, value) in arguments { #expect(wanted[name] == value, "\(name)") }
    }

    @Test("the whole text answers a question for one thing")
    func answer() {
        let schema = SkillSchema(Self.definition(Self.order))
        #expect(StatedArguments.arguments(in: " Jane Doe ", for: schema, asked: ["note"]) == ["note": .string("Jane Doe")])
        #expect(StatedArguments.arguments(in: "7", for: schema, asked: ["limit"]) == ["limit": .number("7")])
        #expect(StatedArguments.arguments(in: "yes", for: schema, asked: ["express"]) == ["express": .bool(true)])
        #expect(StatedArguments.arguments(in: "a, b", for: schema, asked: ["tags"]) == ["tags": .array([.string("a"), .string("b")])])
        #expect(StatedArguments.arguments(in: "many", for: schema, asked: ["limit"]).isEmpty)
    }

    @Test("hostile words are read to their bounds, and end")
    func hostile() {
        let schema = SkillSchema(Self.definition(Self.order))
        let texts = [
            String(repeating: "customer ", count: 100_000), String(repeating: "\"", count: 100_000),
            String(repeating: "a:", count: 100_000),
            String(repeating: "note: x ", count: 50_000), "\u{0}\u{301}\u{200D}", "limit=\(String(repeating: "9", count: 5000))", "x://",
            "=:=:",
            String(repeating: "{", count: 5000),
        ]
        for text in texts { #expect(StatedArguments.arguments(in: text, for: schema, asked: ["note"]).count <= 2) }
        let broken = SkillSchema(Self.definition("[1"))
        #expect(StatedArguments.arguments(in: "a=1", for: broken).isEmpty)
    }
}
