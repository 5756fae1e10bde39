import HubCore
import Testing

@Suite("Punycode")
struct PunycodeTests {
    /// RFC 3492 §7.1, without the capital letters that stand for annotations.
    static let samples: [(text: String, encoded: String)] = [
        (
            "\u{644}\u{64A}\u{647}\u{645}\u{627}\u{628}\u{62A}\u{643}\u{644}\u{645}\u{648}\u{634}\u{639}\u{631}\u{628}\u{64A}\u{61F}",
            "egbpdaj6bu4bxfgehfvwxn"
        ),
        ("他们为什么不说中文", "ihqwcrb4cv8a8dqg056pqjye"),
        ("他們爲什麽不說中文", "ihqwctvzc91f659drss3x8bo0yb"),
        ("Pročprostěnemluvíčesky", "Proprostnemluvesky-uyb24dma41a"),
        (
            "\u{5DC}\u{5DE}\u{5D4}\u{5D4}\u{5DD}\u{5E4}\u{5E9}\u{5D5}\u{5D8}\u{5DC}\u{5D0}\u{5DE}\u{5D3}\u{5D1}\u{5E8}\u{5D9}\u{5DD}\u{5E2}\u{5D1}\u{5E8}\u{5D9}\u{5EA}",
            "4dbcagdahymbxekheh6e0a7fei0b"
        ),
        ("なぜみんな日本語を話してくれないのか", "n8jok5ay5dzabd5bym9f0cm5685rrjetr6pdxa"),
        ("почемужеонинеговорятпорусски", "b1abfaaepdrnnbgefbadotcwatmq2g4l"),
        ("PorquénopuedensimplementehablarenEspañol", "PorqunopuedensimplementehablarenEspaol-fmd56a"),
        ("TạisaohọkhôngthểchỉnóitiếngViệt", "TisaohkhngthchnitingVit-kjcr8268qyxafd2f1b9g"),
        ("3年B組金八先生", "3B-ww4c5e180e575a65lsy2b"),
        ("安室奈美恵-with-SUPER-MONKEYS", "-with-SUPER-MONKEYS-pc58ag80a8qai00g7n9n"),
        ("Hello-Another-Way-それぞれの場所", "Hello-Another-Way--fc4qua05auwb3674vfr0b"),
        ("ひとつ屋根の下2", "2-u9tlzr9756bt3uc0v"),
        ("MajiでKoiする5秒前", "MajiKoi5-783gue6qz075azm5e"),
        ("パフィーdeルンバ", "de-jg4avhby1noc0d"),
        ("そのスピードで", "d9juau41awczczp"),
        ("-> $1.00 <-", "-> $1.00 <--"),
    ]

    @Test("the samples of RFC 3492 go both ways", arguments: samples.indices)
    func goesBothWays(index: Int) {
        let (text, encoded) = Self.samples[index]
        #expect(Punycode.encode(text.unicodeScalars) == encoded)
        #expect(Punycode.decode(encoded) == Array(text.unicodeScalars))
    }

    @Test(
        "what encodes no text is refused",
        arguments: ["a-é", "99999999", "a-99", "zz_", "a-b-9", "!", "ls8h=", String(repeating: "a", count: 129)])
    func malformed(text: String) {
        #expect(Punycode.decode(text) == nil)
    }

    @Test("a number that goes on in zeros neither overflows nor ends")
    func longNumbers() {
        #expect(Punycode.decode(String(repeating: "z", count: 128)) == nil)
        #expect(Punycode.decode(String(repeating: "9", count: 128)) == nil)
        #expect(Punycode.encode(String(repeating: "é", count: 129).unicodeScalars) == nil)
    }

    @Test("characters at both ends of Unicode come back, the first and the last alike")
    func ends() {
        for scalars: [Unicode.Scalar] in [
            ["\u{80}"], ["\u{10FFFF}"], ["\u{10FFFF}", "\u{80}", "a"], Array(repeating: "\u{10FFFF}", count: 9),
        ] {
            #expect(Punycode.encode(scalars).flatMap { Punycode.decode($0) } == scalars)
        }
    }

    @Test(
        "hosts in the letters of other scripts are asked for as DNS has them",
        arguments: [
            ("http://bücher.example/", "xn--bcher-kva.example"), ("http://BüCHER.example", "xn--bcher-kva.example"),
            ("https://你好你好", "xn--6qqa088eba"), ("http://пример.example:8080/x", "xn--e1afmkfd.example"),
            ("http://παράδειγμα.example", "xn--hxajbheg2az3al.example"), ("http://a.日本語.example", "a.xn--wgv71a119e.example"),
            ("http://xn--bcher-kva.example", "xn--bcher-kva.example"), ("http://XN--BCHER-KVA.example", "xn--bcher-kva.example"),
            ("http://xn--strae-oqa.example", "xn--strae-oqa.example"),
        ])
    func hosts(url: String, host: String) {
        #expect(HTTPAddress(url)?.host == host)
    }

    @Test(
        "a host that software maps to another, or that looks like another, is none",
        arguments: [
            "http://①②⑦.⓪.⓪.①", "http://127。0。0。1", "http://ⓛⓞⓒⓐⓛⓗⓞⓢⓣ", "http://ｌocalhost", "http://localhoﬆ", "http://BÜCHER.example",
            "http://bu\u{308}cher.example", "http://faß.example", "http://p\u{430}ypal.example", "http://\u{200B}a.example",
            "http://a\u{AD}b.example", "http://a\u{202E}b.example", "http://☃.example", "http://a\u{2024}b.example", "http://\u{FFFD}",
            "http://١.example", "http://ـ.example", "http://\u{1100}\u{1161}.example", "http://a\u{FF0E}b", "http://é\u{2044}b",
            "http://xn--.example", "http://xn--a.example", "http://xn--abc-.example", "http://xn--pokxncvks.example",
            "http://xn--\u{FC}.example", "http://xn--lcalhost-hkk.example/\u{E9}", "http://-ü.example", "http://ü-.example",
            "http://ü\u{2F}\u{338}.example", "http://\(String(repeating: "ü", count: 64)).example",
        ])
    func refusedHosts(url: String) {
        #expect(HTTPAddress(url) == nil)
    }

    @Test("in a message a host is ASCII")
    func messages() {
        #expect(HTTPAddress.splitAuthority("bücher.example") == nil)
        #expect(HTTPAddress(scheme: .http, host: "bücher.example", port: 80) == nil)
        #expect(HTTPAddress.splitAuthority("xn--bcher-kva.example")?.host == "xn--bcher-kva.example")
    }
}
