import ArgumentParser
import MCPHub

/// The version of this build.
enum Version {
    static let number = "0.1.0"

    static var text: String {
        "hubd \(number)\nMCP \(ProtocolRevision.allCases.map(\.rawValue).joined(separator: ", "))"
    }
}

struct VersionCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "version", abstract: "Prints the version and the protocol revisions spoken.", discussion: "Example: hubd version")

    func run() {
        Console.print(Version.text)
    }
}
