import ArgumentParser
import FoundationEssentials
import HubCore
import HubServer
import Logging
import NIOCore

struct DemoCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "demo", abstract: "Runs the hub with small legacy services and a model behind it, with nothing to configure.",
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
        let orders = try await start(OrdersService(), named: "orders")
        let stock = try await start(StockService(), named: "stock")
        let model = try await start(EchoModelService(), named: "model")
        let places = DemoText.Places(orders: orders.address, stock: stock.address, model: model.address)
        let folder = data ?? "hub-data/demo"
        let directory: DataDirectory
        do throws(DataDirectory.DataError) {
            directory = try DataDirectory(path: folder)
        } catch {
            throw CommandFailure(error.description)
        }
        let configuration = try writeConfiguration(folder: directory.path, places: places)
        let overrides = SettingsOverrides(
            flags: SettingsFlags(config: configuration, data: folder, listen: listen, admin: admin), environment: [:])
        var process = HubProcess(overrides: overrides, logLevel: logLevel.level)
        process.announce = { url, admin, tokenPath in
            Console.print(
                DemoText.text(
                    publicURL: url, adminAddress: admin, places: places, configuration: configuration, tokenPath: tokenPath ?? ""))
        }
        try await process.run()
        await orders.shutDown(limit: .seconds(1))
        await stock.shutDown(limit: .seconds(1))
        await model.shutDown(limit: .seconds(1))
    }

    private func start(_ service: any HTTPResponder, named name: String) async throws -> Listener {
        try await Listener.start(
            on: .bind(host: "127.0.0.1", port: 0), bounds: ListenerBounds(), responder: service,
            logger: Logger(label: name) { _ in SwiftLogNoOpLogHandler() })
    }

    /// A real configuration, so that what the demo shows can be read and changed.
    private func writeConfiguration(folder: String, places: DemoText.Places) throws -> String {
        let configuration = folder + "/hub.yaml"
        do {
            try Data(PackageResources.orders_openapi_yaml).write(to: URL(filePath: folder + "/orders.openapi.yaml"))
            try Data(PackageResources.stock_wsdl).write(to: URL(filePath: folder + "/stock.wsdl"))
            try Data(DemoText.configuration(places).utf8).write(to: URL(filePath: configuration))
        } catch {
            throw CommandFailure("the demo cannot write to \(folder); name another folder with --data")
        }
        return configuration
    }
}
