import Testing

@testable import MCPHub

@Suite("The last words of a process")
struct LastWordsTests {
    @Test(
        "the last lines are kept, short and on one line",
        arguments: [
            ("", nil), (" \n\n", nil), ("one", "one"), ("a\nb\r\n\n  c\n", "b; c"), ("ended with 3", "ended with 3"),
        ] as [(String, String?)])
    func lines(_ text: String, _ expected: String?) {
        #expect(LastWords(text)?.description == expected)
    }

    @Test("a line without an end is cut")
    func long() {
        #expect(LastWords(String(repeating: "x", count: 64 << 10))?.description.count == 200)
    }
}
