import HTTPTypes
import HubCore
import NIOCore

@testable import A2ABridge

/// Requests to an agent of two tools: each is answered in its own words, whatever it says, and nothing is left at work.
///
/// An input is up to four requests, apart by a zero byte: a letter for the way (`A` JSON-RPC of 1.0, `B` HTTP+JSON of 1.0, `C` and `D` the same
/// of 0.3), then the body; over HTTP behind a line with method and path. `TASK` is the first task that an answer told of.
enum AgentSubject: Subject {
    static let name = "agent"

    static func check(_ input: ByteBuffer) {
        let requests = input.readableBytesView.split(separator: 0, maxSplits: 3, omittingEmptySubsequences: false).map { ByteBuffer($0) }
        runToEnd {
            let exchange = AgentExchange()
            let agent = agent(exchange.runtime)
            var task = "unknown"
            for bytes in requests {
                guard let (way, request) = read(bytes, task: task) else { continue }
                let answer = await exchange.answer(agent, to: request)
                guard answer.status != 405 else { continue }  // its fields say all
                let documents = answer.documents
                for document in documents { check(document, of: way, to: request, isEvent: answer.isEvents) }
                if task == "unknown", let id = AgentExchange.taskID(in: documents) { task = id }
            }
            exchange.checkRest()
        }
    }

    private static func read(_ bytes: ByteBuffer, task: String) -> (AgentExchange.Way, InboundRequest)? {
        var bytes = bytes
        let way = AgentExchange.Way.all[choose(&bytes, of: 4)]
        let fields: HTTPFields = [.a2aVersion: way.version.rawValue]
        guard way.isHTTP else { return (way, request(.post, "/a2a/orders", fill(bytes.readableBytesView, task), fields)) }
        let lines = bytes.readableBytesView.split(separator: UInt8(ascii: "\n"), maxSplits: 1, omittingEmptySubsequences: false)
        let words = String(decoding: lines[0], as: UTF8.self).split(separator: " ")
        // What the hub's parser takes for a method and a target.
        guard words.count == 2, let method = HTTPRequest.Method(String(words[0])), words[1].hasPrefix("/"),
            words[1].utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F && $0 != UInt8(ascii: "#") })
        else { return nil }
        let body = lines.count > 1 ? fill(lines[1], task) : ByteBuffer()
        return (way, request(method, "/a2a/orders" + words[1].replacing("TASK", with: task), body, fields))
    }

    /// The bytes with the id of a task in them. They need not be UTF-8.
    private static func fill(_ bytes: ByteBufferView, _ task: String) -> ByteBuffer {
        ByteBuffer(bytes: Array(bytes).replacing(Array("TASK".utf8), with: Array(task.utf8)))
    }

    private static func check(_ document: JSONValue, of way: AgentExchange.Way, to request: InboundRequest, isEvent: Bool) {
        guard !way.isHTTP else { return claim(document.kind == .object, "an answer is an object") }
        claim(document["jsonrpc"]?.string == "2.0", "an answer is one of JSON-RPC")
        claim((document["result"] == nil) != (document["error"] == nil), "an answer is a result or an error")
        guard document["result"] != nil else { return }
        // Refused before there is an id to answer with; a result has the one of its request.
        let asked = try? JSONDocument(parsing: request.body, limits: .message).root["id"]
        claim(asked?.rawBytes == document["id"]?.rawBytes, "a result has the id of the request")
    }

    private static func agent(_ runtime: A2ARuntime) -> A2AAgent {
        A2AAgent(
            name: "orders", profile: AgentProfile(name: "Orders", description: "Looks up orders.", version: "1"), tools: tools,
            hosts: HostRule(names: [], allowsLoopback: true), runtime: runtime)
    }

    private struct Echo: CallTarget {
        func perform(_ call: Call, context: CallContext) async throws -> CallResponse {
            CallResponse(status: 200, contentType: "application/json", body: call.arguments?.rawBytes ?? ByteBuffer(string: "{}"))
        }
    }

    private static let tools = ToolSet([
        tool(
            "find_orders", "Finds the orders of a customer", .read,
            #"{"type":"object","properties":{"customer_id":{"type":"string"},"status":{"enum":["open","paid"]}},"required":["customer_id"]}"#
        ),
        tool(
            "delete_order", "Deletes an order", .destructive,
            #"{"type":"object","properties":{"orderId":{"type":"integer"}},"required":["orderId"]}"#),
    ])

    private static func tool(_ name: String, _ description: String, _ risk: Risk, _ schema: String) -> Tool {
        Tool(
            definition: ToolDefinition(
                name: name, description: description, inputSchema: ByteBuffer(string: schema), annotations: ToolAnnotations(), risk: risk,
                operation: "GET /\(name)"), target: Echo())
    }
}
