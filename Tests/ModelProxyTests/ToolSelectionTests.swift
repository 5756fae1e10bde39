import HTTPTypes
import HubCore
import Logging
import NIOConcurrencyHelpers
import NIOCore
import Testing

@testable import ModelProxy

/// A list of tools in the words of a door, with odd white space that must stay.
private struct ToolList {
    let route: ModelRoute
    let texts: [String]

    static let subjects = [
        ("get_weather", "The weather of a city"), ("send_email", "Sends an e-mail to somebody"),
        ("list_orders", "Lists orders of a customer"),
        ("cancel_order", "Cancels an order"), ("translate_text", "Translates a text into another language"),
        ("book_flight", "Books a flight between two airports"), ("convert_currency", "Converts an amount of money"),
        ("search_recipes", "Finds recipes for a dish"), ("play_music", "Plays a song"), ("set_alarm", "Sets an alarm at a time"),
    ]

    init(_ route: ModelRoute, _ extra: [String] = []) {
        self.route = route
        texts =
            Self.subjects.map { name, text in
                switch route {
                case .messages, .countTokens: #"{"name":"\#(name)", "description": "\#(text)","input_schema" :{"type":"object"}}"#
                case .responses: #"{"type":"function", "name":"\#(name)","description": "\#(text)","parameters":{ }}"#
                default: #"{"type":"function","function": {"name":"\#(name)","description": "\#(text)", "parameters":{"type":"object"}} }"#
                }
            } + extra
    }

    var json: String { "[ " + texts.joined(separator: " ,\n") + " ]" }

    func body(_ text: String, members: String = "") -> String {
        switch route {
        case .responses: #"{"model":"m", "tools" : \#(json),"input":"\#(text)"\#(members)}"#
        case .messages, .countTokens:
            #"{"model":"m","max_tokens":10,"tools": \#(json),"messages":[{"role":"user","content":"\#(text)"}]\#(members)}"#
        default: #"{"model":"m", "tools": \#(json),"messages":[{"role":"user","content":"\#(text)"}]\#(members)}"#
        }
    }
}

