import Testing

@testable import HubCore

@Suite("Search for tools")
struct ToolSearchTests {
    private static let tools = [
        RoutableTool(
            name: "listOrders", description: "Lists the orders of a customer", server: "shop", serverDescription: "Orders and invoices"),
        RoutableTool(
            name: "createOrder", description: "Creates an order",
            arguments: [.init(name: "customerId"), .init(name: "items", description: "What is bought")],
            server: "shop", serverDescription: "Orders and invoices"),
        RoutableTool(
            name: "get_forecast", description: "Forecast for a place",
            arguments: [.init(name: "units", values: ["celsius", "fahrenheit"])], server: "sky"),
        RoutableTool(name: "send_mail", description: "Sends a message to somebody", tags: ["smtp"], server: "post"),
        RoutableTool(
            name: "search", description: "Full text search", examples: ["where did I put the minutes of the board"], server: "files",
            serverDescription: "The archive"),
        RoutableTool(name: "read_timezone", title: "Clock offset", description: "Says how far a place is from UTC", server: "sky"),
    ]
    private static let index = ToolIndex(tools)

    private func find(_ text: String, limit: Int = 10) -> [String] {
        Self.index.search(text, limit: limit, among: Self.index.everything).hits.map { Self.tools[$0.tool].name }
    }

    @Test(
        "a tool is found by each of its texts",
        arguments: [
            ("list all orders please", "listOrders"), ("ordering: creates", "createOrder"), ("give me one by customerId", "createOrder"),
            ("bought", "createOrder"),
            ("fahrenheit", "get_forecast"), ("smtp", "send_mail"), ("board minutes", "search"), ("offset of the clock", "read_timezone"),
            ("post", "send_mail"), ("archive", "search"),
        ])
    func fields(text: String, name: String) {
        #expect(find(text).first == name)
    }

    @Test("words that mean the same find the same")
    func synonyms() {
        #expect(find("what will the weather be").first == "get_forecast")
        #expect(find("email somebody").first == "send_mail")
    }

    @Test("the operator's own synonyms are known too")
    func ownSynonyms() {
        let plain = Self.index.search("wossname", limit: 1, among: Self.index.everything)
        #expect(plain.hits.isEmpty && plain.unknown == ["wossname"])
        let index = ToolIndex(Self.tools, synonyms: SynonymTable(adding: [["wossname", "forecast"]]))
        #expect(index.search("wossname", limit: 1, among: index.everything).hits.map(\.tool) == [2])
    }

    @Test("a mistyped word finds what was meant, in one word or two", arguments: ["forcast", "foercast", "get_forecst", "time zone"])
    func mistakes(text: String) {
        #expect(["get_forecast", "read_timezone"].contains(find(text).first))
    }

    @Test("a tool that is named comes first, whatever else is asked for", arguments: ["search", "SEARCH", "\"search\"", " search. "])
    func wholeName(text: String) {
        #expect(find(text).first == "search")
    }

    @Test("an identifier in a sentence is a name; a plain word is not")
    func namesInSentences() {
        #expect(find("list orders of a customer with `send_mail`, and then the orders again").first == "send_mail")
        #expect(find("search the orders of a customer").first == "listOrders")
    }

    @Test("each part of a request finds its tool")
    func parts() {
        let found = find(
            "Create an order for three items. Also tell me the forecast for this place, and then send a message to somebody.", limit: 3)
        #expect(Set(found) == ["createOrder", "get_forecast", "send_mail"])
    }

    @Test("a hit says which words led to it, as they were written, and the rest is said to be unknown")
    func words() {
        let matches = Self.index.search("Sending a quux MESSAGE, Quux!", limit: 1, among: Self.index.everything)
        #expect(matches.hits.map(\.matched) == [["Sending", "MESSAGE"]])
        #expect(matches.unknown == ["quux"])
    }

