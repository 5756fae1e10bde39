import ArgumentParser
import HubCore
import NIOCore

struct RouteCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "route", abstract: "Ranks tools for requests in words, as the hub's tool search does.",
        discussion: """
            Prints a line for each tool that may be meant: the request's id, the tool's id and the rank, with tabs between them.

            Example: hubd route --tools tools.jsonl --queries queries.jsonl --top 5
            """)

    @Option(
        help: ArgumentHelp(
            "A file of {\"id\",\"name\",\"description\",\"inputSchema\"} lines; \"title\", \"server\", \"serverDescription\", \"tags\" and \"examples\" where there are any.",
            valueName: "file"))
    var tools: String

    @Option(help: ArgumentHelp("A file of {\"id\",\"query\"} lines.", valueName: "file"))
    var queries: String

    @Option(help: "How many tools are printed for a request, at most.")
    var top = 10

    func validate() throws {
        guard (1...1000).contains(top) else { throw ValidationError("--top is a number from 1 to 1000.") }
    }

    func run() throws {
        let (index, ids) = try CatalogueFile.read(tools)
        let everything = index.everything
        var output = ByteBuffer()
        var seen: Set<ByteBuffer> = []
        try JSONLines(queries).forEach { line in
            let id = try line.id(firstIn: &seen)
            guard let query = line.value["query"]?.string else { throw line.failure("needs \"query\", a text") }
            for (place, hit) in index.search(query, limit: top, among: everything).hits.enumerated() {
                output.writeImmutableBuffer(id)
                output.writeString("\t\(ids[hit.tool])\t\(place + 1)\n")
            }
            if output.readableBytes > 1 << 16 {
                Console.printRaw(output)
                output.clear()
            }
        }
        Console.printRaw(output)
    }
}

/// Tools from a file, one a line.
enum CatalogueFile {
    /// An index of the tools, and their ids in its order.
    static func read(_ path: String) throws -> (index: ToolIndex, ids: [String]) {
        var ids: [String] = []
        var seen: Set<ByteBuffer> = []
        var problem: (any Error)?
        // One tool at a time: together they would be in memory twice.
        var lines = try JSONLines(path).makeIterator()
        let index = ToolIndex(
            AnySequence {
                AnyIterator {
                    do {
                        guard problem == nil, let line = try lines.next() else { return nil }
                        ids.append(String(buffer: try line.id(firstIn: &seen)))
                        return try tool(line)
                    } catch {
                        problem = error
                        return nil
                    }
                }
            })
        if let problem { throw problem }
        return (index, ids)
    }

    private static func tool(_ line: JSONLines.Line) throws -> RoutableTool {
        let value = line.value
        guard let name = value["name"]?.string else { throw line.failure("needs \"name\", a text") }
        return RoutableTool(
            name: name, title: value["title"]?.string, description: value["description"]?.string ?? "",
            arguments: value["inputSchema"].map { RoutableTool.Argument.list(ofSchema: $0) } ?? [],
            tags: texts(value["tags"]), examples: texts(value["examples"]), server: value["server"]?.string,
            serverDescription: value["serverDescription"]?.string)
    }

    private static func texts(_ value: JSONValue?) -> [String] { (value?.elements ?? .none).compactMap(\.string) }
}
