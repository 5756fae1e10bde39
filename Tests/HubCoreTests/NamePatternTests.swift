import HubCore
import Testing

@Suite struct NamePatternTests {
    @Test(
        "a star stands for any part of a name",
        arguments: [
            ("a.yaml", "*.yaml", true), ("a.yml", "*.yaml", false), ("abcabd", "*abd", true), ("", "*", true), ("a", "", false),
            ("ab", "a*b*", true), ("find_orders", "find_*", true), ("Find_orders", "find_*", false),
            (String(repeating: "a", count: 200), String(repeating: "*a", count: 100) + "b", false),
            ("ab", "ab*b", false), ("abb", "ab*b", true), ("abab", "*ab", true), ("aab", "*ab*ab", false), ("xabyabz", "*ab*ab*", true),
            ("a", "**", true), ("abcabcabd", "*abcabd*", true), ("aabaaab", "*aaab", true), ("", "", true), ("", "**", true),
            ("a*", "a*", true),
            ("\u{E9}", "e\u{301}", false), ("\u{212A}", "K", false), ("\u{212A}x", "K*", false), ("e\u{301}", "e*", true),
        ])
    func patterns(name: String, pattern: String, fits: Bool) {
        #expect(NamePattern(pattern).matches(name) == fits)
    }

    @Test("no pattern and no name make it slow", arguments: ["", "b"])
    func hostile(end: String) {
        let long = String(repeating: "a", count: 1 << 20)
        // Byte by byte from each place these would take a day.
        #expect(NamePattern("*" + String(repeating: "a", count: 1 << 16) + "*" + end).matches(long) == end.isEmpty)
        #expect(NamePattern(String(repeating: "*", count: 1000) + end).matches(long) == end.isEmpty)
        #expect(NamePattern(String(repeating: "*aa", count: 1000) + "*" + end).matches(long) == end.isEmpty)
    }

    @Test("patterns are equal by their bytes, and only stars fit all")
    func equality() {
        #expect(NamePattern("\u{212A}") != NamePattern("K") && NamePattern("a*") == NamePattern("a*"))
        #expect(NamePattern("*").fitsAll && NamePattern("***").fitsAll && !NamePattern("").fitsAll && !NamePattern("*a*").fitsAll)
    }
}
