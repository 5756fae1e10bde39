import HTTPTypes
import HubCore
import NIOCore
import SpecIngest
import Testing

struct BodyTests {
    private static func description(_ content: String, required: String = "true", method: String = "post") throws -> Description {
        try Description(method: method, operation: #"{"operationId":"op","requestBody":{"required":\#(required),"content":\#(content)}}"#)
    }

    // MARK: JSON

    @Test("the members of an object are arguments, spliced in as the caller wrote them, null included")
    func members() throws {
        let description = try Self.description(
            #"{"application/json":{"schema":{"type":"object","required":["a"],"properties":{"a":{"type":"integer"},"b":{"type":"string","nullable":true},"c":{"type":"object"}}}}}"#
        )
        let request = try description.request(#"{"c": {"x" :1.0}, "a":9007199254740993, "b":null}"#)
        #expect(request.body.map { String(buffer: $0) } == #"{"a":9007199254740993,"b":null,"c":{"x" :1.0}}"#)
        #expect(request.headers[.contentType] == "application/json")
        #expect(try description.refusal("{}") == #"argument "a" is missing; it must be an integer"#)
    }

    @Test("members that only the server sets are no arguments and not required")
    func readOnly() throws {
        let description = try Self.description(
            #"{"application/json":{"schema":{"required":["id","name"],"properties":{"id":{"type":"string","readOnly":true},"name":{"type":"string","writeOnly":true}}}}}"#
        )
        #expect(
            try description.schema()
                == #"{"type":"object","properties":{"name":{"type":"string"}},"required":["name"],"additionalProperties":false}"#)
    }

    @Test("allOf of objects and references is one set of arguments")
    func allOf() throws {
        let description = try Description(
            """
            openapi: 3.0.3
            paths: {/x: {post: {operationId: op, requestBody: {required: true, content: {application/json: {schema: {allOf: [{$ref: '#/components/schemas/A'}, {type: object, required: [b], properties: {b: {type: string}}}]}}}}}}}
            components: {schemas: {A: {type: object, required: [a], properties: {a: {type: integer}, id: {type: string, readOnly: true}}}}}
            """)
        #expect(
            try description.schema()
                == #"{"type":"object","properties":{"a":{"type":"integer"},"b":{"type":"string"}},"required":["a","b"],"additionalProperties":false}"#
        )
    }

    @Test(
        "what is no plain object is one argument",
        arguments: [
            (#"{"type":"array","items":{"type":"integer"}}"#, "[1,2]"), (#"{"type":"string"}"#, #""x""#), ("{}", "5"),
            (#"{"oneOf":[{"properties":{"a":{}}},{"properties":{"b":{}}}]}"#, #"{"a":1}"#),
            (#"{"type":"object","additionalProperties":{"type":"string"}}"#, #"{"k":"v"}"#),
            (#"{"properties":{"a":{}},"additionalProperties":{"type":"string"}}"#, #"{"a":1,"k":"v"}"#),
            (#"{"type":"object"}"#, #"{"k":null}"#),
        ] as [(String, String)])
    func wholeBodies(schema: String, value: String) throws {
        let description = try Self.description(#"{"application/json":{"schema":\#(schema)}}"#)
        #expect(try description.operation().arguments.map(\.name) == ["body"])
        #expect(try description.body(#"{"body":\#(value)}"#) == value)
        #expect(try description.refusal("{}").contains(#""body" is missing"#))
    }

    @Test("alternatives that only say what is required do not hide the members")
    func requiredAlternatives() throws {
        let description = try Self.description(
            #"{"application/json":{"schema":{"properties":{"a":{},"b":{}},"anyOf":[{"required":["a"]},{"required":["b"]}]}}}"#)
        #expect(try description.operation().arguments.map(\.name) == ["a", "b"])
    }

    @Test("a body that may be left out is left out, one that may not is sent empty, and members are then not required")
    func optionalBodies() throws {
        let content = #"{"application/json":{"schema":{"required":["a"],"properties":{"a":{"type":"string"}}}}}"#
        #expect(try Self.description(content, required: "false").request("{}").body == nil)
        let optional = #"{"application/json":{"schema":{"properties":{"a":{"type":"string"}}}}}"#
        #expect(try Self.description(optional).body("{}") == "{}")
        #expect(
            try Description(method: "post", operation: #"{"operationId":"op","requestBody":{"content":\#(content)}}"#).refusal("{}")
                .contains("missing"))
    }

    // MARK: The choice of the media type

    @Test(
        "of several media types one is chosen by a fixed rule",
        arguments: [
            (["text/plain", "application/x-www-form-urlencoded", "application/json"], "application/json"),
            (["application/xml", "application/vnd.api+json"], "application/vnd.api+json"),
            (["multipart/form-data", "application/x-www-form-urlencoded"], "application/x-www-form-urlencoded"),
            (["application/octet-stream", "text/csv"], "text/csv"), (["application/xml", "image/png"], "image/png"),
            (["application/json;charset=utf-8"], "application/json;charset=utf-8"),
        ] as [([String], String)])
    func choice(offered: [String], chosen: String) throws {
        let content = offered.map { #""\#($0)":{"schema":{"type":"object","properties":{"a":{"type":"string"}}}}"# }.joined(separator: ",")
        let description = try Self.description("{\(content)}")
        let name = try #require(try description.operation().arguments.first).name
        #expect(try description.request(#"{"\#(name)":"YQ=="}"#).headers[.contentType] == chosen)
    }

    @Test("a JSON Patch that is said to be an object is not chosen before a merge patch")
    func patches() throws {
        let types =
            #""application/json-patch+json":{"schema":{"type":"object"}},"application/merge-patch+json":{"schema":{"type":"object"}}"#
        #expect(try Self.description("{\(types)}").request(#"{"body":{}}"#).headers[.contentType] == "application/merge-patch+json")
        let list = types.replacing(#""object""#, with: #""array""#)
        #expect(try Self.description("{\(list)}").request(#"{"body":[]}"#).headers[.contentType] == "application/json-patch+json")
    }

    // MARK: Forms

    @Test("a form has lists repeated, objects as JSON, and what its encoding says otherwise")
    func forms() throws {
        let description = try Self.description(
            #"{"application/x-www-form-urlencoded":{"schema":{"properties":{"a":{"type":"string"},"l":{"type":"array","items":{"type":"string"}},"o":{"type":"object"},"d":{"type":"object"},"n":{"type":"array","items":{}}}},"encoding":{"d":{"style":"deepObject","explode":true},"n":{"style":"form","explode":false}}}}"#
        )
        let request = try description.request(#"{"a":"x y&z","l":["1","2"],"o":{"k": 1},"d":{"k":{"m":2}},"n":[1,2]}"#)
        #expect(
            request.body.map { String(buffer: $0) } == "a=x%20y%26z&l=1&l=2&o=%7B%22k%22%3A1%7D&d%5Bk%5D%5Bm%5D=2&n=1,2")
        #expect(request.headers[.contentType] == "application/x-www-form-urlencoded")
    }

    @Test("multipart has a part for each scalar and list element, JSON for objects, bytes for files")
    func multipart() throws {
        let description = try Self.description(
            #"{"multipart/form-data":{"schema":{"properties":{"t":{"type":"string"},"l":{"type":"array","items":{"type":"integer"}},"o":{"type":"object"},"f":{"type":"string","format":"binary"}}},"encoding":{"f":{"contentType":"image/png, image/jpeg"}}}}"#
        )
        let request = try description.request(#"{"t":"x","l":[1,2],"o":{"a": 1},"f":"aGk="}"#)
        let type = try #require(request.headers[.contentType])
        let boundary = try #require(type.split(separator: "=").last)
        let part = { (name: String, rest: String) in "--\(boundary)\r\nContent-Disposition: form-data; name=\"\(name)\"\(rest)\r\n" }
        #expect(
            request.body.map { String(buffer: $0) } == part("t", "\r\n\r\nx") + part("l", "\r\n\r\n1") + part("l", "\r\n\r\n2")
                + part("o", "\r\nContent-Type: application/json\r\n\r\n{\"a\": 1}")
                + part("f", "; filename=\"f\"\r\nContent-Type: image/png\r\n\r\nhi") + "--\(boundary)--\r\n")
        #expect(type.hasPrefix("multipart/form-data; boundary=hubd-"))
        #expect(try description.refusal(#"{"f":"not base64!"}"#).contains("Base64"))
    }

    @Test("a file or several files are a list that takes one")
    func fileLists() throws {
        let file = #"{"type":"string","format":"binary"}"#
        let description = try Self.description(
            #"{"multipart/form-data":{"schema":{"properties":{"f":{"anyOf":[\#(file),{"type":"array","items":\#(file)}]}}}}}"#)
        #expect(try description.body(#"{"f":"aGk="}"#).contains("\r\n\r\nhi\r\n"))
        #expect(try description.body(#"{"f":["aGk=","aG8="]}"#).contains("\r\n\r\nho\r\n"))
    }

    @Test(
        "Base64 is read in both alphabets, with or without padding, line breaks between",
        arguments: [
            ("+/8=", "[251, 255]"), ("-_8", "[251, 255]"), ("+_8", "[251, 255]"), ("aGk", "[104, 105]"), (" aG\\r\\nk\\t= ", "[104, 105]"),
            ("", "[]"), ("data:;base64,aGk", "[104, 105]"), ("DATA:image/png;BASE64,-_8%3D", "[251, 255]"),
            ("data:text/plain,hi", "[104, 105]"), ("data:,%00%ff,a", "[0, 255, 44, 97]"), ("data:,5% é", "[53, 37, 32, 195, 169]"),
        ])
    func lenientBase64(text: String, expected: String) throws {
        let description = try Self.description(#"{"application/octet-stream":{}}"#)
        let body = try #require(try description.request("{\"body\":\"\(text)\"}").body)
        #expect("\(Array(body.readableBytesView))" == expected)
    }

    @Test(
        "what is not Base64 is refused",
        arguments: ["a", "aGl=", "aG=k", "aGk=====", "aGk=aGk=", "aG k!", "data:;base64,hi!", "data:base64"])
    func notBase64(text: String) throws {
        let description = try Self.description(#"{"application/octet-stream":{}}"#)
        #expect(try description.refusal("{\"body\":\"\(text)\"}").contains("Base64"))
    }

    @Test("a string of the encoding \"binary\" is a file, one of Base64 is text")
    func contentEncodings() throws {
        let fields = #"{"f":{"type":"string","contentEncoding":"binary"},"t":{"type":"string","contentEncoding":"base64"}}"#
        let description = try Self.description(#"{"multipart/form-data":{"schema":{"properties":\#(fields)}}}"#)
        let body = try #require(try description.request(#"{"f":"aGk=","t":"aGk="}"#).body.map { String(buffer: $0) })
        #expect(body.contains("filename=") && body.contains("\r\n\r\nhi\r\n"))
        #expect(body.contains("\r\n\r\naGk=\r\n"))
    }

    @Test("a data: URI brings its media type along")
    func dataURI() throws {
        let description = try Self.description(
            #"{"multipart/form-data":{"schema":{"properties":{"f":{"type":"string","format":"binary"}}}}}"#)
        #expect(try description.body(#"{"f":"data:text/csv;base64,YSxi"}"#).contains("Content-Type: text/csv\r\n\r\na,b\r\n"))
    }

    @Test("the boundary does not occur in the parts, and the same arguments make the same bytes")
    func boundary() throws {
        let description = try Self.description(#"{"multipart/form-data":{"schema":{"properties":{"t":{"type":"string"}}}}}"#)
        let first = try description.body(#"{"t":"x"}"#)
        #expect(try description.body(#"{"t":"x"}"#) == first)
        let second = try description.body(#"{"t":"\#(first.prefix(30).replacing("\r\n", with: " "))"}"#)
        #expect(first.prefix(20) != second.prefix(20))
    }

    // MARK: Text and bytes

    @Test(
        "text goes out as it is, bytes come from Base64, XML is a string",
        arguments: [
            ("text/plain", "héllo", "héllo"), ("application/xml", "<a/>", "<a/>"), ("application/octet-stream", "aGk=", "hi"),
            ("image/png", "aGk", "hi"),
        ] as [(String, String, String)])
    func rawBodies(type: String, argument: String, body: String) throws {
        let request = try Self.description(#"{"\#(type)":{}}"#).request(#"{"body":"\#(argument)"}"#)
        #expect(request.body.map { String(buffer: $0) } == body)
        #expect(request.headers[.contentType] == type)
    }

    @Test("a range of media types is JSON unless the schema means bytes")
    func ranges() throws {
        #expect(
            try Self.description(#"{"*/*":{"schema":{"properties":{"a":{}}}}}"#).request(#"{"a":1}"#).headers[.contentType]
                == "application/json")
        let binary = try Self.description(#"{"*/*":{"schema":{"type":"string","format":"binary"}}}"#).request(#"{"body":"aGk="}"#)
        #expect(binary.headers[.contentType] == "application/octet-stream")
        #expect(binary.body.map { String(buffer: $0) } == "hi")
    }

    // MARK: Swagger 2.0

    @Test("a body, a form and a file of Swagger 2.0 become what OpenAPI 3 would write")
    func swagger2() throws {
        let description = try Description(
            """
            swagger: '2.0'
            host: api.test
            basePath: /v2/
            schemes: [http, https]
            consumes: [text/plain, application/json]
            paths:
              /a: {post: {operationId: a, parameters: [{name: pet, in: body, required: true, schema: {$ref: '#/definitions/Pet'}}]}}
              /b: {post: {operationId: b, parameters: [{name: n, in: formData, type: integer, required: true}, {name: l, in: formData, type: array, items: {type: string}, collectionFormat: pipes}]}}
              /c: {post: {operationId: c, consumes: [multipart/form-data], parameters: [{name: f, in: formData, type: file, required: true}]}}
              /d: {get: {operationId: d, parameters: [{$ref: '#/parameters/limit'}]}}
            parameters: {limit: {name: limit, in: query, type: integer, maximum: 9, exclusiveMaximum: true, required: true}}
            definitions: {Pet: {required: [name], properties: {name: {type: string}, x: {type: string, x-nullable: true}}}}
            """)
        #expect(try description.body(#"{"name":"x"}"#, of: "a") == #"{"name":"x"}"#)
        #expect(try description.schema("a", argument: "x") == #"{"type":["string","null"]}"#)
        #expect(try description.request(#"{"n":1,"l":["a","b"]}"#, of: "b").headers[.contentType] == "application/x-www-form-urlencoded")
        #expect(try description.body(#"{"n":1,"l":["a","b"]}"#, of: "b") == "n=1&l=a%7Cb")
        #expect(
            try description.body(#"{"f":"aGk="}"#, of: "c").contains(
                "filename=\"f\"\r\nContent-Type: application/octet-stream\r\n\r\nhi\r\n"))
        #expect(
            try description.schema("d")
                == #"{"type":"object","properties":{"limit":{"type":"integer","exclusiveMaximum":9}},"required":["limit"],"additionalProperties":false}"#
        )
        #expect(try description.operation("a").server.pathPrefix == "/v2")
        #expect(try description.operation("a").server == .absolute(#require(HTTPAddress("https://api.test/v2"))))
    }
}
