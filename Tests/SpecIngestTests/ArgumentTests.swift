import HubCore
import SpecIngest
import Testing

struct ArgumentTests {
    private static func description() throws -> Description {
        try Description(
            path: "/x/{id}", method: "post",
            operation:
                #"{"operationId":"op","parameters":[{"name":"id","in":"path","schema":{"type":"string"}},{"name":"limit","in":"query","schema":{"type":"integer"}},{"name":"tags","in":"query","schema":{"type":"array","items":{"type":"string"}}}],"requestBody":{"content":{"application/json":{"schema":{"properties":{"count":{"type":"integer"},"ratio":{"type":"number"},"flag":{"type":"boolean"},"list":{"type":"array","items":{}},"map":{"type":"object"},"text":{"type":"string"},"open":{},"either":{"type":["string","integer"]}}}}}}}"#
        )
    }

    @Test(
        "arguments that do not fit are refused with the argument's name and what it must be",
        arguments: [
            (#"[]"#, "the arguments must be an object"), (#"{}"#, #"argument "id" is missing; it must be a string"#),
            (#"{"id":null}"#, #"argument "id" is missing; it must be a string"#),
            (#"{"id":"1","limt":5}"#, #"there is no argument "limt"; did you mean "limit"?"#),
            (#"{"id":"1","limit":"many"}"#, #"argument "limit" must be an integer"#),
            (#"{"id":"1","limit":1.5}"#, #"argument "limit" must be an integer"#),
            (#"{"id":"1","count":true}"#, #"argument "count" must be an integer"#),
            (#"{"id":"1","text":5}"#, #"argument "text" must be a string"#),
            (#"{"id":"1","map":[]}"#, #"argument "map" must be an object"#),
            (#"{"id":"1","list":{}}"#, #"argument "list" must be an array"#),
            (#"{"id":["a"]}"#, #"argument "id" must be a string"#),
            (#"{"id":"1","flag":"maybe"}"#, #"argument "flag" must be true or false"#),
        ] as [(String, String)])
    func refusals(arguments: String, message: String) throws {
        #expect(try Self.description().refusal(arguments) == message)
    }

    @Test("an unknown argument that resembles none names those there are")
    func unknownArguments() throws {
        #expect(
            try Self.description().refusal(#"{"id":"1","zzzzzz":1}"#).hasPrefix(#"there is no argument "zzzzzz"; there are "id", "limit""#))
        #expect(
            try Description(operation: #"{"operationId":"op"}"#).refusal(#"{"a":1}"#) == #"there is no argument "a": this tool takes none"#)
        let long = String(repeating: "x", count: 100_000)
        #expect(try Self.description().refusal(#"{"id":"1","\#(long)":1}"#).utf8.count < 400)
    }

    @Test(
        "a slip of the model is put right where only one thing can be meant",
        arguments: [
            (#""count":"5""#, #"{"count":5}"#), (#""ratio":"1.50""#, #"{"ratio":1.50}"#), (#""flag":"true""#, #"{"flag":true}"#),
            (#""list":"[1, 2]""#, #"{"list":[1, 2]}"#), (#""map":"{\"a\":1}""#, #"{"map":{"a":1}}"#), (#""list":5"#, #"{"list":[5]}"#),
            (#""list":"x""#, #"{"list":["x"]}"#), (#""count":5.0"#, #"{"count":5.0}"#), (#""text":null"#, #"{"text":null}"#),
        ] as [(String, String)])
    func repairs(argument: String, body: String) throws {
        #expect(try Self.description().body(#"{"id":"1",\#(argument)}"#) == body)
    }

    @Test(
        "what may be meant as it is stays as it is",
        arguments: [
            #""text":"5""#, #""open":"5""#, #""open":"[1]""#, #""either":"5""#, #""either":5"#, #""map":{"a":"5"}"#, #""list":["5"]"#,
        ])
    func noRepairs(argument: String) throws {
        #expect(try Self.description().body(#"{"id":"1",\#(argument)}"#) == "{\(argument)}")
    }

    @Test("in the path and query a number is as good as its text, and null means not given")
    func text() throws {
        #expect(try Self.description().target(#"{"id":42,"limit":"7","tags":"a"}"#) == "/x/42?limit=7&tags=a")
        #expect(try Self.description().target(#"{"id":"1","limit":null}"#) == "/x/1")
    }

    @Test("no arguments at all are an empty object")
    func noArguments() throws {
        let operation = try Description(operation: #"{"operationId":"op"}"#).operation()
        #expect(try operation.encoder.encode(nil).path == "/x")
    }
}
