import ArgumentParser
import FoundationEssentials
import Glibc
import HubCore
import HubStore
import NIOCore

struct ApprovalsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "approvals", abstract: "Tools held back until somebody looks at them.",
        discussion: "Example: hubd approvals show docs/search",
        subcommands: [
            ListApprovalsCommand.self, ShowApprovalCommand.self, ApproveCommand.self, RejectCommand.self,
        ],
        defaultSubcommand: ListApprovalsCommand.self)
}

/// A tool, or a pattern of tools, of one server: `SERVER/TOOL`.
struct ToolReference: ExpressibleByArgument, CustomStringConvertible {
    let server: String
    let tool: String

    init?(argument: String) {
        // Names of servers have no slash; those of tools may.
        guard let slash = argument.utf8.firstIndex(of: UInt8(ascii: "/")) else { return nil }
        server = String(argument[..<slash])
        tool = String(argument[argument.utf8.index(after: slash)...])
        guard EntryName.isValid(server), !tool.isEmpty else { return nil }
    }

    var description: String { "\(server)/\(tool)" }

    /// Whether a definition is meant.
    func matches(_ approval: ToolApproval) -> Bool { approval.server == server && NamePattern(tool).matches(approval.tool) }
}

struct ListApprovalsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "Lists what waits for a decision, with the reason.",
        discussion: "Example: hubd approvals list --server docs")

    @Option(help: "Only the tools of this server.")
    var server: String?

    @Flag(help: "All definitions that are known, those that were decided about too.")
    var all = false

    @Flag(help: "Print a JSON object.")
    var json = false

    @OptionGroup var options: ConfigOptions

    func run() async throws {
        let access = try await StoreAccess(options)
        let known = try await StoreAccess.explaining {
            try access.approvals().list(all ? Set(ToolApproval.State.allCases) : [.held, .pinned], server: server)
        }
        // What the first list of a server had waits where an entry asks for approval.
        let strict = Set(access.settings.servers.filter { access.settings.strictestPin(of: $0) == .approval }.map(\.name))
        let shown = known.filter { all || $0.state == .held || strict.contains($0.server) }
        if json {
            var json = JSONWriter()
            json.beginObject()
            json.key("approvals")
            json.beginArray()
            for approval in shown { approval.write(to: &json) }
            json.endArray()
            json.endObject()
            return Console.print(String(buffer: json.buffer))
        }
        for approval in shown { Console.print(approval.line) }
        if shown.isEmpty { Console.error(all ? "no tool was held or taken yet" : "nothing waits for a decision") }
    }
}

struct ShowApprovalCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show", abstract: "Shows how a tool's definition differs from what was taken before, and what was found in it.",
        discussion: "Example: hubd approvals show docs/search")

    @Argument(help: "The tool: SERVER/TOOL.")
    var tool: ToolReference

    @Flag(help: "Print a JSON object.")
    var json = false

    @OptionGroup var options: ConfigOptions

    func run() async throws {
        let access = try await StoreAccess(options)
        let (definitions, events) = try await StoreAccess.explaining {
            let approvals = try access.approvals()
            return (
                try approvals.definitions(of: tool.tool, server: tool.server), try approvals.events(of: tool.tool, server: tool.server)
            )
        }
        guard let latest = definitions.last(where: { $0.state == .held }) ?? definitions.last else {
            throw CommandFailure("no definition of \(tool) is known; hubd approvals list --all names those that are")
        }
        let before = definitions.last { $0.digest != latest.digest && ($0.state == .approved || $0.state == .pinned) }
        let difference = try before.map { before in
            DefinitionDifference(from: try DefinitionRecord(stored: before.definition), to: try DefinitionRecord(stored: latest.definition))
        }
        if json {
            var json = JSONWriter()
            json.beginObject()
            json.key("approval")
            latest.write(to: &json)
            if let difference {
                json.key("difference")
                difference.write(to: &json)
            }
            json.key("history")
            json.beginArray()
            for event in events { event.write(to: &json) }
            json.endArray()
            json.endObject()
            return Console.print(String(buffer: json.buffer))
        }
        Console.print(latest.line)
        Console.print("digest \(latest.digest)")
        for finding in latest.readFindings { Console.print("found: \(finding)") }
        if let difference {
            Console.print("compared with the definition that was taken:")
            for line in difference.lines { Console.print("  \(line)") }
        } else {
            Console.print("its definition:")
            Console.print("  " + VisibleText.escape(String(buffer: latest.definition), limit: 16_384))
        }
        if !events.isEmpty { Console.print("history:") }
        for event in events.suffix(20) { Console.print("  \(event.line)") }
        if latest.state == .held {
            Console.print("to decide: hubd approvals approve \(tool) --digest \(latest.digest)")
            Console.print("       or: hubd approvals reject \(tool) --digest \(latest.digest)")
        }
    }
}

