import HTTPTypes
import HubCore
import NIOCore
import SpecIngest
import Testing

struct XMLBodyTests {
    private static let head = #"<?xml version="1.0" encoding="UTF-8"?>"#

    private static func description(_ schema: String, type: String = "application/xml", openapi: String = "3.1.0") throws -> Description {
        try Description(
            method: "post", openapi: openapi,
            operation: #"{"operationId":"op","requestBody":{"required":true,"content":{"\#(type)":{"schema":\#(schema)}}}}"#)
    }

    private static func object(_ properties: String, xml: String = #"{"name":"r"}"#) -> String {
        #"{"type":"object","xml":\#(xml),"properties":{\#(properties)}}"#
    }

    @Test("the members of an object are arguments and become elements and attributes, numbers as written")
    func members() throws {
        let schema = Self.object(
            #""id":{"type":"integer","xml":{"attribute":true}},"name":{"type":"string","xml":{"name":"Name"}},"n":{"type":"number"}"#)
        let description = try Self.description(schema)
        #expect(try description.operation().arguments.map(\.name) == ["id", "name", "n"])
        let request = try description.request(#"{"n":1.50,"id":9007199254740993,"name":"a<b>&\"c\"\r"}"#)
        #expect(request.headers[.contentType] == "application/xml")
        #expect(
            request.body.map { String(buffer: $0) }
                == Self.head + #"<r id="9007199254740993"><Name>a&lt;b&gt;&amp;"c"&#xD;</Name><n>1.50</n></r>"#)
    }

    @Test(
        "lists are named and wrapped as the tables of OpenAPI say",
        arguments: [
            ("", "", "<animals>x</animals><animals>y</animals>"),
            (#""xml":{"name":"aliens"},"#, #","xml":{"name":"animal"}"#, "<animal>x</animal><animal>y</animal>"),
            (#""xml":{"name":"aliens"},"#, "", "<animals>x</animals><animals>y</animals>"),
            (#""xml":{"wrapped":true},"#, "", "<animals><animals>x</animals><animals>y</animals></animals>"),
            (
                #""xml":{"name":"aliens","wrapped":true},"#, #","xml":{"name":"animal"}"#,
                "<aliens><animal>x</animal><animal>y</animal></aliens>"
            ),
            (#""xml":{"name":"aliens","wrapped":true},"#, "", "<aliens><aliens>x</aliens><aliens>y</aliens></aliens>"),
            (#""xml":{"nodeType":"element"},"#, #","xml":{"name":"animal"}"#, "<animals><animal>x</animal><animal>y</animal></animals>"),
        ] as [(String, String, String)])
    func lists(xml: String, itemXML: String, written: String) throws {
        let schema = Self.object(#""animals":{"type":"array",\#(xml)"items":{"type":"string"\#(itemXML)}}"#)
        #expect(try Self.description(schema).body(#"{"animals":["x","y"]}"#) == Self.head + "<r>\(written)</r>")
    }

    @Test("namespaces are declared once where they begin, and a prefix that stands for nothing is left out")
    func namespaces() throws {
        let schema = Self.object(
            #""a":{"type":"string","xml":{"namespace":"urn:s","prefix":"s"}},"b":{"type":"string","xml":{"namespace":"urn:t","prefix":"t"}},"c":{"type":"string","xml":{"prefix":"u"}},"d":{"type":"string","xml":{"attribute":true,"namespace":"urn:t","prefix":"t"}},"l":{"type":"string","xml":{"attribute":true,"name":"xml:lang"}}"#,
            xml: #"{"name":"r","namespace":"urn:s","prefix":"s"}"#)
        #expect(
            try Self.description(schema).body(#"{"a":"1","b":"2","c":"3","d":"4","l":"en"}"#)
                == Self.head
                + #"<s:r xmlns:s="urn:s" xmlns:t="urn:t" t:d="4" xml:lang="en"><s:a>1</s:a><t:b>2</t:b><c>3</c></s:r>"#)
        let plain = Self.object(#""a":{"type":"string"}"#, xml: #"{"name":"r","namespace":"urn:a&b"}"#)
        #expect(try Self.description(plain).body(#"{"a":""}"#) == Self.head + #"<r xmlns="urn:a&amp;b"><a></a></r>"#)
    }

    @Test("the node types of 3.2 write text, data sections and members without an element around them")
    func nodeTypes() throws {
        let schema = Self.object(
            #""k":{"type":"string","xml":{"nodeType":"attribute"}},"t":{"type":"string","xml":{"nodeType":"text"}},"d":{"type":"string","xml":{"nodeType":"cdata"}},"o":{"type":"object","xml":{"nodeType":"none"},"properties":{"x":{"type":"string"}}}"#
        )
        #expect(
            try Self.description(schema, openapi: "3.2.0").body(#"{"k":"a\"\n","t":"<","d":"]]>","o":{"x":"1"}}"#)
                == Self.head + #"<r k="a&quot;&#xA;">&lt;<![CDATA[]]]]><![CDATA[>]]><x>1</x></r>"#)
    }

    @Test("shared schemas give the document its name and may contain themselves")
    func shared() throws {
        let description = try Description(
            """
            openapi: 3.0.3
            paths: {/x: {post: {operationId: op, requestBody: {required: true, content: {text/xml: {schema: {$ref: '#/components/schemas/Pet'}}}}}}}
            components: {schemas: {Pet: {type: object, properties: {id: {type: integer, xml: {attribute: true}}, kind: {$ref: '#/components/schemas/Kind'}, child: {$ref: '#/components/schemas/Pet'}}}, Kind: {type: object, xml: {name: category}, properties: {id: {type: integer}}}}}
            """)
        #expect(
            try description.body(#"{"id":1,"kind":{"id":2},"child":{"id":3,"kind":null,"child":{"id":4}}}"#)
                == Self.head + #"<Pet id="1"><category><id>2</id></category><child id="3"><child id="4"></child></child></Pet>"#)
    }

    @Test("a body that is a list has one element around it")
    func wholeList() throws {
        let description = try Self.description(#"{"type":"array","xml":{"name":"ids"},"items":{"type":"integer","xml":{"name":"id"}}}"#)
        #expect(try description.body(#"{"body":[1,2]}"#) == Self.head + "<ids><id>1</id><id>2</id></ids>")
    }

    @Test("where the schema is none or text, the caller writes the document", arguments: ["{}", #"{"type":"string"}"#])
    func text(schema: String) throws {
        #expect(try Self.description(schema, type: "application/soap+xml").body(#"{"body":"<a/>"}"#) == "<a/>")
    }

    @Test(
        "what XML cannot hold is refused",
        arguments: [(#"{"a":"\u0000"}"#, "U+0, which"), (#"{"a":"x\ufffe"}"#, "U+FFFE, which"), (#"{"o":{"a b":1}}"#, "no name in XML")])
    func refused(arguments: String, said: String) throws {
        let description = try Self.description(Self.object(#""a":{"type":"string"},"o":{"type":"object"}"#))
        #expect(try description.refusal(arguments).contains(said))
    }

    @Test("a value nested without end is refused")
    func depth() throws {
        let description = try Self.description(Self.object(#""o":{"type":"object"}"#))
        let value = String(repeating: #"{"o":"#, count: 100) + "1" + String(repeating: "}", count: 100)
        #expect(try description.refusal(value).contains("nested"))
    }
}
