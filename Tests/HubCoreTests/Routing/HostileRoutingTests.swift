import Testing

@testable import HubCore

@Suite("Hostile texts in search")
struct HostileRoutingTests {
    private static let texts: [String] = [
        String(repeating: "a", count: 1 << 20), String(repeating: "word ", count: 200_000), String(repeating: "查询", count: 100_000),
        String(repeating: "aB", count: 100_000), String(repeating: "'", count: 100_000), "a" + String(repeating: "\u{301}", count: 100_000),
        String(repeating: "👩‍👩‍👧 ", count: 10_000), String(repeating: "\u{0}", count: 1000), "\u{FEFF}\u{202E}abc\u{200D}",
        "ﬁ ＡＢＣ ß İı ǅ ꟿ",
        String(repeating: ". ", count: 10_000), String(repeating: "one two. ", count: 10_000), "\u{10FFFF}\u{E000}", "a'", "''s", "x's's",
        "_-_-",
        (0..<5000).map { "w\($0)" }.joined(separator: " "), (0..<5000).map { "w\($0)" }.joined(separator: "_"),
        "١٢٣ ४५ ⅷ ²", "ก็คือ ภาษาไทย",
    ]

    @Test("any text can be a tool and a request")
    func anything() {
        let tools = Self.texts.map { text in
            RoutableTool(
                name: text, title: text, description: text, arguments: [.init(name: text, description: text, values: [text])], tags: [text],
                examples: [text],
                server: text, serverDescription: text)
        }
        let index = ToolIndex(tools)
        #expect(index.count == tools.count)
        for text in Self.texts {
            let matches = index.search(text, limit: 5, among: index.everything)
            #expect(matches.hits.count <= 5)
            #expect(matches.hits.allSatisfy { $0.score.isFinite && $0.matched.count <= RoutingQuery.mostWords })
        }
    }

    @Test("of a request no more is read than its beginning, and no more words than count")
    func requestBounds() {
        let words = (0..<5000).map { "w\($0)" }
        let query = RoutingQuery(words.joined(separator: " "), ranking: .standard)
        #expect(query.words.count == RoutingQuery.mostWords)
        #expect(RoutingQuery(String(repeating: " ", count: RoutingQuery.longestText) + "word", ranking: .standard).words.isEmpty)
        let clauses = RoutingQuery((0..<60).map { "w\($0)." }.joined(separator: " "), ranking: .standard).words.map(\.clauses)
        #expect(clauses.allSatisfy { $0 != 0 } && clauses.last == 1 << 7)
    }

    @Test("of a tool no more words are kept than may be")
    func toolBounds() {
        let examples = (0..<40).map { row in (0..<400).map { "w\(row)x\($0)" }.joined(separator: " ") }
        let index = ToolIndex([RoutableTool(name: "a", examples: examples)])
        #expect(index.postings.count == ToolIndexBuilder.mostTerms)
        #expect(index.search("w0x0", limit: 1, among: index.everything).hits.count == 1)
        #expect(index.search("w39x399", limit: 1, among: index.everything).hits.isEmpty)
    }

    @Test("a request cut in the middle of a character is read")
    func cut() {
        let text = String(repeating: "x", count: RoutingQuery.longestText - 1) + "é"
        let index = ToolIndex([RoutableTool(name: text)])
        let hits = index.search(text, limit: 1, among: index.everything).hits
        #expect(hits.count == 1 && hits.allSatisfy { hit in hit.matched.allSatisfy { !$0.contains("\u{FFFD}") } })
    }
}
