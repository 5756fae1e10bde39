import HubCore
import NIOCore
import Testing

@testable import A2ABridge

@Suite("cards of agents")
struct AgentCardTests {
    private static let forms: [(name: String, form: CardForm)] = [("v1_0", .v1_0), ("v0_3", .v0_3), ("both", .both)]

    @Test("a card is read from either version and written for either, or for both at once", arguments: Golden.cases("cards"))
    func golden(_ example: GoldenCase) throws {
        let from = example.json["from"]?.string
        let skipped = (example.json["skip"]?.elements ?? .none).compactMap(\.string)
        for source in Self.forms where example.json[source.name] != nil && (from == nil || from == source.name) {
            let card = try AgentCard(WireValue(#require(example.json[source.name]), .v1_0))
            for target in Self.forms where !skipped.contains(target.name) {
                guard let expected = example.json[target.name] else { continue }
                #expect(String(buffer: card.json(target.form)) == String(buffer: expected.compactBytes), "\(source.name) to \(target.name)")
            }
        }
    }

    @Test("a card of 1.0 alone gives clients of 0.3 the address it has")
    func onlyNewer() throws {
        let card = try card(
            #"{"name":"A","supportedInterfaces":[{"url":"https://a","protocolBinding":"JSONRPC","protocolVersion":"1.0.1"}]}"#)
        #expect(card.interfaces == [AgentInterface(url: "https://a", binding: "JSONRPC", version: "1.0")])
        let older = try JSONValue(String(buffer: card.json(.v0_3)))
        #expect(older["url"]?.string == "https://a")
        #expect(older["supportedInterfaces"] == nil)
        let both = try JSONValue(String(buffer: card.json(.both)))
        #expect(both["url"] == nil)
    }

    @Test("a careless card is read, one without a name or an address is not")
    func careless() throws {
        let card = try card(#"{"name":"A","url":"https://a","skills":[{"id":"s"}],"securitySchemes":{"x":{"type":"later"}},"future":1}"#)
        #expect(card.interfaces == [AgentInterface(url: "https://a", binding: "JSONRPC", version: "0.3")])
        #expect(card.skills == [AgentSkill(id: "s", name: "", description: "")])
        #expect(card.securitySchemes.isEmpty)
        #expect(throws: WireProblem(place: "name", reason: .missing)) { try self.card(#"{"url":"https://a"}"#) }
        #expect(throws: WireProblem(place: "url", reason: .missing)) { try self.card(#"{"name":"A"}"#) }
        #expect(throws: WireProblem(place: "skills[1].id", reason: .missing)) {
            try self.card(#"{"name":"A","url":"https://a","skills":[{"id":"s"},{}]}"#)
        }
        #expect(throws: WireProblem(place: "securitySchemes.k.name", reason: .missing)) {
            try self.card(#"{"name":"A","url":"https://a","securitySchemes":{"k":{"type":"apiKey","in":"header"}}}"#)
        }
    }

    @Test("every address of a card can be changed, and nothing else changes")
    func rewriting() throws {
        let example = try #require(Golden.cases("cards").first { $0.name == "with all there is in both" })
        var card = try AgentCard(WireValue(#require(example[.v1_0]), .v1_0))
        card.interfaces[0].tenant = "https"
        var seen: Set<CardURL> = []
        let before = String(buffer: card.json(.v1_0))
        card.rewriteURLs { use, url in
            seen.insert(use)
            return url.replacing("example.com", with: "example.net")
        }
        // The URI of an extension is a name, not an address.
        let expected = before.replacing("example.com", with: "example.net")
            .replacing("https://example.net/ext/schemas", with: "https://example.com/ext/schemas")
        #expect(String(buffer: card.json(.v1_0)) == expected)
        #expect(seen == Set(CardURL.allCases))
    }

    private func card(_ text: String) throws -> AgentCard { try AgentCard(WireValue(JSONValue(text), .v1_0)) }
}
