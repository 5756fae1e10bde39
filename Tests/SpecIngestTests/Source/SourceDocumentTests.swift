import HubCore
import NIOCore
import SpecIngest
import Testing

@Suite("source documents")
struct SourceDocumentTests {
    private func json(_ text: String, limits: JSONLimits = .description) throws -> String {
        String(buffer: try SourceDocument(reading: ByteBuffer(string: text), limits: limits).json.bytes)
    }

    private func error(_ text: String, limits: JSONLimits = .description) -> String? {
        do {
            return "no error: " + (try json(text, limits: limits))
        } catch {
            return (error as? SourceError)?.description
        }
    }

    @Test(
        "plain scalars mean what the core schema of YAML 1.2 says",
        arguments: [
            ("NO", #""NO""#), ("yes", #""yes""#), ("on", #""on""#), ("12:30:45", #""12:30:45""#), ("2001-01-01", #""2001-01-01""#),
            ("true", "true"),
            ("TRUE", "true"), ("False", "false"), ("tRUE", #""tRUE""#), ("truE", #""truE""#), ("~", "null"), ("Null", "null"),
            ("nULL", #""nULL""#),
            ("1.10", "1.10"), ("+1", "1"), ("007", "7"), ("000", "0"), ("-01.5", "-1.5"), (".5", "0.5"), ("-.5", "-0.5"), ("1.", "1.0"),
            ("1.e3", "1.0e3"), ("1E+3", "1E+3"), ("1e", #""1e""#), ("0o17", "15"), ("0x1F", "31"), ("0o8", #""0o8""#),
            ("0xFFFFFFFFFFFFFFFF", "18446744073709551615"),
            ("0x10000000000000000", #""0x10000000000000000""#), ("-0x1", #""-0x1""#), ("1_000", #""1_000""#), ("0b1", #""0b1""#),
            (".inf", #"".inf""#), ("-.INF", #""-.INF""#),
            (".nan", #"".nan""#), (".", #"".""#), ("+", #""+""#), ("'1'", #""1""#), ("\"true\"", #""true""#), ("!!str 1", #""1""#),
            ("! 1", #""1""#), ("!!int \"5\"", "5"), ("!!float 1", "1"), ("!!null ''", "null"),
            ("\"\\x41\\u00e9\\U0001F600\\0\"", "\"Aé😀\\u0000\""),
            ("123456789012345678901234567890", "123456789012345678901234567890"),
        ])
    func scalars(yaml: String, expected: String) throws {
        #expect(try json("a: \(yaml)") == #"{"a":\#(expected)}"#)
    }

    @Test("keys are strings, spelled as written")
    func keys() throws {
        #expect(try json("200: a\ntrue: b\n~: c\n1.0: d\n'x': e\n! y: f") == #"{"200":"a","true":"b","~":"c","1.0":"d","x":"e","y":"f"}"#)
    }

    @Test("block scalars, flow style, comments, documents without content")
    func shapes() throws {
        #expect(try json("a: |\n  x\n  y\nb: >-\n  x\n  y\n# end") == #"{"a":"x\ny\n","b":"x y"}"#)
        #expect(try json("{a: b, c: [d, 'e']}") == #"{"a":"b","c":["d","e"]}"#)
        #expect(try json("%YAML 1.2\n---\na:\n- b: c\n  d:\n...\n") == #"{"a":[{"b":"c","d":null}]}"#)
        for empty in ["", "# nothing", "---", " \n"] { #expect(try json(empty) == "null") }
        #expect(try json("\u{FEFF}a: 1") == #"{"a":1}"#)
        #expect(try json("\u{FEFF}{\"a\": 1}") == #"{"a": 1}"#)
    }

    @Test("aliases stand for copies, also of keys, and the last anchor of a name counts")
    func aliases() throws {
        #expect(try json("a: &x {k: [v, w]}\nb: *x\nc: [*x]") == #"{"a":{"k":["v","w"]},"b":{"k":["v","w"]},"c":[{"k":["v","w"]}]}"#)
        #expect(try json("&k a: 1\nb: *k") == #"{"a":1,"b":"a"}"#)
        #expect(try json("- &x 1\n- *x\n- &x 2\n- *x") == "[1,1,2,2]")
        #expect(try json("- &x [&y 1, *y]\n- *x\n- *y") == "[[1,1],[1,1],1]")
    }

    @Test("repeated keys are kept or refused, as the limits say")
    func repeatedKeys() throws {
        #expect(try json("a: 1\na: 2") == #"{"a":1,"a":2}"#)
        #expect(error("a: 1\nb:\n  c: 1\n  d: 2\n  c: 3", limits: .message) == "5:3: a member name stands twice")
        #expect(error("{\"a\": 1,\n \"a\": 2}", limits: .message) == "2:2: not valid JSON: a member name stands twice")
    }

    @Test(
        "what is refused, and where",
        arguments: [
            ("a: &x [*x]", "1:8: an alias inside the value that it stands for"),
            ("a: *x", "1:4: an alias without an anchor before it"),
            ("a: &x\n  <<: *x\n  b: 1", "2:3: a merge key (<<): YAML 1.2 has none, write the members out"),
            ("? [a, b]\n: c", "1:3: a sequence or mapping as a key; keys are strings"),
            ("a: &x b\n*x : c", "2:1: an alias as a key: write the key out"),
            ("a: !evil {b: 1}", "1:4: the tag !evil is not one that stands here; only those of YAML's core schema do"),
            ("a: !!map 1", "1:4: the tag tag:yaml.org,2002:map is not one that stands here; only those of YAML's core schema do"),
            ("a: !!int x", "1:4: a value that does not fit its tag tag:yaml.org,2002:int"),
            ("a:\n\tb: 1", "2:1: not valid YAML: a tab where YAML wants spaces"),
            ("a: 1\n---\nb: 2", "2:1: a second YAML document begins here; one file holds one"),
            ("a: [1, 2", "1:9: not valid YAML: while parsing a flow sequence, did not find expected ',' or ']'"),
            ("{\n  \"a\": 1,\n  \"é\" 2}", "3:7: not valid JSON: unexpected character"),
            ("[1,2", "1:5: not valid JSON: the text ends too early"),
            ("a: {b: c", "1:9: not valid YAML: while parsing a flow mapping, did not find expected ',' or '}'"),
        ])
    func refusals(text: String, expected: String) {
        #expect(error(text) == expected)
    }

    @Test("bytes that are not UTF-8 are refused at their place")
    func notUTF8() {
        for (bytes, expected) in [
            (Array("a: 1\nb: ".utf8) + [0xFF], "2:4: not readable as UTF-8 text: invalid leading UTF-8 octet"),
            ([0xFF, 0xFE, 0x61, 0x00], "the text is UTF-16; save it as UTF-8"),
            (Array("{\"a\": \"".utf8) + [0xC3, 0x28], "1:8: not valid JSON: not valid UTF-8"),
        ] {
            let error = #expect(throws: SourceError.self) { try SourceDocument(reading: ByteBuffer(bytes: bytes)) }
            #expect(error?.description == expected)
        }
    }

    @Test("deep texts end in a message, not in an exhausted stack", arguments: ["[", "{a: ", "- ", "a:\n", "? "])
    func deepTexts(unit: String) {
        let text =
            unit == "a:\n" ? (0..<500).map { String(repeating: " ", count: $0) + "a:\n" }.joined() : String(repeating: unit, count: 100_000)
        let message = error("x: " + text) ?? ""
        #expect(!message.hasPrefix("no error"))
        #expect(error("- [" + String(repeating: "[", count: 253) + String(repeating: "]", count: 254))?.hasPrefix("no error") == true)
        #expect(
            error("- [" + String(repeating: "[", count: 255) + String(repeating: "]", count: 256))?.hasSuffix("nested too deeply") == true)
    }

    @Test("aliases cannot make a small text large")
    func bombs() {
        var text = "a0: &a0 [" + Array(repeating: "lol", count: 9).joined(separator: ",") + "]\n"
        for level in 1...9 {
            text += "a\(level): &a\(level) [" + Array(repeating: "*a\(level - 1)", count: 9).joined(separator: ",") + "]\n"
        }
        #expect(error(text) == "5:10: the aliases of this text stand for too much")
        let long =
            "a: &a \"" + String(repeating: "x", count: 1 << 20) + "\"\nb: [" + Array(repeating: "*a", count: 100).joined(separator: ",")
            + "]"
        #expect(error(long) == "2:26: the aliases of this text stand for too much")
    }

    @Test("the limits hold for YAML as for JSON")
    func limits() {
        let limits = JSONLimits(maximumBytes: 30, maximumDepth: 2, maximumValues: 5, duplicateKeys: .accept)
        #expect(error("a: [1, 2]", limits: limits) == #"no error: {"a":[1,2]}"#)
        #expect(error("a: [1, 2, 3]", limits: limits) == "1:11: the text has too many values")
        #expect(error("a: [[1]]", limits: limits) == "1:5: the text is nested too deeply")
        #expect(error("a: " + String(repeating: "b", count: 28), limits: limits) == "the text is too large")
        #expect(error("a: &x [1]\nb: *x", limits: limits) == "2:4: the text has too many values")
        #expect(
            error("a: &x [1]\nb: [*x]", limits: JSONLimits(maximumBytes: 99, maximumDepth: 2, maximumValues: 99, duplicateKeys: .accept))
                == "2:5: the text is nested too deeply")
    }

    // MARK: Places

    @Test("every value and key knows its place, in YAML and in JSON")
    func places() throws {
        let yaml = "a:\n  - b: é\n    \"c\": [x, y]\nd: &z {e: f}\ng: *z\n"
        let places = try allPlaces(yaml)
        #expect(
            places == [
                "1:1", "1:1", "2:3", "2:5", "2:5", "2:8", "3:5", "3:10", "3:11", "3:14", "4:1", "4:4", "4:8", "4:11", "5:1", "5:4", "4:8",
                "4:11",
            ])
        #expect(try allPlaces("{\"a\":\n [1, \"é\", {\"b\": null}]}") == ["1:1", "1:2", "2:2", "2:3", "2:6", "2:11", "2:12", "2:17"])
    }

    @Test("minified text of any length has places")
    func longLines() throws {
        let text = "[\"" + String(repeating: "é", count: 10_000) + "\",1]"
        let document = try SourceDocument(reading: ByteBuffer(string: text))
        let last = try #require(Array(document.json.root.elements).last)
        #expect(document.position(of: last) == SourcePosition(line: 1, column: 1 + 2049 + 15_908))
    }

    private func allPlaces(_ text: String) throws -> [String] {
        let document = try SourceDocument(reading: ByteBuffer(string: text))
        var places: [(index: Int, place: String)] = []
        var open = [document.json.root]
        while let value = open.popLast() {
            let position = document.position(of: value)
            places.append((value.index, "\(position.line):\(position.column)"))
            open += value.elements
            for member in value.members { open += [member.name, member.value] }
        }
        return places.sorted { $0.index < $1.index }.map(\.place)
    }

    @Test("a text cut off anywhere, and a text with any byte changed, is read or refused")
    func mutations() {
        let text = Array("%YAML 1.2\n--- # c\na: &x [1, 'b', \"c\\n\", !!str d]\ne: {f: *x, ? g : h}\ni: |\n  j\n...\n".utf8)
        for end in text.indices { _ = try? SourceDocument(reading: ByteBuffer(bytes: text[..<end])) }
        for index in text.indices {
            for byte in [0x00, 0x09, 0x0A, 0x20, 0x21, 0x22, 0x26, 0x2A, 0x2D, 0x3A, 0x5B, 0x7B, 0x7D, 0xC3, 0xFF] as [UInt8] {
                var changed = text
                changed[index] = byte
                _ = try? SourceDocument(reading: ByteBuffer(bytes: changed))
            }
        }
    }
}
