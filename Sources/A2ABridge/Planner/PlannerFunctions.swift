import HubCore
import NIOCore

/// Tools as the functions that a model may call, and one with which it asks the client.
struct PlannerFunctions {
    /// Whether anything may be called; false: the model has to answer.
    var mayCall = true
    private let functions: [(name: String, tool: Tool)]
    /// The name of the function that asks.
    let ask: String

    private static let askSchema = ByteBuffer(
        string: #"{"type":"object","properties":{"question":{"type":"string"}},"required":["question"]}"#)
    /// The longest schemas of all, in bytes, and the longest description, in scalars.
    private static let (mostSchemaBytes, longestDescription) = (256 << 10, 1_000)

    /// The functions of tools, as far as their schemas have room.
    init(_ tools: [Tool]) {
        var (names, functions, room) = (Set<String>(), [(name: String, tool: Tool)](), Self.mostSchemaBytes)
        for tool in tools {
            room -= tool.definition.inputSchema.readableBytes
            guard room >= 0 else { break }
            functions.append((Self.name(tool.definition.name, beside: &names), tool))
        }
        self.functions = functions
        ask = Self.name("ask_client", beside: &names)
    }

    /// A name as functions have it (`[A-Za-z0-9_-]{1,64}`), and no other has.
    private static func name(_ name: String, beside names: inout Set<String>) -> String {
        let legal = name.prefix(64).map { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "_" || $0 == "-") ? $0 : "_" }
        var (candidate, number) = (String(legal), 2)
        while candidate.isEmpty || names.contains(candidate) {
            candidate = String(legal.prefix(56)) + "_\(number)"
            number += 1
        }
        names.insert(candidate)
        return candidate
    }

    /// The tool of a function.
    func tool(_ function: String) -> String? { functions.first { $0.name == function }?.tool.definition.name }
    /// The function of a tool; the tool's name where it has none any more.
    func function(_ tool: String) -> String { functions.first { $0.tool.definition.name == tool }?.name ?? tool }

    /// Writes the members of a request that say what may be called.
    func write(to json: inout JSONWriter) {
        json.key("tools")
        json.beginArray()
        for function in functions {
            let definition = function.tool.definition
            Self.write(function.name, definition.description.cut(to: Self.longestDescription), definition.inputSchema, to: &json)
        }
        Self.write(ask, "Asks the client for something that only it knows", Self.askSchema, to: &json)
        json.endArray()
        json.member("tool_choice", mayCall ? "auto" : "none")
        json.member("parallel_tool_calls", false)
    }

    private static func write(_ name: String, _ description: String, _ schema: ByteBuffer, to json: inout JSONWriter) {
        json.object { json in
            json.member("type", "function")
            json.object("function") { json in
                json.member("name", name)
                json.member("description", description)
                json.member("parameters", raw: schema)
            }
        }
    }
}

/// What a model makes of a prompt.
enum PlannerThought {
    /// A tool with arguments.
    case call(String, JSONObject)
    /// A question for the client.
    case ask(String)
    /// An answer.
    case answer(String)
    /// A call that cannot be made: the model's message, and why.
    case wrong(JSONTree, String)
    /// Nothing that can be read.
    case nothing

    private static let argumentLimits = JSONLimits(maximumBytes: 64 << 10, maximumDepth: 32, maximumValues: 4_096, duplicateKeys: .accept)
    private static let (longestAnswer, longestQuestion) = (64 << 10, 4_096)

    /// Reads a chat completion. Of several calls the first counts: the model sees what comes of it first.
    init(_ completion: JSONValue, _ functions: PlannerFunctions) {
        var choices = completion["choices"]?.elements ?? .none
        guard let message = choices.next()?["message"], message.kind == .object else {
            self = .nothing
            return
        }
        var calls = message["tool_calls"]?.elements ?? .none
        if functions.mayCall, let call = calls.next() {
            self = Self.call(call, functions)
            return
        }
        let content = message["content"]
        let text = content?.string ?? (content?.elements ?? .none).compactMap { $0["text"]?.string }.joined()
        self = text.contains { !$0.isWhitespace } ? .answer(text.cut(to: Self.longestAnswer)) : .nothing
    }

    private static func call(_ call: JSONValue, _ functions: PlannerFunctions) -> PlannerThought {
        guard let name = call["function"]?["name"]?.string, name.utf8.count <= 256 else { return .nothing }
        let text = call["function"]?["arguments"]?.string ?? ""
        // What does not parse is told to the model.
        let arguments = (try? JSONDocument(parsing: text.isEmpty ? "{}" : text, limits: argumentLimits)).flatMap {
            JSONTree($0.root).object
        }
        let message = JSONTree.object([
            "role": .string("assistant"), "content": .null,
            "tool_calls": .array([
                PlannerPrompt.call(id: "wrong", name: name, arguments: arguments ?? [:])
            ]),
        ])
        if name == functions.ask {
            guard let question = arguments?["question"]?.string, question.contains(where: { !$0.isWhitespace }) else {
                return .wrong(message, "The function needs a question")
            }
            return .ask(question.cut(to: longestQuestion))
        }
        guard let tool = functions.tool(name) else { return .wrong(message, "There is no such function") }
        guard let arguments else { return .wrong(message, "The arguments are not a JSON object") }
        return .call(tool, arguments)
    }
}
