import ArgumentParser
import HubCore
import HubPolicy
import NIOCore

struct KeysCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "keys", abstract: "Makes API keys for consumers.", discussion: "Example: hubd keys new support-bot",
        subcommands: [NewKeyCommand.self])
}

struct NewKeyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "new", abstract: "Makes an API key, prints it once, and what the configuration says of it.",
        discussion: """
            Nothing is stored: only the hash stands in the configuration, and the key cannot be had again.

            Example: hubd keys new support-bot
            """)

    @Argument(help: "The consumer that the key is for: \(EntryName.rule).")
    var consumer: SecretName

    @Flag(help: "Print a JSON object.")
    var json = false

    @OptionGroup var options: ConfigOptions

    func run() async throws {
        var generator = SystemRandomNumberGenerator()
        let random = (0..<APIKey.randomBytes).map { _ in UInt8.random(in: .min ... .max, using: &generator) }
        guard let key = APIKey(random: random) else { throw CommandFailure("no key could be made") }
        let text = key.text.revealed
        let digest = KeyDigest(of: text).description
        if json {
            var json = JSONWriter()
            json.beginObject()
            json.member("consumer", consumer.text)
            json.member("id", key.id)
            json.member("key", text)
            json.member("sha256", digest)
            json.endObject()
            return Console.print(String(buffer: json.buffer))
        }
        Console.print(text)
        Console.print("consumers: { \(consumer.text): { apiKeys: [ { sha256: \(digest) } ] } }")
        Console.error("note: the first line is the key, which is shown this once; the second goes into the configuration")
    }
}
