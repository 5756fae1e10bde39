import Testing

@testable import HubCore

@Suite("Words of texts and identifiers")
struct WordScannerTests {
    private func words(_ text: String, _ kinds: WordScanner.Kind..., limit: Int = 1000) -> [String] {
        var scanner = WordScanner()
        scanner.scan(text, limit: limit)
        return scanner.words.filter { kinds.contains($0.kind) }.map { String(decoding: scanner.bytes[$0.bytes], as: UTF8.self) }
    }

    @Test(
        "identifiers come apart where people see their parts",
        arguments: [
            ("searchMovieByTitle", ["search", "movie", "by", "title"]), ("HTTPServer", ["http", "server"]),
            ("list_all_users", ["list", "all", "users"]),
            ("GET_movie-movie_id", ["get", "movie", "movie", "id"]), ("userIDs", ["user", "ids"]),
            ("parseURLsNow", ["parse", "urls", "now"]),
            ("top10Songs", ["top10", "songs"]), ("make3D", ["make3", "d"]), ("3D", ["3d"]), ("s3.bucket", ["s3", "bucket"]),
            ("oauth2", ["oauth2"]),
            ("SEARCH", ["search"]), ("a", ["a"]), ("", []), ("__", []), ("ÜberWeg", ["uber", "weg"]),
        ])
    func identifiers(text: String, parts: [String]) {
        #expect(words(text, .word) == parts)
    }

    @Test("an identifier is one word too, and so are neighbours in it")
    func compounds() {
        #expect(words("GitHub", .compound) == ["github"])
        #expect(words("youTubeSearch", .compound) == ["youtube", "tubesearch", "youtubesearch"])
        #expect(words("plain words", .compound) == [])
        #expect(words("Hotels2 s3 top10", .compound) == ["hotels", "top"])
    }

    @Test(
        "letters that are written in several ways are one",
        arguments: [
            ("Café", "cafe"), ("Cafe\u{301}", "cafe"), ("ＳＱＬ", "sql"), ("Straße", "strasse"), ("ПОГОДА", "погода"), ("Łódź", "lodz"),
            ("Việt", "viet"),
        ])
    func folding(text: String, word: String) {
        #expect(words(text, .word) == [word])
    }

    @Test(
        "an apostrophe does not make two words",
        arguments: [("user's", ["user"]), ("don’t", ["dont"]), ("'quoted'", ["quoted"]), ("its' ", ["its"]), ("'", []), ("a'b'c", ["abc"])])
    func apostrophes(text: String, found: [String]) {
        #expect(words(text, .word) == found)
    }

    @Test("scripts without spaces come in pairs, Han in single characters too, and other words beside them are whole")
    func pairs() {
        #expect(words("查询GitHub仓库", .word, .pair) == ["查询", "git", "hub", "仓库"])
        #expect(words("天气预报", .pair) == ["天气", "气预", "预报"])
        #expect(words("天气", .ideograph) == ["天", "气"])
        #expect(words("天。气", .pair) == [])
        #expect(words("ひらがな", .pair) == ["ひら", "らが", "がな"])
        #expect(words("ひらがな", .ideograph) == [])
    }

    @Test("traditional characters are read as simplified ones")
    func traditional() {
        #expect(words("查詢天氣預報", .pair) == words("查询天气预报", .pair))
        #expect(SimplifiedHan.simplified("中") == "中")
    }

    @Test("places in the text are those of the words, and end at whole characters")
    func sources() {
        var scanner = WordScanner()
        let text = "é Café_au 查询"
        scanner.scan(text, limit: 1000)
        let whole = scanner.words.filter { $0.kind.isWhole }.map { String(decoding: Array(text.utf8)[$0.source], as: UTF8.self) }
        #expect(whole == ["é", "Café", "au", "查询"])
    }

    @Test("no more is read than may be, and no more of a word than its beginning")
    func limits() {
        #expect(words("one two", .word, limit: 3) == ["one"])
        #expect(words("one two", .word, limit: 0) == [])
        let long = words(String(repeating: "a", count: 100_000), .word, limit: .max)
        #expect(long.map(\.utf8.count) == [WordScanner.longestRun])
    }
}
