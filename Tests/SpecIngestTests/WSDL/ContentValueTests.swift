import NIOCore
import Testing

@testable import SpecIngest

@Suite("Elements and attributes of a type are the members of an object")
struct ContentValueTests {
    private static func fixture(_ content: String, _ more: String = "") throws -> ValueFixture {
        try ValueFixture("<xs:element name=\"e\"><xs:complexType>\(content)</xs:complexType></xs:element>" + more)
    }

    private static let elements = """
        <xs:sequence><xs:element name="a" type="xs:string"/><xs:element name="b" type="xs:int" minOccurs="0" nillable="true"/>\
        <xs:element name="c" type="xs:string" minOccurs="0" maxOccurs="2"/></xs:sequence>\
        <xs:attribute name="id" type="xs:int" use="required"/><xs:attribute name="v" use="required" fixed="1"/><xs:attribute name="o"/>
        """

    @Test("members are written in the order of the schema, and read back as they were")
    func sequence() throws {
        let fixture = try Self.fixture(Self.elements)
        #expect(
            fixture.components
                == ##"{"e":{"type":"object","properties":{"@id":{"type":"integer","minimum":-2147483648,"maximum":2147483647},"##
                + ##""@v":{"description":"Always \"1\".","type":["string","number","boolean"]},"@o":{"type":["string","number","boolean"]},"##
                + ##""a":{"type":"string"},"b":{"type":["integer","null"],"minimum":-2147483648,"maximum":2147483647},"##
                + ##""c":{"type":"array","items":{"type":"string"},"maxItems":2}},"required":["@id","a"]}}"##)
        let xml = try fixture.xml(#"{"c":["x","y"],"@id":7,"b":null,"a":"1"}"#)
        #expect(xml == #"<t:e id="7" v="1"><t:a>1</t:a><t:b xsi:nil="true"/><t:c>x</t:c><t:c>y</t:c></t:e>"#)
        #expect(try fixture.json(xml) == #"{"@id":7,"@v":"1","a":"1","b":null,"c":["x","y"]}"#)
        #expect(try fixture.xml(#"{"a":"","@id":1,"c":"x"}"#) == #"<t:e id="1" v="1"><t:a/><t:c>x</t:c></t:e>"#)
        #expect(try fixture.json(#"<t:e><t:c>x</t:c></t:e>"#) == #"{"c":["x"]}"#)
    }

    @Test(
        "what does not fit is refused with its place",
        arguments: [
            (#"{"a":"1"}"#, #"argument "x" must have "@id""#), (#"{"@id":1}"#, #"argument "x" must have "a""#),
            (#"{"@id":1,"a":"1","d":1}"#, #"argument "x" has no member "d"; did you mean "a"?"#),
            (#"{"@id":1,"a":"1","c":["x","y","z"]}"#, #"argument "x.c" has more values than the 2 there is room for"#),
            (#"{"@id":1,"a":["1"]}"#, #"argument "x.a" must be a single value"#),
            (#"{"@id":1,"a":"1","c":["x",{}]}"#, #"argument "x.c[1]" must not be an object"#),
            (#"{"@id":1,"a":"1","c":["x",null]}"#, #"argument "x.c[1]" must not be null"#),
            (#"{"@id":"one","a":"1"}"#, #"argument "x.@id" must be an integer"#), (#"5"#, #"argument "x" must be an object"#),
        ])
    func refusals(value: String, message: String) throws {
        #expect(try Self.fixture(Self.elements).refusal(value) == message)
    }

    @Test("an object that arrives as text is that object, and a list in place of an object that holds only one is that list")
    func repairs() throws {
        #expect(try Self.fixture(Self.elements).xml(#""{\"a\":\"1\",\"@id\":2}""#) == #"<t:e id="2" v="1"><t:a>1</t:a></t:e>"#)
        let list = try Self.fixture(#"<xs:sequence><xs:element name="i" type="xs:int" maxOccurs="unbounded"/></xs:sequence>"#)
        #expect(try list.xml("[1,2]") == "<t:e><t:i>1</t:i><t:i>2</t:i></t:e>")
    }

    @Test("of a choice one alternative is demanded, and the one is taken that was given")
    func choice() throws {
        let fixture = try Self.fixture(
            """
            <xs:choice><xs:element name="a" type="xs:string"/><xs:sequence><xs:element name="b" type="xs:string"/>\
            <xs:element name="a" type="xs:string"/></xs:sequence><xs:element name="c" type="xs:string"/></xs:choice>
            """)
        #expect(fixture.components.hasSuffix(#""anyOf":[{"required":["a"]},{"required":["b","a"]},{"required":["c"]}]}}"#))
        #expect(try fixture.xml(#"{"a":"1"}"#) == "<t:e><t:a>1</t:a></t:e>")
        #expect(try fixture.xml(#"{"a":"1","b":"2"}"#) == "<t:e><t:b>2</t:b><t:a>1</t:a></t:e>")
        #expect(fixture.refusal(#"{"a":"1","c":"2"}"#) == #"argument "x.c" cannot be given together with the others"#)
        #expect(fixture.refusal("{}") == #"argument "x" must have one of "a", "b", "a", "c""#)
    }

    @Test("of a choice that repeats all are written, each kind together; of a group that repeats each round takes one of each")
    func repeats() throws {
        let choice = try Self.fixture(
            #"<xs:choice maxOccurs="unbounded"><xs:element name="a" type="xs:int"/><xs:element name="b" type="xs:int"/></xs:choice>"#)
        #expect(try choice.xml(#"{"b":[1,2],"a":[3]}"#) == "<t:e><t:a>3</t:a><t:b>1</t:b><t:b>2</t:b></t:e>")
        #expect(try choice.json("<t:e><t:b>1</t:b><t:a>3</t:a><t:b>2</t:b></t:e>") == #"{"a":[3],"b":[1,2]}"#)
        let group = try Self.fixture(
            """
            <xs:sequence maxOccurs="3"><xs:element name="k" type="xs:int"/><xs:element name="v" type="xs:int" minOccurs="0"/></xs:sequence>
            """)
        #expect(
            try group.xml(#"{"v":[8,9],"k":[1,2,3]}"#) == "<t:e><t:k>1</t:k><t:v>8</t:v><t:k>2</t:k><t:v>9</t:v><t:k>3</t:k></t:e>")
        #expect(group.refusal(#"{"k":[1,2,3,4]}"#) == #"argument "x.k" has more values than the 3 there is room for"#)
        #expect(group.refusal(#"{"v":[1]}"#) == #"argument "x" must have "k""#)
    }

    @Test("the same element in two places is one array, taken in order")
    func twice() throws {
        let fixture = try Self.fixture(
            """
            <xs:sequence><xs:element name="a" type="xs:int"/><xs:element name="b" type="xs:int"/><xs:element name="a" type="xs:int"/>\
            </xs:sequence>
            """)
        #expect(try fixture.xml(#"{"a":[1,2],"b":3}"#) == "<t:e><t:a>1</t:a><t:b>3</t:b><t:a>2</t:a></t:e>")
        #expect(try fixture.json("<t:e><t:a>1</t:a><t:b>3</t:b><t:a>2</t:a></t:e>") == #"{"a":[1,2],"b":3}"#)
    }

    @Test("names that only their namespace tells apart get a number, and unqualified elements have no namespace")
    func namespaces() throws {
        let fixture = try Self.fixture(
            """
            <xs:sequence><xs:element name="a" type="xs:int" form="unqualified"/><xs:element ref="t:a"/></xs:sequence>\
            <xs:attribute name="a" type="xs:int"/><xs:attribute ref="t:a"/>
            """, #"<xs:element name="a" type="xs:int"/><xs:attribute name="a" type="xs:int"/>"#)
        let xml = try fixture.xml(#"{"a":1,"a_2":2,"@a":3,"@a_2":4}"#)
        #expect(xml == #"<t:e a="3" t:a="4"><a>1</a><t:a>2</t:a></t:e>"#)
        #expect(try fixture.json(xml) == #"{"@a":3,"@a_2":4,"a":1,"a_2":2}"#)
    }

    @Test("an element in the wrong namespace is known by its name, and an unknown one is passed on")
    func wrongNamespace() throws {
        let fixture = try Self.fixture(Self.elements)
        #expect(try fixture.json(#"<t:e new="n"><a>1</a><z q="1"><y>2</y></z></t:e>"#) == #"{"@new":"n","a":"1","z":{"@q":"1","y":"2"}}"#)
    }

    @Test("text with attributes has its text under #text")
    func simpleContent() throws {
        let fixture = try Self.fixture(
            """
            <xs:simpleContent><xs:extension base="xs:decimal"><xs:attribute name="currency" type="xs:string"/></xs:extension></xs:simpleContent>
            """)
        #expect(try fixture.xml(##"{"#text":1.50,"@currency":"EUR"}"##) == #"<t:e currency="EUR">1.50</t:e>"#)
        #expect(try fixture.xml("1.50") == "<t:e>1.50</t:e>")
        #expect(try fixture.json(#"<t:e currency="EUR">1.50</t:e>"#) == ##"{"@currency":"EUR","#text":1.50}"##)
    }

    @Test("mixed content is XML in one string, or text where there is no more")
    func mixed() throws {
        let fixture = try ValueFixture(
            """
            <xs:element name="e"><xs:complexType mixed="true"><xs:sequence><xs:element name="i" type="xs:string" minOccurs="0"/></xs:sequence>\
            </xs:complexType></xs:element>
            """)
        #expect(try fixture.json("<t:e>a &amp; <t:i>b</t:i></t:e>") == ##"{"#xml":"a &amp; <ns1:i xmlns:ns1=\"urn:t\">b</ns1:i>"}"##)
        #expect(try fixture.json("<t:e>a</t:e>") == ##"{"#text":"a"}"##)
        #expect(try fixture.xml(##"{"#xml":"a &amp; <i xmlns='urn:t'>b</i>"}"##) == "<t:e>a &amp; <t:i>b</t:i></t:e>")
        #expect(try fixture.xml(##"{"#text":"a","i":"b"}"##) == "<t:e>a<t:i>b</t:i></t:e>")
    }

    @Test("what a wildcard takes is XML in strings that cannot break out of their place")
    func wildcard() throws {
        let fixture = try Self.fixture(
            #"<xs:sequence><xs:element name="a" type="xs:int"/><xs:any minOccurs="0" maxOccurs="unbounded"/></xs:sequence><xs:anyAttribute/>"#
        )
        #expect(
            fixture.components.contains(##""#any":{"type":"array","items":{"type":"string","contentMediaType":"application/xml"}}"##))
        let value = ##"{"a":1,"@more":"m","#any":["<q:b xmlns:q='urn:q' q:n='v'>q:name</q:b>"]}"##
        let xml = try fixture.xml(value)
        #expect(xml == ##"<t:e xmlns:ns2="urn:q" more="m"><t:a>1</t:a><ns2:b xmlns:q="urn:q" ns2:n="v">q:name</ns2:b></t:e>"##)
        #expect(
            try fixture.json(xml)
                == ##"{"@more":"m","a":1,"#any":["<ns1:b xmlns:ns1=\"urn:q\" xmlns:q=\"urn:q\" ns1:n=\"v\">q:name</ns1:b>"]}"##)
        #expect(fixture.refusal(##"{"a":1,"#any":"</t:e><evil/>"}"##).contains("must be well-formed XML"))
        #expect(fixture.refusal(##"{"a":1,"#any":"</x><x>"}"##).contains("must be well-formed XML"))
        #expect(fixture.refusal(##"{"a":1,"#any":"<!DOCTYPE a><a/>"}"##).contains("must be well-formed XML"))
        #expect(fixture.refusal(##"{"a":1,"#any":"text"}"##).contains("must be an element as XML"))
    }

    @Test("where anything may stand, an object is elements without a namespace")
    func anything() throws {
        let fixture = try ValueFixture(#"<xs:element name="e"/>"#)
        let xml = try fixture.xml(##"{"@k":"v","a":[1,true,null],"{urn:t}b":{"c":"d"},"#xml":"<z/>"}"##)
        #expect(xml == #"<t:e k="v"><a>1</a><a>true</a><a xsi:nil="true"/><t:b><c>d</c></t:b><z/></t:e>"#)
        #expect(try fixture.json(xml) == #"{"@k":"v","a":["1","true",null],"b":{"c":"d"},"z":""}"#)
        #expect(try fixture.xml(##"{"@type":"xs:int","#text":5}"##) == #"<t:e xsi:type="xsd:int">5</t:e>"#)
        #expect(try fixture.json(#"<t:e xsi:type="xsd:int">5</t:e>"#) == "5")
        #expect(fixture.refusal(#"{"a b":1}"#) == #"argument "x.a b" has a name that no element can have"#)
        #expect(fixture.refusal(#"{"@xmlns":"u"}"#) == #"argument "x.@xmlns" is not a name that an attribute can have"#)
    }

    @Test("what is left out has the value that the schema gives it, or is nil where it may be")
    func filled() throws {
        let fixture = try Self.fixture(
            """
            <xs:sequence><xs:element name="a" type="xs:int" nillable="true"/><xs:element name="b" type="xs:string" fixed="2"/>\
            <xs:element name="c" type="xs:int" nillable="true" default="3"/><xs:element name="d" type="xs:int" minOccurs="0" default="4"/>\
            </xs:sequence><xs:attribute name="d" type="xs:int" default="7"/><xs:attribute name="f" type="xs:int" fixed="8"/>\
            <xs:attribute name="q" type="xs:QName" default="t:n"/>
            """)
        #expect(try fixture.xml("{}") == #"<t:e d="7" q="t:n"><t:a xsi:nil="true"/><t:b>2</t:b><t:c>3</t:c></t:e>"#)
        #expect(fixture.components.contains(#""required":["a"]"#))
    }

    @Test("the members of a wrapper are arguments of their own, of a choice none required but each with those it excludes")
    func properties() throws {
        let fixture = try Self.fixture(
            """
            <xs:sequence><xs:element name="a" type="xs:int"/><xs:choice><xs:element name="b" type="xs:int"/><xs:element name="c"/></xs:choice>\
            </xs:sequence>
            """)
        let properties = try #require(fixture.mapping.properties(ofType: fixture.element().type))
        #expect(properties.map(\.name) == ["a", "b", "c"])
        #expect(properties.map(\.isRequired) == [true, false, false])
        #expect(properties.map { String(buffer: $0.schema) }.last == #"{"description":"Not together with \"b\"."}"#)
    }
}