@Suite("Selection of tools", .timeLimit(.minutes(1)))
struct ToolSelectionTests {
    /// What is handed on.
    private func passed(_ body: String, _ route: ModelRoute = .chatCompletions, limit: Int = 3, policy: ToolSelection? = nil) async throws
        -> String
    {
        let message = OutboundRequest(method: .post, path: route.rawValue, body: ByteBuffer(string: body))
        let seen = NIOLockedValueBox("")
        let context = CallContext(requestID: "r", logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        _ = try await (policy ?? ToolSelection(limit: limit))
            .apply(to: Call(entry: "default", tool: "m", content: .message(message)), context: context) { call, _ in
                if case .message(let message) = call.content { seen.withLockedValue { $0 = message.body.map { String(buffer: $0) } ?? "" } }
                return CallResponse(status: 200, contentType: nil, body: ByteBuffer())
            }
        return seen.withLockedValue { $0 }
    }

    private func names(_ body: String) throws -> [String] {
        let root = try JSONDocument(parsing: body, limits: .message).root
        return (root["tools"]?.elements ?? .none).compactMap { ($0["function"] ?? $0)["name"]?.string ?? $0["type"]?.string }
    }

    @Test(
        "the tools that the user's words are about are kept at every door, each byte of them and of all else as it was",
        arguments: [ModelRoute.chatCompletions, .responses, .messages, .countTokens])
    func doors(route: ModelRoute) async throws {
        let list = ToolList(route)
        let body = list.body("How is the weather in Paris, and can you book me a flight?")
        let sent = try await passed(body, route)
        #expect(try Set(names(sent)).isSuperset(of: ["get_weather", "book_flight"]))
        #expect(try names(sent).count == 3)
        let kept = list.texts.filter { sent.contains($0) }
        #expect(sent == body.replacing(list.json, with: "[" + kept.joined(separator: ",") + "]"))
    }

    @Test("what needs no cut passes as it is")
    func untouched() async throws {
        let list = ToolList(.chatCompletions)
        let bodies = [
            list.body("weather").replacing("\"user\"", with: "\"system\""),  // nobody said anything
            list.body(""), #"{"model":"m","tools":7,"messages":[]}"#, #"{"model":"m","messages":[{"role":"user","content":"weather"}]}"#,
            "{", #"{"model":"m","tools":["a","b","c","d"],"messages":[{"role":"user","content":"weather"}]}"#,
            list.body("weather", members: #","tool_choice":"strange""#),
        ]
        for body in bodies { #expect(try await passed(body) == body) }
        #expect(try await passed(list.body("weather"), limit: 10) == list.body("weather"))
        #expect(try await passed(list.body("weather"), limit: 9) != list.body("weather"))
        #expect(try await passed(list.body("weather"), .embeddings) == list.body("weather"))
        let many =
            #"{"model":"m","messages":[{"role":"user","content":"a"}],"tools":["#
            + (0...ToolSelection.maximumTools).map { #"{"type":"function","function":{"name":"t\#($0)"}}"# }.joined(separator: ",") + "]}"
        #expect(try await passed(many) == many)
    }

    @Test("tools that have been called stay, as a conversation refers to them, and leave room for others")
    func called() async throws {
        let calls = ["play_music", "set_alarm", "send_email", "search_recipes"].enumerated().map {
            #"{"id":"c\#($0.offset)","type":"function","function":{"name":"\#($0.element)","arguments":"{}"}}"#
        }
        let results = calls.indices.map { #"{"role":"tool","tool_call_id":"c\#($0)","content":"weather currency"}"# }
        let history =
            #"{"role":"user","content":"the weather please"},{"role":"assistant","tool_calls":[\#(calls.joined(separator: ","))]},"#
            + results.joined(separator: ",")
        let body = #"{"model":"m","tools":\#(ToolList(.chatCompletions).json),"messages":[\#(history)]}"#
        let sent = try await passed(body)
        #expect(try names(sent).filter { ["play_music", "set_alarm", "send_email", "search_recipes"].contains($0) }.count == 4)
        #expect(try names(sent).contains("get_weather") && names(sent).count == 6)
    }

    @Test("a choice of tools is kept to, in the words of each door")
    func choice() async throws {
        let choices: [(ModelRoute, String, Set<String>)] = [
            (.chatCompletions, #"{"type":"function","function":{"name":"set_alarm"}}"#, ["set_alarm"]),
            (.messages, #"{"type":"tool","name":"set_alarm"}"#, ["set_alarm"]),
            (.responses, #"{"type":"function","name":"set_alarm"}"#, ["set_alarm"]),
            (
                .chatCompletions,
                #"{"type":"allowed_tools","allowed_tools":{"mode":"auto","tools":[{"type":"function","function":{"name":"set_alarm"}},"#
                    + #"{"type":"function","function":{"name":"play_music"}}]}}"#, ["set_alarm", "play_music"]
            ),
        ]
        for (route, choice, needed) in choices {
            let sent = try await passed(ToolList(route).body("weather", members: #","tool_choice":\#(choice)"#), route)
            #expect(try Set(names(sent)).isSuperset(of: needed.union(["get_weather"])), "\(route)")
            #expect(sent.hasSuffix(#","tool_choice":\#(choice)}"#))
        }
    }

    @Test("tools that a provider runs stay")
    func hosted() async throws {
        let sent = try await passed(
            ToolList(.responses, [#"{"type":"web_search"}"#]).body("weather"), .responses, limit: 2)
        #expect(try names(sent) == ["get_weather", "web_search"])
    }

    @Test("where nothing matches, the first tools fill the limit; of long words the beginning and the end count")
    func words() async throws {
        #expect(try await names(passed(ToolList(.chatCompletions).body("xyzzy"))) == ["get_weather", "send_email", "list_orders"])
        let filler = String(repeating: "lorem ipsum ", count: 2_000)
        let sent = try await names(passed(ToolList(.chatCompletions).body("play music \(filler) convert currency"), limit: 2))
        #expect(sent == ["convert_currency", "play_music"])
    }

    @Test("a list that comes again is not read again, and lists are not mixed up")
    func again() async throws {
        let policy = ToolSelection(limit: 1)
        for round in 0..<40 {
            let extra = #"{"type":"function","function":{"name":"paint_wall_\#(round)","description":"Paints walls"}}"#
            for words in ["weather", "paint"] {
                let sent = try await names(passed(ToolList(.chatCompletions, [extra]).body(words), policy: policy))
                #expect(sent == [words == "weather" ? "get_weather" : "paint_wall_\(round)"])
            }
        }
    }

    @Test("the request that is cut goes to whoever answers, converted where need be")
    func wired() async throws {
        let (first, second) = (StubMember(.json("{}", status: 500)), StubMember(.json("{}", status: 500)))
        let router = StubRouter(
            [
                ModelRule(
                    to: [ModelDestination(ModelService("a", .vllm, first))],
                    fallback: [ModelDestination(ModelService("b", .anthropic, second))])
            ], policies: [ToolSelection(limit: 1)])
        _ = try await router.send(ToolList(.chatCompletions).body("weather"))
        #expect(try names(first.bodies[0]) == ["get_weather"] && names(second.bodies[0]) == ["get_weather"])
    }
}
