import HTTPTypes
import HubCore
import NIOCore
import Testing

@testable import ModelProxy

@Suite("Model API")
struct ModelAPITests {
    @Test("the body reaches the provider and the answer the caller, byte for byte")
    func passes() async throws {
        let answer = "{ \"id\" : \"x\",\n \"n\": 1.50, \"text\":\"\u{1F600}é\\u00e9\" }"
        let body = "{\"stream\":null, \"model\":\"m/ö\", \"temperature\": 0.70, \"messages\":[]} "
        let stub = StubAPI(answer, status: 201)
        let writer = try await stub.send(body, path: "/v1/chat/completions?key=x")
        #expect(writer.status == 201)
        #expect(writer.text == answer)
        let call = try #require(stub.calls.all.first)
        #expect(call.entry == "default" && call.tool == "m/ö")
        guard case .message(let message) = call.content else {
            Issue.record("the call carries no message")
            return
        }
        #expect(message.method == .post && message.path == "/chat/completions")
        #expect(message.body == ByteBuffer(string: body))
    }

    @Test("of a request's fields only what the provider needs goes on")
    func requestFields() async throws {
        let stub = StubAPI()
        _ = try await stub.send(fields: [
            .contentType: "application/json; charset=utf-7", .accept: "application/json", .authorization: "Bearer caller", .cookie: "a=b",
            .userAgent: "sdk", .openAIVersion: "1", .acceptEncoding: "br", .requestID: "mine",
        ])
        guard case .message(let message) = try #require(stub.calls.all.first).content else { return }
        #expect(message.headers == [.contentType: "application/json", .accept: "application/json"])
    }

