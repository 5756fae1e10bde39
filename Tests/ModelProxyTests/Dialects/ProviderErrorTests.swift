import HTTPTypes
import HubCore
import NIOCore
import Testing

@testable import ModelProxy

@Suite("Errors of providers")
struct ProviderErrorTests {
    /// An error as a provider sends it, and what it is.
    struct Sample: Sendable, CustomStringConvertible {
        var status: Int
        var body: String
        var kind: ProviderError.Kind
        var type: String?
        var description: String { "\(status) \(body.prefix(80))" }
    }

    private static let samples = [
        // OpenAI and those like it
        Sample(status: 429, body: #"{"error":{"message":"Rate limit","type":"tokens","code":"rate_limit_exceeded"}}"#, kind: .rateLimit),
        Sample(status: 429, body: #"{"error":{"message":"quota","type":"insufficient_quota","code":"insufficient_quota"}}"#, kind: .quota),
        Sample(
            status: 400,
            body: #"{"error":{"message":"This model's maximum context length is 8192 tokens","code":"context_length_exceeded"}}"#,
            kind: .contextLength),
        Sample(
            status: 400,
            body: #"{"object":"error","message":"This model's maximum context length is 8192 tokens.","type":"BadRequestError"}"#,
            kind: .contextLength),
        Sample(
            status: 400,
            body: #"{"error":{"code":"content_filter","message":"x","innererror":{"code":"ResponsibleAIPolicyViolation"}}}"#,
            kind: .contentFilter),
        Sample(status: 404, body: #"{"error":{"message":"no model","code":"model_not_found"}}"#, kind: .notFound),
        Sample(status: 401, body: #"{"error":{"message":"Incorrect API key sk-123","code":"invalid_api_key"}}"#, kind: .authentication),
        Sample(status: 400, body: #"{"error":{"message":"bad","type":"invalid_request_error","param":"top_p"}}"#, kind: .badRequest),
        Sample(status: 503, body: "<html>", kind: .overload), Sample(status: 500, body: "", kind: .server),
        Sample(status: 503, body: #"{"error":{"message":"x","type":"server_error","param":null,"code":null}}"#, kind: .overload),
        Sample(status: 504, body: #"{"error":{"message":"x","type":"server_error"}}"#, kind: .timeout),
        Sample(status: 500, body: #"{"error":{"message":"x","type":"server_error"}}"#, kind: .server),
        // Anthropic
        Sample(
            status: 529, body: #"{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"},"request_id":"r"}"#,
            kind: .overload),
        Sample(
            status: 400,
            body: #"{"type":"error","error":{"type":"invalid_request_error","message":"prompt is too long: 9 tokens > 8 maximum"}}"#,
            kind: .contextLength),
        Sample(status: 413, body: #"{"type":"error","error":{"type":"request_too_large","message":"large"}}"#, kind: .tooLarge),
        Sample(status: 402, body: #"{"type":"error","error":{"type":"billing_error","message":"pay"}}"#, kind: .quota),
        Sample(status: 504, body: #"{"type":"error","error":{"type":"timeout_error","message":"late"}}"#, kind: .timeout),
        Sample(
            status: 429,
            body: #"{"type":"error","error":{"type":"rate_limit_error","message":"too many input tokens per minute"}}"#, kind: .rateLimit),
        // Bedrock
        Sample(status: 429, body: #"{"message":"Too many tokens"}"#, kind: .rateLimit, type: "ThrottlingException:http://x"),
        Sample(
            status: 400, body: #"{"message":"Input is too long for requested model."}"#, kind: .contextLength, type: "ValidationException"),
        Sample(status: 403, body: #"{"message":"no"}"#, kind: .authentication, type: "AccessDeniedException"),
        Sample(status: 408, body: #"{"message":"late"}"#, kind: .timeout, type: "ModelTimeoutException"),
        Sample(status: 424, body: #"{"message":"model failed"}"#, kind: .server, type: "ModelErrorException"),
        Sample(status: 400, body: #"{"message":"bad"}"#, kind: .badRequest, type: "ValidationException"),
        // Gemini
        Sample(status: 429, body: #"{"error":{"code":429,"message":"x","status":"RESOURCE_EXHAUSTED"}}"#, kind: .rateLimit),
        Sample(
            status: 400,
            body:
                #"{"error":{"code":400,"status":"INVALID_ARGUMENT","message":"The input token count (9) exceeds the maximum number of tokens"}}"#,
            kind: .contextLength),
        Sample(status: 400, body: #"[{"error":{"code":400,"message":"x","status":"INVALID_ARGUMENT"}}]"#, kind: .badRequest),
        // DashScope, Ollama, and proxies
        Sample(status: 400, body: #"{"code":"DataInspectionFailed","message":"unsafe"}"#, kind: .contentFilter),
        Sample(status: 404, body: #"{"error":"model 'x' not found"}"#, kind: .notFound),
        Sample(status: 524, body: "", kind: .timeout), Sample(status: 520, body: "", kind: .network),
        Sample(status: 499, body: "", kind: .network),
        Sample(status: 408, body: "", kind: .timeout), Sample(status: 403, body: "", kind: .authentication),
        Sample(status: 422, body: #"{"detail":"bad"}"#, kind: .badRequest),
    ]

    @Test("errors of every provider, context overflow among them, are of one kind each", arguments: samples)
    func kinds(sample: Sample) {
        var fields = HTTPFields()
        fields[.amazonErrorType] = sample.type
        let error = ProviderError(status: sample.status, fields: fields, body: ByteBuffer(string: sample.body), now: 0)
        #expect(error.kind == sample.kind)
    }

    @Test("a refused credential is the hub's fault: 502, and nothing of the provider's words")
    func credential() throws {
        let body = ByteBuffer(string: #"{"error":{"message":"Incorrect API key provided: sk-secret","code":"invalid_api_key"}}"#)
        let error = ProviderError(status: 401, fields: [:], body: body, now: 0)
        #expect(error.status == .badGateway && error.fields[.shouldRetry] == "false")
        for caller in CallerDialect.allCases {
            #expect(!String(buffer: caller.body(error, requestID: nil)).contains("sk-secret"))
        }
        let limit = ByteBuffer(string: #"{"error":{"message":"Rate limit reached in organization org-secret","type":"tokens"}}"#)
        #expect(!ProviderError(status: 429, fields: [:], body: limit, now: 0).message.contains("org-secret"))
    }

    @Test("what is wrong with a request is said in the provider's words, cut at a bound and without control characters")
    func words() {
        let body =
            #"{"error":{"message":"bad\u0007 \#(String(repeating: "é", count: 3000))","param":"top_p","type":"invalid_request_error"}}"#
        let error = ProviderError(status: 400, fields: [:], body: ByteBuffer(string: body), now: 0)
        #expect(error.message.hasPrefix("bad  é") && error.message.utf8.count <= 2000 && error.message.hasSuffix("é"))
        #expect(error.parameter == "top_p")
    }

    @Test(
        "how long to wait is read in every form, and bounded",
        arguments: [
            (["retry-after": "7"], 7000), (["retry-after": "1.5"], 1500), (["retry-after-ms": "250", "retry-after": "9"], 250),
            (["x-ms-retry-after-ms": "300"], 300), (["retry-after": "Sun, 06 Nov 1994 08:49:57 GMT"], 20_000),
            (["x-ratelimit-reset-requests": "1s", "x-ratelimit-reset-tokens": "6m0s"], 360_000), (["x-ratelimit-reset-tokens": "20ms"], 20),
            (["x-ratelimit-reset": "784111787"], nil), (["x-ratelimit-reset-requests": "1784111787"], 3_600_000),
            (
                [
                    "x-ratelimit-reset-requests": "1s", "x-ratelimit-remaining-requests": "0", "x-ratelimit-reset-tokens": "6m0s",
                    "x-ratelimit-remaining-tokens": "100",
                ], 1000
            ),
            (
                [
                    "anthropic-ratelimit-tokens-reset": "1994-11-06T08:49:57Z", "anthropic-ratelimit-tokens-remaining": "0",
                    "anthropic-ratelimit-requests-reset": "1994-11-06T08:59:57Z", "anthropic-ratelimit-requests-remaining": "5",
                ], 20_000
            ), (["anthropic-ratelimit-tokens-reset": "1994-11-06T08"], nil), (["x-ratelimit-reset": "T"], nil),
            (["retry-after": "99999999999"], 3_600_000), (["retry-after": "-5"], 0), (["retry-after": "soon"], nil),
            (["retry-after": "nan"], nil),
            ([:], nil),
        ] as [([String: String], Int?)])
    func waits(fields: [String: String], milliseconds: Int?) throws {
        var head = HTTPFields()
        for (name, value) in fields { head[try #require(HTTPField.Name(name))] = value }
        let error = ProviderError(status: 429, fields: head, body: ByteBuffer(), now: 784_111_777)
        // A bare number is of seconds.
        let expected = fields["x-ratelimit-reset"] != "784111787" ? milliseconds : 3_600_000
        #expect(error.retryAfter == expected.map { .milliseconds($0) })
    }

    @Test("a message as long as an event may be is looked through no further than its beginning")
    func longMessage() throws {
        for (length, kind) in [(100, ProviderError.Kind.contextLength), (8 << 20, .badRequest)] {
            let text =
                #"{"error":{"message":"\#(String(repeating: "a", count: length)) maximum context length","type":"invalid_request_error"}}"#
            let error = ProviderError(name: nil, body: try JSONDocument(parsing: text, limits: .payload).root)
            #expect(error.kind == kind)
        }
    }

    @Test("Google's time to wait stands in the body")
    func retryInfo() {
        let body = """
            {"error":{"code":429,"status":"RESOURCE_EXHAUSTED","message":"x","details":[{"@type":"type.googleapis.com/google.rpc.QuotaFailure"},\
            {"@type":"type.googleapis.com/google.rpc.RetryInfo","retryDelay":"12.5s"}]}}
            """
        let error = ProviderError(status: 429, fields: [:], body: ByteBuffer(string: body), now: 0)
        #expect(error.retryAfter == .milliseconds(12_500))
        #expect(error.fields[.retryAfter] == "13")
    }

    @Test("an error is told in the dialect of the caller, whatever the provider's")
    func dialects() throws {
        let error = ProviderError(.contextLength, "Too long", parameter: "messages")
        let openAI = try JSONDocument(parsing: CallerDialect.chat.body(error, requestID: "r"), limits: .message).root["error"]
        #expect(openAI?["code"]?.string == "context_length_exceeded" && openAI?["type"]?.string == "invalid_request_error")
        let anthropic = try JSONDocument(parsing: CallerDialect.messages.body(error, requestID: "r"), limits: .message).root
        #expect(anthropic["type"]?.string == "error" && anthropic["request_id"]?.string == "r")
        #expect(anthropic["error"]?["type"]?.string == "invalid_request_error")
        // The words by which coding agents know that they have to shorten a conversation.
        #expect(anthropic["error"]?["message"]?.string == "prompt is too long: Too long")
    }

    @Test("every kind has a status of failure, and is told to be tried again only where that may help")
    func statuses() {
        for kind in ProviderError.Kind.allCases {
            let error = ProviderError(kind, "x")
            #expect((400..<600).contains(error.status.code))
            #expect(!(error.isAboutRequest && error.fields[.shouldRetry] == nil))
        }
    }
}
