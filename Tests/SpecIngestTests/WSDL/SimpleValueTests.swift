import Testing

@testable import SpecIngest

@Suite("Simple types of XML Schema are values of JSON")
struct SimpleValueTests {
    private static func fixture(_ type: String) throws -> ValueFixture {
        try ValueFixture(type.hasPrefix("<") ? "<xs:element name=\"e\">\(type)</xs:element>" : "<xs:element name=\"e\" type=\"\(type)\"/>")
    }

    @Test(
        "each built-in type has its schema",
        arguments: [
            ("xs:string", #"{"type":"string"}"#),
            ("xs:boolean", #"{"type":"boolean"}"#),
            ("xs:byte", #"{"type":"integer","minimum":-128,"maximum":127}"#),
            ("xs:int", #"{"type":"integer","minimum":-2147483648,"maximum":2147483647}"#),
            ("xs:unsignedInt", #"{"type":"integer","minimum":0,"maximum":4294967295}"#),
            ("xs:long", #"{"type":["integer","string"],"pattern":"^[+-]?\\d+$"}"#),
            ("xs:unsignedLong", #"{"type":["integer","string"],"minimum":0,"pattern":"^[+-]?\\d+$"}"#),
            ("xs:positiveInteger", #"{"type":["integer","string"],"minimum":1,"pattern":"^[+-]?\\d+$"}"#),
            ("xs:decimal", #"{"type":["number","string"],"pattern":"^[+-]?\\d+(\\.\\d+)?$"}"#),
            ("xs:double", #"{"type":["number","string"],"pattern":"^(-?INF|NaN)$"}"#),
            ("xs:date", #"{"type":"string","format":"date"}"#),
            ("xs:dateTime", #"{"type":"string","format":"date-time"}"#),
            ("xs:duration", #"{"type":"string","format":"duration"}"#),
            ("xs:base64Binary", #"{"type":"string","contentEncoding":"base64"}"#),
            ("xs:hexBinary", #"{"type":"string","contentEncoding":"base64"}"#),
            ("xs:QName", #"{"type":"string","pattern":"^(\\{[^{}]*\\})?[^{}:\\s]+$"}"#),
            ("xs:NMTOKENS", #"{"type":"array","items":{"type":"string"},"minItems":1}"#),
            ("xs:anySimpleType", #"{"type":["string","number","boolean"]}"#),
            ("enc:string", #"{"type":"string"}"#),
            ("xs:anyType", "{}"),
        ])
    func builtIn(type: String, schema: String) throws {
        #expect(try Self.fixture(type).schema() == schema)
    }

    @Test(
        "facets of all steps of a derivation hold together",
        arguments: [
            (
                #"<xs:simpleType><xs:restriction base="t:Code"><xs:maxLength value="3"/></xs:restriction></xs:simpleType>"#,
                #"{"type":"string","minLength":2,"maxLength":3,"pattern":"^[A-Z]+$"}"#
            ),
            (
                #"<xs:simpleType><xs:restriction base="t:Code"><xs:pattern value="A.*"/><xs:pattern value="B"/></xs:restriction></xs:simpleType>"#,
                #"{"type":"string","minLength":2,"pattern":"^(?:A.*|B)$","allOf":[{"pattern":"^[A-Z]+$"}]}"#
            ),
            (
                #"<xs:simpleType><xs:restriction base="xs:integer"><xs:minInclusive value="+007"/><xs:maxExclusive value="100"/></xs:restriction></xs:simpleType>"#,
                #"{"type":"integer","minimum":7,"exclusiveMaximum":100}"#
            ),
            (
                #"<xs:simpleType><xs:restriction base="xs:decimal"><xs:totalDigits value="9"/></xs:restriction></xs:simpleType>"#,
                #"{"type":"number"}"#
            ),
            (
                #"<xs:simpleType><xs:restriction base="xs:int"><xs:enumeration value="01"/><xs:enumeration value="2"/></xs:restriction></xs:simpleType>"#,
                #"{"type":"integer","minimum":-2147483648,"maximum":2147483647,"enum":[1,2]}"#
            ),
            (
                #"<xs:simpleType><xs:list itemType="xs:boolean"/></xs:simpleType>"#,
                #"{"type":"array","items":{"type":"boolean"}}"#
            ),
            (
                #"<xs:simpleType><xs:union memberTypes="xs:int xs:date"/></xs:simpleType>"#,
                #"{"anyOf":[{"type":"integer","minimum":-2147483648,"maximum":2147483647},{"type":"string","format":"date"}]}"#
            ),
        ])
    func facets(type: String, schema: String) throws {
        let fixture = try ValueFixture(
            """
            <xs:simpleType name="Code"><xs:restriction base="xs:token"><xs:minLength value="2"/><xs:pattern value="[A-Z]+"/>\
            </xs:restriction></xs:simpleType><xs:element name="e">\(type)</xs:element>
            """)
        #expect(fixture.schema() == schema)
    }

    @Test("a long enumeration is shared, with null beside it where the element may be nil")
    func sharedEnumeration() throws {
        let values = (1...8).map { "<xs:enumeration value=\"v\($0)\"/>" }.joined()
        let fixture = try ValueFixture(
            """
            <xs:simpleType name="Kind"><xs:restriction base="xs:string">\(values)</xs:restriction></xs:simpleType>
            <xs:element name="e" type="t:Kind" nillable="true"/>
            """)
        #expect(fixture.schema() == ##"{"anyOf":[{"$ref":"#/components/schemas/Kind"},{"type":"null"}]}"##)
        #expect(fixture.components == #"{"Kind":{"type":"string","enum":["v1","v2","v3","v4","v5","v6","v7","v8"]}}"#)
    }

    @Test(
        "values are written as their type spells them",
        arguments: [
            ("xs:string", #"" a  b ""#, " a  b "), ("xs:token", #"" a  b\n""#, "a b"), ("xs:normalizedString", #""a\tb ""#, "a b "),
            ("xs:string", "5", "5"), ("xs:string", "true", "true"),
            ("xs:boolean", "true", "true"), ("xs:boolean", #""0""#, "false"), ("xs:boolean", "1", "true"),
            ("xs:int", "5", "5"), ("xs:int", "5.0", "5"), ("xs:int", "1e3", "1000"), ("xs:int", #"" 12 ""#, "12"),
            ("xs:long", #""9223372036854775807""#, "9223372036854775807"), ("xs:integer", "12345678901234567890", "12345678901234567890"),
            ("xs:decimal", "1.50", "1.50"), ("xs:decimal", "-1.5E-3", "-0.0015"), ("xs:decimal", "15e1", "150"),
            ("xs:decimal", #""0.10""#, "0.10"),
            ("xs:double", "1.5e300", "1.5e300"), ("xs:double", #""-INF""#, "-INF"), ("xs:double", "7", "7"),
            ("xs:dateTime", #""2024-02-29T10:11:12+01:00""#, "2024-02-29T10:11:12+01:00"),
            ("xs:base64Binary", #""aGk""#, "aGk="), ("xs:base64Binary", #""data:text/plain;base64,aGk=""#, "aGk="),
            ("xs:base64Binary", #""__-_""#, "//+/"), ("xs:hexBinary", #""AP8=""#, "00FF"),
            ("xs:NMTOKENS", #"["a","b"]"#, "a b"), ("xs:NMTOKENS", #"" a  b ""#, "a b"),
            ("xs:QName", #""{urn:t}a""#, "t:a"), ("xs:QName", #""t:a""#, "t:a"), ("xs:QName", #""a""#, "a"),
            ("xs:anySimpleType", "1.0", "1.0"),
        ])
    func writing(type: String, value: String, text: String) throws {
        #expect(try Self.fixture(type).xml(value) == "<t:e>\(text)</t:e>")
    }

    @Test(
        "a value of another kind is refused, without being repeated",
        arguments: [
            ("xs:int", #""five""#, "must be an integer"), ("xs:int", "1.5", "must be an integer"), ("xs:int", "true", "must be an integer"),
            ("xs:integer", "1e999999", "must be an integer"), ("xs:integer", "1e9999999999999999999", "must be an integer"),
            ("xs:decimal", #""1,5""#, "must be a decimal number"), ("xs:boolean", #""yes""#, "must be true or false"),
            ("xs:double", #""Infinity""#, #"must be a number, "INF", "-INF" or "NaN""#),
            ("xs:base64Binary", #""a!""#, "must be Base64, or a data: URI"), ("xs:string", "{}", "must not be an object"),
            ("xs:string", "[]", "must be a single value"), ("xs:string", "null", "must not be null"),
            ("xs:string", #""a\u0001""#, "must not contain U+1, which XML cannot hold"),
            ("xs:QName", #""nobody:a""#, #"must be a name as "{namespace}local", or one with a prefix of the schema"#),
        ])
    func refusals(type: String, value: String, message: String) throws {
        #expect(try Self.fixture(type).refusal(value) == "argument \"x\" " + message)
    }

    @Test(
        "text is read as the value it stands for, and as text where it is none",
        arguments: [
            ("xs:string", " a ", #"" a ""#), ("xs:token", " a  b ", #""a b""#), ("xs:boolean", "1", "true"),
            ("xs:boolean", " false ", "false"),
            ("xs:boolean", "maybe", #""maybe""#), ("xs:int", "007", "7"), ("xs:int", "+5", "5"), ("xs:int", "-0", "-0"),
            ("xs:int", "many", #""many""#), ("xs:integer", "123456789012345", "123456789012345"),
            ("xs:integer", "1234567890123456", #""1234567890123456""#), ("xs:decimal", ".50", "0.50"), ("xs:decimal", "5.", "5"),
            ("xs:decimal", "0.1234567890123456", #""0.1234567890123456""#), ("xs:decimal", "1E5", #""1E5""#),
            ("xs:double", "1E5", "1E5"), ("xs:double", "0.12345678901234567", "0.12345678901234567"), ("xs:double", "NaN", #""NaN""#),
            ("xs:double", "1e999", #""1e999""#), ("xs:base64Binary", "aG\n k=", #""aGk=""#), ("xs:hexBinary", "00ff", #""AP8=""#),
            ("xs:hexBinary", "0", #""0""#), ("xs:QName", "t:a", #""{urn:t}a""#), ("xs:QName", "nobody:a", #""nobody:a""#),
            ("xs:NMTOKENS", " a b ", #"["a","b"]"#), ("xs:date", "2024-02-29Z", #""2024-02-29Z""#),
            ("<xs:simpleType><xs:union memberTypes=\"xs:int xs:boolean xs:string\"/></xs:simpleType>", "12", "12"),
            ("<xs:simpleType><xs:union memberTypes=\"xs:int xs:boolean xs:string\"/></xs:simpleType>", "true", "true"),
            ("<xs:simpleType><xs:union memberTypes=\"xs:int xs:boolean xs:string\"/></xs:simpleType>", "x y", #""x y""#),
        ])
    func reading(type: String, text: String, json: String) throws {
        #expect(try Self.fixture(type).json("<t:e>\(text)</t:e>") == json)
    }

    @Test("an empty element has its default, and what an element is by itself is told")
    func defaults() throws {
        let fixture = try ValueFixture("<xs:element name=\"e\" type=\"xs:int\" default=\"5\"/>")
        #expect(try fixture.json("<t:e/>") == "5")
        #expect(fixture.schema().contains(#""description":"Default: \"5\".""#))
    }

    @Test(
        "patterns become those of ECMA-262",
        arguments: [
            ("[A-Z]{2}", "^[A-Z]{2}$"), ("a|b", "^(?:a|b)$"), ("(a|b)c", "^(?:(?:a|b)c)$"), ("$^", "^\\$\\^$"), ("\\-x", "^-x$"),
            ("\\d{1,}[\\d.-]", "^\\d{1,}[\\d.\\-]$"), ("\\w", "^[\\p{L}\\p{M}\\p{N}\\p{S}]$"), ("\\p{Lu}", "^\\p{Lu}$"),
            ("[a-z-[aeiou]]", "^(?:(?![aeiou])[a-z])$"), ("[^a-z-[A]]", "^(?:(?![A])[^a-z])$"), ("[\\-a]", "^[\\-a]$"), ("a/b", "^a\\/b$"),
            ("", "^$"),
        ])
    func patterns(pattern: String, expected: String) {
        #expect(SchemaPattern.translate([pattern]) == expected)
    }

    @Test(
        "patterns that have no translation are left out",
        arguments: [
            "\\p{IsGreek}", "(", ")", "[", "[]", "[z-a]", "[z-\\n]", "[\\n-\\t]", "a{+3}", "a{-0}", "a{2", "a{3,1}", "*", "\\q", "[a-z-[a]",
            "\\",
            String(repeating: "a", count: 2_000),
        ])
    func untranslatable(pattern: String) {
        #expect(SchemaPattern.translate([pattern]) == nil)
    }

    @Test("a class of names without the colon stays a class")
    func nameClass() throws {
        let pattern = try #require(SchemaPattern.translate(["[\\i-[:]][\\c-[:]]*"]))
        #expect(pattern.hasPrefix("^[_A-Za-z\\u00C0") && pattern.hasSuffix("\\-.0-9\\u00B7\\u0300-\\u036F\\u203F-\\u2040]*$"))
        #expect(!pattern.contains(":"))
    }
}
