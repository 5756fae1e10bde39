import ArgumentParser
import FoundationEssentials
import HubCore
import HubStore
import NIOCore

struct SecretsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "secrets", abstract: "Keeps secrets encrypted in the hub's own store; the configuration names them store:NAME.",
        discussion: "Example: hubd secrets set orders-token < token.txt",
        subcommands: [SetSecretCommand.self, ListSecretsCommand.self, RemoveSecretCommand.self, RotateSecretsCommand.self])
}

/// The name of a secret as the command line gives it.
struct SecretName: ExpressibleByArgument {
    let text: String

    init?(argument: String) {
        guard EntryName.isValid(argument) else { return nil }
        text = argument
    }
}

struct SetSecretCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "set", abstract: "Sets a secret to what standard input says, without one line break at its end.",
        discussion: """
            A hub that runs takes the new value up within a second. At a terminal, the value is asked for and not shown.

            Example: hubd secrets set orders-token < token.txt
            """)

    @Argument(help: "The name: \(EntryName.rule).")
    var name: SecretName

    @OptionGroup var options: ConfigOptions

    func run() async throws {
        let access = try await StoreAccess(options)
        let value = try SecretInput.read(prompt: "value of \(name.text): ")
        try await StoreAccess.explaining {
            let secrets = try access.secrets()
            let now = Int64(Date().timeIntervalSince1970)
            do {
                try secrets.set(name.text, to: value, keys: try await access.masterKey.ring(isMaking: true), now: now)
            } catch let error as StoreError where error.kind == .wrongKey {
                // A rotation may have put another key in force between the two.
                try secrets.set(name.text, to: value, keys: try await access.masterKey.ring(isMaking: true), now: now)
            }
        }
        Console.print("set \(name.text); the configuration names it store:\(name.text)")
    }
}

struct ListSecretsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "Lists the secrets: names, when they were set, and the master key they are under; never values.",
        discussion: "Example: hubd secrets list --json")

    @Flag(help: "Print a JSON object.")
    var json = false

    @OptionGroup var options: ConfigOptions

    func run() async throws {
        let access = try await StoreAccess(options)
        let entries = try await StoreAccess.explaining { try access.secrets().list() }
        guard json else {
            for entry in entries {
                Console.print("\(entry.name)\tset \(Self.time(entry.changedAt))\tunder master key \(entry.keyID)")
            }
            if entries.isEmpty { Console.error("there are no secrets yet; set one with hubd secrets set NAME") }
            return
        }
        var json = JSONWriter()
        json.beginObject()
        json.key("secrets")
        json.beginArray()
        for entry in entries {
            json.beginObject()
            json.member("name", entry.name)
            json.member("createdAt", Self.time(entry.createdAt))
            json.member("changedAt", Self.time(entry.changedAt))
            json.member("masterKey", entry.keyID)
            json.endObject()
        }
        json.endArray()
        json.endObject()
        Console.print(String(buffer: json.buffer))
    }

    /// A time as RFC 3339 writes it.
    private static func time(_ seconds: Int64) -> String {
        Date(timeIntervalSince1970: TimeInterval(seconds)).formatted(.iso8601)
    }
}

struct RemoveSecretCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "remove", abstract: "Removes a secret from the store.",
        discussion: """
            A hub that runs goes on with the value it has until it is reloaded or restarted: take the reference out of the configuration first.

            Example: hubd secrets remove orders-token
            """)

    @Argument(help: "The name.")
    var name: SecretName

    @OptionGroup var options: ConfigOptions

    func run() async throws {
        let access = try await StoreAccess(options)
        try await StoreAccess.explaining { try access.secrets().remove(name.text) }
        for reference in access.settings.secrets where reference.scheme == .store && reference.name == name.text {
            Console.error("note: \(reference.place.description) still names it")
        }
        Console.print("removed \(name.text)")
    }
}

struct RotateSecretsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rotate", abstract: "Seals every secret anew under another master key, beside a hub that may be running.",
        discussion: """
            Without masterKey in the configuration, the hub makes a new key in the data folder and gives up the one before. With masterKey, put \
            the new key there, and name the earlier one with --from. A rotation that was cut off goes on when it is started again.

            Example: hubd secrets rotate --from file:/etc/hubd/old.key
            """)

    @Option(help: "The earlier master key, such as file:PATH or env:NAME.")
    var from: String?

    @OptionGroup var options: ConfigOptions

    func validate() throws {
        guard let from else { return }
        guard SecretReference(from, directory: "", place: SourcePlace(file: "--from")) != nil else {
            throw ValidationError("--from takes a reference such as file:PATH or env:NAME, never the key itself.")
        }
    }

    func run() async throws {
        let earlier = from.flatMap { SecretReference($0, directory: "", place: SourcePlace(file: "--from")) }
        let access = try await StoreAccess(options, earlier: earlier)
        let rotation = SecretRotation(data: access.data, masterKey: access.masterKey)
        let outcome = try await StoreAccess.explaining { try await rotation.run(from: earlier, secrets: try access.secrets()) }
        Console.print("secrets sealed anew: \(outcome.moved); all are under master key \(outcome.keyID)")
        Console.error("note: sessions of callers stay with the earlier key until the hub restarts, and are opened anew then")
    }
}
