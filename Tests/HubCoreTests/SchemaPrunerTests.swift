import HubCore
import NIOCore
import Testing

@Suite("Shorter schemas")
struct SchemaPrunerTests {
    private static func steps(_ schema: String) throws -> [String] {
        var pruner = try #require(SchemaPruner(ByteBuffer(string: schema)))
        return (1...SchemaPruner.steps).map { String(buffer: pruner.schema(afterStep: $0)) }
    }

    /// `a.b.c.d.e`, where `inner` stands below, each a member that need not be given.
    private static func nested(_ names: String, _ inner: String = #"{"type":"string"}"#, rest: String = "") -> String {
        names.reversed().reduce(inner) { #"{"type":"object","properties":{"\#($1)":\#($0)}\#(rest)}"# }
    }

    @Test("members that may be left out go first where they are deep")
    func optional() throws {
        let steps = try Self.steps(Self.nested("abcde"))
        #expect(steps[0] == Self.nested("abcd", #"{"type":"object"}"#))
        #expect(steps[1] == Self.nested("abc", #"{"type":"object"}"#))
        #expect(steps[2] == Self.nested("ab", #"{"type":"object"}"#))
        #expect(steps[5] == Self.nested("a", #"{"type":"object"}"#))
    }

    @Test("members that must be given stay until the last steps")
    func required() throws {
        let deep = #"{"type":"object","properties":{"d":{"type":"integer","description":"Why"}},"required":["d"]}"#
        let schema = #"{"type":"object","properties":{"a":{"type":"object","properties":{"b":\#(deep)},"required":["b"]}}}"#
        let steps = try Self.steps(schema)
        #expect(steps[2] == schema)
        #expect(steps[3] == schema.replacing(#","description":"Why""#, with: ""))
        #expect(steps[4] == steps[3])
        #expect(
            steps[5] == #"{"type":"object","properties":{"a":{"type":"object","properties":{"b":{"type":"object"}},"required":["b"]}}}"#)
    }

    @Test("every argument stays, with its description, and a closed list of arguments stays closed")
    func arguments() throws {
        let schema =
            #"{"type":"object","properties":{"a":{"type":"string","description":"One"},"b":{"type":"array","items":{"type":"object","properties":{"x":{}}}}},"required":["a"],"additionalProperties":false}"#
        let steps = try Self.steps(schema)
        #expect(
            steps[5]
                == #"{"type":"object","properties":{"a":{"type":"string","description":"One"},"b":{"type":"array","items":{"type":"object"}}},"required":["a"],"additionalProperties":false}"#
        )
    }

    @Test("in the end descriptions are cut, and go")
    func descriptions() throws {
        let words = String(repeating: "word ", count: 20)
        let steps = try Self.steps(#"{"type":"object","properties":{"a":{"type":"string","description":"\#(words)"}}}"#)
        #expect(steps[5].contains(words))
        #expect(steps[6].contains(#""description":"\#(String(repeating: "word ", count: 10))word…""#))
        #expect(steps[7] == #"{"type":"object","properties":{"a":{"type":"string"}}}"#)
    }

    @Test("an object that lost members takes them still")
    func opened() throws {
        let steps = try Self.steps(Self.nested("abcde", rest: #","additionalProperties":false"#))
        #expect(steps.allSatisfy { $0.hasSuffix(#","additionalProperties":false}"#) })
        #expect(
            steps[2]
                == #"{"type":"object","properties":{"a":{"type":"object","properties":{"b":{"type":"object"}},"additionalProperties":false}},"additionalProperties":false}"#
        )
    }

    @Test("no reference is left open, and no definition unused")
    func references() throws {
        let schema =
            ##"{"type":"object","properties":{"a":{"$ref":"#/$defs/node"}},"$defs":{"node":{"type":"object","properties":{"next":{"$ref":"#/$defs/node"},"leaf":{"$ref":"#/$defs/leaf"}},"required":["leaf"]},"leaf":{"type":"object","properties":{"x":{"type":"array","items":{"$ref":"#/$defs/far"}}}},"far":{"type":["object","null"],"properties":{"y":{}}}}}"##
        for step in try Self.steps(schema) {
            let root = try JSONDocument(parsing: step, limits: .message).root
            for name in ["node", "leaf", "far"] {
                #expect(step.contains("#/$defs/\(name)") == (root["$defs"]?[name] != nil), "\(step)")
            }
        }
        #expect(
            try Self.steps(schema).last
                == ##"{"type":"object","properties":{"a":{"$ref":"#/$defs/node"}},"$defs":{"node":{"type":"object","properties":{"leaf":{"type":"object"}},"required":["leaf"]}}}"##
        )
    }

    @Test("schemas that refer to one another without an end come to one")
    func cycles() throws {
        let names = (0..<200).map { "n\($0)" }
        let all = names.map { ##"{"$ref":"#/$defs/\##($0)"}"## }.joined(separator: ",")
        let definitions = names.map { #""\#($0)":{"anyOf":[\#(all)]}"# }.joined(separator: ",")
        let steps = try Self.steps(#"{"type":"object","properties":{"a":{"anyOf":[\#(all)]}},"$defs":{\#(definitions)}}"#)
        #expect(steps.count == SchemaPruner.steps)
    }

    @Test("what is no object is not taken", arguments: ["[]", "7", "", "{"])
    func refuses(text: String) {
        #expect(SchemaPruner(ByteBuffer(string: text)) == nil)
    }
}
