import HubCore
import NIOCore
import Testing

@testable import ModelProxy

/// What providers do besides what they say: one test for each thing that has broken a gateway.
@Suite("Traps of conversion")
struct ConversionTrapTests {
    private func chunk(_ delta: String, finish: String? = nil, index: Int = 0) -> String {
        let reason = finish.map { "\"\($0)\"" } ?? "null"
        return #"{"id":"1","model":"m","choices":[{"index":\#(index),"delta":{\#(delta)},"finish_reason":\#(reason)}]}"#
    }

    private func text(_ events: [ChatEvent]) -> String? { ChatAnswer(events).text }

    @Test(
        "event streams with any line ends, a mark at the start, comments, and data with and without a space or over lines",
        arguments: ["\n", "\r\n", "\r"])
    func eventStreams(end: String) {
        let stream = [
            "\u{FEFF}: comment", "data:" + chunk(#""content":"ü😀""#), "", ": keep-alive", "", "data: {\"id\":\"1\",",
            "data: \"choices\":[]}", "",
            "data: " + chunk("", finish: "stop"), "", "data: [DONE]", "", "",
        ].joined(separator: end)
        let bytes = ByteBuffer(string: stream)
        for size in [1, 2, 3, 5, .max] {
            #expect(AnswerStream.events(.chat, bytes, pieces: size) == [.start(id: "1", model: "m"), .text("ü😀"), .end(.stop)])
        }
    }

    @Test("a stream without [DONE] is whole once its reason has come, one with bytes behind it too, and neither without a reason")
    func doneMissing() {
        let (words, finish) = ("data: \(chunk(#""content":"a""#))\n\n", "data: \(chunk("", finish: "stop"))\n\n")
        #expect(AnswerStream.events(.chat, words + finish).last == .end(.stop))
        #expect(AnswerStream.events(.chat, words + finish + "data: [DONE]\n\ndata: rubbish\n\n").last == .end(.stop))
        #expect(AnswerStream.events(.chat, words + "data: [DONE]\n\n").last == .error(.cut))
        #expect(AnswerStream.events(.chat, words).last == .error(.cut))
        #expect(AnswerStream.events(.chat, "") == [.error(.cut)])
    }

    @Test("roles alone, empty deltas and null content say nothing; usage on every chunk counts once, and what it said last")
    func emptyDeltas() {
        func used(_ output: Int) -> String {
            #"{"id":"1","model":"m","choices":[],"usage":{"prompt_tokens":3,"completion_tokens":\#(output)}}"#
        }
        let chunks = [
            chunk(#""role":"assistant""#), used(1), chunk(""), chunk(#""content":null"#), chunk(#""content":"""#), chunk(#""content":"a""#),
            used(2),
            chunk("", finish: "stop"), used(5), #"{"id":"1","model":"m","choices":[],"usage":null}"#,
        ]
        let events = AnswerStream.events(.chat, chunks.map { "data: \($0)\n\n" }.joined())
        #expect(events == [.start(id: "1", model: "m"), .text("a"), .usage(ChatUsage(input: 3, output: 5)), .end(.stop)])
    }

    @Test("two reasons for the end, and one before the last text, lose nothing")
    func twoReasons() {
        let chunks = [chunk(#""content":"a""#, finish: "length"), chunk(#""content":"b""#), chunk("", finish: "stop")]
        let answer = ChatAnswer(AnswerStream.events(.chat, chunks.map { "data: \($0)\n\n" }.joined()))
        #expect(answer.text == "ab" && answer.stop == .length)
    }

    @Test("calls without index, under one index for all, with names repeated, ids left empty, and arguments as an object")
    func oddCalls() {
        func answer(_ deltas: [String]) -> [ChatPart] {
            let chunks = deltas.map { chunk("\"tool_calls\":[\($0)]") } + [chunk("", finish: "stop")]
            return ChatAnswer(AnswerStream.events(.chat, chunks.map { "data: \($0)\n\n" }.joined())).parts
        }
        func call(_ id: String, _ name: String, _ arguments: String) -> ChatPart {
            .toolCall(ToolCall(id: id, name: name, arguments: arguments))
        }
        let two = [call("a", "f", #"{"x":1}"#), call("b", "g", "{}")]
        #expect(
            answer([
                #"{"id":"a","function":{"name":"f","arguments":"{\"x\":"}}"#, #"{"function":{"arguments":"1}"}}"#,
                #"{"id":"b","function":{"name":"g","arguments":"{}"}}"#,
            ]) == two)
        #expect(
            answer([
                #"{"index":0,"id":"a","function":{"name":"f","arguments":"{\"x\":1}"}}"#,
                #"{"index":0,"id":"b","function":{"name":"g","arguments":"{}"}}"#,
            ]) == two)
        #expect(
            answer([
                #"{"index":0,"id":"a","function":{"name":"f","arguments":"{\"x\""}}"#,
                #"{"index":0,"id":"","function":{"name":"f","arguments":":1}"}}"#,
                #"{"index":1,"id":"b","function":{"name":"g","arguments":{}}}"#,
            ]) == two)
        #expect(answer([#"{"index":0,"function":{"name":"f","arguments":"{}"}}"#]) == [call("seed_0", "f", "{}")])
        #expect(
            answer([
                #"{"index":0,"id":"a","function":{"name":"f","arguments":"{\"x\":"}}"#,
                #"{"index":0,"id":"zz","function":{"arguments":"1}"}}"#,
            ]) == [call("a", "f", #"{"x":1}"#)])
    }

    @Test("errors with a status of success are errors, in one piece and as the first event")
    func errorsWithSuccess() {
        let filtered = #"{"base_resp":{"status_code":1027,"status_msg":"output sensitive"},"choices":null}"#
        #expect(ChatAnswer(ChatAnswer.events(of: ByteBuffer(string: filtered), in: .chat, callIDSeed: "s")).error?.kind == .contentFilter)
        let limited = #"data: {"error":{"code":"rate_limit_exceeded","message":"x"}}"# + "\n\n"
        let events = AnswerStream.events(.chat, limited)
        #expect(events.count == 1 && ChatAnswer(events).error?.kind == .rateLimit)
        let good = #"{"base_resp":{"status_code":0},"choices":[{"message":{"content":"a"},"finish_reason":"stop"}]}"#
        #expect(ChatAnswer(ChatAnswer.events(of: ByteBuffer(string: good), in: .chat, callIDSeed: "s")).text == "a")
    }

    @Test("numbers of a request keep their value, and its unknown members every byte, in its own dialect")
    func numbers() throws {
        let body =
            #"{"model":"m","messages":[{"role":"user","content":"a"}],"temperature":0.30000000000000000001,"seed":9007199254740993,"#
            + #""x_big":123456789012345678901234567890,"x_float":1.0,"x_order":{"b":1,"a":[1,  2]}}"#
        let sent = String(buffer: try ProviderDialect.chat.write(CallerDialect.chat.read(body)).body)
        #expect(sent.contains(#""temperature":0.30000000000000000001"#) && sent.contains(#""seed":9007199254740993"#))
        #expect(sent.contains(#""x_big":123456789012345678901234567890,"x_float":1.0,"x_order":{"b":1,"a":[1,2]}"#))
    }

    @Test("an answer more than was asked for is an error, not mixed into the first")
    func secondAnswer() throws {
        let chunks = [chunk(#""content":"a""#), chunk(#""content":"b""#, index: 1), chunk("", finish: "stop")]
        #expect(AnswerStream.events(.chat, chunks.map { "data: \($0)\n\n" }.joined()).last?.isError == true)
        let request = try CallerDialect.chat.read(#"{"model":"m","messages":[{"role":"user","content":"a"}],"n":2}"#)
        for provider in ProviderDialect.allCases {
            #expect(throws: RequestRefusal(.severalAnswers, "Only one answer can be asked for here", parameter: "n")) {
                try provider.write(request)
            }
        }
    }

    @Test("a signature goes back to the provider that made it, and to no other")
    func signatures() throws {
        let turn = ChatTurn(
            role: .assistant,
            parts: [
                .reasoning(ChatReasoning(text: "hm", signature: ReasoningSignature(origin: .messages, value: "mine:1"))), .text("a"),
                .toolCall(ToolCall(id: "c", name: "f", arguments: "{}", signature: ReasoningSignature(origin: .gemini, value: "g=="))),
            ])
        var request = ChatRequest(dialect: .chat, model: "m")
        request.turns = [
            ChatTurn(role: .user, parts: [.text("a")]), turn,
            ChatTurn(role: .user, parts: [.toolResult(ToolResult(callID: "c", content: []))]),
        ]
        for provider in ProviderDialect.allCases {
            let sent = try provider.write(request)
            let text = String(buffer: sent.body)
            #expect(text.contains("mine:1") == (provider == .messages))
            #expect(text.contains("g==") == (provider == .gemini))
        }
        #expect(request.hasForeignSignatures(for: .messages))
        // And through a caller of every dialect that gives back what it was given.
        let events: [ChatEvent] = [
            .start(id: "", model: ""), .reasoning("hm"), .signature(ReasoningSignature(origin: .messages, value: "mine:1")),
            .callStart(index: 0, id: "c", name: "f", signature: ReasoningSignature(origin: .gemini, value: "g==")),
            .callArguments(index: 0, "{}"), .callEnd(index: 0), .end(.toolCalls),
        ]
        for caller in CallerDialect.allCases {
            let root = try JSONDocument(parsing: caller.body(ChatAnswer(events), CallerDialect.frame), limits: .message).root
            let message: String
            switch caller {
            case .chat:
                let answer = try #require(root["choices"]?.elements.first { _ in true }?["message"])
                message = #"{"model":"m","messages":[{"role":"user","content":"a"},\#(String(buffer: answer.rawBytes))]}"#
            case .responses:
                let output = String(buffer: try #require(root["output"]).rawBytes).dropFirst()
                message = #"{"model":"m","input":[{"role":"user","content":"a"},\#(output)}"#
            case .messages:
                let content = String(buffer: try #require(root["content"]).rawBytes)
                message =
                    #"{"model":"m","max_tokens":9,"messages":[{"role":"user","content":"a"},{"role":"assistant","content":\#(content)}]}"#
            }
            let parts = try #require(try caller.read(message).turns.last).parts
            #expect(parts == [turn.parts[0], turn.parts[2]], "\(caller)")
        }
    }

    @Test("a cut in the middle of an event of every framing is an error")
    func halfMessages() {
        let half = ByteBuffer(string: #"data: {"id":"1","cho"#)
        #expect(AnswerStream.events(.chat, half) == [.error(.damaged)])
        #expect(AnswerStream.events(.ollama, #"{"model":"m","mess"#) == [.error(.damaged)])
        #expect(
            AnswerStream.events(.converse, ByteBuffer(bytes: [0, 0, 0])).last
                == .error(ProviderError(.network, FramingError.broken.message)))
    }

    @Test("bytes that are no UTF-8 are an error")
    func badText() {
        #expect(AnswerStream.events(.chat, ByteBuffer(bytes: Array("data: \"".utf8) + [0xFF, 0x22, 0x0A, 0x0A])).last?.isError == true)
        #expect(AnswerStream.events(.ollama, ByteBuffer(bytes: [0x22, 0xFF, 0x22, 0x0A])).last?.isError == true)
    }
}
