import HTTPTypes
import HubCore
import NIOConcurrencyHelpers
import NIOCore

@testable import A2ABridge

/// Answers of an agent elsewhere: whatever they are, the hub's caller gets a good one, and the task comes to an end or waits.
///
/// An input is a letter for the card (`A` JSON-RPC of 1.0, `B` HTTP+JSON of 1.0, `C` and `D` the same of 0.3, `E` to `H` the same of an agent
/// that does not stream, `I` one that is the first answer), a letter for the caller's method (send and stream of 1.0, then of 0.3), a byte that
/// cuts streams (`PieceStream`), and the answers, apart by zero bytes, of which the last is repeated. One that begins with a brace is JSON, any
/// other a stream. After twelve answers there are no more.
enum RemoteAgentSubject: Subject {
    static let name = "remote-agent"

    private static let methods = ["SendMessage", "SendStreamingMessage", "message/send", "message/stream"]

    static func check(_ input: ByteBuffer) {
        var input = input
        let (card, method) = (choose(&input, of: 9), choose(&input, of: methods.count))
        let cut = input.readInteger(as: UInt8.self) ?? 0
        var answers = input.readableBytesView.split(separator: 0, maxSplits: 11, omittingEmptySubsequences: false).map { ByteBuffer($0) }
        let shown = card < 8 ? self.card(AgentExchange.Way.all[card % 4], streams: card < 4) : answers.removeFirst()
        let elsewhere = Elsewhere(card: shown, answers: answers, cut: cut)
        runToEnd {
            let exchange = AgentExchange()
            let release = RemoteRelease(name: "v1", target: elsewhere)
            let agent = A2AAgent(
                name: "orders", remote: RemoteAgent(name: "orders", releases: [release], known: RemoteAgents()),
                hosts: HostRule(names: [], allowsLoopback: true), runtime: exchange.runtime
            ) { _ in
                try Task.checkCancellation()
                await Task.yield()
            }
            let isOld = method > 1
            let documents = await exchange.answer(agent, to: request(.post, "/a2a/orders", message(methods[method], isOld: isOld)))
                .documents
            for document in documents { checkEnvelope(document) }
            guard let id = AgentExchange.taskID(in: documents) else { return exchange.checkRest() }
            for method in ["GetTask", "tasks/get"] {
                let body = ByteBuffer(string: #"{"jsonrpc":"2.0","id":7,"method":"\#(method)","params":{"id":"\#(id)"}}"#)
                let told = await exchange.answer(agent, to: request(.post, "/a2a/orders", body)).documents[0]
                checkEnvelope(told)
                if let state = told["result"]?["status"]?["state"]?.string, method == "GetTask" {
                    claim(states.contains(state), "a task ends or waits: \(state)")
                }
            }
            exchange.checkRest()
        }
    }

    private static let states: Set = [
        "TASK_STATE_COMPLETED", "TASK_STATE_FAILED", "TASK_STATE_CANCELED", "TASK_STATE_REJECTED", "TASK_STATE_INPUT_REQUIRED",
        "TASK_STATE_AUTH_REQUIRED",
    ]

    private static func checkEnvelope(_ document: JSONValue) {
        claim(document["jsonrpc"]?.string == "2.0" && document["id"]?.int == 7, "an answer is one of JSON-RPC to its request")
        claim((document["result"] == nil) != (document["error"] == nil), "an answer is a result or an error")
    }

    private static func message(_ method: String, isOld: Bool) -> ByteBuffer {
        let message =
            isOld
            ? #"{"kind":"message","messageId":"m1","role":"user","parts":[{"kind":"text","text":"x"}]}"#
            : #"{"messageId":"m1","role":"ROLE_USER","parts":[{"text":"x"}]}"#
        return ByteBuffer(string: #"{"jsonrpc":"2.0","id":7,"method":"\#(method)","params":{"message":\#(message)}}"#)
    }

    /// A good card of an agent that is spoken to in one way.
    private static func card(_ way: AgentExchange.Way, streams: Bool) -> ByteBuffer {
        let (binding, version) = (way.isHTTP ? "HTTP+JSON" : "JSONRPC", way.version == .v1_0 ? "1.0" : "0.3.0")
        let interface =
            way.version == .v1_0
            ? #""supportedInterfaces":[{"url":"http://10.0.0.9/rpc","protocolBinding":"\#(binding)","protocolVersion":"\#(version)"}]"#
            : #""url":"http://10.0.0.9/rpc","preferredTransport":"\#(binding)","protocolVersion":"\#(version)""#
        return ByteBuffer(
            string: #"""
                {"name":"Research","description":"Looks things up.","version":"3.1",\#(interface),"capabilities":{"streaming":\#(streams)},
                "defaultInputModes":["text/plain"],"defaultOutputModes":["text/plain"],
                "skills":[{"id":"look","name":"Look","description":"Looks","tags":["a"]}]}
                """#)
    }

    private final class Elsewhere: CallTarget {
        private let card: ByteBuffer
        private let answers: [ByteBuffer]
        private let cut: UInt8
        private let count = NIOLockedValueBox(0)

        init(card: ByteBuffer, answers: [ByteBuffer], cut: UInt8) { (self.card, self.answers, self.cut) = (card, answers, cut) }

        func perform(_ call: Call, context: CallContext) async throws -> CallResponse {
            guard case .message(let message) = call.content else { fatalError("an agent elsewhere gets messages of HTTP") }
            if let body = message.body { _ = AnswerKeeper.Answer.parse(body) }
            if message.path.hasPrefix("/.well-known/") { return CallResponse(status: 200, contentType: "application/json", body: card) }
            let number = count.withLockedValue { count in
                count += 1
                return count - 1
            }
            guard number < 12, let last = answers.last else { throw HubError(.upstreamFailed, "The upstream failed to answer") }
            let answer = answers.indices.contains(number) ? answers[number] : last
            if answer.readableBytesView.first == UInt8(ascii: "{") {
                return CallResponse(status: 200, contentType: "application/json", body: answer)
            }
            return CallResponse(
                status: 200, fields: [.contentType: "text/event-stream"], body: .stream(PieceStream(answer, cut: cut)))
        }
    }
}
