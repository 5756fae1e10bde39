import HTTPTypes
import HubCore
import NIOCore
import Testing

@testable import ModelProxy

@Suite("Amazon Bedrock as a service", .timeLimit(.minutes(1)))
struct BedrockTests {
    private static let arn = "arn:aws:bedrock:us-east-1:123456789012:inference-profile/us.anthropic.claude-v1:0"

    private func frame(_ type: String, _ payload: String, isException: Bool = false) -> ByteBuffer {
        AmazonFrame(
            headers: [
                (":message-type", isException ? "exception" : "event"), (isException ? ":exception-type" : ":event-type", type),
                (":content-type", "application/json"),
            ], payload: ByteBuffer(string: payload)
        ).bytes
    }

    private func stream(_ frames: ByteBuffer...) -> StubMember.Outcome {
        let stream = StubStream(isOpen: true)
        for frame in frames { stream.send(frame) }
        stream.finish()
        return .stream(stream, type: "application/vnd.amazon.eventstream")
    }

    private func router(_ bedrock: StubMember, _ second: StubMember = StubMember(.json("{}"))) -> StubRouter {
        StubRouter([
            ModelRule(
                to: [ModelDestination(ModelService("nova", .bedrock, bedrock), model: Self.arn)],
                fallback: [ModelDestination(ModelService("second", .vllm, second))])
        ])
    }

    @Test("the model stands in the path, encoded once, whatever it is called", arguments: [false, true])
    func path(isStreaming: Bool) async throws {
        let member = StubMember(.json(String(buffer: try ModelDoor(.chatCompletions, .bedrock).whole())))
        let writer = try await router(member).send(StubRouter.chat("m", isStreaming: isStreaming))
        #expect(writer.status == 200)
        #expect(
            member.sent.map(\.path) == [
                "/model/arn%3Aaws%3Abedrock%3Aus-east-1%3A123456789012%3Ainference-profile%2Fus.anthropic.claude-v1%3A0/"
                    + (isStreaming ? "converse-stream" : "converse")
            ])
        #expect(member.sent.first?.headers == [.contentType: "application/json"])
    }

    @Test(
        "errors are known by their header, and the right ones are tried elsewhere",
        arguments: [
            ("ThrottlingException:http://internal.amazon.com/coral/", 429, "slow down", "rate_limit_exceeded", true),
            ("ModelNotReadyException", 429, "x", "overloaded", true), ("ServiceUnavailableException", 503, "x", "overloaded", true),
            ("ModelTimeoutException", 408, "x", "upstream_timeout", true), ("ModelErrorException", 424, "x", "upstream_failed", true),
            ("AccessDeniedException", 403, "x", "upstream_refused", true),
            ("ValidationException", 400, "Input is too long for requested model.", "context_length_exceeded", true),
            ("ValidationException", 400, "x", "invalid_request", false),
        ])
    func errors(type: String, status: Int, message: String, failure: String, isRetried: Bool) async throws {
        let name = try #require(HTTPField.Name("x-amzn-ErrorType"))
        let second = StubMember(.json("{}"))
        let router = router(StubMember(.json(#"{"message":"\#(message)"}"#, status: status, fields: [name: type])), second)
        let writer = try await router.send()
        #expect(router.usage.all.first?.attempts.first?.failure == failure)
        #expect(second.count == (isRetried ? 1 : 0) && writer.status == (isRetried ? 200 : status))
    }

    @Test("an exception before the first word is tried elsewhere, and one after it ends the answer")
    func exceptions() async throws {
        let start = frame("messageStart", #"{"role":"assistant"}"#)
        let throttled = frame("throttlingException", #"{"message":"x"}"#, isException: true)
        let good = "data: [DONE]\n\n"
        let second = StubMember(.stream(StubStream([good])), .stream(StubStream([good])))
        let before = router(StubMember(stream(start, throttled)), second)
        #expect(try await before.send(StubRouter.chat("m", isStreaming: true)).text == good)
        #expect(before.usage.all.first?.attempts.map(\.failure) == ["rate_limit_exceeded", nil])

        let text = frame("contentBlockDelta", #"{"contentBlockIndex":0,"delta":{"text":"hello"}}"#)
        let after = router(StubMember(stream(start, text, throttled)), second)
        let writer = try await after.send(StubRouter.chat("m", isStreaming: true))
        #expect(writer.text.contains("hello") && writer.text.contains("rate_limit_exceeded") && !writer.text.contains("[DONE]"))
        #expect(second.count == 1 && after.usage.all.map(\.outcome) == [.interrupted])
    }

    @Test("tokens are counted where the provider counts, in Anthropic's words")
    func count() async throws {
        let body = #"{"model":"m","system":"s","messages":[{"role":"user","content":"hi"}],"tools":[{"name":"t","input_schema":{}}]}"#
        let bedrock = StubMember(.json(#"{"inputTokens":12}"#))
        let writer = try await router(bedrock).send(body, path: "/v1/messages/count_tokens")
        #expect(writer.text == #"{"input_tokens":12}"# && writer.status == 200)
        #expect(bedrock.sent.first?.path.hasSuffix("claude-v1%3A0/count-tokens") == true)
        let sent = try JSONDocument(parsing: bedrock.bodies[0], limits: .message).root["input"]?["converse"]
        #expect(sent?.members.map { $0.name.string } == ["system", "messages", "toolConfig"])

        let gemini = StubMember(.json(#"{"totalTokens":5}"#))
        let other = StubRouter([ModelRule(to: [ModelDestination(ModelService("g", .gemini, gemini), model: "gemini-2")])])
        #expect(try await other.send(body, path: "/v1/messages/count_tokens").text == #"{"input_tokens":5}"#)
        #expect(gemini.sent.first?.path == "/models/gemini-2:countTokens")
        #expect(gemini.bodies[0].hasPrefix(#"{"generateContentRequest":{"model":"models/gemini-2","systemInstruction":"#))

        let strange = router(StubMember(.json(#"{"inputTokens":-1}"#)))
        let failed = try await strange.send(body, path: "/v1/messages/count_tokens")
        #expect(failed.status == 502)
        let wrong = try await router(bedrock).send(#"{"model":"m"}"#, path: "/v1/messages/count_tokens")
        #expect(wrong.status == 400)
        #expect(try wrong.error()?["type"]?.string == "invalid_request_error")
    }
}
