import HubCore
import NIOCore
import Testing

@testable import SpecIngest

@Suite("Types that stand in place of others, and arrays of the SOAP encoding")
struct DerivedValueTests {
    private static let animals = """
        <xs:complexType name="Animal" abstract="true"><xs:sequence><xs:element name="name" type="xs:string"/></xs:sequence></xs:complexType>
        <xs:complexType name="Dog"><xs:complexContent><xs:extension base="t:Animal"><xs:sequence>\
        <xs:element name="breed" type="xs:string" minOccurs="0"/></xs:sequence></xs:extension></xs:complexContent></xs:complexType>
        <xs:complexType name="Puppy"><xs:complexContent><xs:extension base="t:Dog"><xs:attribute name="age" type="xs:int"/></xs:extension>\
        </xs:complexContent></xs:complexType>
        <xs:element name="e" type="t:Animal"/><xs:element name="dog" type="t:Dog"/>
        """

    @Test("a type that is derived from is told with those derived from it")
    func schema() throws {
        let fixture = try ValueFixture(Self.animals)
        #expect(fixture.schema() == ##"{"$ref":"#/components/schemas/Animal_or_derived"}"##)
        #expect(
            fixture.components.contains(
                ##""Animal_or_derived":{"anyOf":[{"$ref":"#/components/schemas/Dog","properties":{"@type":{"const":"Dog"}},"##
                    + ##""required":["@type"]},{"$ref":"#/components/schemas/Puppy","properties":{"@type":{"const":"Puppy"}},"##
                    + ##""required":["@type"]}]}"##))
        #expect(fixture.components.contains(##""Dog_or_derived":{"anyOf":[{"$ref":"#/components/schemas/Dog"},{"##))
    }

    @Test("the type that a value names is that of its element, and read back")
    func naming() throws {
        let fixture = try ValueFixture(Self.animals)
        let xml = try fixture.xml(#"{"name":"Rex","@type":"Puppy","@age":1}"#)
        #expect(
            xml == #"<t:e age="1" xsi:type="t:Puppy"><t:name>Rex</t:name></t:e>"#
                || xml == #"<t:e xsi:type="t:Puppy" age="1"><t:name>Rex</t:name></t:e>"#)
        #expect(try fixture.json(xml) == #"{"@type":"Puppy","@age":1,"name":"Rex"}"#)
        #expect(try fixture.xml(#"{"name":"Rex","@type":"{urn:t}Dog"}"#) == #"<t:e xsi:type="t:Dog"><t:name>Rex</t:name></t:e>"#)
        #expect(try fixture.xml(#"{"name":"Rex"}"#, "dog") == "<t:dog><t:name>Rex</t:name></t:dog>")
        #expect(fixture.refusal(#"{"name":"Rex"}"#) == #"argument "x" must have "@type": "Dog", "Puppy""#)
        #expect(fixture.refusal(#"{"name":"Rex","@type":"Dag"}"#) == #"argument "x" has "@type" "Dag"; did you mean "Dog"?"#)
        #expect(fixture.refusal(#"{"name":"Rex","@type":"{http://www.w3.org/2001/XMLSchema}int"}"#).contains("has \"@type\""))
    }

    @Test("many derived types are only named")
    func many() throws {
        let types = (1...12).map {
            "<xs:complexType name=\"D\($0)\"><xs:complexContent><xs:extension base=\"t:B\"/></xs:complexContent></xs:complexType>"
        }
        let fixture = try ValueFixture(
            "<xs:complexType name=\"B\"><xs:sequence/></xs:complexType><xs:element name=\"e\" type=\"t:B\"/>" + types.joined())
        let names = #"["B","D1","D2","D3","D4","D5","D6","D7","D8","D9","D10","D11","D12"]"#
        #expect(fixture.components.contains(##""B_or_derived":{"$ref":"#/components/schemas/B","properties":{"@type":{"description":"##))
        #expect(fixture.components.contains(##""type":"string","enum":\##(names)}}}"##))
        #expect(try fixture.xml(#"{"@type":"D12"}"#) == #"<t:e xsi:type="t:D12"/>"#)
    }

    @Test("where an attribute is called type, the type of a value has another name")
    func typeAttribute() throws {
        let fixture = try ValueFixture(
            """
            <xs:complexType name="B"><xs:attribute name="type" type="xs:string"/></xs:complexType>
            <xs:complexType name="D"><xs:complexContent><xs:extension base="t:B"/></xs:complexContent></xs:complexType>
            <xs:element name="e" type="t:B"/><xs:element name="d" type="t:D"/>
            """)
        #expect(try fixture.xml(#"{"@type":"x","@xsi:type":"D"}"#) == #"<t:e xsi:type="t:D" type="x"/>"#)
        #expect(try fixture.json(#"<t:e xsi:type="t:D" type="x"/>"#) == #"{"@xsi:type":"D","@type":"x"}"#)
        #expect(try fixture.xml(#"{"@type":"x"}"#, "d") == #"<t:d type="x"/>"#)
    }

    @Test("substitutes are members beside the head of their group, and an abstract head is none")
    func substitution() throws {
        let fixture = try ValueFixture(
            """
            <xs:element name="e"><xs:complexType><xs:sequence><xs:element ref="t:head" maxOccurs="unbounded"/></xs:sequence></xs:complexType>\
            </xs:element>
            <xs:element name="head" abstract="true" type="xs:string"/>
            <xs:element name="one" type="xs:string" substitutionGroup="t:head"/><xs:element name="two" substitutionGroup="t:one"/>
            """)
        #expect(fixture.components.contains(#""properties":{"one":{"type":"array""#) && !fixture.components.contains(#""head""#))
        #expect(fixture.components.contains(#""anyOf":[{"required":["one"]},{"required":["two"]}]"#))
        #expect(try fixture.xml(#"{"two":["b"],"one":["a"]}"#) == "<t:e><t:one>a</t:one><t:two>b</t:two></t:e>")
        #expect(fixture.refusal("{}") == #"argument "x" must have one of "one", "two""#)
    }

    @Test("types that contain themselves are references")
    func recursion() throws {
        let fixture = try ValueFixture(
            """
            <xs:element name="e"><xs:complexType><xs:sequence><xs:element ref="t:e" minOccurs="0"/></xs:sequence></xs:complexType></xs:element>
            """)
        #expect(fixture.components == ##"{"e":{"type":"object","properties":{"e":{"$ref":"#/components/schemas/e"}}}}"##)
        #expect(try fixture.xml(#"{"e":{"e":{}}}"#) == "<t:e><t:e><t:e/></t:e></t:e>")
    }

    @Test("types of one name in two namespaces have two schemas")
    func names() throws {
        let other = try XMLReader.read(
            .init(
                string: """
                    <xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema" targetNamespace="urn:u" xmlns:u="urn:u">\
                    <xs:complexType name="T"/><xs:element name="e" type="u:T"/></xs:schema>
                    """), limits: .description)
        let own = try XMLReader.read(
            .init(
                string: """
                    <xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema" targetNamespace="urn:t" xmlns:t="urn:t">\
                    <xs:complexType name="T"/><xs:element name="e" type="t:T"/></xs:schema>
                    """), limits: .description)
        let set = SchemaCompiler.compile([SchemaDocument(root: own, path: ""), SchemaDocument(root: other, path: "")]).set
        var mapping = ValueMapping(set)
        for element in set.elements.values { mapping.reach(element) }
        var json = JSONWriter()
        json.beginObject()
        mapping.writeComponents(to: &json)
        json.endObject()
        #expect(String(buffer: json.buffer) == #"{"T":{"type":"object"},"T_2":{"type":"object"}}"#)
    }

    // MARK: The SOAP encoding

    private static let arrays = """
        <xs:complexType name="Item"><xs:sequence><xs:element name="n" type="xs:int"/></xs:sequence></xs:complexType>
        <xs:complexType name="Items"><xs:complexContent><xs:restriction base="enc:Array">\
        <xs:attribute ref="enc:arrayType" wsdl:arrayType="t:Item[]"/></xs:restriction></xs:complexContent></xs:complexType>
        <xs:complexType name="Matrix"><xs:complexContent><xs:restriction base="enc:Array">\
        <xs:attribute ref="enc:arrayType" wsdl:arrayType="xs:int[][]"/></xs:restriction></xs:complexContent></xs:complexType>
        <xs:complexType name="Words"><xs:complexContent><xs:restriction base="enc:Array"><xs:sequence>\
        <xs:element name="word" type="xs:string" maxOccurs="unbounded"/></xs:sequence></xs:restriction></xs:complexContent></xs:complexType>
        <xs:element name="e" type="t:Items"/><xs:element name="m" type="t:Matrix"/><xs:element name="w" type="t:Words"/>
        <xs:element name="any" type="xs:anyType"/>
        """

    @Test("an array of the SOAP encoding is an array, with the type of each element told")
    func encodedArray() throws {
        let fixture = try ValueFixture(Self.arrays, qualified: false)
        #expect(fixture.schema() == ##"{"type":"array","items":{"$ref":"#/components/schemas/Item"}}"##)
        #expect(
            try fixture.xml(#"[{"n":1},null]"#, encoded: true)
                == #"<t:e xsi:type="t:Items" enc:arrayType="t:Item[2]"><item xsi:type="t:Item"><n xsi:type="xsd:int">1</n></item>"#
                + #"<item xsi:nil="true"/></t:e>"#)
        #expect(try fixture.json(#"<t:e enc:arrayType="t:Item[1]"><whatever><n>1</n></whatever></t:e>"#) == #"[{"n":1}]"#)
        #expect(
            fixture.schema("m")
                == #"{"type":"array","items":{"type":"array","items":{"type":"integer","minimum":-2147483648,"maximum":2147483647}}}"#)
        #expect(
            try fixture.xml("[[1],[2,3]]", "m").hasPrefix(
                #"<t:m enc:arrayType="enc:Array[2]"><item enc:arrayType="xsd:int[1]"><item>1</item>"#))
        #expect(try fixture.xml(#""a""#, "w") == #"<t:w enc:arrayType="xsd:string[1]"><word>a</word></t:w>"#)
        #expect(
            try fixture.xml(#"{"a":[1,"b"]}"#, "any", encoded: true)
                == #"<t:any><a xsi:type="xsd:int">1</a><a xsi:type="xsd:string">b</a></t:any>"#)
    }

    @Test("values that an answer refers to stand where they are referred to")
    func references() throws {
        let fixture = try ValueFixture(Self.arrays, qualified: false)
        let message =
            ##"<t:e><item href="#1"/><item href="#1"/><item href="#gone"/></t:e><r id="1" xsi:type="t:Item"><n href="#2"/></r><r id="2">5</r>"##
        #expect(try fixture.json(message, references: true) == ##"[{"n":5},{"n":5},{"@href":"#gone"}]"##)
        let newer =
            ##"<t:e><item xmlns:f="http://www.w3.org/2003/05/soap-encoding" f:ref="1"/></t:e><r f:id="1" xmlns:f="http://www.w3.org/2003/05/soap-encoding"><n>5</n></r>"##
        #expect(try fixture.json(newer, references: true) == #"[{"n":5}]"#)
    }
}
