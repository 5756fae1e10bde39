import ArgumentParser
import FoundationEssentials
import HubCore
import HubServer
import Logging
import MCPHub
import UnixSignals

/// Where the configuration is and what stands above it; shared by the commands that read it.
struct ConfigOptions: ParsableArguments {
    @Option(help: "The configuration file (default: ./hub.yaml).")
    var config: String?

    @Option(help: "The folder of the hub's own data.")
    var data: String?

    func overrides(listen: String? = nil, admin: String? = nil) -> SettingsOverrides {
        SettingsOverrides(
            flags: SettingsFlags(config: config, data: data, listen: listen, admin: admin), environment: ProcessInfo.processInfo.environment
        )
    }
}

struct ServeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "serve", abstract: "Runs the hub in the foreground.",
        discussion: """
            SIGHUP reads the configuration again; SIGTERM lets what is being answered finish and stops.

            Example: hubd serve --config hub.yaml
            """)

    @OptionGroup var options: ConfigOptions

    @Option(help: "HOST:PORT of the public listener; port 0 takes a free one.")
    var listen: String?

    @Option(help: "HOST:PORT of the admin listener; port 0 takes a free one.")
    var admin: String?

    @Option(help: "What is logged to standard error: trace, debug, info, notice, warning, error or critical.")
    var logLevel = LogLevel(.notice)

    @Flag(help: "Take the sockets over from the hub that runs on the same data, so that nobody is refused.")
    var takeover = false

    func run() async throws {
        let overrides = options.overrides(listen: listen, admin: admin)
        try await HubProcess(overrides: overrides, logLevel: logLevel.level, takesOver: takeover).run()
    }
}

/// A level of logging as it is written on the command line.
struct LogLevel: ExpressibleByArgument {
    var level: Logger.Level

    init(_ level: Logger.Level) { self.level = level }

    init?(argument: String) {
        guard let level = Logger.Level(rawValue: argument) else { return nil }
        self.level = level
    }

    var defaultValueDescription: String { level.rawValue }
}
