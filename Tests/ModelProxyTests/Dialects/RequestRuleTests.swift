import HubCore
import NIOCore
import Testing

@testable import ModelProxy

@Suite("Rules of conversion")
struct RequestRuleTests {
    private func chat(_ members: String, messages: String = #"{"role":"user","content":"a"}"#) throws -> ChatRequest {
        try CallerDialect.chat.read(#"{"model":"m","messages":[\#(messages)]\#(members.isEmpty ? "" : ",")\#(members)}"#)
    }

    private func refusal(_ request: ChatRequest, _ provider: ProviderDialect) -> ConversionLoss? {
        do throws(RequestRefusal) {
            _ = try provider.write(request)
            return nil
        } catch {
            return error.loss
        }
    }

    private func sent(_ request: ChatRequest, _ provider: ProviderDialect, _ features: ProviderFeatures = .init()) throws -> JSONValue {
        try JSONDocument(parsing: provider.write(request, features: features).body, limits: .message).root
    }

    @Test(
        "what is wrong with a request in its own dialect is said with the member that is meant",
        arguments: [
            (CallerDialect.chat, "[]", nil), (.chat, "{}", "model"), (.chat, #"{"model":1}"#, "model"),
            (.chat, #"{"model":"m"}"#, "messages"),
            (.chat, #"{"model":"m","messages":[1]}"#, "messages[0]"),
            (.chat, #"{"model":"m","messages":[{"role":"x"}]}"#, "messages[0].role"),
            (.chat, #"{"model":"m","messages":[{"role":"user","content":[{"type":"image_url"}]}]}"#, "messages[0].content[0].image_url"),
            (.chat, #"{"model":"m","messages":[],"temperature":"hot"}"#, "temperature"),
            (.chat, #"{"model":"m","messages":[],"n":0}"#, "n"),
            (.chat, #"{"model":"m","messages":[],"temperature":1e9999999999}"#, "temperature"),
            (.chat, #"{"model":"m","messages":[],"tool_choice":"maybe"}"#, "tool_choice"),
            (.chat, #"{"model":"m","messages":[],"functions":[]}"#, "functions"),
            (.chat, #"{"model":"m","messages":[],"reasoning_effort":"huge"}"#, "reasoning_effort"),
            (.messages, #"{"model":"m","messages":[]}"#, "max_tokens"),
            (.messages, #"{"model":"m","max_tokens":9,"messages":[{"role":"user"}]}"#, "messages[0].content"),
            (.messages, #"{"model":"m","max_tokens":9,"messages":[],"thinking":{"type":"x"}}"#, "thinking.type"),
            (.responses, #"{"model":"m"}"#, "input"),
            (.responses, #"{"model":"m","input":"a","previous_response_id":"r"}"#, "previous_response_id"),
            (.responses, #"{"model":"m","input":[{"type":"item_reference","id":"i"}]}"#, "input[0]"),
        ] as [(CallerDialect, String, String?)])
    func wrong(caller: CallerDialect, body: String, parameter: String?) throws {
        let root = try JSONDocument(parsing: body, limits: .message).root
        do throws(RequestRefusal) {
            _ = try caller.read(root)
            Issue.record("was read")
        } catch {
            #expect(error.parameter == parameter)
        }
    }

    @Test("results of tools are read in one pass, however many follow one another", .timeLimit(.minutes(1)))
    func manyResults() throws {
        let count = 30_000
        let results = Array(repeating: #"{"type":"function_call_output","call_id":"c","output":"a"}"#, count: count)
        let read = try CallerDialect.responses.read(#"{"model":"m","input":[\#(results.joined(separator: ","))]}"#)
        #expect(read.turns.map(\.parts.count) == [count])
    }

    @Test("results follow one another in one turn, and what the user says is another")
    func joinedResults() throws {
        let result = #"{"type":"function_call_output","call_id":"c","output":"a"}"#
        let words = #"{"role":"user","content":"b"}"#
        let read = try CallerDialect.responses.read(#"{"model":"m","input":[\#(words),\#(result),\#(result),\#(words),\#(result)]}"#)
        #expect(read.turns.map(\.parts.count) == [1, 2, 1, 1])
    }

    @Test("what would change the answer is refused, whatever the provider's dialect lacks")
    func refuses() throws {
        let url = #"{"role":"user","content":[{"type":"image_url","image_url":{"url":"https://e.com/a.png"}}]}"#
        let picture = try chat("", messages: url)
        #expect(refusal(picture, .converse) == .mediaByURL && refusal(picture, .ollama) == .mediaByURL)
        #expect(refusal(picture, .messages) == nil && refusal(picture, .gemini) == nil && refusal(picture, .chat) == nil)
        let orphan = try chat("", messages: #"{"role":"tool","tool_call_id":"x","content":"a"}"#)
        let file = try chat("", messages: #"{"role":"user","content":[{"type":"file","file":{"file_id":"f"}}]}"#)
        let foreign = try chat("", messages: #"{"role":"user","content":[{"type":"video_url","video_url":{"url":"u"}}]}"#)
        let audio = try chat(
            "", messages: #"{"role":"user","content":[{"type":"input_audio","input_audio":{"data":"AA==","format":"wav"}}]}"#)
        let stops = try chat(#""stop":["1","2","3","4","5","6"]"#)
        let none = try chat("", messages: #"{"role":"system","content":"a"}"#)
        for provider in ProviderDialect.allCases {
            #expect(refusal(orphan, provider) == .resultWithoutCall)
            #expect(refusal(file, provider) == (provider == .chat ? nil : .fileID))
            #expect(refusal(foreign, provider) == (provider == .chat ? nil : .unknownContent))
        }
        #expect(refusal(audio, .messages) == .mediaKind && refusal(audio, .gemini) == nil && refusal(audio, .converse) == nil)
        #expect(refusal(stops, .chat) == .tooManyStops && refusal(stops, .gemini) == .tooManyStops && refusal(stops, .messages) == nil)
        #expect(refusal(none, .messages) == .noTurns)
        #expect(throws: RequestRefusal.self) { try chat(#""modalities":["text","audio"],"audio":{"voice":"a","format":"wav"}"#) }
    }

    @Test("tools that a provider runs are dropped, and a choice of one is refused")
    func hostedTools() throws {
        let tools = #""tools":[{"type":"web_search_20250305","name":"web_search"},{"name":"f","input_schema":{"type":"object"}}]"#
        let head = #"{"model":"m","max_tokens":9,"messages":[{"role":"user","content":"a"}],"#
        let request = try CallerDialect.messages.read(head + tools + "}")
        #expect(try ProviderDialect.chat.write(request).losses.contains(.hostedTool))
        #expect(try sent(request, .chat)["tools"]?.count == 1 && sent(request, .messages)["tools"]?.count == 2)
        let forced = try CallerDialect.messages.read(head + tools + #","tool_choice":{"type":"tool","name":"web_search"}}"#)
        #expect(refusal(forced, .chat) == .chosenTool && refusal(forced, .messages) == nil)
    }

    @Test("a choice among some tools becomes a shorter list")
    func allowedTools() throws {
        let request = try chat(
            #""tools":[{"type":"function","function":{"name":"f"}},{"type":"function","function":{"name":"g"}}],"tool_choice":{"type":"#
                + #""allowed_tools","allowed_tools":{"mode":"required","tools":[{"type":"function","function":{"name":"g"}}]}}"#)
        let root = try sent(request, .messages)
        #expect(root["tools"]?.count == 1 && root["tool_choice"]?["type"]?.string == "any")
    }

    @Test("a history with calls gets a tool for Bedrock even where none may be called")
    func bedrockTools() throws {
        let request = try chat(
            #""tools":[{"type":"function","function":{"name":"f"}}],"tool_choice":"none""#,
            messages:
                #"{"role":"user","content":"a"},{"role":"assistant","tool_calls":[{"id":"c","type":"function","function":{"name":"f","#
                + #""arguments":"{}"}}]},{"role":"tool","tool_call_id":"c","content":""}"#)
        let config = try sent(request, .converse)["toolConfig"]
        #expect(config?["tools"]?.count == 1 && config?["toolChoice"] == nil)
        #expect(config?["tools"]?.elements.first { _ in true }?["toolSpec"]?["name"]?.string == "none")
    }

    @Test("arguments in the history that are no object go on as text in one")
    func unreadableArguments() throws {
        let request = try chat(
            "",
            messages:
                #"{"role":"user","content":"a"},{"role":"assistant","tool_calls":[{"id":"c","type":"function","function":{"name":"f","#
                + #""arguments":"{\"a\":"}}]}"#)
        let written = try ProviderDialect.messages.write(request)
        #expect(written.losses == [.unreadableArguments])
        #expect(String(buffer: written.body).contains(#""input":{"arguments":"{\"a\":"}"#))
    }

    @Test("ids of calls that the other side does not take change alike in the call and its result")
    func callIDs() throws {
        let id = "call|" + String(repeating: "x", count: 80)
        let request = try chat(
            "",
            messages:
                #"{"role":"user","content":"a"},{"role":"assistant","tool_calls":[{"id":"\#(id)","type":"function","function":{"name":"f","#
                + #""arguments":"{}"}}]},{"role":"tool","tool_call_id":"\#(id)","content":"b"}"#)
        let turns = Array(try #require(try sent(request, .converse)["messages"]).elements)
        let used = turns[1]["content"]?.elements.first { _ in true }?["toolUse"]?["toolUseId"]?.string
        let answered = turns[2]["content"]?.elements.first { _ in true }?["toolResult"]?["toolUseId"]?.string
        #expect(used != nil && used == answered && NameRule(maximumBytes: 64, others: ".:").allows(used ?? ""))
    }

    @Test("how much to think goes to Anthropic as a word or in tokens, below those of the answer, and not beside a forced call")
    func thinking() throws {
        let older = ProviderFeatures(thinksAdaptively: false)
        let high = try chat(#""reasoning_effort":"high","max_tokens":5000,"temperature":0.5"#)
        #expect(try sent(high, .messages, older)["thinking"]?["budget_tokens"]?.int == 4999)
        #expect(try sent(high, .messages, older)["temperature"] == nil)
        #expect(try sent(high, .messages)["output_config"]?["effort"]?.string == "high")
        let open = try chat(#""reasoning_effort":"low""#)
        #expect(try sent(open, .messages, older)["max_tokens"]?.int == 4096 + 2048)
        let small = try ProviderDialect.messages.write(chat(#""reasoning_effort":"high","max_tokens":100"#), features: older)
        #expect(small.losses == [.reasoning])
        let forced = try chat(
            #""reasoning_effort":"high","tools":[{"type":"function","function":{"name":"f"}}],"tool_choice":"required""#)
        #expect(try ProviderDialect.messages.write(forced).losses == [.reasoningWithForcedCall])
        #expect(try sent(chat(#""reasoning_effort":"none""#), .messages)["thinking"]?["type"]?.string == "disabled")
        var claude = high
        claude.model = "eu.anthropic.claude-x"
        #expect(try sent(claude, .converse)["additionalModelRequestFields"]?["thinking"]?["budget_tokens"]?.int == 4999)
        claude.model = "gemini-2.5-pro"
        #expect(try sent(claude, .gemini)["generationConfig"]?["thinkingConfig"]?["thinkingBudget"]?.int == 8192)
    }

    @Test("calls of other models are signed for Gemini with the words that it takes for it, the first of a turn, from Gemini 3 on")
    func unsignedCalls() throws {
        var request = try chat(
            "",
            messages:
                #"{"role":"user","content":"a"},{"role":"assistant","tool_calls":[{"id":"c","type":"function","function":{"name":"f","#
                + #""arguments":"{}"}},{"id":"d","type":"function","function":{"name":"f","arguments":"{}"}}]}"#)
        for (model, signed) in [("gemini-3-pro", [true, false]), ("gemini-2.5-pro", [false, false]), ("other", [false, false])] {
            request.model = model
            let contents = try #require(try sent(request, .gemini)["contents"])
            let turn = try #require(Array(contents.elements).last)
            #expect(turn["parts"]?.elements.map { $0["thoughtSignature"] != nil } == signed, "\(model)")
        }
    }

    @Test("a temperature goes to Anthropic only where it is known to be taken, and not above 1")
    func sampling() throws {
        let request = try chat(#""temperature":1.5"#)
        #expect(try ProviderDialect.messages.write(request).losses == [.sampling])
        let older = try ProviderDialect.messages.write(request, features: ProviderFeatures(takesSampling: true))
        #expect(older.losses == [.range] && String(buffer: older.body).hasSuffix(#""temperature":1}"#))
    }

    @Test("a user that looks like a person's address is not told to Anthropic")
    func users() throws {
        for (user, isSent) in [("ann@e.com", false), ("+49 30 1234567", false), ("u-1", true), ("12", true)] {
            #expect((try sent(chat(#""user":"\#(user)""#), .messages)["metadata"] != nil) == isSent, "\(user)")
        }
    }

    @Test("the name of a model is one part of a path, whatever stands in it")
    func paths() throws {
        var request = try chat("")
        request.model = "arn:aws:x/y?z"
        #expect(try ProviderDialect.converse.write(request).path == "/model/arn%3Aaws%3Ax%2Fy%3Fz/converse")
        request.model = ".."
        #expect(throws: RequestRefusal.self) { try ProviderDialect.converse.write(request) }
        #expect(try ProviderDialect.gemini.write(request).path == "/models/..:generateContent")
    }

    @Test("an OpenAI-like server gets what it takes: thoughts, and the old name of the limit")
    func features() throws {
        let request = try chat(
            #""max_completion_tokens":9"#,
            messages:
                #"{"role":"user","content":"a"},{"role":"assistant","content":"b","reasoning_content":"hm"},{"role":"user","content":"c"}"#)
        let text = String(
            buffer: try ProviderDialect.chat.write(request, features: ProviderFeatures(takesCompletionTokens: false, takesReasoning: true))
                .body)
        #expect(text.contains(#""max_tokens":9"#) && text.contains(#""reasoning_content":"hm""#))
    }

    @Test("members that a server wants besides go to it, unless the request has them")
    func members() throws {
        let split = ProviderFeatures(members: [JSONMember(name: "reasoning_split", value: ByteBuffer(string: "true"))])
        #expect(try sent(chat(""), .chat, split)["reasoning_split"]?.bool == true)
        #expect(try sent(chat(#""reasoning_split":false"#), .chat, split)["reasoning_split"]?.bool == false)
        #expect(try sent(chat(""), .messages, split)["reasoning_split"] == nil)
    }

    @Test("pictures in the result of a tool follow it in the user's words where a result is text")
    func resultMedia() throws {
        let body =
            #"{"model":"m","max_tokens":9,"messages":[{"role":"user","content":"a"},{"role":"assistant","content":[{"type":"tool_use","id":"t","#
            + #""name":"f","input":{}}]},{"role":"user","content":[{"type":"tool_result","tool_use_id":"t","content":[{"type":"text","text":"b"},"#
            + #"{"type":"image","source":{"type":"base64","media_type":"image/png","data":"iVBORw0KGgo="}}]}]}]}"#
        let request = try CallerDialect.messages.read(body)
        let written = try ProviderDialect.chat.write(request)
        #expect(written.losses == [.resultMedia])
        let messages = try #require(try sent(request, .chat)["messages"])
        #expect(messages.elements.map { $0["role"]?.string } == ["user", "assistant", "tool", "user"])
    }

    @Test("numbers as large as they come overflow nothing")
    func largeNumbers() throws {
        let largest = "9223372036854775807"
        let request = try CallerDialect.messages.read(
            #"{"model":"us.anthropic.m","max_tokens":\#(largest),"messages":[{"role":"user","content":"a"}],"top_k":\#(largest),"thinking":"#
                + #"{"type":"enabled","budget_tokens":\#(largest)}}"#)
        for provider in ProviderDialect.allCases { #expect(String(buffer: try provider.write(request).body).contains(largest)) }
        #expect(try sent(request, .converse)["additionalModelRequestFields"]?["thinking"]?["budget_tokens"]?.int == 1_000_000)
        let usage =
            #"{"choices":[{"message":{"content":"a"},"finish_reason":"stop"}],"usage":{"prompt_tokens":\#(largest),"#
            + #""completion_tokens":-5,"prompt_tokens_details":{"cached_tokens":1e99}}}"#
        let answer = ChatAnswer(ChatAnswer.events(of: ByteBuffer(string: usage), in: .chat, callIDSeed: "s"))
        #expect(answer.usage == ChatUsage(input: 1_000_000_000))
    }

    @Test("a schema of an answer is found where Anthropic had it before, too")
    func outputFormat() throws {
        let head = #"{"model":"m","max_tokens":9,"messages":[{"role":"user","content":"a"}],"#
        let old = try CallerDialect.messages.read(head + #""output_format":{"type":"json_schema","schema":{"type":"object"}}}"#)
        let new = try CallerDialect.messages.read(head + #""output_config":{"format":{"type":"json_schema","schema":{"type":"object"}}}}"#)
        #expect(old == new && new.output == .schema(OutputSchema(isStrict: true, schema: ByteBuffer(string: #"{"type":"object"}"#))))
    }

    @Test("a mark of who pays, which changes with each request, is no instruction")
    func billingLine() throws {
        let head = #"{"model":"m","max_tokens":9,"messages":[{"role":"user","content":"a"}],"system":"#
        let request = try CallerDialect.messages.read(
            head + #"[{"type":"text","text":"x-anthropic-billing-header: a=1"},{"type":"text","text":"b"}]}"#)
        #expect(request.system == ["b"])
    }
}
