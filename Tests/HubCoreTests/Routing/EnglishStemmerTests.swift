import Testing

@testable import HubCore

@Suite("English stems")
struct EnglishStemmerTests {
    private func stem(_ word: String) -> String { String(decoding: EnglishStemmer.stem(Array(word.utf8)), as: UTF8.self) }

    /// What Snowball's own english stemmer, 3.1, makes of them; Tests/Peers/test_routing.py compares the two on many more.
    @Test(
        "words have the stems that Snowball gives them",
        arguments: [
            "searching search", "searches search", "caresses caress", "flies fli", "dies die", "ties tie", "cries cri", "gas gas",
            "this this",
            "kiwis kiwi", "agreed agre", "proceed proceed", "succeeded succeed", "feed feed", "plastered plaster", "bled bled", "sing sing",
            "dying die",
            "hopping hop", "hoping hope", "adding add", "egging egg", "luxuriating luxuri", "conflated conflat", "sized size", "by by",
            "say say",
            "cry cri", "youth youth", "boyish boyish", "relational relat", "conditional condit", "rationalization ration",
            "hopefulness hope",
            "formaliti formal", "apologist apolog", "apology apolog", "psychology psycholog", "quickly quick", "electricity electr",
            "formative format",
            "goodness good", "revival reviv", "allowance allow", "adjustment adjust", "adoption adopt", "controlling control", "rate rate",
            "cease ceas",
            "general general", "generate generat", "generically generic", "communication communic", "organization organiz",
            "universe univers", "university universiti",
            "skies sky", "news news", "early earli", "inning inning", "outing outing", "evening evening", "pasted paste", "paste paste",
            "past past",
        ])
    func stems(pair: String) {
        let words = pair.split(separator: " ").map(String.init)
        #expect(stem(words[0]) == words[1])
    }

    @Test("what is no English word is left as it is", arguments: ["", "a", "s", "ss", "x1s", "日本", "čas", "ABCs", "sing-s"])
    func others(word: String) {
        #expect(stem(word) == word)
    }

    @Test("any letters have a stem that is no longer, one letter at most")
    func bounded() {
        for first in ["", "y", "'", "yy", "e"] {
            for suffix in EnglishSuffixes.derivations + EnglishSuffixes.furtherDerivations + EnglishSuffixes.removed + EnglishSuffixes.pasts
                + EnglishSuffixes.plurals
            {
                for inner in ["", "l", "at", "bb", "yss"] {
                    let word = Array((first + inner).utf8) + suffix.suffix
                    #expect(EnglishStemmer.stem(word).count <= word.count + 1)
                }
            }
        }
    }
}