    @Test("of an answer's fields only those of the protocol come back, and the provider's request id under another name")
    func responseFields() async throws {
        let rate = try #require(HTTPField.Name("X-RateLimit-Remaining-Tokens"))
        let stub = StubAPI(fields: [
            .retryAfter: "7", .retryAfterMilliseconds: "7000", rate: "1", .openAIProcessingTime: "12", .openAIVersion: "2020-10-01",
            .shouldRetry: "false", .requestID: "req_1", .setCookie: "a=b", .server: "secret", .via: "1.1 x", .location: "http://10.0.0.1",
        ])
        let fields = try await stub.send().fields
        #expect(
            fields == [
                .retryAfter: "7", .retryAfterMilliseconds: "7000", rate: "1", .openAIProcessingTime: "12", .openAIVersion: "2020-10-01",
                .shouldRetry: "false", .upstreamRequestID: "req_1", .contentType: "application/json",
            ])
    }

    /// A body and what is said of it.
    struct Malformed: Sendable {
        var body: String
        var parameter: String?
        var code: String
    }

    @Test(
        "a body that is no request is refused with what is wrong, and reaches nobody",
        arguments: [
            Malformed(body: "", code: "invalid_json"), Malformed(body: "{", code: "invalid_json"),
            Malformed(body: #"{"model":"a","model":"b"}"#, code: "invalid_json"),
            Malformed(body: #"{"model":"a","x":{"y":1,"y":2}}"#, code: "invalid_json"),
            Malformed(body: #"["model"]"#, code: "invalid_type"),
            Malformed(body: "{}", parameter: "model", code: "missing_required_parameter"),
            Malformed(body: #"{"model":""}"#, parameter: "model", code: "invalid_type"),
            Malformed(body: #"{"model":null}"#, parameter: "model", code: "invalid_type"),
            Malformed(body: #"{"model":["a"]}"#, parameter: "model", code: "invalid_type"),
            Malformed(body: #"{"model":"a","stream":"true"}"#, parameter: "stream", code: "invalid_type"),
            Malformed(body: #"{"model":"a","stream":1}"#, parameter: "stream", code: "invalid_type"),
        ])
    func malformed(example: Malformed) async throws {
        let stub = StubAPI()
        let writer = try await stub.send(example.body)
        #expect(writer.status == 400)
        let error = try #require(try writer.error())
        #expect(error["type"]?.string == "invalid_request_error")
        #expect(error["code"]?.string == example.code)
        #expect(error["param"]?.string == example.parameter)
        #expect(error["message"]?.string?.isEmpty == false)
        #expect(stub.calls.all.isEmpty)
    }

    @Test("a body over the parser's limit is too large")
    func tooLarge() async throws {
        let writer = try await StubAPI().send(#"{"model":"m","x":""# + String(repeating: "x", count: 16 << 20) + #""}"#)
        #expect(writer.status == 413)
        #expect(try writer.error()?["code"]?.string == "request_too_large")
    }

    @Test(
        "other paths do not exist",
        arguments: [
            "", "/", "/v1", "/v1/", "/v1/chat/completions/", "/v1/files", "/v1/Chat/completions", "/chat/completions", "/v1//chat",
        ])
    func paths(path: String) async throws {
        let writer = try await StubAPI().send(path: path)
        #expect(writer.status == 404)
        #expect(try writer.error()?["code"]?.string == "unknown_url")
    }

    @Test("other methods, types and origins are refused before the body is read")
    func refusals() async throws {
        let get = try await StubAPI().send("", method: .get, fields: [:])
        #expect(get.status == 405 && get.fields[.allow] == "POST")
        for type in [nil, "text/plain", "application/x-www-form-urlencoded", "application/json-seq"] as [String?] {
            #expect(try await StubAPI().send(fields: type.map { [.contentType: $0] } ?? [:]).status == 415)
        }
        let json = "application/json"
        #expect(try await StubAPI().send(fields: [.contentType: json, .origin: "https://evil.test"]).status == 403)
        #expect(try await StubAPI().send(fields: [.contentType: json, .origin: "null"]).status == 403)
        #expect(try await StubAPI().send(fields: [.contentType: json, .origin: "http://localhost:3000"]).status == 200)
        #expect(try await StubAPI().send(fields: [.contentType: "Application/JSON;charset=utf-8"]).status == 200)
    }

    @Test(
        "what the hub could not do is said with a status of its own",
        arguments: [
            (HubError.Code.upstreamFailed, 502), (.upstreamTimeout, 504), (.addressRefused, 502), (.tooLarge, 502), (.overloaded, 503),
            (.unknownTool, 404), (.invalidRequest, 400), (.internal, 500),
        ])
    func failures(code: HubError.Code, status: Int) async throws {
        let writer = try await StubAPI(.failure(HubError(code, "It failed"))).send()
        #expect(writer.status == status)
        let error = try #require(try writer.error())
        #expect(error["message"]?.string?.isEmpty == false && error["type"]?.string != nil && error["code"]?.string != nil)
        #expect(error["param"] != nil)
        if status == 503 { #expect(writer.fields[.retryAfter] == "1") }
        if status == 404 { #expect(error["code"]?.string == "model_not_found") }
    }

    @Test("an error that is none of the hub's own is not shown")
    func strangeErrors() async throws {
        struct Leak: Error, CustomStringConvertible { var description: String { "at 10.0.0.1" } }
        let writer = try await StubAPI(.failure(Leak())).send()
        #expect(writer.status == 500)
        #expect(!writer.text.contains("10.0.0.1"))
    }

    @Test("a call that a stop of the hub cancels may be tried again")
    func cancelled() async throws {
        let writer = try await StubAPI(.failure(CancellationError())).send()
        #expect(writer.status == 503 && writer.fields[.retryAfter] == "1")
    }

    @Test("a provider's own error passes as it is", arguments: [400, 404, 408, 422, 429, 500, 503, 529])
    func upstreamErrors(status: Int) async throws {
        let body = #"{"error":{"message":"no","type":"t","param":null,"code":"c"}}"#
        let writer = try await StubAPI(body, status: status, fields: [.retryAfter: "3"]).send()
        #expect(writer.status == status)
        #expect(writer.text == body)
        #expect(writer.fields[.retryAfter] == "3")
    }

    @Test("that the provider refused the hub's credential is the hub's failure, and not worth trying again", arguments: [401, 403])
    func credentialRefused(status: Int) async throws {
        let stream = StubStream(["{\"error\":\"bad key\"}"], isOpen: true)
        let writer = try await StubAPI(stream, type: "application/json", status: status).send()
        #expect(writer.status == 502)
        #expect(!writer.text.contains("bad key"))
        #expect(try writer.error()?["code"]?.string == "upstream_refused")
        #expect(writer.fields[.shouldRetry] == "false")
        #expect(stream.isCancelled)
    }

    @Test(
        "a provider that refuses the hub's credential in words of an error is not quoted, whatever the status",
        arguments: [
            (400, #"{"error":{"message":"Incorrect API key provided: sk-a1b2","code":"invalid_api_key"}}"#),
            (404, #"{"error":{"message":"Account sk-a1b2 is gone","code":"account_deactivated"}}"#),
        ])
    func credentialNamed(status: Int, body: String) async throws {
        let writer = try await StubAPI(body, status: status).send()
        #expect(writer.status == 502)
        #expect(!writer.text.contains("sk-a1b2"))
        #expect(try writer.error()?["code"]?.string == "upstream_refused")
        #expect(writer.fields[.shouldRetry] == "false")
    }

    @Test("an answer that passes with a status of success, and is none, is counted as the failure it is")
    func failureAsBytes() async throws {
        let stub = StubAPI(StubStream([#"{"base_resp":{"status_code":1002,"#, #""status_msg":"no"}}"#]), type: "application/json")
        _ = try await stub.send()
        #expect(stub.usage.all.map(\.outcome) == [.failed])
        #expect(stub.usage.all.first?.attempts.map(\.failure) == ["rate_limit_exceeded"])
    }

    @Test("a redirect, and a status that ends no exchange, are failures of the provider", arguments: [302, 307, 101, 0, -1, 600, 99_999])
    func strangeStatuses(status: Int) async throws {
        #expect(try await StubAPI("{}", status: status).send().status == 502)
    }
}