struct ApproveCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "approve", abstract: "Lets tools be used as they are described now; a hub that runs takes it up within a second.",
        discussion: """
            A decision is about one definition, to the byte: when the server changes it again, it is held again.

            Example: hubd approvals approve docs/search --digest sha256:…
            """)

    @OptionGroup var decision: DecisionOptions

    func run() async throws { try await decision.decide(.approved) }
}

struct RejectCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "reject",
        abstract: "Keeps tools from being used as they are described now, and takes them off the list of what waits.",
        discussion: "Example: hubd approvals reject docs/search --note \"asks for keys\"")

    @OptionGroup var decision: DecisionOptions

    func run() async throws { try await decision.decide(.rejected) }
}

/// What approving and rejecting have in common.
struct DecisionOptions: ParsableArguments {
    @Argument(help: "The tools: SERVER/TOOL, in which * stands for any characters.")
    var tools: [ToolReference]

    @Option(help: "The digest of the definition that is meant, as show prints it: nothing is decided about another.")
    var digest: String?

    @Option(help: "Why; kept with the decision.")
    var note = ""

    @OptionGroup var options: ConfigOptions

    func validate() throws {
        guard !tools.isEmpty else { throw ValidationError("name at least one tool: SERVER/TOOL") }
        if let digest, DefinitionDigest(text: digest) == nil {
            throw ValidationError("a digest is sha256: and 64 hexadecimal digits, as hubd approvals show prints it")
        }
        guard note.utf8.count <= 1_000 else { throw ValidationError("a note has at most 1000 bytes") }
    }

    func decide(_ decision: ToolApproval.State) async throws {
        let access = try await StoreAccess(options)
        try await StoreAccess.explaining {
            let approvals = try access.approvals()
            // Without a digest: what waits, and what was taken by itself.
            let states: Set<ToolApproval.State> = digest == nil ? [.held, .pinned] : Set(ToolApproval.State.allCases)
            let known = try approvals.list(states)
            for reference in tools {
                var meant = known.filter { reference.matches($0) && (digest == nil || $0.digest == digest) }
                // Of a tool that has a new definition it is about that one.
                let waiting = Set(meant.filter { $0.state == .held }.map(\.tool))
                if digest == nil { meant.removeAll { $0.state == .pinned && waiting.contains($0.tool) } }
                guard !meant.isEmpty else {
                    throw CommandFailure(
                        "\(reference) has no definition that "
                            + (digest == nil ? "waits" : "has this digest") + "; hubd approvals list names those that wait")
                }
                for approval in meant {
                    try approvals.decide(
                        decision, tool: approval.tool, server: approval.server, digest: approval.digest, by: Self.actor, note: note,
                        now: Int64(Date().timeIntervalSince1970))
                    Console.print("\(decision.rawValue) \(VisibleText.escape("\(approval.server)/\(approval.tool)")) \(approval.digest)")
                }
            }
        }
    }

    /// Who decides: the user of this process at this machine.
    private static var actor: String {
        let user = unsafe getpwuid(getuid()).flatMap { unsafe String(cString: $0.pointee.pw_name) } ?? "uid \(getuid())"
        return "\(user)@\(ProcessInfo.processInfo.hostName)"
    }
}
