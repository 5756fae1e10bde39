import HubCore
import NIOCore
import Testing

@testable import ModelProxy

@Suite("Requests between dialects")
struct RequestGoldenTests {
    private static let names = Golden.names("Requests", ending: ".in.json")

    @Test("a request of every caller's dialect goes to every provider as its file says", arguments: names)
    func converts(name: String) throws {
        let caller = try #require(CallerDialect.allCases.first { name.hasPrefix($0.name) })
        let input = try Golden.read("Requests/\(name).in.json")
        let request = try caller.read(JSONDocument(parsing: input, limits: .message).root)
        var result = ""
        for provider in ProviderDialect.allCases {
            result += "=== \(provider.dialect.rawValue)"
            do throws(RequestRefusal) {
                let sent = try provider.write(request)
                let losses = sent.losses.map(\.rawValue).sorted().joined(separator: ", ")
                result += " POST \(sent.path)\nlosses: \(losses)\n\(String(buffer: sent.body))\n"
                // What is written is JSON, no name twice.
                #expect(throws: Never.self) { try JSONDocument(parsing: sent.body, limits: .message) }
            } catch {
                result += "\nrefused: \(error.loss?.rawValue ?? "wrong"), \(error.message) (\(error.parameter ?? ""))\n"
            }
        }
        try Golden.expect(result, "Requests/\(name).out")
    }

    @Test("there are requests of every kind")
    func kinds() {
        #expect(Self.names.count >= 18)
    }
}
