import HubCore
import NIOConcurrencyHelpers
import NIOCore
import Testing

@testable import MCPHub

@Suite("Calls of servers elsewhere", .timeLimit(.minutes(2)))
struct UpstreamCallTests {
    /// Performs one call of `echo` at a server that answers with these texts in turn; the last one again and again.
    private func call(
        _ revision: ProtocolRevision, _ request: OriginRequest = .echo(), client: StubClient? = nil, answers: [String],
        verify: @Sendable ([SessionRequest]) -> Void = { _ in }
    ) async throws -> String {
        let left = NIOLockedValueBox(answers)
        let world = UpstreamWorld(revision) { _, _ in
            try json(left.withLockedValue { left in left.count > 1 ? left.removeFirst() : left.first ?? "{}" })
        }
        let result = NIOLockedValueBox("")
        try await world.reached { server in
            let document = try await server.answer(request, context: .of(client))
            result.withLockedValue { $0 = String(buffer: document.bytes) }
            verify(world.opener.sessions.flatMap(\.requests).filter { $0.method == request.method.rawValue })
        }
        return result.withLockedValue { $0 }
    }

    private static let question =
        #"{"resultType":"input_required","inputRequests":{"q":{"method":"elicitation/create","params":{"message":"?"}}},"requestState":"s\u0041"}"#

    // MARK: Modern

    @Test("a result is passed on without what it says about the hop")
    func passedOn() async throws {
        let answer =
            #"{"resultType":"complete","content":[],"structuredContent":[1],"_meta":{"io.modelcontextprotocol/serverInfo":{},"x":1}}"#
        let expected = #"{"resultType":"complete","content":[],"structuredContent":[1],"_meta":{"x":1}}"#
        #expect(try await call(.v2026_07_28, answers: [answer]) == expected)
    }

