import HTTPTypes
import HubCore
import NIOCore
import SpecIngest
import Testing

@Suite("multipart bodies, byte for byte")
struct MultipartTests {
    private static let file = #"{"type":"string","format":"binary"}"#

    /// A description of one operation whose form has these properties.
    private static func description(
        _ properties: String, required: String = "[]", encoding: String = "{}", openapi: String = "3.1.0", components: String = "{}"
    ) throws -> Description {
        try Self.whole(
            #"{"type":"object","properties":{\#(properties)},"required":\#(required)}"#, encoding: encoding, openapi: openapi,
            components: components)
    }

    private static func whole(
        _ schema: String, encoding: String = "{}", openapi: String = "3.1.0", components: String = "{}"
    ) throws -> Description {
        try Description(
            #"{"openapi":"\#(openapi)","info":{"title":"t","version":"1"},"components":\#(components),"paths":{"/x":{"post":{"operationId":"op","requestBody":{"required":true,"content":{"multipart/form-data":{"schema":\#(schema),"encoding":\#(encoding)}}}}}}}"#
        )
    }

    /// The body with the boundary as `B` and line ends as `|`.
    private func body(_ description: Description, _ arguments: String) throws -> String {
        let request = try description.request(arguments)
        let boundary = try #require(request.headers[.contentType]?.split(separator: "=").last)
        let bytes = try #require(request.body)
        return String(buffer: bytes).replacing(boundary, with: "B").replacing("\r\n", with: "|")
    }

    // MARK: Files

