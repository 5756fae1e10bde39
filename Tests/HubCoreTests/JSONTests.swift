import HubCore
import NIOCore
import Testing

@Suite("JSON tape")
struct JSONTests {
    @Test("values are found, decoded and kept as written")
    func readsValues() throws {
        let document = try JSONDocument(
            parsing: #" {"a":[1,-0.50e+3,"x\n\u00e9\ud83d\ude00"],"b":{"c":null},"t":true,"big":9007199254740993} "#, limits: .message)
        let root = document.root
        #expect(root.count == 4)
        let elements = Array(try #require(root["a"]).elements)
        #expect(elements[0].int == 1)
        #expect(elements[1].numberText == "-0.50e+3")
        #expect(elements[2].string == "x\né😀")
        #expect(root[path: "b", "c"]?.isNull == true)
        #expect(root["t"]?.bool == true)
        #expect(root["big"]?.numberText == "9007199254740993")
        #expect(root["none"] == nil)
        #expect(String(buffer: try #require(root["b"]).rawBytes) == #"{"c":null}"#)
        #expect(String(buffer: elements[2].rawBytes) == #""x\n\u00e9\ud83d\ude00""#)
    }

    @Test("strings longer than a word are scanned to their end", arguments: 0..<40)
    func scansLongStrings(length: Int) throws {
        for special in ["", "\\n", "é", "\\\"", "𝄞"] {
            let text = String(repeating: "a", count: length) + special + String(repeating: "b", count: 9)
            let value = try JSONDocument(parsing: "\"\(text)\"", limits: .message).root
            #expect(value.string == text.replacing("\\n", with: "\n").replacing("\\\"", with: "\""))
        }
    }

    @Test("an escaped name is compared by its characters: what Unicode calls equivalent is another name")
    func comparesNamesExactly() throws {
        let root = try JSONDocument(parsing: #"{"\u212a":1,"K":2,"a\u0301":3,"á":4}"#, limits: .message).root
        #expect(root["K"]?.int == 2)
        #expect(root["\u{E1}"]?.int == 4)
        #expect(root["a\u{301}"]?.int == 3)
        #expect(root.members.map { $0.name.isString("K") } == [false, true, false, false])
    }

    @Test(
        "repeated names are refused in a caller's message, also when one is escaped",
        arguments: [#"{"name":1,"name":2}"#, #"{"name":1,"n\u0061me":2}"#, #"{"a":{"x":1,"y":2,"x":3}}"#])
    func refusesDuplicates(text: String) throws {
        let error = #expect(throws: JSONParseError.self) { try JSONDocument(parsing: text, limits: .message) }
        #expect(error?.reason == .duplicateKey)
        #expect(throws: Never.self) { try JSONDocument(parsing: text, limits: .payload) }
    }

    @Test("the last of repeated names counts where they are accepted")
    func lastDuplicateWins() throws {
        let document = try JSONDocument(parsing: #"{"a":1,"b":2,"\u0061":3}"#, limits: .payload)
        #expect(document.root["a"]?.int == 3)
    }

    @Test("repeated names are found among many", arguments: [9, 1000])
    func findsDuplicateAmongMany(count: Int) throws {
        let unique = (0..<count).map { "\"k\($0)\":\($0)" }
        #expect(throws: Never.self) { try JSONDocument(parsing: "{\(unique.joined(separator: ","))}", limits: .message) }
        let error = #expect(throws: JSONParseError.self) {
            try JSONDocument(parsing: "{\((unique + ["\"k\(count / 2)\":0"]).joined(separator: ","))}", limits: .message)
        }
        #expect(error?.reason == .duplicateKey)
    }

    @Test("limits hold one above and not one below")
    func limits() throws {
        let limits = JSONLimits(maximumBytes: 10, maximumDepth: 2, maximumValues: 4, duplicateKeys: .accept)
        #expect(throws: Never.self) { try JSONDocument(parsing: "[[1,2]]", limits: limits) }
        #expect(#expect(throws: JSONParseError.self) { try JSONDocument(parsing: "[[[]]]", limits: limits) }?.reason == .tooDeep)
        #expect(#expect(throws: JSONParseError.self) { try JSONDocument(parsing: "[1,2,3,4]", limits: limits) }?.reason == .tooManyValues)
        #expect(throws: Never.self) { try JSONDocument(parsing: "1234567890", limits: limits) }
        #expect(#expect(throws: JSONParseError.self) { try JSONDocument(parsing: "12345678901", limits: limits) }?.reason == .tooLarge)
    }

    @Test("a text cut off at any byte is an error or a shorter value, never a crash")
    func truncation() {
        let text = #"{"k\u00e9":[-1.5e3,true,false,null,"\ud83d\ude00é𝄞"],"o":{}}"#
        for length in 0..<text.utf8.count {
            var buffer = ByteBuffer(string: text)
            let cut = buffer.readSlice(length: length) ?? ByteBuffer()
            #expect(throws: JSONParseError.self) { try JSONDocument(parsing: cut, limits: .message) }
        }
    }

    @Test("the writer escapes what must be escaped and the parser reads it back")
    func writes() throws {
        var writer = JSONWriter()
        writer.beginObject()
        writer.member("a\"b", "\u{0}\u{1f}\n\\\"é😀\u{7f}")
        writer.key("list")
        writer.beginArray()
        writer.integer(-3)
        writer.bool(true)
        writer.null()
        writer.beginObject()
        writer.endObject()
        writer.double(1.5)
        writer.endArray()
        writer.endObject()
        let text = String(buffer: writer.buffer)
        #expect(text == "{\"a\\\"b\":\"\\u0000\\u001f\\n\\\\\\\"é😀\u{7f}\",\"list\":[-3,true,null,{},1.5]}")
        let value = try JSONDocument(parsing: text, limits: .message).root
        #expect(value["a\"b"]?.string == "\u{0}\u{1f}\n\\\"é😀\u{7f}")
    }

    @Test("splicing changes the chosen values and no other byte")
    func splices() throws {
        let document = try JSONDocument(parsing: #"{ "model" : "a", "n":[1, 2] }"#, limits: .message)
        let root = document.root
        let result = document.replacing([
            (try #require(root["n"]), ByteBuffer(string: "7")), (try #require(root["model"]), ByteBuffer(string: "\"longer\"")),
        ])
        #expect(String(buffer: result) == #"{ "model" : "longer", "n":7 }"#)
    }

    @Test("a tree keeps the order of an object and the spelling of numbers")
    func tree() throws {
        let text = #"{"b":1.50,"a":[null,{"z":"y"}],"c":false}"#
        var tree = JSONTree(try JSONDocument(parsing: text, limits: .message).root)
        #expect(String(buffer: tree.bytes) == text)
        if case .object(var object) = tree {
            object["b"] = nil
            object["d"] = .integer(2)
            tree = .object(object)
        }
        #expect(String(buffer: tree.bytes) == #"{"a":[null,{"z":"y"}],"c":false,"d":2}"#)
    }
}