    @Test("a result that asks goes to a client that takes it, as it is; its answer goes back with the exact state")
    func inputRequired() async throws {
        let client = StubClient(.elicitationForm, takesInputRequests: true)
        #expect(try await call(.v2026_07_28, client: client, answers: [Self.question]) == Self.question)
        #expect(client.asked.isEmpty)
        let resumption = CallResumption(inputResponses: try json(#"{"q":{"action":"accept"}}"#).root, requestState: "opaque")
        _ = try await call(.v2026_07_28, .echo(#"{"a":1}"#, resumption: resumption), client: client, answers: [#"{"content":[]}"#]) {
            requests in
            #expect(
                requests.map(\.paramsText) == [
                    #"{"name":"echo","arguments":{"a":1},"inputResponses":{"q":{"action":"accept"}},"requestState":"opaque"}"#
                ])
        }
    }

    @Test("a client that does not take it is asked, and the server gets the answers and its state")
    func rounds() async throws {
        let client = StubClient(.elicitationForm)
        let state = #"{"resultType":"input_required","requestState":"later"}"#
        let result = try await call(.v2026_07_28, client: client, answers: [Self.question, state, #"{"content":[]}"#]) { requests in
            #expect(
                requests.map(\.paramsText) == [
                    #"{"name":"echo","arguments":{}}"#,
                    #"{"name":"echo","arguments":{},"inputResponses":{"q":{"action":"accept","content":{}}},"requestState":"sA"}"#,
                    #"{"name":"echo","arguments":{},"requestState":"later"}"#,
                ])
        }
        #expect(result == #"{"content":[]}"#)
        #expect(client.asked == [#"elicitation/create {"message":"?"}"#])
    }

    @Test("a server that asks without an end is cut off after sixteen rounds")
    func endless() async throws {
        let client = StubClient(.elicitationForm)
        await #expect(throws: HubError.self) { try await call(.v2026_07_28, client: client, answers: [Self.question]) }
        #expect(client.asked.count == 16)
    }

    @Test("what the client has not offered, or refuses, is a failure without a wait", arguments: [true, false])
    func notOffered(takes: Bool) async throws {
        let error = await #expect(throws: HubError.self) {
            try await call(.v2026_07_28, client: StubClient(.roots, takesInputRequests: takes), answers: [Self.question])
        }
        #expect(error?.message.hasPrefix("The server stub asks for what the client has not offered") == true)
        await #expect(throws: HubError.self) { try await call(.v2026_07_28, answers: [Self.question]) }
        let refusing = StubClient(.elicitationForm) { _ in throw JSONRPCError(.init(rawValue: -1), "User said no") }
        let refusal = await #expect(throws: HubError.self) { try await call(.v2026_07_28, client: refusing, answers: [Self.question]) }
        #expect(refusal?.message == "The client did not answer the server stub: User said no")
    }

    @Test(
        "a result that no revision knows is a failure",
        arguments: [
            #"{"resultType":"task","taskId":"1"}"#, #"{"resultType":"odd"}"#, #"{"resultType":7}"#, #"{"resultType":"input_required"}"#,
            "[]", "7",
            #"{"resultType":"input_required","inputRequests":[]}"#, #"{"resultType":"input_required","inputRequests":{"q":{}}}"#,
            #"{"resultType":"input_required","requestState":7}"#,
        ])
    func senseless(answer: String) async throws {
        let client = StubClient(.elicitationForm, takesInputRequests: true)
        await #expect(throws: HubError.self) { try await call(.v2026_07_28, client: client, answers: [answer]) }
    }

    @Test("that a client follows tasks is said where a call may become one and about one, and the server is named the task")
    func tasks() async throws {
        let client = StubClient([.elicitationForm, .tasks], takesInputRequests: true)
        let task = #"{"resultType":"task","taskId":"1","status":"working"}"#
        let passed = try await call(.v2026_07_28, client: client, answers: [task]) { requests in
            #expect(requests.map(\.capabilities) == [[.elicitationForm, .tasks]])
        }
        #expect(passed == task)
        let get = OriginRequest(.getTask, params: ByteBuffer(string: #"{"taskId":"1"}"#))
        _ = try await call(.v2026_07_28, get, client: client, answers: [#"{"taskId":"1","status":"working"}"#]) { requests in
            #expect(requests.map(\.capabilities) == [[.elicitationForm, .tasks]] && requests.map(\.name) == ["1"])
        }
        let prompt = OriginRequest(.getPrompt, params: ByteBuffer(string: #"{"name":"p"}"#))
        _ = try await call(.v2026_07_28, prompt, client: client, answers: [#"{"messages":[]}"#]) { requests in
            #expect(requests.map(\.capabilities) == [.elicitationForm])
        }
        await #expect(throws: HubError.self) { try await call(.v2026_07_28, prompt, client: client, answers: [task]) }
        await #expect(throws: HubError.self) { try await call(.v2026_07_28, get, client: client, answers: [Self.question]) }
        await #expect(throws: JSONRPCError.self) { try await call(.v2025_11_25, get, client: client, answers: [task]) }
    }

    @Test("that a page is finished is told to a client that opens pages")
    func pageDone() throws {
        let text = #"{"jsonrpc":"2.0","method":"notifications/elicitation/complete","params":{"elicitationId":"e"}}"#
        let notification = try JSONRPCEnvelope(try json(text).root)
        for (capabilities, notices) in [(ClientCapabilities.elicitationURL, ["complete e"]), (.elicitationForm, [])] {
            let client = StubClient(capabilities)
            CallHandler(client: client).notified(notification)
            #expect(client.notices == notices)
        }
    }

    @Test("more than thirty-two questions at once are a failure")
    func manyQuestions() async throws {
        let questions = (0...32).map { #""q\#($0)":{"method":"roots/list"}"# }.joined(separator: ",")
        let answer = #"{"resultType":"input_required","inputRequests":{\#(questions)}}"#
        await #expect(throws: HubError.self) { try await call(.v2026_07_28, client: StubClient(.roots), answers: [answer]) }
    }

    @Test("arguments that the tool wants in headers are mirrored; a mismatch has the lists read and the call repeated, once")
    func mirrored() async throws {
        let names = NIOLockedValueBox(["Old", "New"])
        let world = UpstreamWorld(
            opener: ScriptedOpener { _ in
                ScriptedSession(.of(.v2026_07_28)) { request, _ in
                    guard request.method == "tools/list" else {
                        guard request.mirrored.first?.header == "New" else { throw JSONRPCError(.headerMismatch, "no") }
                        return try json(#"{"content":[]}"#)
                    }
                    let name = names.withLockedValue { names in names.count > 1 ? names.removeFirst() : names[0] }
                    let schema = #"{"type":"object","properties":{"r":{"type":"string","x-mcp-header":"\#(name)"}}}"#
                    return try json(#"{"tools":[{"name":"echo","inputSchema":\#(schema)}]}"#)
                }
            })
        try await world.reached { server in
            _ = try await server.answer(.echo(#"{"r":"eu"}"#), context: .of())
            let calls = world.opener.sessions[0].requests.filter { $0.method == "tools/call" }
            #expect(calls.map { $0.mirrored.map { "\($0.header)=\($0.value)" } } == [["Old=eu"], ["New=eu"]])
            names.withLockedValue { $0 = ["Other"] }
            world.clock.advance(by: .seconds(60))
            world.opener.openings[0].observer?.changed(.tools)
            world.clock.advance(by: .seconds(1))
            await world.clock.eventually { server.standing.withLockedValue { $0.mirrored["echo"]?.first?.header == "Other" } }
            let error = await #expect(throws: HubError.self) { try await server.answer(.echo(#"{"r":"eu"}"#), context: .of()) }
            #expect(error?.message == "The server stub did not understand the hub")
        }
    }

    // MARK: Handshake

    @Test("what a server of the handshake eras asks and tells goes to the client, and what a client invents is ignored")
    func asking() async throws {
        let client = StubClient(.roots, logLevel: .warning) { _ in #"{"roots":[]}"# }
        let answered = NIOLockedValueBox<[String]>([])
        let world = UpstreamWorld(.v2025_11_25) { request, handler in
            #expect(request.paramsText == #"{"name":"echo","arguments":{}}"#)
            #expect(request.logLevel == .warning)
            for text in [
                #"{"jsonrpc":"2.0","method":"notifications/progress","params":{"progressToken":3,"progress":0.5,"total":1,"message":"m","x":1}}"#,
                #"{"jsonrpc":"2.0","method":"notifications/progress","params":{"progress":"half"}}"#,
                #"{"jsonrpc":"2.0","method":"notifications/message","params":{"level":"error","data":1,"_meta":{"dev.mcp/x":1}}}"#,
                #"{"jsonrpc":"2.0","method":"notifications/message","params":{"level":"loud","data":1}}"#,
                #"{"jsonrpc":"2.0","method":"notifications/other"}"#,
            ] {
                handler.notified(try JSONRPCEnvelope(json(text).root))
            }
            let roots = try await handler.asked(ClientRequest(method: "roots/list", params: ByteBuffer(string: "{}")))
            answered.withLockedValue { $0.append(String(buffer: roots)) }
            return try json(#"{"content":[],"resultType":"input_required"}"#)
        }
        try await world.reached { server in
            let resumption = CallResumption(inputResponses: try json("{}").root, requestState: "forged")
            let document = try await server.answer(.echo(resumption: resumption), context: .of(client))
            #expect(String(buffer: document.bytes) == #"{"content":[]}"#)
        }
        #expect(answered.withLockedValue { $0 } == [#"{"roots":[]}"#])
        #expect(client.notices == [#"progress {"progress":0.5,"total":1,"message":"m"}"#, #"log error {"level":"error","data":1}"#])
    }

    @Test(
        "a question that the client has not offered is refused at once",
        arguments: [
            ("roots/list", "{}", ClientCapabilities.sampling, -32601), ("elicitation/create", "{}", .roots, -32601),
            ("elicitation/create", #"{"mode":"url"}"#, .elicitationForm, -32602),
            ("elicitation/create", #"{"mode":"form"}"#, .elicitationURL, -32602),
            ("sampling/createMessage", "{}", .roots, -32601), ("sampling/createMessage", #"{"tools":[]}"#, .sampling, -32602),
            ("sampling/createMessage", #"{"tools":[]}"#, [.sampling, .samplingTools], nil),
            ("elicitation/create", "{}", .elicitationForm, nil),
            ("tasks/get", "{}", .roots, -32601), ("roots/list", "[", .roots, -32602),
        ] as [(String, String, ClientCapabilities, Int?)])
    func refusals(method: String, params: String, capabilities: ClientCapabilities, code: Int?) {
        let request = ClientRequest(method: method, params: ByteBuffer(string: params))
        #expect(request.refusal(by: capabilities)?.code.rawValue == code)
    }

    @Test("a client that is not there, or cannot answer, is a refusal to the server")
    func nobody() async throws {
        let request = ClientRequest(method: "roots/list", params: ByteBuffer(string: "{}"))
        let nobody = await #expect(throws: JSONRPCError.self) { try await CallHandler(client: nil).asked(request) }
        #expect(nobody?.code == .methodNotFound)
        let silent = StubClient(.roots) { _ in throw HubError(.upstreamTimeout, "The client did not answer in time") }
        let timeout = await #expect(throws: JSONRPCError.self) { try await CallHandler(client: silent).asked(request) }
        #expect(timeout?.code == .internalError && timeout?.message == "The client did not answer in time")
        let gone = StubClient(.roots) { _ in throw CancellationError() }
        await #expect(throws: JSONRPCError.self) { try await CallHandler(client: gone).asked(request) }
    }

    // MARK: Pages that the user has to open

    private static let pages =
        #"{"elicitations":[{"mode":"url","message":"Log in","url":"https://a.example/","elicitationId":"e1"},{"url":7}]}"#

    private func pageCall(_ client: StubClient?, method: OriginRequest = .echo(), refusals: Int = 1) async throws -> String {
        let left = NIOLockedValueBox(refusals)
        let world = UpstreamWorld(.v2025_11_25) { _, _ in
            let isRefused = left.withLockedValue { left in
                left -= 1
                return left >= 0
            }
            if isRefused { throw JSONRPCError(.pageRequired, "Authorization required", data: ByteBuffer(string: Self.pages)) }
            return try json(#"{"content":[]}"#)
        }
        let result = NIOLockedValueBox("")
        try await world.reached { server in
            let document = try await server.answer(method, context: .of(client))
            result.withLockedValue { $0 = String(buffer: document.bytes) }
        }
        return result.withLockedValue { $0 }
    }

    @Test("a page that the user has to open is a question to the client, and the call is repeated when the user agrees")
    func pageAccepted() async throws {
        let client = StubClient(.elicitationURL) { _ in #"{"action":"accept"}"# }
        #expect(try await pageCall(client) == #"{"content":[]}"#)
        #expect(client.asked == [#"elicitation/create {"mode":"url","message":"Log in","url":"https://a.example/","elicitationId":"e1"}"#])
        #expect(try await pageCall(client, refusals: 2).contains(#"Log in: https://a.example/"#))
    }

    @Test("a client of the modern era gets it as a result that asks")
    func pageModern() async throws {
        let client = StubClient(.elicitationURL, takesInputRequests: true)
        let expected =
            #"{"resultType":"input_required","inputRequests":{"page-1":{"method":"elicitation/create","params":{"mode":"url","message":"Log in","url":"https://a.example/"}}}}"#
        #expect(try await pageCall(client) == expected)
    }

    @Test("a client that cannot open pages gets a tool error that names the page; other requests fail")
    func pageRefused() async throws {
        let expected = #"{"content":[{"type":"text","text":"Authorization required\nLog in: https://a.example/"}],"isError":true}"#
        #expect(try await pageCall(StubClient(.elicitationForm)) == expected)
        #expect(try await pageCall(nil) == expected)
        let declining = StubClient(.elicitationURL) { _ in #"{"action":"decline"}"# }
        #expect(try await pageCall(declining).contains("The user did not agree"))
        await #expect(throws: HubError.self) {
            try await pageCall(nil, method: OriginRequest(.readResource, params: ByteBuffer(string: #"{"uri":"a:1"}"#)))
        }
    }

    // MARK: Results

    @Test(
        "a result that is not what its method promises is a failure of the server",
        arguments: [
            (OriginRequest.Method.callTool, #"{"content":{}}"#, false), (.callTool, #"{"content":[7]}"#, false),
            (.callTool, #"{"content":[{"type":"banana"}]}"#, false), (.callTool, #"{"content":[{"type":"text"}]}"#, false),
            (.callTool, #"{"content":[{"type":"image","data":"AA=="}]}"#, false),
            (.callTool, #"{"content":[{"type":"resource","resource":{"uri":"a:1"}}]}"#, false),
            (.callTool, #"{"structuredContent":{}}"#, true), (.callTool, #"{"content":[{"type":"text","text":""}]}"#, true),
            (.callTool, #"{"content":[{"type":"resource_link","uri":"a:1","name":"n"}]}"#, true),
            (.getPrompt, #"{"messages":[{"role":"user"}]}"#, false),
            (.getPrompt, #"{"messages":[{"role":"user","content":{"type":"text","text":"t"}}]}"#, true),
            (.readResource, #"{"contents":[{"uri":"a:1"}]}"#, false), (.readResource, #"{"contents":[{"uri":"a:1","text":""}]}"#, true),
            (.complete, #"{"completion":{"values":[1]}}"#, false), (.complete, #"{"completion":{"values":["a"]}}"#, true),
        ])
    func shapes(method: OriginRequest.Method, result: String, isSound: Bool) throws {
        #expect(ResultShape.isSound(try JSONDocument(parsing: result, limits: .message).root, of: method) == isSound)
    }

    // MARK: Errors

    @Test(
        "errors of servers are told in the codes of the newest revision, and never in the hub's own",
        arguments: [
            (-32002, -32602), (-32602, -32602), (-32601, -32601), (-32021, -32021), (-1, -1), (499, -32603), (503, -32603), (429, -32603),
            (-32042, -32603),
            (-32022, nil), (-32700, nil), (-32020, nil),
        ])
    func codes(given: Int, told: Int?) throws {
        let error = UpstreamRefusal.translated(JSONRPCError(.init(rawValue: given), "m", data: ByteBuffer(string: "1")), by: "s")
        #expect((error as? JSONRPCError)?.code.rawValue == told)
        #expect((error is HubError) == (told == nil))
    }

    @Test(
        "names of prompts and addresses of resources are said beside the message, completions have none",
        arguments: [
            (OriginRequest.Method.getPrompt, #"{"name":"p"}"#, "p" as String?, #"{"messages":[]}"#),
            (.readResource, #"{"uri":"a:1"}"#, "a:1", #"{"contents":[]}"#),
            (.complete, #"{"ref":{},"name":"x"}"#, nil, #"{"completion":{"values":[]}}"#),
        ])
    func names(method: OriginRequest.Method, params: String, name: String?, result: String) async throws {
        let request = OriginRequest(method, params: ByteBuffer(string: params), meta: ByteBuffer(string: #"{"traceparent":"00"}"#))
        _ = try await call(.v2026_07_28, request, answers: [result]) { requests in
            #expect(requests.map(\.name) == [name])
            #expect(requests.first?.meta.map { String(buffer: $0) } == #"{"traceparent":"00"}"#)
            #expect(requests.first?.wantsProgress == false)
        }
    }

    @Test("a failure on the way has the server looked at")
    func doubt() async throws {
        let world = UpstreamWorld { _, _ in throw HubError(.upstreamFailed, "The connection was lost") }
        try await world.reached { server in
            world.clock.advance(by: .seconds(11))
            await #expect(throws: HubError.self) { try await server.answer(.echo(), context: .of()) }
            await world.clock.eventually { world.opener.sessions[0].requests.count { $0.method == "tools/list" } == 2 }
        }
    }
}
