import HTTPTypes
import HubCore
import SpecIngest
import Testing

/// The style table of OpenAPI 3.1.1 §4.8.12.4, row by row.
struct ParameterStyleTests {
    @Test(
        "a querystring parameter of 3.2 is the whole query: a form's pairs, or a text in JSON",
        arguments: [
            ("application/x-www-form-urlencoded", "/x?b=1&c=x%26y"), ("application/json", "/x?%7B%22b%22%3A1%2C%22c%22%3A%22x%26y%22%7D"),
        ])
    func wholeQuery(type: String, target: String) throws {
        let description = try Description(
            openapi: "3.2.0",
            operation: #"{"parameters":[{"name":"q","in":"querystring","content":{"\#(type)":{"schema":{"type":"object"}}}}]}"#)
        #expect(try description.target(#"{"q":{"b":1,"c":"x&y"}}"#) == target)
    }

    private static let string = #""blue""#
    private static let array = #"["blue","black","brown"]"#
    private static let object = #"{"R":100,"G":200,"B":150}"#

    private static func description(_ place: String, _ extra: String) throws -> Description {
        let path = place == "path" ? "/x/{color}" : "/x"
        return try Description(path: path, operation: #"{"operationId":"op","parameters":[{"name":"color","in":"\#(place)"\#(extra)}]}"#)
    }

    @Test(
        "path parameters",
        arguments: [
            ("simple", false, string, "blue"), ("simple", false, array, "blue,black,brown"), ("simple", false, object, "R,100,G,200,B,150"),
            ("simple", true, string, "blue"), ("simple", true, array, "blue,black,brown"), ("simple", true, object, "R=100,G=200,B=150"),
            ("label", false, string, ".blue"), ("label", false, array, ".blue,black,brown"), ("label", false, object, ".R,100,G,200,B,150"),
            ("label", true, string, ".blue"), ("label", true, array, ".blue.black.brown"), ("label", true, object, ".R=100.G=200.B=150"),
            ("matrix", false, string, ";color=blue"), ("matrix", false, array, ";color=blue,black,brown"),
            ("matrix", false, object, ";color=R,100,G,200,B,150"), ("matrix", true, string, ";color=blue"),
            ("matrix", true, array, ";color=blue;color=black;color=brown"), ("matrix", true, object, ";R=100;G=200;B=150"),
        ] as [(String, Bool, String, String)])
    func paths(style: String, explode: Bool, value: String, written: String) throws {
        let description = try Self.description("path", #","style":"\#(style)","explode":\#(explode)"#)
        #expect(try description.target(#"{"color":\#(value)}"#) == "/x/" + written)
    }

    @Test(
        "query parameters",
        arguments: [
            ("form", false, #""""#, "color="), ("form", false, string, "color=blue"), ("form", false, array, "color=blue,black,brown"),
            ("form", false, object, "color=R,100,G,200,B,150"), ("form", true, #""""#, "color="), ("form", true, string, "color=blue"),
            ("form", true, array, "color=blue&color=black&color=brown"), ("form", true, object, "R=100&G=200&B=150"),
            ("spaceDelimited", false, array, "color=blue%20black%20brown"),
            ("spaceDelimited", false, object, "color=R%20100%20G%20200%20B%20150"),
            ("spaceDelimited", true, array, "color=blue&color=black&color=brown"),
            ("pipeDelimited", false, array, "color=blue%7Cblack%7Cbrown"),
            ("pipeDelimited", false, object, "color=R%7C100%7CG%7C200%7CB%7C150"),
            ("deepObject", true, object, "color%5BR%5D=100&color%5BG%5D=200&color%5BB%5D=150"),
            ("deepObject", true, #"{"a":{"b":1},"c":[1,2]}"#, "color%5Ba%5D%5Bb%5D=1&color%5Bc%5D%5B%5D=1&color%5Bc%5D%5B%5D=2"),
        ] as [(String, Bool, String, String)])
    func queries(style: String, explode: Bool, value: String, written: String) throws {
        let description = try Self.description("query", #","style":"\#(style)","explode":\#(explode)"#)
        #expect(try description.target(#"{"color":\#(value)}"#) == "/x?" + written)
    }

    @Test("an empty list and an empty object send nothing", arguments: ["form", "spaceDelimited", "deepObject"])
    func emptyContainers(style: String) throws {
        let description = try Self.description("query", #","style":"\#(style)""#)
        #expect(try description.target(#"{"color":[]}"#) == "/x")
        #expect(try description.target(#"{"color":{}}"#) == "/x")
    }

    @Test(
        "header parameters are not percent-encoded",
        arguments: [
            (false, string, "blue"), (false, array, "blue,black,brown"), (false, object, "R,100,G,200,B,150"),
            (true, object, "R=100,G=200,B=150"),
            (false, #""a, b ${x}""#, "a, b ${x}"), (false, "7", "7"), (false, "true", "true"),
        ] as [(Bool, String, String)])
    func headers(explode: Bool, value: String, written: String) throws {
        let request = try Self.description("header", #","explode":\#(explode)"#).request(#"{"color":\#(value)}"#)
        #expect(request.headers[try #require(HTTPField.Name("color"))] == written)
    }

    @Test(
        "cookie parameters",
        arguments: [
            ("form", false, string, "color=blue"), ("form", false, array, "color=blue,black,brown"),
            ("form", true, #""a b;c""#, "color=a%20b%3Bc"),
            ("cookie", true, array, "color=blue; color=black; color=brown"), ("cookie", true, #""a b""#, "color=a b"),
        ] as [(String, Bool, String, String)])
    func cookies(style: String, explode: Bool, value: String, written: String) throws {
        let request = try Self.description("cookie", #","style":"\#(style)","explode":\#(explode)"#).request(#"{"color":\#(value)}"#)
        #expect(request.headers[values: .cookie] == [written])  // one field: HTTP/1 takes no more
    }

    @Test(
        "collectionFormat of Swagger 2.0",
        arguments: [
            ("csv", "a,b%20c"), ("ssv", "a%20b%20c"), ("tsv", "a%09b%20c"), ("pipes", "a%7Cb%20c"), ("multi", "a&q=b%20c"),
        ] as [(String, String)])
    func collectionFormats(format: String, written: String) throws {
        let description = try Description(
            #"{"swagger":"2.0","paths":{"/x":{"get":{"operationId":"op","parameters":[{"name":"q","in":"query","type":"array","items":{"type":"string"},"collectionFormat":"\#(format)"}]}}}}"#
        )
        #expect(try description.target(#"{"q":["a","b c"]}"#) == "/x?q=" + written)
    }

    @Test("everything but letters, digits and -._~ is percent-encoded, as UTF-8")
    func escaping() throws {
        let description = try Self.description("query", "")
        #expect(try description.target(#"{"color":"a b+c&d=é/?#[]%20~-._"}"#) == "/x?color=a%20b%2Bc%26d%3D%C3%A9%2F%3F%23%5B%5D%2520~-._")
    }

    @Test("allowReserved keeps what a query may hold, and triplets")
    func reserved() throws {
        let description = try Self.description("query", #","allowReserved":true"#)
        #expect(
            try description.target(#"{"color":"a/b?c=d:e@f,g;h!$'()*+ %2F %#[]"}"#)
                == "/x?color=a/b?c=d:e@f,g;h!$'()*+%20%2F%20%25%23%5B%5D")
    }

    @Test("a parameter with JSON content is sent as JSON text, compact, numbers as written")
    func jsonContent() throws {
        let description = try Self.description("query", #","content":{"application/json":{"schema":{"type":"object"}}}"#)
        #expect(try description.target(#"{"color":{"a": [1.50, "b c"]}}"#) == "/x?color=%7B%22a%22%3A%5B1.50%2C%22b%20c%22%5D%7D")
    }

    @Test("numbers go out as the caller wrote them", arguments: ["1e3", "9007199254740993", "-0.10", "1E-7"])
    func numbers(text: String) throws {
        #expect(try Self.description("query", #","schema":{"type":"number"}"#).target(#"{"color":\#(text)}"#) == "/x?color=" + text)
    }

    @Test("the parameters of a path hold for its operations, which override them by name and place")
    func inheritance() throws {
        let description = try Description(
            """
            openapi: 3.1.0
            paths:
              /x/{id}:
                parameters: [{name: id, in: path, required: true, schema: {type: string}}, {name: q, in: query, schema: {type: string}}]
                get: {operationId: op, parameters: [{name: q, in: query, required: true, schema: {type: integer}}]}
            """)
        #expect(
            try description.schema()
                == #"{"type":"object","properties":{"id":{"type":"string"},"q":{"type":"integer"}},"required":["id","q"],"additionalProperties":false}"#
        )
    }

    @Test("a query in the path stays, and its variables become query parameters")
    func queryInPath() throws {
        let description = try Description(
            path: "/x?action=list&size={n}#frag",
            operation: #"{"operationId":"op","parameters":[{"name":"n","in":"path"},{"name":"q","in":"query"}]}"#)
        #expect(try description.target(#"{"size":5,"q":1}"#) == "/x?action=list&size=5&q=1")
    }
}
