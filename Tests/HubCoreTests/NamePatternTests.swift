import HubCore
import Testing

@Suite struct NamePatternTests {
    @Test(
        "a star stands for any part of a name",
        arguments: [
            ("a.yaml", "*.yaml", true), ("a.yml", "*.yaml", false), ("abcabd", "*abd", true), ("", "*", true), ("a", "", false),
            ("ab", "a*b*", true), ("find_orders", "find_*", true), ("Find_orders", "find_*", false),
            (String(repeating: "a", count: 200), String(repeating: "*a", count: 100) + "b", false),
        ])
    func patterns(name: String, pattern: String, fits: Bool) {
        #expect(NamePattern(pattern).matches(name) == fits)
    }
}
