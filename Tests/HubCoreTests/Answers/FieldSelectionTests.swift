import HubCore
import NIOCore
import Testing

@Suite("Parts of answers")
struct FieldSelectionTests {
    private func parse(_ text: String) throws -> JSONValue { try JSONDocument(parsing: text, limits: .payload).root }

    private func kept(_ pointers: [String], _ text: String) throws -> String {
        String(buffer: FieldSelection(pointers: pointers).apply(to: try parse(text)).bytes)
    }

    private func chosen(_ fields: String, _ text: String) throws -> String {
        String(buffer: try FieldSelection(fields: parse(fields), argument: "_fields").apply(to: try parse(text)).bytes)
    }

    private static let list = #"{"data": [ {"id": 1, "a": {"b": 2.50}}, {"id": 2} , 3 ], "next": null, "total": 12345678901234567890}"#

    @Test(
        "pointers keep what they lead to, as it was written, and the containers on the way",
        arguments: [
            (["/data/*/id"], #"{"data":[{"id":1},{"id":2}]}"#),
            (["/data/*/id", "/total"], #"{"data":[{"id":1},{"id":2}],"total":12345678901234567890}"#),
            (["/data/*/a/b", "/next"], #"{"data":[{"a":{"b":2.50}},{}],"next":null}"#),
            (["/data/0"], #"{"data":[{"id":1,"a":{"b":2.50}}]}"#),
            (["/data/id"], #"{"data":[{"id":1},{"id":2}]}"#),
            (["/*/*/id"], #"{"data":[{"id":1},{"id":2}]}"#),
            (["/nothing"], "{}"),
            (["/data/id/deeper"], #"{"data":[{},{}]}"#),
        ] as [([String], String)])
    func pointers(pointers: [String], left: String) throws {
        #expect(try kept(pointers, Self.list) == left)
    }

    @Test("the whole document, escaped names, and names that only look alike")
    func names() throws {
        #expect(try kept([""], "[1, 2]") == "[1,2]")
        #expect(try kept(["/a~1b/~0c"], #"{"a/b":{"~c":1,"c":2},"a":3}"#) == #"{"a/b":{"~c":1}}"#)
        #expect(try kept(["/K"], #"{"\u212A":1}"#) == "{}")  // the Kelvin sign, which `==` of a String takes for K
        #expect(try kept(["/a"], #"{"\u0061":1}"#) == #"{"\u0061":1}"#)
    }

    @Test(
        "dotted paths go through arrays, however callers write them",
        arguments: [
            (#"["data.id"]"#, #"{"data":[{"id":1},{"id":2}]}"#),
            (#"["data[].id", "total"]"#, #"{"data":[{"id":1},{"id":2}],"total":12345678901234567890}"#),
            (#"["$.data[*].a.b"]"#, #"{"data":[{"a":{"b":2.50}},{}]}"#),
            (#"["data[1].id"]"#, #"{"data":[{"id":2}]}"#),
            (#""data.id, next""#, #"{"data":[{"id":1},{"id":2}],"next":null}"#),
            (#"["/data/*/id"]"#, #"{"data":[{"id":1},{"id":2}]}"#),
        ])
    func dotted(fields: String, left: String) throws {
        #expect(try chosen(fields, Self.list) == left)
    }

    @Test("paths that are reached in ever more ways through arrays in arrays cost no more than one", .timeLimit(.minutes(1)))
    func manyWays() throws {
        let paths = (0..<60).map { "\"" + String(repeating: "0.", count: $0) + "a\"" }.joined(separator: ",")
        let nested = String(repeating: "[", count: 60) + #"{"a":1,"b":2}"# + String(repeating: "]", count: 60)
        #expect(try chosen("[\(paths)]", nested) == nested.replacing(#","b":2"#, with: ""))
    }

    @Test("arrays at the root and in arrays are gone through")
    func nestedArrays() throws {
        #expect(try chosen(#"["id"]"#, #"[{"id":1,"x":2},[{"id":3}],4]"#) == #"[{"id":1},[{"id":3}]]"#)
    }

    @Test("a path that leads nowhere is told from a list that is empty")
    func found() throws {
        #expect(FieldSelection(pointers: ["/data/*/id"]).apply(to: try parse(#"{"data":[]}"#)).found)
        #expect(!FieldSelection(pointers: ["/data/*/id"]).apply(to: try parse(#"{"items":[1]}"#)).found)
    }

    @Test("what is no list of paths is refused", arguments: ["{}", "7", "[]", "[1]", #"[""]"#, #""""#, "true"])
    func refused(fields: String) throws {
        let value = try parse(fields)
        #expect(throws: HubError.self) { try FieldSelection(fields: value, argument: "_fields") }
    }

    @Test("a hundred paths are taken, a hundred and one are not, and depth costs nothing")
    func bounds() throws {
        let many = { "[" + Array(repeating: "\"a\"", count: $0).joined(separator: ",") + "]" }
        #expect(try chosen(many(100), #"{"a":1}"#) == #"{"a":1}"#)
        let value = try parse(many(101))
        #expect(throws: HubError.self) { try FieldSelection(fields: value, argument: "_fields") }
        let deep = String(repeating: "[", count: 250) + String(repeating: "]", count: 250)
        #expect(try chosen(#"["a"]"#, deep) == deep)
    }
}