    @Test(
        "a file is Base64, a data: URI, or an object with its name and media type",
        arguments: [
            (#""aGk=""#, #"filename="f"|Content-Type: application/octet-stream||hi"#),
            (#""data:text/csv;base64,YSxi""#, #"filename="f"|Content-Type: text/csv||a,b"#),
            (#""data:text/csv,a%2Cb%0A""#, "filename=\"f\"|Content-Type: text/csv||a,b\n"),
            (#""data:;charset=utf-8,hi""#, #"filename="f"|Content-Type: text/plain;charset=utf-8||hi"#),
            (#""data:,hi""#, #"filename="f"|Content-Type: application/octet-stream||hi"#),
            (#"{"data":"aGk="}"#, #"filename="f"|Content-Type: application/octet-stream||hi"#),
            (#"{"data":"aGk=","name":"a.txt","mimeType":"text/plain"}"#, #"filename="a.txt"|Content-Type: text/plain||hi"#),
            (#"{"data":"data:image/png;base64,aGk=","name":"a.png"}"#, #"filename="a.png"|Content-Type: image/png||hi"#),
            (#"{"data":"data:image/png,hi","mimeType":"image/gif"}"#, #"filename="f"|Content-Type: image/gif||hi"#),
            (
                #"{"name":"é \"q\".txt","data":"aGk=","mimeType":null}"#,
                #"filename="é %22q%22.txt"|Content-Type: application/octet-stream||hi"#
            ),
            (#""{\"data\":\"aGk=\",\"name\":\"a\"}""#, #"filename="a"|Content-Type: application/octet-stream||hi"#),
        ])
    func files(argument: String, part: String) throws {
        let description = try Self.description(#""f":\#(Self.file)"#)
        #expect(
            try body(description, #"{"f":\#(argument)}"#) == #"--B|Content-Disposition: form-data; name="f"; "# + part + "|--B--|")
    }

    @Test(
        "what is no file is refused with what it must be",
        arguments: [
            ("5", "Base64"), (#""not!""#, "Base64"), ("{}", #"{"data", "name", "mimeType"}"#), (#"{"data":5}"#, "mimeType"),
            (#"{"data":"aGk=","filename":"x"}"#, "mimeType"), (#"{"data":"aGk=","name":5}"#, "mimeType"),
            (#"{"data":"aGk=","name":""}"#, "1 to 255 bytes"), (#"{"data":"aGk=","name":"a\r\nX: y"}"#, "without control characters"),
            (#"{"data":"aGk=","mimeType":"text"}"#, "such as text/csv"), (#"{"data":"aGk=","mimeType":"a/b\r\nX: y"}"#, "such as text/csv"),
            (#""{\"data\"""#, "Base64"), ("[]", "must be a string or an object"),
        ])
    func noFiles(argument: String, words: String) throws {
        #expect(try Self.description(#""f":\#(Self.file)"#).refusal(#"{"f":\#(argument)}"#).contains(words))
    }

    @Test("the media type of the description gives way to that of the caller")
    func precedence() throws {
        let description = try Self.description(#""f":\#(Self.file)"#, encoding: #"{"f":{"contentType":"image/png, image/jpeg"}}"#)
        #expect(try body(description, #"{"f":"aGk="}"#).contains("Content-Type: image/png|"))
        #expect(try body(description, #"{"f":{"data":"aGk=","mimeType":"image/jpeg"}}"#).contains("Content-Type: image/jpeg|"))
    }

    @Test("a list of files is a part for each, all of one name")
    func lists() throws {
        let description = try Self.description(#""f":{"type":"array","items":\#(Self.file)}"#)
        #expect(
            try body(description, #"{"f":["aGk=",{"data":"aG8=","name":"b"}]}"#)
                == #"--B|Content-Disposition: form-data; name="f"; filename="f"|Content-Type: application/octet-stream||hi|"#
                + #"--B|Content-Disposition: form-data; name="f"; filename="b"|Content-Type: application/octet-stream||ho|--B--|"#)
        #expect(
            try description.schema(argument: "f")
                == #"{"description":"File in Base64 or as a data: URI.","type":"array","items":{"type":["string","object"],"contentEncoding":"base64","properties":{"data":{"type":"string","contentEncoding":"base64"},"name":{"type":"string"},"mimeType":{"type":"string"}},"required":["data"]}}"#
        )
    }

    @Test("a form that is nothing but files is parts called file")
    func bareFiles() throws {
        let list = try Self.whole(#"{"type":"array","items":\#(Self.file)}"#)
        #expect(
            try body(list, #"{"file":[{"data":"aGk=","name":"a.txt"}]}"#)
                == #"--B|Content-Disposition: form-data; name="file"; filename="a.txt"|Content-Type: application/octet-stream||hi|--B--|"#)
        let one = try Self.whole(Self.file)
        #expect(try body(one, #"{"file":"aGk="}"#).contains(#"name="file"; filename="file"|"#))
        #expect(try list.refusal("{}").contains("missing"))
    }

    @Test("what a Java generator writes for an uploaded file is one")
    func springFiles() throws {
        let members =
            #""inputStream":{"type":"object"},"originalFilename":{"type":"string"},"bytes":{"type":"array","items":{"type":"string"}}"#
        let components = #"{"schemas":{"MultipartFile":{"type":"object","properties":{\#(members)}}}}"#
        let items = ##"{"$ref":"#/components/schemas/MultipartFile"}"##
        let list = try Self.whole(#"{"type":"array","items":\#(items)}"#, openapi: "3.0.1", components: components)
        #expect(try body(list, #"{"file":"aGk="}"#).contains(#"name="file"; filename="file"|"#))
        let member = try Self.description(#""upload":\#(items)"#, openapi: "3.0.1", components: components)
        #expect(try body(member, #"{"upload":"aGk="}"#).contains(#"name="upload"; filename="upload"|"#))
    }

    // MARK: Headers of parts

    @Test("a header of a part is always the same where one value is left, otherwise an argument")
    func headers() throws {
        let headers = """
            {"X-Fixed":{"required":true,"schema":{"const":7}},"X-One":{"required":true,"schema":{"type":"string","enum":["a b"]}},
            "X-List":{"schema":{"type":"array","items":{"type":"integer"}},"description":"Numbers."},
            "X-Fallback":{"required":true,"schema":{"type":"string","default":"d"}},"Content-Type":{"schema":{}},
            "X-Maybe":{"schema":{"const":"c"}},"X-Shared":{"$ref":"#/components/headers/S"},"Bad Name":{"schema":{}}}
            """
        let description = try Self.description(
            #""f":\#(Self.file),"t":{"type":"string"}"#, encoding: #"{"f":{"headers":\#(headers)},"t":{"headers":{"X-Id":{}}}}"#,
            components: #"{"headers":{"S":{"required":true,"schema":{"type":"integer"}}}}"#)
        #expect(
            try description.operation().arguments.map(\.name)
                == ["f", "f_X_List", "f_X_Fallback", "f_X_Maybe", "f_X_Shared", "t", "t_X_Id"])
        #expect(
            try body(description, #"{"f":"aGk=","f_X_List":[1,2],"f_X_Shared":3,"t":"x","t_X_Id":"é"}"#)
                == #"--B|Content-Disposition: form-data; name="f"; filename="f"|Content-Type: application/octet-stream|"#
                + "X-Fixed: 7|X-One: a b|X-List: 1,2|X-Fallback: d|X-Shared: 3||hi|"
                + #"--B|Content-Disposition: form-data; name="t"|X-Id: é||x|--B--|"#)
        #expect(
            try body(description, #"{"f":"aGk=","f_X_Shared":3,"f_X_Fallback":"e"}"#).contains(
                "|X-Fixed: 7|X-One: a b|X-Fallback: e|X-Shared: 3||hi|"))
        #expect(try description.refusal(#"{"f":"aGk="}"#) == #"argument "f_X_Shared" is missing; "f" needs it"#)
        #expect(try body(description, #"{"t":"x"}"#) == #"--B|Content-Disposition: form-data; name="t"||x|--B--|"#)
        #expect(try description.refusal(#"{"t":"x","t_X_Id":"a\r\nb"}"#).contains("line breaks"))
        #expect(description.api.findings.contains { $0.message.contains("\"Bad Name\" cannot be a header of a part") })
        #expect(
            try description.schema(argument: "f_X_List")
                == #"{"description":"Numbers. Header of f.","type":"array","items":{"type":"integer"}}"#)
    }

    @Test("a header that a part must have is one that a call must have where the part is")
    func requiredHeaders() throws {
        let description = try Self.description(
            #""f":\#(Self.file)"#, required: #"["f"]"#,
            encoding:
                #"{"f":{"headers":{"X-A":{"required":true,"schema":{"type":"string"}},"X-B":{"required":true,"schema":{"default":1}}}}}"#)
        #expect(try description.refusal(#"{"f":"aGk="}"#) == #"argument "f_X_A" is missing; it must be a string"#)
        #expect(try body(description, #"{"f":"aGk=","f_X_A":"a"}"#).contains("|X-A: a|X-B: 1||hi|"))
    }

    @Test("every element of a list has the headers of its part, and a form that is no multipart has none")
    func headersElsewhere() throws {
        let description = try Self.description(
            #""l":{"type":"array","items":{"type":"string"}}"#,
            encoding: #"{"l":{"headers":{"X-A":{"required":true,"schema":{"const":"a"}}}}}"#)
        #expect(
            try body(description, #"{"l":["x","y"]}"#)
                == #"--B|Content-Disposition: form-data; name="l"|X-A: a||x|--B|Content-Disposition: form-data; name="l"|X-A: a||y|--B--|"#)
        let form = try Description(
            method: "post",
            operation:
                #"{"requestBody":{"content":{"application/x-www-form-urlencoded":{"schema":{"properties":{"a":{"type":"string"}}},"encoding":{"a":{"headers":{"X-A":{"schema":{"type":"string"}}}}}}}}}"#
        )
        #expect(try form.operation().arguments.map(\.name) == ["a"])
    }
}
