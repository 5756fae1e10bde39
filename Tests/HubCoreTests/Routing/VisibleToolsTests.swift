import Testing

@testable import HubCore

@Suite("Search among visible tools")
struct VisibleToolsTests {
    /// Tools that share words, servers and names in many ways, the same in each run.
    private static let tools: [RoutableTool] = {
        let verbs = ["list", "create", "delete", "send", "fetch", "convert"]
        let nouns = ["order", "invoice", "message", "forecast", "ticket", "branch", "picture", "currency"]
        var state: UInt32 = 7
        func next(_ count: Int) -> Int {
            state = state &* 1_664_525 &+ 1_013_904_223
            return Int(state >> 8) % count
        }
        return (0..<300).map { number in
            RoutableTool(
                name: "\(verbs[next(6)])_\(nouns[next(8)])" + (number % 3 == 0 ? "" : "\(number)"),
                description: (0..<next(12)).map { _ in next(2) == 0 ? nouns[next(8)] : "word\(next(40))" }.joined(separator: " "),
                server: number % 5 == 0 ? nil : "\(nouns[next(8)])s", serverDescription: number % 2 == 0 ? verbs[next(6)] : nil)
        }
    }()

    @Test("what a caller gets is what it would get if there were no other tools", arguments: [1, 2, 7, 40])
    func noInfluence(step: Int) {
        let index = ToolIndex(Self.tools)
        let chosen = Self.tools.indices.filter { $0 % step == step / 2 }
        let alone = ToolIndex(chosen.map { Self.tools[$0] })
        let visible = index.visible { chosen.contains($0) }
        for text in [
            "list the orders", "a ticket and its picture. Then convert the currency and send a message", "word3 word17 forecst",
            "delete_branch", "creat invoce",
            "word39 word38. word37 word36 order", "bill", "ordr mesage", "pic ture of a branch",
        ] {
            var found = index.search(text, limit: 50, among: visible)
            for place in found.hits.indices { found.hits[place].tool = chosen.firstIndex(of: found.hits[place].tool) ?? -1 }
            #expect(found == alone.search(text, limit: 50, among: alone.everything), "\(text)")
        }
    }

    @Test("so it is with any texts at all", arguments: 1...8)
    func anyTexts(seed: UInt64) {
        var texts = AnyTexts(seed: seed)
        let tools = (0..<texts.next(60)).map { _ in texts.tool() }
        let chosen = tools.indices.filter { _ in texts.next(3) > 0 }
        let index = ToolIndex(tools)
        let alone = ToolIndex(chosen.map { tools[$0] })
        let visible = index.visible { chosen.contains($0) }
        for number in 0..<10 {
            let text = number % 5 == 0 && !tools.isEmpty ? tools[texts.next(tools.count)].name : texts.text()
            var found = index.search(text, limit: 100, among: visible)
            for place in found.hits.indices { found.hits[place].tool = chosen.firstIndex(of: found.hits[place].tool) ?? -1 }
            #expect(found == alone.search(text, limit: 100, among: alone.everything), "\(text.debugDescription)")
        }
    }

    @Test("a tool that may not be seen is not found by any of its words, nor by its name")
    func hidden() {
        let tools = [RoutableTool(name: "open_vault", description: "platypus"), RoutableTool(name: "other", description: "zebra")]
        let index = ToolIndex(tools)
        let visible = index.visible { $0 == 1 }
        for text in ["open_vault", "platypus", "platipus", "vault zebra"] {
            let matches = index.search(text, limit: 5, among: visible)
            #expect(!matches.hits.contains { $0.tool == 0 })
            #expect(!matches.unknown.isEmpty)
        }
        #expect(index.search("zebra", limit: 5, among: index.visible { _ in false }).hits.isEmpty)
    }

    @Test("an index without tools has no answers")
    func empty() {
        let index = ToolIndex([])
        #expect(index.search("anything at all", limit: 5, among: index.everything).hits.isEmpty)
        #expect(index.search("anything", limit: 5, among: index.everything).unknown == ["anything"])
    }
}

/// Texts of words, parts of words, marks and odd characters, the same for a seed.
private struct AnyTexts {
    private var state: UInt64
    private static let atoms = [
        "get", "Movie", "HTTP", "s", "'", "’s", "_", "-", ".", ". ", "\n", "查", "询", "天气", "的", "，", "ß", "İ", "ﬁ", "é", "e\u{301}",
        "\u{301}", "👩‍👩‍👧",
        "\u{0}", "3", "10", "ア", "한", "ไ", "ı", "Ǆ", "and", " ", "  ", "Weather", "forecst", "ＡＢ", "\u{200D}", "٣", "IDs", "x", "an", "D",
    ]

    init(seed: UInt64) { state = seed &* 0x9E37_79B9_7F4A_7C15 }

    mutating func next(_ count: Int) -> Int {
        state ^= state << 13
        state ^= state >> 7
        state ^= state << 17
        return Int(state % UInt64(count))
    }

    mutating func text() -> String {
        (0..<next(24)).map { _ in
            next(6) == 0 ? Unicode.Scalar(UInt32(next(0xD7FF))).map { String($0) } ?? "" : Self.atoms[next(Self.atoms.count)]
        }.joined()
    }

    mutating func tool() -> RoutableTool {
        RoutableTool(
            name: text(), title: text(), description: text(), arguments: [.init(name: text(), description: text(), values: [text()])],
            tags: [text()], examples: [text()], server: [nil, "a", "b", text()][next(4)], serverDescription: next(2) == 0 ? text() : nil)
    }
}
