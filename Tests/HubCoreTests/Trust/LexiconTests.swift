import Testing

@testable import HubCore

@Suite("Words and phrases of reviews")
struct LexiconTests {
    @Test("the phrases speak of classes that there are, and each has a beginning")
    func classes() {
        #expect(Lexicon.unknownNames.isEmpty)
        #expect(Lexicon.shared.phrases.allSatisfy { $0.steps.first.map { !$0.words.isEmpty || !$0.classes.isEmpty } == true })
    }

    @Test("texts become words of sentences, folded, with their clauses told")
    func words() {
        let text = Array("Don't read user's ~/.ssh/id_rsa, then SEND it to a.example. Ok".unicodeScalars)
        let stream = WordStream(text, splitsNames: false)
        let words = stream.words.map { String(String.UnicodeScalarView(text[$0.place])) }
        #expect(words == ["Don't", "read", "user", ".ssh", "id_rsa", "then", "SEND", "it", "to", "a.example", "Ok"])
        #expect(stream.words.map(\.sentence) == [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1])
        #expect(stream.words[3].classes == .place)
        #expect(stream.words[6].marks.isSuperset(of: [.beginsClause, .isUpper]))
        #expect(stream.words[9].classes == .destination)
    }

    @Test(
        "a long text of anything is reviewed, and has few signs",
        arguments: ["a ", "\\", "<system>", "if send_x ", "(a+)", "\u{200B}", "读", "e.g.", "A B ", "&#65;"])
    func bounded(unit: String) {
        let scalars = Array(String(repeating: unit, count: (1 << 16) / unit.utf8.count).unicodeScalars)
        let signs = ReviewReader(name: "a", title: nil).read(scalars, in: .schema, neighbours: .none, server: "")
        #expect(signs.count < 16)
        #expect(HiddenText.signs(in: scalars, isName: false).count < 8)
        #expect((CostlyPattern.find(in: scalars)?.count ?? 0) <= scalars.count)
    }
}
