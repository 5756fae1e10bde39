import ArgumentParser
import HTTPTypes
import HubCore
import HubUpstream
import Logging
import MCPHub
import NIOCore
import SpecIngest

struct ToolsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "tools", abstract: "Lists the tools that a description gives.",
        discussion: "Example: hubd tools petstore.yaml --json")

    @Argument(help: "An OpenAPI or Swagger document: a file or a URL.")
    var description: String

    @Flag(help: "Print the tools/list result, and nothing else, on standard output.")
    var json = false

    @Flag(
        help:
            "Add _meta[\"hubd/arguments\"] to each tool: the place and the name that each argument has in the request. What is sent without an argument stands in _meta[\"hubd/constants\"]."
    )
    var origins = false

    @Flag(help: "List names and one line each, without the arguments.")
    var lazy = false

    @Option(
        help: "Make the list so that a client takes it: openai, anthropic, gemini or cursor.",
        transform: { text in
            guard let profile = ClientProfile(rawValue: text) else {
                throw ValidationError("Clients are openai, anthropic, gemini and cursor.")
            }
            return profile
        })
    var profile: ClientProfile?

    @Option(help: "Shorten the list to about so many tokens, where it has more.")
    var tokens: Int?

    @Option(help: "The folder that the files of the description may refer to; the default is its own.")
    var root: String?

    @Option(help: "The address of the API, in place of the description's own.")
    var baseURL: String?

    func validate() throws {
        if let tokens, tokens < 1 { throw ValidationError("--tokens is a number of tokens, such as 8000.") }
        if lazy, tokens != nil { throw ValidationError("--lazy is the shortest list there is; leave out --tokens.") }
    }

    func run() async throws {
        if let baseURL { _ = try CommandLineDescription.address(baseURL) }
        let api = try await CommandLineDescription.read(description, root: root)
        for finding in api.findings { Console.error("\(description):\(finding)") }
        let detail = lazy ? ListDetail.lazy : tokens.map { .within(tokens: $0) } ?? .full
        let list = ToolListMaker(profile: profile, detail: detail).list(api.operations.map(\.tool))
        defer { Console.error("\(description): \(api.summary); as served \(list.report.description)") }
        let tools = list.listed
        if let tokens, list.report.isOverBudget {
            let found = ListReport.tokens(ofBytes: list.report.bytes)
            Console.error("\(description): warning: about \(found) tokens though it is no more than names, more than \(tokens)")
        }
        if let profile, let most = profile.maximumTools, list.report.tools > most {
            Console.error("\(description): warning: \(list.report.tools) tools, of which \(profile.rawValue) takes \(most)")
        }
        if json {
            let origins = origins ? api.operations.map { ToolListPrinter.Origins($0) } : []
            // Not as text: a long list would be in memory several times over.
            Console.printRaw(lazy ? ToolListPrinter.lazyJSON(tools) : ToolListPrinter.json(tools, origins: origins))
            Console.print("")
            return
        }
        for tool in tools {
            let summary = lazy ? tool.description : tool.title ?? tool.description
            Console.print("\(tool.name)\t\(tool.operation)\t\(summary.prefix { !$0.isNewline })")
        }
    }
}

extension ToolListPrinter.Origins {
    /// Where what an operation sends comes from.
    fileprivate init(_ operation: IngestedOperation) {
        self.init(
            arguments: operation.arguments.map { ($0.name, $0.origin) }, constants: operation.constants.map { ($0.binding.origin, $0.json) }
        )
    }
}

extension ArgumentBinding {
    /// Where it goes: `query:page[size]`.
    fileprivate var origin: String { "\(place.rawValue):\(wireName)" }
}

