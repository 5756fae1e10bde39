import ArgumentParser

/// The command line. Wrong usage exits with 64.
@main
struct HubdCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "hubd",
        abstract: "Turns HTTP APIs into MCP servers.",
        discussion: "Example: hubd demo",
        version: Version.text,
        subcommands: [
            ServeCommand.self, DemoCommand.self, CheckCommand.self, ReloadCommand.self, ToolsCommand.self, CallCommand.self,
            ImportCommand.self, StdioCommand.self, RouteCommand.self, ApprovalsCommand.self, KeysCommand.self, SecretsCommand.self,
            SignInCommand.self,
            VersionCommand.self,
        ])
}