    @Test("words that every request has find nothing, except what is named so")
    func emptyRequests() {
        for text in ["", " ", "please", "could you help me with this", "?!", "的", "\u{0}", "🙂"] { #expect(find(text).isEmpty) }
        let index = ToolIndex([RoutableTool(name: "get"), RoutableTool(name: "use_it")])
        #expect(index.search("please get it", limit: 5, among: index.everything).hits.map(\.tool) == [0, 1])
        #expect(index.search("get", limit: 5, among: index.everything).hits.map(\.tool) == [0])
    }

    @Test("equal tools stay in the order of the catalogue, and a limit cuts the end off")
    func order() {
        let index = ToolIndex((0..<2_500).map { RoutableTool(name: "copy", description: "\($0)") })
        for limit in [0, 1, 7, 600, -1] {
            #expect(index.search("copy", limit: limit, among: index.everything).hits.map(\.tool) == Array(0..<max(0, limit)))
        }
        #expect(index.search("copy", limit: .max, among: index.everything).hits.count == 1000)
    }

    /// More than a block of tools and more than the candidates that are kept; Benchmarks/routing has a hundred thousand.
    @Test("a rare word finds its tool among many that share the others")
    func many() {
        let index = ToolIndex(
            (0..<5_000).map {
                RoutableTool(name: "t\($0)", description: $0 == 4_321 ? "copies platypus files" : "copies files", server: "s\($0 % 50)")
            })
        let hits = index.search("copy the platypus files and the other files. copy files again", limit: 3, among: index.everything).hits
        #expect(hits.first?.tool == 4_321)
        #expect(hits.count == 3)
        #expect(index.search("t4999", limit: 1, among: index.everything).hits.map(\.tool) == [4_999])
        #expect(index.byteCount < 1_500 * index.count)
    }

    @Test("a search gives the same each time, from each index of the same tools")
    func deterministic() {
        let other = ToolIndex(Self.tools)
        for text in ["order forecast mail", "customer. message. place and units", "forcast"] {
            let first = Self.index.search(text, limit: 10, among: Self.index.everything)
            #expect(first == other.search(text, limit: 10, among: other.everything))
            #expect(first == Self.index.search(text, limit: 10, among: Self.index.everything))
        }
    }

    @Test("the name weighs more than the description, a short one more than a long one, a rare word more than a common one")
    func weights() {
        func first(_ text: String, _ tools: RoutableTool...) -> Int? {
            let index = ToolIndex(tools)
            return index.search(text, limit: 1, among: index.everything).hits.first?.tool
        }
        #expect(first("giraffe", RoutableTool(name: "a", description: "giraffe"), RoutableTool(name: "giraffe_b")) == 1)
        let long = String(repeating: "other words that say little ", count: 30)
        #expect(
            first("giraffe", RoutableTool(name: "a", description: long + "giraffe"), RoutableTool(name: "b", description: "giraffe")) == 1)
        #expect(
            first(
                "zebra giraffe", RoutableTool(name: "a", description: "zebra"), RoutableTool(name: "b", description: "giraffe"),
                RoutableTool(name: "c", description: "zebra"), RoutableTool(name: "d", description: "zebra")) == 1)
    }

    @Test("the schema's arguments are read, those within others too, and no more than may be")
    func schema() throws {
        let text = """
            {"type":"object","properties":{"where":{"description":"A place","type":"string","enum":["here",7,null]},
            "filter":{"type":"array","items":{"type":"object","properties":{"colour":{"description":"Its hue"}}}}}}
            """
        let found = RoutableTool.Argument.list(ofSchema: try JSONDocument(parsing: text, limits: .message).root)
        #expect(found.map(\.name) == ["where", "filter", "colour"])
        #expect(found.map(\.description) == ["A place", "", "Its hue"])
        #expect(found[0].values == ["here", "7"])
        let many = "{\"properties\":{" + (0..<1000).map { "\"p\($0)\":{\"properties\":{\"q\":{}}}" }.joined(separator: ",") + "}}"
        #expect(RoutableTool.Argument.list(ofSchema: try JSONDocument(parsing: many, limits: .message).root).count == 256)
        for odd in ["null", "[]", "{\"properties\":[1]}", "{\"properties\":{\"a\":null}}"] {
            #expect(RoutableTool.Argument.list(ofSchema: try JSONDocument(parsing: odd, limits: .message).root).count <= 1)
        }
    }
}
