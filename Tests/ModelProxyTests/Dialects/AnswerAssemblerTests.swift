import HubCore
import NIOCore
import Testing

@testable import ModelProxy

@Suite("Events of an answer")
struct AnswerAssemblerTests {
    private func chunk(_ delta: String, finish: String? = nil) -> String {
        let reason = finish.map { "\"\($0)\"" } ?? "null"
        return #"data: {"id":"1","model":"m","choices":[{"index":0,"delta":{"# + delta + #"},"finish_reason":"# + reason + "}]}\n\n"
    }

    private func calls(_ deltas: [String]) -> [ChatEvent] {
        let text = deltas.map { chunk("\"tool_calls\":[\($0)]") }.joined() + chunk("", finish: "tool_calls") + "data: [DONE]\n\n"
        return Array(AnswerStream.events(.chat, text).dropFirst())
    }

    @Test("calls that come interleaved go on one after the other, the first as it comes")
    func interleaved() {
        let events = calls([
            #"{"index":0,"id":"a","function":{"name":"f","arguments":"{\"x\":"}}"#,
            #"{"index":1,"id":"b","function":{"name":"g","arguments":"{\"y\":\"}\"}"}}"#, #"{"index":0,"function":{"arguments":"1}"}}"#,
        ])
        #expect(
            events == [
                .callStart(index: 0, id: "a", name: "f", signature: nil), .callArguments(index: 0, "{\"x\":"),
                .callArguments(index: 0, "1}"),
                .callEnd(index: 0), .callStart(index: 1, id: "b", name: "g", signature: nil), .callArguments(index: 1, "{\"y\":\"}\"}"),
                .callEnd(index: 1), .end(.toolCalls),
            ])
    }

    @Test("text that comes inside a call follows it")
    func textInside() {
        let text =
            chunk(#""tool_calls":[{"index":0,"id":"a","function":{"name":"f","arguments":"{"}}]"#) + chunk(#""content":"late""#)
            + chunk(#""tool_calls":[{"index":0,"function":{"arguments":"}"}}]"#) + chunk("", finish: "tool_calls")
        #expect(
            AnswerStream.events(.chat, text).dropFirst() == [
                .callStart(index: 0, id: "a", name: "f", signature: nil), .callArguments(index: 0, "{"), .callArguments(index: 0, "}"),
                .callEnd(index: 0), .text("late"), .end(.toolCalls),
            ])
    }

    @Test("whatever comes inside a call follows it, so that none of the call's arguments are lost")
    func othersInside() {
        let citation = ChatCitation(url: "https://e.com", title: "")
        let logprobs = ByteBuffer(string: "{}")
        for arguments in [("{", "}"), ("", "")] {
            var answer = AnswerAssembler(callIDSeed: "s")
            answer.call(0, id: "a", name: "f", arguments: arguments.0)
            if arguments.0.isEmpty { answer.call(0, arguments: " ") }
            answer.reasoning("r")
            answer.refusal("n")
            answer.citation(citation)
            answer.logprobs(logprobs)
            answer.call(0, arguments: arguments.1)
            answer.stop(.toolCalls)
            answer.end()
            let events = answer.drain()
            #expect(
                events.suffix(6) == [
                    .callEnd(index: 0), .reasoning("r"), .refusal("n"), .citation(citation), .logprobs(logprobs), .end(.toolCalls),
                ])
            let calls = ChatAnswer(events).parts.compactMap {
                if case .toolCall(let call) = $0 { call.arguments.filter { $0 != " " } } else { nil }
            }
            #expect(calls == ["{}"])
        }
    }

    @Test("what waits for the end of a call is bounded by its places, not by its bytes alone")
    func manyInside() {
        var answer = AnswerAssembler(callIDSeed: "s")
        answer.call(0, id: "a", name: "f", arguments: "{")
        for _ in 0..<AnswerAssembler.maximumContentBytes / MemoryLayout<ChatEvent>.stride { answer.text("a") }
        #expect(answer.isOver && answer.drain().last?.isError == true)
    }

    @Test("a call without arguments has an empty object of them")
    func noArguments() {
        #expect(
            calls([#"{"index":0,"id":"a","function":{"name":"f","arguments":""}}"#]) == [
                .callStart(index: 0, id: "a", name: "f", signature: nil), .callArguments(index: 0, "{}"), .callEnd(index: 0),
                .end(.toolCalls),
            ])
    }

    @Test("a call that is never named is an error")
    func unnamed() {
        #expect(calls([#"{"index":0,"id":"a","function":{"arguments":"{}"}}"#]).last?.isError == true)
    }

    @Test("arguments behind the end of a call are an error, white space is nothing")
    func argumentsAfterEnd() {
        let first = #"{"index":0,"id":"a","function":{"name":"f","arguments":"{}"}}"#
        let second = #"{"index":1,"id":"b","function":{"name":"g","arguments":"{}"}}"#
        #expect(calls([first, second, #"{"index":0,"function":{"arguments":" \n"}}"#]).last == .end(.toolCalls))
        #expect(calls([first, second, #"{"index":0,"function":{"arguments":"x"}}"#]).last?.isError == true)
    }

    @Test("more calls than the limit are an error")
    func tooManyCalls() {
        let many = (0...AnswerAssembler.maximumCalls).map { #"{"index":\#($0),"id":"c\#($0)","function":{"name":"f","arguments":"{}"}}"# }
        #expect(calls(Array(many.dropLast())).last == .end(.toolCalls))
        #expect(calls(many).last?.isError == true)
    }

    @Test("an answer of more bytes than the limit is an error")
    func tooLong() {
        var answer = AnswerAssembler(callIDSeed: "s")
        answer.text(String(repeating: "a", count: AnswerAssembler.maximumContentBytes))
        #expect(!answer.isOver)
        answer.text("b")
        #expect(answer.isOver && answer.drain().last?.isError == true)
    }

    @Test("a message of a stream above the limit is an error")
    func messageTooLarge() {
        let large = ByteBuffer(repeating: UInt8(ascii: "a"), count: StreamFraming.maximumMessageBytes + 1)
        var stream = AnswerStream(.ollama, callIDSeed: "s")
        #expect(stream.take(large) == [.error(ProviderError(.network, FramingError.tooLarge.message))])
        var framing = StreamFraming.events(SSEDecoder(maximumEventBytes: 100))
        #expect(throws: FramingError.tooLarge) { try framing.take(ByteBuffer(repeating: UInt8(ascii: "a"), count: 101)) }
    }

    @Test("names of tools come back as the caller has them")
    func names() throws {
        var request = ChatRequest(dialect: .chat, model: "m")
        request.tools = ["get.weather", "get_weather", "get weather"].map { .function(FunctionTool(name: $0)) }
        let names = ToolNames(of: request, rule: NameRule())
        #expect(names.areChanged && names.sent(for: "get_weather") == "get_weather")
        let sent = ["get.weather", "get weather"].map { names.sent(for: $0) }
        #expect(Set(sent).count == 2 && sent.allSatisfy { NameRule().allows($0) })
        #expect(sent.map { names.original(of: $0) } == ["get.weather", "get weather"])
        var answer = AnswerAssembler(names: names, callIDSeed: "s")
        answer.call(0, id: "a", name: sent[0], arguments: "{}")
        #expect(answer.drain().contains(.callStart(index: 0, id: "a", name: "get.weather", signature: nil)))
    }

    @Test("a long name is cut to what the rule takes and stays unlike others of the same beginning")
    func longNames() {
        let rule = NameRule(maximumBytes: 64, beginsWithLetter: true)
        let name = "9" + String(repeating: "a", count: 80)
        #expect(rule.allows(rule.fit(name)) && rule.fit(name) != rule.fit(name + "b") && rule.fit(name) == rule.fit(name))
        #expect(rule.allows(rule.fit("")) && !rule.allows(""))
    }
}

extension ChatEvent {
    var isError: Bool { if case .error = self { true } else { false } }

    var isLast: Bool {
        switch self {
        case .end, .error: true
        default: false
        }
    }
}