struct CallCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "call", abstract: "Calls one tool of a description, or shows the request.",
        discussion: "Example: hubd call petstore.yaml getPetById --arguments '{\"petId\": 7}' --dry-run")

    @Argument(help: "An OpenAPI or Swagger document: a file or a URL.")
    var description: String

    @Argument(help: "The name of a tool, as hubd tools prints it, with --profile too.")
    var tool: String?

    @Option(help: "The arguments, a JSON object.")
    var arguments: String?

    @Option(
        help: ArgumentHelp(
            "Show the requests of many calls: a file of {\"tool\",\"arguments\"} lines. Prints a line for each, the request or {\"error\"}.",
            valueName: "file"))
    var batch: String?

    @Option(help: "The folder that the files of the description may refer to; the default is its own.")
    var root: String?

    @Option(help: "The address of the API, in place of the description's own.")
    var baseURL: String?

    @Flag(help: "Print the request as JSON instead of sending it.")
    var dryRun = false

    func validate() throws {
        if batch == nil, tool == nil { throw ValidationError("Name a tool, or a file of calls with --batch.") }
        if batch != nil, tool != nil || arguments != nil { throw ValidationError("--batch takes tools and arguments from its file.") }
        if batch != nil, !dryRun { throw ValidationError("--batch only shows requests; it needs --dry-run.") }
    }

    func run() async throws {
        let api = try await CommandLineDescription.read(description, root: root)
        if let batch {
            let calls = CallBatch(api.operations, address: { (operation: IngestedOperation) in try self.address(of: operation).0 })
            return try calls.run(batch)
        }
        guard let tool, let operation = ListedNames.operations(api.operations)[tool] else {
            let tool = tool ?? ""
            let near = NearestName.find(tool, among: api.operations.map(\.tool.name))
            throw CommandFailure(
                "\(description) has no tool \"\(tool)\"" + (near.map { "; did you mean \($0)?" } ?? "; hubd tools lists them"))
        }
        let (address, isOperatorDefined) = try address(of: operation)
        if dryRun {
            do throws(HubError) {
                let request = try operation.encoder.encode(try parsedArguments())
                return Console.print(String(buffer: RequestPrinter.json(request, address: address)))
            } catch {
                throw CommandFailure(error.message)
            }
        }
        let service = UpstreamRegistry(timers: Timekeeper.start()).service(
            for: UpstreamSettings(
                name: "call", addresses: [UpstreamAddress(address: address)], isOperatorDefined: isOperatorDefined))
        do {
            // A person reads it: nothing is cut that can be had.
            var settings = AnswerSettings()
            settings.maximumBytes = JSONLimits.payload.maximumBytes
            settings.maximumFileBytes = JSONLimits.payload.maximumBytes
            let target = OperationTarget(
                encoder: operation.encoder, decoder: operation.decoder, service: service, basePath: "",
                answers: AnswerPlan(settings, takesFields: false))
            let call = Call(entry: description, tool: operation.tool.name, arguments: try parsedArguments())
            let response = try await target.perform(
                call, context: CallContext(requestID: "", logger: Logger(label: "hubd") { _ in SwiftLogNoOpLogHandler() }))
            if case .complete(let body) = response.body { Console.printRaw(body) }
            for note in response.notes { Console.error(note) }
            if response.status >= 400 { throw CommandFailure("HTTP \(response.status)") }
        } catch let error as HubError where error.code == .addressRefused {
            throw CommandFailure(
                "\(description) names \(address.origin), which leads to an address that is not public; allow it with --base-url \(address) here, with `upstream:` in hub.yaml"
            )
        } catch let error as HubError {
            throw CommandFailure(error.message)
        }
    }

    private func parsedArguments() throws(HubError) -> JSONValue? {
        guard let arguments else { return nil }
        do throws(JSONParseError) {
            return try JSONDocument(parsing: arguments, limits: .message).root
        } catch {
            throw HubError(.invalidArguments, "--arguments is not JSON: \(error)")
        }
    }

    private func address(of operation: IngestedOperation) throws -> (HTTPAddress, isOperatorDefined: Bool) {
        if let baseURL {
            return (try CommandLineDescription.address(baseURL), true)
        }
        let own = DescriptionLocation.isURL(description) ? HTTPAddress(String(description.prefix { $0 != "?" })) : nil
        if case .unusable(let url, let reason) = operation.server {
            throw CommandFailure(
                "\(description) names the server \(url), which cannot be used: \(reason); name the API with --base-url http://HOST:PORT")
        }
        guard let address = operation.server.address(relativeTo: own) else {
            throw CommandFailure("\(description) does not say where the API is; name it with --base-url http://HOST:PORT")
        }
        guard address.hostClass == .public || address.hostClass == .name else {
            throw CommandFailure(
                "\(description) names the private address \(address); allow it with --base-url \(address) here, with `upstream:` in hub.yaml"
            )
        }
        return (address, false)
    }
}

/// A description named on the command line.
enum CommandLineDescription {
    /// The address that `--base-url` names.
    static func address(_ baseURL: String) throws -> HTTPAddress {
        guard let address = HTTPAddress(baseURL) else { throw CommandFailure("--base-url \(baseURL) is not an http or https URL") }
        return address
    }

    static func read(_ location: String, root: String?) async throws -> IngestedAPI {
        let bytes: ByteBuffer
        if DescriptionLocation.isURL(location) {
            guard root == nil else { throw CommandFailure("--root is for a description that is a file") }
            let registry = UpstreamRegistry(timers: Timekeeper.start())
            bytes = try await RemoteDocument.fetch(location, limit: JSONLimits.description.maximumBytes, registry: registry)
            let loader = RemoteLoader(beside: location, registry: registry)
            let api = try await read(bytes, named: loader.name, loader: loader, at: location)
            try loader.check()
            return api
        }
        do throws(FileAccess.FileError) {
            bytes = try FileAccess.read(location, limit: JSONLimits.description.maximumBytes)
        } catch {
            throw CommandFailure("\(error)")
        }
        let loader: FolderLoader
        do throws(IngestError) {
            loader = try FolderLoader(of: location, root: root)
        } catch {
            throw CommandFailure("\(location): \(error)")
        }
        return try await read(bytes, named: loader.name, loader: loader, at: location)
    }

    private static func read(
        _ bytes: ByteBuffer, named name: String, loader: any DescriptionLoader, at location: String
    ) async throws(CommandFailure) -> IngestedAPI {
        do throws(IngestError) {
            return try await DescriptionReader.read(bytes, named: name, loader: loader)
        } catch {
            throw CommandFailure("\(location):\(error.position == nil && error.file == nil ? " " : "")\(error)")
        }
    }
}

/// A command that did not do what it was asked: the message goes to standard error, the exit code is 1.
struct CommandFailure: Error, CustomStringConvertible {
    var description: String

    init(_ description: String) { self.description = description }
}

/// Shows a request that would be sent.
enum RequestPrinter {
    /// `{"method","url","headers":{…},"body"}`, or `bodyBase64` where the body is not UTF-8.
    static func json(_ request: OutboundRequest, address: HTTPAddress) -> ByteBuffer {
        var json = JSONWriter()
        json.beginObject()
        json.member("method", request.method.rawValue)
        json.member("url", address.description + request.path)
        json.key("headers")
        json.beginObject()
        for field in request.headers { json.member(field.name.rawName, field.value) }
        json.endObject()
        if let body = request.body {
            if String(validating: body.readableBytesView, as: UTF8.self) != nil {
                json.key("body")
                json.string(utf8: body)
            } else {
                json.key("bodyBase64")
                json.string(utf8: Base64.encode(body))
            }
        }
        json.endObject()
        return json.buffer
    }
}
