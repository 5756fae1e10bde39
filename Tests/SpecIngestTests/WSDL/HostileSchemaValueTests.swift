import HubCore
import NIOCore
import Testing

@testable import SpecIngest

@Suite("Values and answers that want to be expensive")
struct HostileSchemaValueTests {
    private static let node = """
        <xs:element name="e"><xs:complexType><xs:sequence><xs:element ref="t:e" minOccurs="0" maxOccurs="unbounded"/>\
        <xs:element name="v" type="xs:string" minOccurs="0"/></xs:sequence></xs:complexType></xs:element>
        <xs:element name="any" type="xs:anyType"/>
        """

    @Test("a value nested too deeply is refused, in a known type and in one that takes anything")
    func depth() throws {
        let fixture = try ValueFixture(Self.node)
        let deep = { (count: Int) in String(repeating: #"{"e":"#, count: count) + "{}" + String(repeating: "}", count: count) }
        #expect(fixture.refusal(deep(120)).hasSuffix("is nested too deeply"))
        #expect(fixture.refusal(deep(120), "any").hasSuffix("is nested too deeply"))
        #expect(
            fixture.refusal(String(repeating: "[", count: 120) + String(repeating: "]", count: 120), "any").contains("nested too deeply"))
        #expect(fixture.refusal(deep(60)).hasPrefix("taken: "))
    }

    @Test("a hundred thousand members, or elements of an array, are taken or refused in one go")
    func many() throws {
        let fixture = try ValueFixture(Self.node)
        let members = (0..<100_000).map { "\"m\($0)\":1" }.joined(separator: ",")
        #expect(fixture.refusal("{\(members)}").contains("has no member \"m0\""))
        let elements = String(repeating: "{},", count: 99_999) + "{}"
        #expect(try fixture.xml("{\"e\":[\(elements)]}").utf8.count == 6 * 100_000 + "<t:e></t:e>".utf8.count)
        #expect(try fixture.xml("{\(members)}", "any").utf8.count > 1_000_000)
    }

    @Test("more elements or attributes than an answer could have are refused, and many namespaces are written")
    func tooMany() throws {
        let fixture = try ValueFixture(Self.node)
        #expect(fixture.refusal("{\"e\":[\(String(repeating: "{},", count: 250_000))1]}").hasSuffix("is one of too many elements"))
        let attributes = (0..<100_000).map { "\"@a\($0)\":1" }.joined(separator: ",")
        #expect(fixture.refusal("{\(attributes)}", "any").hasSuffix("is one of too many attributes"))
        let namespaces = (0..<4_000).map { "\"{urn:\($0)}a\":1" }.joined(separator: ",")
        #expect(try fixture.xml("{\(namespaces)}", "any").contains("xmlns:ns4000="))
        let fragments = (0..<1_000).map { "<a xmlns:ns\($0)='urn:\($0)' b='ns\($0):x'/><ns\($0):b xmlns:ns\($0)='urn:x\($0)'/>" }.joined()
        #expect(try fixture.xml("{\"#xml\":\"\(fragments)\"}", "any").contains("xmlns:ns1=\"urn:1\""))
    }

    @Test("what a value leaves out and gets all the same is counted, and so is each walk through a large type")
    func leftOut() throws {
        let members = (0..<100).map { #"<xs:element name="m\#($0)" type="xs:string" nillable="true"/>"# }.joined()
        let fixture = try ValueFixture(
            """
            <xs:element name="e"><xs:complexType><xs:sequence><xs:element name="r" maxOccurs="unbounded"><xs:complexType><xs:sequence>\(members)\
            </xs:sequence></xs:complexType></xs:element></xs:sequence></xs:complexType></xs:element>
            """)
        #expect(try fixture.xml(#"{"r":[{},{}]}"#).split(separator: "xsi:nil").count == 201)
        #expect(fixture.refusal("{\"r\":[\(String(repeating: "{},", count: 3_000)){}]}").hasSuffix("is one of too many elements"))
        let choices = (0..<1_000).map { #"<xs:element name="c\#($0)" type="xs:int"/>"# }.joined()
        let choice = try ValueFixture(
            """
            <xs:element name="e"><xs:complexType><xs:choice maxOccurs="unbounded">\(choices)<xs:element name="z" type="xs:int" \
            maxOccurs="unbounded"/></xs:choice></xs:complexType></xs:element>
            """)
        let many = "{\(choicesOf(1_000)),\"c0\":[\(String(repeating: "1,", count: 150_000))1]}"
        #expect(choice.refusal(many).hasSuffix("is too much for this schema"))
    }

    private func choicesOf(_ count: Int) -> String { (1..<count).map { "\"c\($0)\":1" }.joined(separator: ",") }

    @Test("mixed content whose parts would each repeat a long namespace is left out")
    func repeatedNamespaces() throws {
        let fixture = try ValueFixture(
            """
            <xs:element name="e"><xs:complexType mixed="true"><xs:sequence><xs:any minOccurs="0" maxOccurs="unbounded"/></xs:sequence>\
            </xs:complexType></xs:element>
            """)
        let space = String(repeating: "n", count: 100_000)
        let parts = String(repeating: "<b/>", count: 1_000)
        #expect(try fixture.json("<t:e xmlns='\(space)'>text\(parts)</t:e>", maximumBytes: 1 << 20) == ##"{"#xml":null}"##)
        #expect(try fixture.json("<t:e>a <b>&lt;</b></t:e>") == ##"{"#xml":"a <b>&lt;</b>"}"##)
    }

    @Test("a message whose names make it longer than any body is refused")
    func longNames() throws {
        let name = String(repeating: "n", count: 1 << 20)
        let fixture = try ValueFixture(
            #"<xs:element name="e"><xs:complexType><xs:sequence><xs:element name="\#(name)" type="xs:int" maxOccurs="unbounded"/></xs:sequence></xs:complexType></xs:element>"#
        )
        let values = String(repeating: "1,", count: 200) + "1"
        #expect(throws: (any Error).self) { try fixture.xml("{\"\(name)\":[\(values)]}") }
    }

    @Test("a group that repeats without end ends with its values")
    func repeats() throws {
        let fixture = try ValueFixture(
            """
            <xs:element name="e"><xs:complexType><xs:sequence maxOccurs="unbounded"><xs:sequence minOccurs="1000000" maxOccurs="unbounded">\
            <xs:choice minOccurs="0" maxOccurs="unbounded"><xs:element name="a" type="xs:int" minOccurs="0"/>\
            <xs:element name="b" type="xs:int" minOccurs="0" maxOccurs="unbounded"/></xs:choice></xs:sequence></xs:sequence></xs:complexType>\
            </xs:element>
            """)
        #expect(try fixture.xml("{}") == "<t:e/>")
        #expect(try fixture.xml(#"{"b":[1,2],"a":[3]}"#) == "<t:e><t:a>3</t:a><t:b>1</t:b><t:b>2</t:b></t:e>")
    }

    @Test("references in a circle end, and so does a chain of them")
    func circle() throws {
        let fixture = try ValueFixture(Self.node)
        let circle = ##"<t:e href="#1"/><r id="1"><t:e href="#2"/><t:v>x</t:v></r><r id="2"><t:e href="#1"/></r>"##
        #expect(try fixture.json(circle, references: true) == ##"{"e":[{"e":[{"@href":"#1"}]}],"v":"x"}"##)
        let chain = (0..<50_000).map { ##"<r id="\##($0)" href="#\##($0 + 1)"/>"## }.joined()
        #expect(try fixture.json(##"<t:e href="#0"/>"## + chain, references: true) == ##"{"@href":"#100"}"##)
    }

    @Test("references that fan out stop at the bound on what is written")
    func fanOut() throws {
        let fixture = try ValueFixture(Self.node)
        let levels = (0..<40).map { level in
            "<r id=\"\(level)\">" + String(repeating: "<t:e href=\"#\(level + 1)\"/>", count: 10) + "</r>"
        }
        let text = try fixture.json("<t:e href=\"#0\"/>" + levels.joined(), references: true, maximumBytes: 100_000)
        #expect(text.utf8.count < 110_000)
        #expect(throws: Never.self) { try JSONDocument(parsing: text, limits: .payload) }
    }

    @Test("a long namespace is not repeated without bound")
    func namespaces() throws {
        let fixture = try ValueFixture(
            """
            <xs:element name="e"><xs:complexType><xs:sequence><xs:any maxOccurs="unbounded"/></xs:sequence></xs:complexType></xs:element>
            """)
        let long = String(repeating: "n", count: 100_000)
        let message = "<t:e xmlns:l=\"urn:\(long)\">" + String(repeating: "<l:a/>", count: 2_000) + "</t:e>"
        #expect(try fixture.json(message, maximumBytes: 1_000_000).utf8.count < 1_300_000)
    }

    @Test("answers as deep as are read become JSON that can be read again")
    func deepAnswer() throws {
        let fixture = try ValueFixture(Self.node)
        for (name, local) in [("t:e", "e"), ("x", "any")] {
            let message = String(repeating: "<\(name)>", count: 120) + String(repeating: "</\(name)>", count: 120)
            let text = try fixture.json(message, local)
            #expect(throws: Never.self) { try JSONDocument(parsing: text, limits: .payload) }
        }
    }

    @Test("schemas made to be large stay small, or are cut")
    func largeSchemas() throws {
        let unions = (0..<40).map { "<xs:simpleType name=\"u\($0)\"><xs:union memberTypes=\"t:u\($0 + 1) t:u\($0 + 1)\"/></xs:simpleType>" }
        let lists = (0..<40).map { "<xs:simpleType name=\"l\($0)\"><xs:list itemType=\"t:l\($0 + 1)\"/></xs:simpleType>" }
        let fixture = try ValueFixture(
            unions.joined() + lists.joined() + """
                <xs:simpleType name="u40"><xs:union memberTypes="t:u0 xs:int"/></xs:simpleType>
                <xs:element name="e" type="t:u0"/><xs:element name="l" type="t:l0"/>
                """)
        #expect(fixture.schema().utf8.count < 2_000)
        #expect(fixture.schema("l") == #"{"type":"array","items":{"type":"string"}}"#)
    }

    @Test("cutting a message anywhere, or giving it to another type, never fails")
    func misfits() throws {
        let fixture = try ValueFixture(Self.node + "<xs:element name=\"i\" type=\"xs:int\"/>")
        for message in [
            "<t:e>text</t:e>", "<t:e><t:v><t:v/></t:v></t:e>", "<t:e xsi:type=\"xsd:int\">5</t:e>", "<t:e xsi:type=\"nobody:x\"/>", "<q/>",
        ] {
            for local in ["e", "any", "i"] {
                let text = try fixture.json(message, local)
                #expect(throws: Never.self) { try JSONDocument(parsing: text, limits: .message) }
            }
        }
        #expect(try fixture.json("<t:i><t:v>1</t:v></t:i>", "i") == #"{"v":"1"}"#)
    }
}
