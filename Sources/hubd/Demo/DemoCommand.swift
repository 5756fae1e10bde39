import ArgumentParser
import FoundationEssentials
import HubCore
import HubServer
import Logging
import NIOCore

struct DemoCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "demo", abstract: "Runs the hub with a small legacy service behind it, with nothing to configure.",
        discussion: "Example: hubd demo")

    @Option(help: "The folder of the hub's own data.")
    var data: String?

    @Option(help: "HOST:PORT of the public listener; port 0 takes a free one.")
    var listen: String?

    @Option(help: "HOST:PORT of the admin listener; port 0 takes a free one.")
    var admin: String?

    @Option(help: "What is logged to standard error.")
    var logLevel = LogLevel(.warning)

    func run() async throws {
        let service = try await Listener.start(
            on: .bind(host: "127.0.0.1", port: 0), bounds: ListenerBounds(), responder: OrdersService(),
            logger: Logger(label: "orders") { _ in SwiftLogNoOpLogHandler() })
        let folder = data ?? "hub-data/demo"
        let directory: DataDirectory
        do throws(DataDirectory.DataError) {
            directory = try DataDirectory(path: folder)
        } catch {
            throw CommandFailure(error.description)
        }
        let configuration = try writeConfiguration(folder: directory.path, service: service.address)
        let overrides = SettingsOverrides(
            flags: SettingsFlags(config: configuration, data: folder, listen: listen, admin: admin), environment: [:])
        var process = HubProcess(overrides: overrides, logLevel: logLevel.level)
        process.announce = { url, admin, tokenPath in
            Console.print(
                DemoText.text(
                    publicURL: url, adminAddress: admin, service: service.address, configuration: configuration,
                    tokenPath: tokenPath ?? ""))
        }
        try await process.run()
        await service.shutDown(limit: .seconds(1))
    }

    /// A real configuration, so that what the demo shows can be read and changed.
    private func writeConfiguration(folder: String, service: String) throws -> String {
        let configuration = folder + "/hub.yaml"
        do {
            try Data(PackageResources.orders_openapi_yaml).write(to: URL(filePath: folder + "/orders.openapi.yaml"))
            try Data(DemoText.configuration(service: service).utf8).write(to: URL(filePath: configuration))
        } catch {
            throw CommandFailure("the demo cannot write to \(folder); name another folder with --data")
        }
        return configuration
    }
}

/// What the demo writes and prints.
enum DemoText {
    static func configuration(service: String) -> String {
        """
        # Written by `hubd demo`. Change it while the demo runs, then send SIGHUP or run:
        #   hubd reload --config <this file> --data <this folder>
        upstreams:
          orders:
            addresses: ["http://\(service)"]
        servers:
          orders:
            description: Orders of a small shop.
            openapi: orders.openapi.yaml
            upstream: orders
            tools:
              listOrders: { rename: find_orders, title: Find orders }

        """
    }

    static func text(publicURL: String, adminAddress: String, service: String, configuration: String, tokenPath: String) -> String {
        let url = "\(publicURL)/mcp/orders"
        return """
            public listener: \(publicURL)
            admin listener: http://\(adminAddress) (token in \(tokenPath))
            legacy service: http://\(service), described by OpenAPI, knows nothing of MCP
            configuration:  \(configuration)

            The service is the MCP server \(url). Paste into

            Claude Code:
              claude mcp add --transport http orders \(url)

            Cursor (~/.cursor/mcp.json):
              { "mcpServers": { "orders": { "url": "\(url)" } } }

            VS Code (.vscode/mcp.json):
              { "servers": { "orders": { "type": "http", "url": "\(url)" } } }

            A shell:
              curl -s \(url) \\
                -H 'content-type: application/json' -H 'accept: application/json, text/event-stream' \\
                -H 'mcp-protocol-version: 2026-07-28' -H 'mcp-method: tools/call' -H 'mcp-name: find_orders' \\
                -d '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"find_orders","arguments":{"customer":"ada"},"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientCapabilities":{}}}}'

            Ctrl-C stops the demo.
            """
    }
}
