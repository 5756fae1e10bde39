import HubCore
import NIOCore
import SpecIngest
import Testing

@Suite("Repairs inside arguments")
struct RepairPlanTests {
    private static let schemas =
        ##"{"Order":{"type":"object","properties":{"id":{"type":"integer"},"name":{"type":"string"},"tags":{"type":"array","items":{"type":"string"}},"counts":{"type":"array","items":{"type":"integer"}},"lines":{"type":"array","items":{"$ref":"#/components/schemas/Line"}},"parent":{"$ref":"#/components/schemas/Order"},"open":{},"either":{"anyOf":[{"type":"object","properties":{"a":{"type":"integer"}}},{"type":"object","properties":{"a":{"type":"string"}}}]},"maybe":{"type":["integer","null"]},"text":{"type":["string","integer"]},"free":{"type":"object","additionalProperties":{"type":"number"}},"both":{"allOf":[{"type":"object","properties":{"x":{"type":"boolean"}}},{"type":"object","properties":{"y":{"type":"object"}}}]}}},"Line":{"type":"object","properties":{"quantity":{"type":"integer"},"gift":{"type":"boolean"}}}}"##

    private static func description() throws -> Description {
        try Description(
            ##"{"openapi":"3.1.0","info":{"title":"t","version":"1"},"paths":{"/x":{"post":{"operationId":"op","parameters":[{"name":"filter","in":"query","style":"deepObject","schema":{"$ref":"#/components/schemas/Order"}}],"requestBody":{"required":true,"content":{"application/json":{"schema":{"type":"object","properties":{"order":{"$ref":"#/components/schemas/Order"},"list":{"type":"array","items":{"type":"integer"}}}}}}}},"put":{"operationId":"whole","requestBody":{"required":true,"content":{"application/json":{"schema":{"type":"array","items":{"$ref":"#/components/schemas/Line"}}}}}}}},"components":{"schemas":\##(schemas)}}"##
        )
    }

    @Test(
        "below an argument a slip is put right where only one thing can be meant",
        arguments: [
            (#"{"id":"7"}"#, #"{"id":7}"#), (#"{ "id" : "7" , "name":"7"}"#, #"{ "id" : 7 , "name":"7"}"#),
            (#"{"tags":"a"}"#, #"{"tags":["a"]}"#), (#"{"counts":"3"}"#, #"{"counts":[3]}"#),
            (#"{"counts":["1",2]}"#, #"{"counts":[1,2]}"#),
            (#"{"counts":"[1,\"2\"]"}"#, #"{"counts":[1,2]}"#), (#"{"tags":5}"#, #"{"tags":[5]}"#),
            (#"{"lines":[{"quantity":"2","gift":"true"}]}"#, #"{"lines":[{"quantity":2,"gift":true}]}"#),
            (#"{"lines":"[{\"quantity\":\"2\"}]"}"#, #"{"lines":[{"quantity":2}]}"#),
            (#"{"parent":"{\"parent\":{\"id\":\"9\"}}"}"#, #"{"parent":{"parent":{"id":9}}}"#),
            (#"{"parent":{"parent":{"parent":{"id":"1"}}}}"#, #"{"parent":{"parent":{"parent":{"id":1}}}}"#),
            (#"{"maybe":"5"}"#, #"{"maybe":5}"#), (#"{"free":{"x":"1.50"}}"#, #"{"free":{"x":1.50}}"#),
            (#"{"both":{"x":"false","y":"{}"}}"#, #"{"both":{"x":false,"y":{}}}"#),
            (#"{"either":"{\"a\":\"1\"}"}"#, #"{"either":{"a":"1"}}"#),
            (#""{\"id\":\"7\"}""#, #"{"id":7}"#),
        ] as [(String, String)])
    func repairs(order: String, sent: String) throws {
        #expect(try Self.description().body(#"{"order":\#(order)}"#, of: "op") == #"{"order":\#(sent)}"#)
    }

    @Test(
        "a single value in a list of lists says nothing, and stays: such lists may hold themselves",
        arguments: ["[5]", #"["x"]"#, "[[],5]"])
    func listsOfThemselves(list: String) throws {
        let description = try Description(
            ##"{"openapi":"3.1.0","paths":{"/x":{"put":{"operationId":"op","requestBody":{"content":{"application/json":{"schema":{"$ref":"#/components/schemas/A"}}}}}}},"components":{"schemas":{"A":{"type":"array","items":{"$ref":"#/components/schemas/A"}}}}}"##
        )
        #expect(try description.body(#"{"body":\#(list)}"#) == list)
    }

    @Test(
        "what may be meant as it is, or cannot be told, stays as it is to the byte",
        arguments: [
            #"{"id":7}"#, #"{"id":null}"#, #"{"id":"seven"}"#, #"{"id":"7.5"}"#, #"{"name":"7"}"#, #"{"name":7}"#, #"{"text":"5"}"#,
            #"{"open":"{\"a\":1}"}"#, #"{"either":{"a":"1"}}"#, #"{"counts":null}"#, #"{"counts":{"a":1}}"#, #"{"lines":{"quantity":"1"}}"#,
            #"{"unknown":{"id":"7"}}"#, #"{ "id" : 1.0 , "tags" : [ ] }"#, #"{"free":{"x":"many"}}"#, #"{"maybe":null}"#,
        ])
    func unchanged(order: String) throws {
        #expect(try Self.description().body(#"{"order":\#(order)}"#, of: "op") == #"{"order":\#(order)}"#)
    }

    @Test("elements of a list that is an argument, and of a body that is one list")
    func lists() throws {
        #expect(try Self.description().body(#"{"list":["1",2,"x"]}"#, of: "op") == #"{"list":[1,2,"x"]}"#)
        #expect(try Self.description().body(#"{"list":"1"}"#, of: "op") == #"{"list":[1]}"#)
        #expect(try Self.description().body(#"{"body":[{"quantity":"1"},{"gift":"x"}]}"#, of: "whole") == #"[{"quantity":1},{"gift":"x"}]"#)
    }

    @Test("in the query too")
    func query() throws {
        #expect(
            try Self.description().target(#"{"filter":{"parent":"{\"id\":3}","tags":"a"}}"#, of: "op")
                == "/x?filter%5Bparent%5D%5Bid%5D=3&filter%5Btags%5D%5B%5D=a")
    }

    @Test("texts in texts in texts end")
    func nesting() throws {
        var order = #"{"id":"1"}"#
        var sent = #"{"id":1}"#
        for _ in 0..<8 {
            var json = JSONWriter()
            json.string(order)
            order = #"{"parent":\#(String(buffer: json.buffer))}"#
            sent = #"{"parent":\#(sent)}"#
        }
        #expect(try Self.description().body(#"{"order":\#(order)}"#, of: "op") == #"{"order":\#(sent)}"#)
        let deep = String(repeating: #"{"parent":"#, count: 120) + #"{"id":"1"}"# + String(repeating: "}", count: 120)
        #expect(try Self.description().body(#"{"order":\#(deep)}"#, of: "op").contains(#"{"id":1}"#))
    }

    @Test("a text that would be too deep once it is read stays a text")
    func tooDeep() throws {
        let inner = String(repeating: "[", count: 100) + String(repeating: "]", count: 100)
        let deep = String(repeating: #"{"parent":"#, count: 100) + #"{"lines":"\#(inner)"}"# + String(repeating: "}", count: 100)
        #expect(try Self.description().body(#"{"order":\#(deep)}"#, of: "op") == #"{"order":\#(deep)}"#)
    }
}
