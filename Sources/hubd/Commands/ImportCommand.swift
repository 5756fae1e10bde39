import ArgumentParser
import NIOCore

struct ImportCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "import", abstract: "Writes endpoints for hub.yaml from requests that were made.",
        discussion: """
            The result is a configuration on standard output. Names and types are inferred; secrets are left out.

            Example: hubd import --curl "curl https://api.example.com/tickets/7 -H 'Authorization: Bearer …'" > hub.yaml
            """)

    @Option(help: "A curl command line.")
    var curl: String?

    @Option(help: "A HAR file, as browsers save it, of at most 64 MiB.")
    var har: String?

    @Option(help: "The server's name, where all requests go to one place; the default is its host.")
    var name: String?

    func validate() throws {
        guard (curl == nil) != (har == nil) else { throw ValidationError("give --curl 'curl …' or --har FILE") }
        if let name, !EntryName.isValid(name) { throw ValidationError("--name has to be \(EntryName.rule)") }
    }

    func run() async throws {
        var requests: [SeenRequest] = []
        var notes: [String] = []
        if let curl {
            let command = try CurlCommand(curl)
            (requests, notes) = ([command.request], command.notes)
        } else if let har {
            let file = try HARFile(try Self.read(har))
            requests = file.requests
            if file.skipped > 0 { notes.append("\(file.skipped) entries are no calls of an API and were left out") }
            if file.isCutOff { notes.append("only the first \(ImportLimits.entries) entries were read") }
        }
        var writer = ImportWriter(name: name, notes: notes)
        for request in requests { writer.add(request) }
        guard let text = writer.text() else { throw CommandFailure("there is no call of an API in it that can be written as an endpoint") }
        Console.print(text)
    }

    private static func read(_ path: String) throws(CommandFailure) -> ByteBuffer {
        do {
            return try FileAccess.read(path, limit: ImportLimits.fileBytes)
        } catch {
            throw CommandFailure("\(error)")
        }
    }
}
