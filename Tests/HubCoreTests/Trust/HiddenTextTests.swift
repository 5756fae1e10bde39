import HubCore
import NIOCore
import Testing

/// Sources: "ASCII smuggling" with tag characters (Goodside 2024, Rehberger 2024), bytes in variation selectors (Butler 2025), "Trojan Source"
/// (Boucher and Anderson 2021, CVE-2021-42574), escape sequences in tool descriptions (Trail of Bits 2025), homoglyphs (UTS #39).
@Suite("Hidden text")
struct HiddenTextTests {
    private func held(_ text: String, isName: Bool = false) throws -> Set<DefinitionFinding.Rule> {
        DefinitionReviewTests.held(try isName ? DefinitionReviewTests.found("Gets.", name: text) : DefinitionReviewTests.found(text))
    }

    @Test(
        "text that is there for a model alone holds the tool",
        arguments: [
            ("Sums.\u{E0069}\u{E0067}\u{E006E}", DefinitionFinding.Rule.hiddenText), ("\u{1F600}\u{E0152}\u{E0145}\u{E0151}", .hiddenText),
            ("Sums.\u{200B}\u{200C}\u{200B}\u{200D}", .hiddenText), ("Sums." + String(repeating: " ", count: 300) + "More.", .hiddenText),
            ("Sums." + String(repeating: "\n", count: 40) + "More.", .hiddenText), ("\u{1F3F4}\u{E0069}\u{E0067}\u{E007F}", .hiddenText),
            ("Sums.\u{1B}[8m more", .controlCharacter), ("Sums\u{8}\u{8}", .controlCharacter), ("a\u{0}b", .controlCharacter),
            ("a\u{9B}8m", .controlCharacter),
            ("Adds \u{202E}two\u{202C} numbers", .bidirectionalText), ("Adds \u{2067}two numbers", .bidirectionalText),
            ("if \u{2067}admin \u{2066}user\u{2069} then\u{2069}", .bidirectionalText), ("a \u{2066}b\nc\u{2069}", .bidirectionalText),
        ])
    func hidden(text: String, rule: DefinitionFinding.Rule) throws { #expect(try held(text).contains(rule)) }

    @Test(
        "what writing needs passes",
        arguments: [
            "\u{1F468}\u{200D}\u{1F469}\u{200D}\u{1F467} \u{2764}\u{FE0F} 1\u{FE0F}\u{20E3} \u{1F44D}\u{1F3FD} \u{1F3F3}\u{FE0F}\u{200D}\u{1F308}",
            "\u{1F3F4}\u{E0067}\u{E0062}\u{E0065}\u{E006E}\u{E0067}\u{E007F}", "\u{645}\u{6CC}\u{200C}\u{62E}\u{648}\u{627}\u{647}\u{645}",
            "\u{915}\u{94D}\u{200D}\u{937}", "\u{5E9}\u{5DC}\u{5D5}\u{5DD} \u{2066}abc\u{2069} \u{200F}",
            "\u{2067}\u{5E9}\u{5DC}\u{5D5}\u{5DD}\u{2069}",
            "Daten\u{AD}schutz\u{AD}erklärung", "\u{845B}\u{E0100}", "\u{FEFF}Gets.", "β-carotene, Ω resistor, µm, kΩ", "naïve café",
            "Возвращает статус. Cтатус заказа: она или он.", "Ｗｉ－Ｆｉ 设置", "a\tb\r\nc", "Ελληνικά και English", "日本語のテキスト",
        ])
    func fine(text: String) throws { #expect(try DefinitionReviewTests.found(text).map(\.rule.id) == []) }

    @Test(
        "a name that is not what it looks like holds the tool",
        arguments: [
            "get_u\u{455}er", "\u{FF47}\u{FF45}\u{FF54}_user", "\u{FB01}le_read", "get_user\u{301}", "\u{FEFF}get_user", "get\u{AD}_user",
            "get\u{200D}_user",
            "\u{1D420}et_user", "g\u{435}t_user",
        ])
    func names(name: String) throws { #expect(!(try held(name, isName: true)).isEmpty) }

    @Test("names in other scripts pass", arguments: ["查询订单", "получить_статус", "café_menu", "注文を検索", "get_user.v2-beta"])
    func goodNames(name: String) throws { #expect(try held(name, isName: true).isEmpty) }

    @Test(
        "people are shown what they would not see",
        arguments: [
            ("a\u{E0041}b", #"a\u{E0041}b"#), ("a\u{1B}[8m\u{7}", #"a\u{1B}[8m\u{7}"#), ("get_u\u{455}er", #"get_u\u{455}er"#),
            ("a\u{A0}b", #"a\u{A0}b"#),
            ("a\nb", #"a\u{A}b"#), (#"\u{41} \n"#, #"\u{5C}u{41} \n"#), ("статус 注文 é \u{2764}\u{FE0F}", "статус 注文 é \u{2764}\u{FE0F}"),
            ("\u{202E}abc", #"\u{202E}abc"#), ("x\u{FE0F}", #"x\u{FE0F}"#),
        ])
    func visible(text: String, shown: String) { #expect(VisibleText.escape(text) == shown) }

    @Test("of a text that is too long the beginning and the end are shown")
    func cut() {
        #expect(VisibleText.escape(String(repeating: "a", count: 20) + "end", limit: 8) == "aaaaaa… (15 characters left out) …nd")
        #expect(VisibleText.escape("a\nb", keepsLines: true) == "a\nb")
    }
}
