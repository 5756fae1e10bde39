import HubCore
import NIOCore

/// The tool that finds others.
///
/// Its answer is `{"tools":[{"name","description","inputSchema","matched"}]}`, best first, and within a budget: a schema that does not fit is
/// shortened, and what then does not fit is left out, which a note says.
struct SearchTarget: CallTarget {
    /// The longest request that is looked at, in UTF-8 bytes.
    private static let maximumQuery = 4096
    /// About how long the answer may become, in bytes; four are about one token.
    private static let maximumBytes = 32 << 10
    /// The longest schema that is shown whole.
    private static let maximumSchema = 8 << 10
    /// The longest description, in Unicode scalars.
    private static let maximumDescription = 1_000

    private let tools: FindableTools
    private let limit: Int

    init(_ tools: FindableTools, limit: Int) {
        self.tools = tools
        self.limit = limit
    }

    private struct Request {
        var query: String
        var limit: Int
        var server: String?
    }

    func perform(_ call: Call, context: CallContext) async throws -> CallResponse {
        let request = try read(call.arguments)
        let visible = context.visibleTools ?? ToolSet(tools.items.map { Tool(definition: $0.definition, target: self) })
        let finder = tools.finder
        let result = finder.search(request.query, limit: request.limit, in: visible, server: request.server)
        if let now = context.now {
            tools.learned?.searched(request.query, found: result.found.map(\.name), by: CallerKey(context), now: now)
        }
        var json = JSONWriter()
        json.beginObject()
        json.key("tools")
        json.beginArray()
        var left: [String] = []
        for found in result.found {
            guard let tool = tools[found.name] else { continue }
            let entry = Self.entry(tool, matched: found.matched)
            guard left.isEmpty, json.buffer.readableBytes + entry.readableBytes <= Self.maximumBytes else {
                left.append(found.name)
                continue
            }
            json.raw(entry)
        }
        json.endArray()
        if result.found.isEmpty {
            json.member("servers", finder.servers(in: visible))
        }
        json.endObject()
        var response = CallResponse(status: 200, contentType: "application/json", body: json.buffer)
        response.notes = notes(result, left: left, request)
        return response
    }

    private static func entry(_ tool: ToolDefinition, matched: [String]) -> ByteBuffer {
        var tool = tool
        tool.cutDescription(toScalars: maximumDescription)
        var json = JSONWriter()
        json.beginObject()
        json.member("name", tool.name)
        json.member("description", tool.description.isEmpty ? tool.title ?? "" : tool.description)
        json.member("inputSchema", raw: shortened(tool.inputSchema))
        json.member("matched", matched)
        json.endObject()
        return json.buffer
    }

    private static func shortened(_ schema: ByteBuffer) -> ByteBuffer {
        guard schema.readableBytes > maximumSchema, var pruner = SchemaPruner(schema) else { return schema }
        var shorter = schema
        for step in 1...SchemaPruner.steps where shorter.readableBytes > maximumSchema { shorter = pruner.schema(afterStep: step) }
        return shorter
    }

    private func notes(_ result: ToolFinder.Result, left: [String], _ request: Request) -> [String] {
        var notes: [String] = []
        if result.found.isEmpty {
            notes.append("No tool fits. Describe what it should do in other words, or leave \"server\" out.")
        } else if !result.unknown.isEmpty {
            let words = result.unknown.prefix(8).map { "\"\($0.prefix(40))\"" }.joined(separator: ", ")
            notes.append("No tool says anything of \(words): what was found may not be what is wanted.")
        }
        if !left.isEmpty {
            notes.append("Left out for length: \(left.prefix(50).joined(separator: ", ")). Search for one of them by its name to see it.")
        }
        return notes
    }

    private func read(_ arguments: JSONValue?) throws(HubError) -> Request {
        for (name, _) in arguments?.members ?? JSONValue.Members.none
        where !name.isString("query") && !name.isString("limit") && !name.isString("server") {
            throw HubError(
                .invalidArguments,
                "there is no argument \"\((name.string ?? "").prefix(64))\"; there are \"query\", \"limit\" and \"server\"")
        }
        guard let query = arguments?["query"]?.string, !query.isEmpty else {
            throw HubError(.invalidArguments, "argument \"query\" must say what the tool should do", argument: "query")
        }
        guard query.utf8.count <= Self.maximumQuery else {
            throw HubError(.invalidArguments, "argument \"query\" has more than \(Self.maximumQuery) bytes", argument: "query")
        }
        var request = Request(query: query, limit: limit)
        if let given = arguments?["limit"], !given.isNull {
            guard let number = given.int ?? given.string.flatMap({ Int($0) }), number > 0 else {
                throw HubError(.invalidArguments, "argument \"limit\" must be a number from 1 on", argument: "limit")
            }
            request.limit = min(number, ToolRouting.maximumLimit)
        }
        if let given = arguments?["server"], !given.isNull {
            guard let server = given.string else {
                throw HubError(.invalidArguments, "argument \"server\" must be the name of a server", argument: "server")
            }
            request.server = server.isEmpty ? nil : server
        }
        return request
    }
}
