import NIOCore
import Testing

@testable import HubCore

@Suite("Answers cut to fit")
struct AnswerCutTests {
    private func cut(_ text: String, bytes: Int = .max, items: Int? = nil) throws -> AnswerCut? {
        AnswerCut(try JSONDocument(parsing: text, limits: .payload), maximumBytes: bytes, maximumItems: items)
    }

    private func list(_ count: Int, _ element: (Int) -> String = { #"{"id":\#($0),"name":"n\#($0)"}"# }) -> String {
        "[" + (0..<count).map(element).joined(separator: ",") + "]"
    }

    @Test("what fits is not touched")
    func fits() throws {
        let text = list(10)
        #expect(try cut(text, bytes: text.utf8.count) == nil)
        #expect(try cut(text, items: 10) == nil)
    }

    @Test("white space goes before anything else does")
    func whiteSpace() throws {
        let result = try #require(try cut("{ \"a\" : [ 1 , 2 ] }               ", bytes: 16))
        #expect(String(buffer: result.bytes) == #"{"a":[1,2]}"#)
        #expect(result.places == [])
    }

    @Test("of a list the first elements stay, whole, and the result is within the bound", arguments: [50, 100, 1000, 5000])
    func arrays(bytes: Int) throws {
        let result = try #require(try cut(list(1240), bytes: bytes))
        #expect(result.bytes.readableBytes <= bytes)
        let root = try JSONDocument(parsing: result.bytes, limits: .payload).root
        let place = try #require(result.places.first)
        #expect(place == AnswerCut.Place(path: [], shown: root.count, total: 1240))
        #expect(String(buffer: result.bytes) == list(root.count))
    }

    @Test("the list inside an envelope is cut, and the envelope stays")
    func envelope() throws {
        let result = try #require(try cut(#"{"total":1240,"data":\#(list(1240)),"next":"abc"}"#, bytes: 2000))
        let root = try JSONDocument(parsing: result.bytes, limits: .payload).root
        #expect(result.bytes.readableBytes <= 2000)
        #expect(root["next"]?.string == "abc" && root["total"]?.int == 1240)
        #expect(result.places == [AnswerCut.Place(path: ["data"], shown: root["data"]?.count ?? 0, total: 1240)])
        #expect(root["data"]?.count ?? 0 > 50)
    }

    @Test("two long lists share the room, and a short one keeps all of its own")
    func sharing() throws {
        let result = try #require(try cut(#"{"a":\#(list(1000)),"b":\#(list(3)),"c":\#(list(1000))}"#, bytes: 4000))
        let root = try JSONDocument(parsing: result.bytes, limits: .payload).root
        #expect(result.bytes.readableBytes <= 4000)
        #expect(root["b"]?.count == 3)
        #expect(root["a"]?.count ?? 0 > 50 && root["c"]?.count ?? 0 > 50)
        #expect(result.places.map(\.path) == [["a"], ["c"]])
    }

    @Test("where not even the first element fits, it is cut itself")
    func largeElement() throws {
        let result = try #require(try cut("[\(#"{"id":1,"rows":\#(list(500))}"#),2,3]", bytes: 1000))
        let root = try JSONDocument(parsing: result.bytes, limits: .payload).root
        #expect(result.bytes.readableBytes <= 1000 && root.count == 1)
        #expect(result.places.map(\.path) == [["0", "rows"], []])
    }

    @Test("a text is never cut, and an answer that is large because of one stays whole")
    func texts() throws {
        let text = #"{"filler":"\#(String(repeating: "x", count: 5000))"}"#
        #expect(try cut(text, bytes: 1000) == nil)
        #expect(try cut("[\"\(String(repeating: "x", count: 5000))\",1,2]", bytes: 1000) == nil)
        let first = try #require(try cut("[\"\(String(repeating: "x", count: 2000))\",\(list(100))]", bytes: 1000))
        #expect(try JSONDocument(parsing: first.bytes, limits: .payload).root.count == 1)
    }

    @Test("an object that is used as a table loses its last members")
    func tables() throws {
        let table = "{" + (0..<2000).map { "\"k\($0)\":{\"v\":\($0)}" }.joined(separator: ",") + "}"
        let result = try #require(try cut(table, bytes: 1000))
        #expect(result.bytes.readableBytes <= 1000)
        #expect(result.places.first?.total == 2000 && result.places.first?.shown ?? 0 > 20)
    }

    @Test("a bound on elements counts everywhere, one below and one above")
    func items() throws {
        #expect(try cut(#"{"a":[{"b":[1,2,3]}]}"#, items: 3) == nil)
        let result = try #require(try cut(#"{"a":[{"b":[1,2,3]},{"b":[1]}],"c":[1,2]}"#, items: 2))
        #expect(String(buffer: result.bytes) == #"{"a":[{"b":[1,2]},{"b":[1]}],"c":[1,2]}"#)
        #expect(result.places == [AnswerCut.Place(path: ["a", "0", "b"], shown: 2, total: 3)])
    }

    @Test("whatever the bound, the result is JSON", arguments: 0..<120)
    func alwaysJSON(bytes: Int) throws {
        let text = #"{"é":[ [1,[2,{"x":"\"]["}]], "a\\", {"b":{"c":[true,null,-1.5e3]}} ],"d":"}","e":{}}"#
        guard let result = try cut(text, bytes: bytes) else { return }
        #expect(throws: Never.self) { try JSONDocument(parsing: result.bytes, limits: .payload) }
    }

    @Test("text is cut behind a line, or behind a whole character")
    func plainText() {
        let lines = ByteBuffer(string: "first\nsecond\nthird")
        #expect(TextCut.length(lines, limit: 15, isWide: false) == 13)
        for limit in 0...9 {
            let length = TextCut.length(ByteBuffer(string: "aé漢😀b"), limit: limit, isWide: false)
            #expect([0, 1, 3, 6, 10].contains(length) && length <= limit, "\(limit): \(length)")
        }
        #expect(TextCut.length(ByteBuffer(repeating: 0, count: 9), limit: 7, isWide: true) == 6)
    }
}
