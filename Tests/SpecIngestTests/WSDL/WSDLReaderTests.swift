import HTTPTypes
import HubCore
import NIOCore
import SpecIngest
import Testing

/// WSDL as tools, with the messages they send and what is made of the answers.
@Suite("WSDL")
struct WSDLReaderTests {
    /// A description whose parts are given; what is not given is left out.
    static func wsdl(
        types: String = "", messages: String, portTypes: String, bindings: String,
        services: String = """
        <service name="Shop"><port name="P" binding="t:B"><soap:address location="http://shop.test/ws/orders?v=2"/></port></service>
        """
    ) -> String {
        """
        <?xml version="1.0"?>
        <definitions name="Shop" targetNamespace="urn:shop" xmlns="http://schemas.xmlsoap.org/wsdl/" xmlns:t="urn:shop"
            xmlns:soap="http://schemas.xmlsoap.org/wsdl/soap/" xmlns:soap12="http://schemas.xmlsoap.org/wsdl/soap12/"
            xmlns:xsd="http://www.w3.org/2001/XMLSchema" xmlns:soapenc="http://schemas.xmlsoap.org/soap/encoding/"
            xmlns:wsdl="http://schemas.xmlsoap.org/wsdl/">
          <types>\(types)</types>
          \(messages)\(portTypes)\(bindings)\(services)
        </definitions>
        """
    }

    private static let orders = wsdl(
        types: """
            <xsd:schema targetNamespace="urn:shop" elementFormDefault="qualified">
              <xsd:element name="place"><xsd:complexType><xsd:sequence>
                <xsd:element name="sku" type="xsd:string"/>
                <xsd:element name="count" type="xsd:int" minOccurs="0"/>
                <xsd:element name="note" type="xsd:string" minOccurs="0" maxOccurs="unbounded"/>
                <xsd:element name="gift" type="xsd:boolean" nillable="true" minOccurs="0"/>
              </xsd:sequence></xsd:complexType></xsd:element>
              <xsd:element name="placeResponse"><xsd:complexType><xsd:sequence>
                <xsd:element name="id" type="xsd:long"/><xsd:element name="line" type="xsd:string" maxOccurs="unbounded" minOccurs="0"/>
              </xsd:sequence></xsd:complexType></xsd:element>
              <xsd:element name="session" type="xsd:string"/>
              <xsd:element name="soldOut"><xsd:complexType><xsd:sequence><xsd:element name="sku" type="xsd:string"/></xsd:sequence></xsd:complexType></xsd:element>
            </xsd:schema>
            """,
        messages: """
            <message name="In"><part name="parameters" element="t:place"/></message>
            <message name="Out"><part name="parameters" element="t:placeResponse"/></message>
            <message name="H"><part name="session" element="t:session"/></message>
            <message name="F"><part name="fault" element="t:soldOut"/></message>
            """,
        portTypes: """
            <portType name="Orders"><operation name="place"><documentation>Places an order.</documentation>
              <input message="t:In"/><output message="t:Out"/><fault name="soldOut" message="t:F"/></operation></portType>
            """,
        bindings: """
            <binding name="B" type="t:Orders"><soap:binding style="document" transport="http://schemas.xmlsoap.org/soap/http"/>
              <operation name="place"><soap:operation soapAction="urn:shop#place"/>
                <input><soap:header message="t:H" part="session" use="literal"/><soap:body use="literal"/></input>
                <output><soap:body use="literal"/></output></operation></binding>
            """)

    private func read(_ text: String, _ files: [String: String] = [:]) async throws -> IngestedAPI {
        try await DescriptionReader.read(ByteBuffer(string: text), named: "shop.wsdl", loader: FilesInMemory(files))
    }

    private func request(_ operation: IngestedOperation, _ arguments: String) throws -> OutboundRequest {
        try operation.encoder.encode(JSONDocument(parsing: arguments, limits: .message).root)
    }

    private func body(_ operation: IngestedOperation, _ arguments: String) throws -> String {
        String(buffer: try #require(try request(operation, arguments).body))
    }

    private func answer(_ operation: IngestedOperation, _ body: String, status: Int = 200, type: String = "text/xml") throws -> (
        Int, String
    ) {
        let decoder = try #require(operation.decoder)
        let response = decoder.decode(status: status, fields: [.contentType: type], body: ByteBuffer(string: body))
        guard case .complete(let bytes) = response.body else { return (response.status, "") }
        return (response.status, String(buffer: bytes))
    }

    private static func envelope(_ body: String) -> String {
        #"<e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/" xmlns:t="urn:shop"><e:Body>\#(body)</e:Body></e:Envelope>"#
    }

    // MARK: Document style

    @Test("the children of the one element are the arguments, and the message is theirs in the order of the schema")
    func wrapped() async throws {
        let api = try await read(Self.orders)
        let place = try #require(api.operations.first)
        #expect(api.operations.count == 1 && api.operationCount == 1 && api.findings.isEmpty)
        #expect(place.tool.name == "place" && place.tool.operation == "SOAP place" && place.tool.description == "Places an order.")
        #expect(place.arguments.map(\.name) == ["sku", "count", "note", "gift", "headers"])
        let request = try request(place, #"{"note":["a","b"],"gift":null,"count":2,"sku":"x<&","headers":{"session":"s"}}"#)
        #expect(request.method == .post && request.path == "?v=2")
        #expect(place.server.pathPrefix == "/ws/orders")
        #expect(request.headers[.contentType] == "text/xml; charset=utf-8")
        #expect(request.headers[try #require(HTTPField.Name("SOAPAction"))] == "\"urn:shop#place\"")
        #expect(
            String(buffer: request.body ?? ByteBuffer()) == """
                <?xml version="1.0" encoding="UTF-8"?><soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/" \
                xmlns:ns2="urn:shop" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">\
                <soapenv:Header><ns2:session>s</ns2:session></soapenv:Header>\
                <soapenv:Body><ns2:place><ns2:sku>x&lt;&amp;</ns2:sku><ns2:count>2</ns2:count><ns2:note>a</ns2:note><ns2:note>b</ns2:note>\
                <ns2:gift xsi:nil="true"/></ns2:place></soapenv:Body></soapenv:Envelope>
                """)
    }

    @Test("an answer is what stands in its element, with the types of the schema")
    func answers() async throws {
        let place = try #require(try await read(Self.orders).operations.first)
        let (status, text) = try answer(
            place, Self.envelope("<t:placeResponse><t:id>42</t:id><t:line>only</t:line></t:placeResponse>"))
        #expect(status == 200 && text == #"{"id":42,"line":["only"]}"#)
        let large = try answer(place, Self.envelope("<t:placeResponse><t:id>9223372036854775807</t:id></t:placeResponse>")).1
        #expect(large == #"{"id":"9223372036854775807"}"#)
    }

    @Test("a fault is a failure with its detail by the schema, whatever status it comes with", arguments: [200, 500])
    func faults(status: Int) async throws {
        let place = try #require(try await read(Self.orders).operations.first)
        let fault = """
            <e:Fault><faultcode>e:Server</faultcode><faultstring> Sold out </faultstring><detail><t:soldOut><t:sku>x</t:sku></t:soldOut></detail></e:Fault>
            """
        let (code, text) = try answer(place, Self.envelope(fault), status: status)
        #expect(code == 500)
        #expect(text == #"{"fault":{"code":"e:Server","message":"Sold out","detail":{"soldOut":{"sku":"x"}}}}"#)
    }

    @Test(
        "what is no message of SOAP is a failure, and one that is a failure already is passed on",
        arguments: ["<html>", "{}", "<a/>", "<!DOCTYPE a [<!ENTITY e 'x'>]><a>&e;</a>"])
    func noMessage(text: String) async throws {
        let place = try #require(try await read(Self.orders).operations.first)
        #expect(try answer(place, text).0 == 502)
        #expect(try answer(place, text, status: 503) == (503, text))
        #expect(try answer(place, "", status: 202) == (202, ""))
    }

    // MARK: RPC style

    @Test("parts of an rpc call stand in an element of the operation's name, unqualified and in order")
    func rpc() async throws {
        let api = try await read(
            Self.wsdl(
                messages: """
                    <message name="In"><part name="symbol" type="xsd:string"/><part name="day" type="xsd:date"/></message>
                    <message name="Out"><part name="price" type="xsd:decimal"/></message>
                    """,
                portTypes: """
                    <portType name="Orders"><operation name="quote"><input message="t:In"/><output message="t:Out"/></operation></portType>
                    """,
                bindings: """
                    <binding name="B" type="t:Orders"><soap:binding style="rpc" transport="http://schemas.xmlsoap.org/soap/http"/>
                      <operation name="quote"><soap:operation soapAction=""/>
                        <input><soap:body use="literal" namespace="urn:calls"/></input>
                        <output><soap:body use="literal" namespace="urn:calls"/></output></operation></binding>
                    """))
        let quote = try #require(api.operations.first)
        #expect(
            try body(quote, #"{"day":"2024-02-29","symbol":"A"}"#).contains(
                #"<soapenv:Body><ns2:quote><symbol>A</symbol><day>2024-02-29</day></ns2:quote></soapenv:Body>"#))
        #expect(try request(quote, #"{"day":"2024-02-29","symbol":"A"}"#).headers[#require(HTTPField.Name("SOAPAction"))] == "\"\"")
        let (_, text) = try answer(quote, Self.envelope(#"<q:quoteResponse xmlns:q="urn:calls"><price>1.50</price></q:quoteResponse>"#))
        #expect(text == #"{"price":1.50}"#)
    }

    // MARK: Choices of a description

    @Test("each operation of a port type is one tool, however many ports there are; those for HTTP alone are none")
    func ports() async throws {
        let operation = { (name: String) in #"<operation name="\#(name)"><input message="t:In"/><output message="t:In"/></operation>"# }
        let bound = { (name: String, prefix: String, portType: String) in
            """
            <binding name="\(name)" type="t:\(portType)"><\(prefix):binding style="document" transport="x"/>
              <operation name="go"><\(prefix):operation soapAction="go"/><input><\(prefix):body use="literal"/></input></operation></binding>
            """
        }
        let text = Self.wsdl(
            messages: #"<message name="In"/>"#,
            portTypes: ["Soap", "Http", "Other"].map { #"<portType name="\#($0)">\#(operation("go"))</portType>"# }.joined(),
            bindings: bound("B12", "soap12", "Soap") + bound("B11", "soap", "Soap") + bound("O", "soap", "Other")
                + #"<binding name="H" type="t:Http"><http:binding xmlns:http="http://schemas.xmlsoap.org/wsdl/http/" verb="GET"/></binding>"#,
            services: """
                <service name="S"><port name="a" binding="t:H"/><port name="b" binding="t:B12"><soap12:address location="https://a.test/x"/></port>
                <port name="c" binding="t:B11"><soap:address location="https://b.test/x"/></port></service>
                """)
        let api = try await read(text)
        #expect(api.operations.map(\.tool.name) == ["Soap_go", "Other_go"])
        #expect(api.operationCount == 3)
        #expect(api.findings.map(\.kind) == [.skippedOperation] && api.findings[0].operation == "SOAP go")
        let first = try request(try #require(api.operations.first), "{}")
        #expect(first.headers[.contentType] == #"application/soap+xml; charset=utf-8; action="go""#)
        #expect(api.operations[1].server == .none)
        let other = try await DescriptionReader.read(ByteBuffer(string: text), soap: .soap11, loader: nil)
        #expect(try request(#require(other.operations.first), "{}").headers[.contentType] == "text/xml; charset=utf-8")
    }

    @Test("overloaded operations keep names that do not depend on their order")
    func overloads() async throws {
        let operation = { (name: String) in #"<operation name="go"><input name="\#(name)" message="t:\#(name)"/></operation>"# }
        let bound = { (name: String) in
            #"<operation name="go"><soap:operation soapAction="\#(name)"/><input name="\#(name)"><soap:body use="literal"/></input></operation>"#
        }
        let description = { (first: String, second: String) in
            Self.wsdl(
                messages: #"<message name="one"/><message name="two"/>"#,
                portTypes: #"<portType name="P">\#(operation(first))\#(operation(second))</portType>"#,
                bindings: #"<binding name="B" type="t:P"><soap:binding transport="x"/>\#(bound("one"))\#(bound("two"))</binding>"#)
        }
        let (one, two) = (try await read(description("one", "two")), try await read(description("two", "one")))
        let names = one.operations.map(\.tool.name)
        #expect(Set(names).count == 2 && names.allSatisfy { $0.hasPrefix("go_") })
        #expect(two.operations.map(\.tool.name) == names.reversed())
        let actions = try one.operations.map { try request($0, "{}").headers[#require(HTTPField.Name("SOAPAction"))] }
        #expect(actions == ["\"one\"", "\"two\""])
    }

    @Test("line breaks in the name of an action do not end its header")
    func actionWithLineBreaks() async throws {
        let api = try await read(
            Self.wsdl(
                messages: #"<message name="one"/>"#,
                portTypes: #"<portType name="P"><operation name="go"><input message="t:one"/></operation></portType>"#,
                bindings:
                    #"<binding name="B" type="t:P"><soap:binding transport="x"/><operation name="go"><soap:operation soapAction="a&#13;&#10;X-Evil: 1"/><input><soap:body use="literal"/></input></operation></binding>"#
            ))
        let request = try request(try #require(api.operations.first), "{}")
        #expect(request.headers[try #require(HTTPField.Name("X-Evil"))] == nil)
        for field in request.headers { #expect(!field.value.utf8.contains { $0 < 0x20 || $0 == 0x7F }, "\(field)") }
    }

    // MARK: Files

    @Test("definitions and schemas are taken from the files that are imported, and what is missing takes anything")
    func imports() async throws {
        let entry = """
            <definitions targetNamespace="urn:main" xmlns="http://schemas.xmlsoap.org/wsdl/" xmlns:s="urn:shop"
                xmlns:soap="http://schemas.xmlsoap.org/wsdl/soap/"><import namespace="urn:shop" location="parts/shop.wsdl"/>
              <import namespace="urn:gone" location="gone.wsdl"/><import namespace="urn:far" location="http://far.test/x.wsdl"/>
              <service name="S"><port name="p" binding="s:B"><soap:address location="http://shop.test/x"/></port></service></definitions>
            """
        let shop = Self.wsdl(
            types:
                #"<xsd:schema targetNamespace="urn:shop" elementFormDefault="qualified"><xsd:include schemaLocation="../types.xsd"/></xsd:schema>"#,
            messages: #"<message name="In"><part name="p" element="t:go"/></message>"#,
            portTypes: #"<portType name="P"><operation name="go"><input message="t:In"/></operation></portType>"#,
            bindings: """
                <binding name="B" type="t:P"><soap:binding transport="x"/>
                <operation name="go"><soap:operation soapAction="go"/><input><soap:body use="literal"/></input></operation></binding>
                """, services: "")
        let types = """
            <x:schema xmlns:x="http://www.w3.org/2001/XMLSchema" elementFormDefault="qualified"><x:include schemaLocation="types.xsd"/>
              <x:element name="go"><x:complexType><x:sequence><x:element name="what" type="Kind"/><x:element ref="lost"/></x:sequence></x:complexType>
              </x:element><x:simpleType name="Kind"><x:restriction base="x:string"><x:enumeration value="a"/><x:enumeration value="b"/></x:restriction>
              </x:simpleType></x:schema>
            """
        let api = try await read(entry, ["parts/shop.wsdl": shop, "types.xsd": types])
        let go = try #require(api.operations.first)
        #expect(try body(go, #"{"what":"a","lost":"x"}"#).contains("<ns2:go><ns2:what>a</ns2:what>"))
        #expect(
            api.findings.map(\.description) == [
                #"3:3: unresolved: "gone.wsdl" cannot be followed: there is no file gone.wsdl"#,
                #"3:54: unresolved: "http://far.test/x.wsdl" is an address, which is not followed"#,
                #"types.xsd:2:87: unresolved: there is no element "lost"; anything is accepted"#,
            ])
    }

    @Test("what a redefinition declares is qualified as the schema it stands in says")
    func redefinition() async throws {
        let entry = Self.single(
            types: """
                <xsd:schema targetNamespace="urn:shop" elementFormDefault="qualified">
                  <xsd:redefine schemaLocation="types.xsd"><xsd:complexType name="Go"><xsd:complexContent><xsd:extension base="t:Go">
                    <xsd:sequence><xsd:element name="more" type="xsd:string"/></xsd:sequence></xsd:extension></xsd:complexContent></xsd:complexType>
                  </xsd:redefine><xsd:element name="go" type="t:Go"/></xsd:schema>
                """)
        let types = """
            <x:schema xmlns:x="http://www.w3.org/2001/XMLSchema" targetNamespace="urn:shop"><x:complexType name="Go"><x:sequence>
            <x:element name="first" type="x:string"/></x:sequence></x:complexType></x:schema>
            """
        let go = try #require(try await read(entry, ["types.xsd": types]).operations.first)
        #expect(try body(go, #"{"more":"b","first":"a"}"#).contains("<ns2:go><first>a</first><ns2:more>b</ns2:more></ns2:go>"))
    }

    @Test("a schema without a namespace that ever more schemas include is left out at last, with one finding")
    func chameleons() async throws {
        let schemas = (0..<1_000).map { #"<xsd:schema targetNamespace="urn:\#($0)"><xsd:include schemaLocation="all.xsd"/></xsd:schema>"# }
            .joined()
        let all =
            #"<x:schema xmlns:x="http://www.w3.org/2001/XMLSchema">"#
            + (0..<1_000).map { #"<x:element name="e\#($0)"/>"# }.joined() + "</x:schema>"
        let api = try await read(Self.single(types: schemas), ["all.xsd": all])
        #expect(api.findings.count { $0.kind == .more } == 1)
    }

    // MARK: Many and large

    /// One operation, `go`, of a message with an element `go` and perhaps one for its header.
    private static func single(
        types: String, operations: [String] = ["go"], parts: String = #"<part name="p" element="t:go"/>"#, header: String = ""
    )
        -> String
    {
        wsdl(
            types: types,
            messages: #"<message name="In">\#(parts)</message><message name="H"><part name="h" type="xsd:string"/></message>"#,
            portTypes: #"<portType name="P">"#
                + operations.map { #"<operation name="\#($0)"><input message="t:In"/></operation>"# }.joined() + "</portType>",
            bindings: #"<binding name="B" type="t:P"><soap:binding transport="x"/>"#
                + operations.map { name in
                    #"<operation name="\#(name)"><soap:operation soapAction=""/><input>\#(header)<soap:body use="literal"/></input></operation>"#
                }.joined() + "</binding>")
    }

    @Test("the argument for the header gives way to one of the same name")
    func headerNames() async throws {
        let go = try #require(
            try await read(
                Self.single(
                    types: """
                        <xsd:schema targetNamespace="urn:shop"><xsd:element name="go"><xsd:complexType><xsd:sequence>
                        <xsd:element name="headers" type="xsd:string"/></xsd:sequence></xsd:complexType></xsd:element></xsd:schema>
                        """, header: #"<soap:header message="t:H" part="h" use="literal"/>"#)
            ).operations.first)
        #expect(go.arguments.map(\.wireName) == ["headers", "headers_"])
        let other = try #require(go.arguments.last?.name)
        let text = try body(go, #"{"headers":"own","\#(other)":{"h":"s"}}"#)
        #expect(text.contains("<soapenv:Header><h>s</h></soapenv:Header>") && text.contains("<headers>own</headers>"))
    }

    @Test("operations that share a message of many parts are left out when there are too many, with one finding")
    func sharedMessage() async throws {
        let parts = (0..<1_000).map { #"<part name="p\#($0)" type="xsd:string"/>"# }.joined()
        let api = try await read(Self.single(types: "", operations: (0..<3_000).map { "o\($0)" }, parts: parts))
        #expect(api.operationCount == 3_000 && api.operations.count < 3_000 && !api.operations.isEmpty)
        #expect(api.findings.count { $0.kind == .skippedOperation } == 1)
    }

    // MARK: What is no WSDL

    @Test(
        "what is malformed is refused with its place, and other XML by name",
        arguments: [
            ("<definitions xmlns='http://schemas.xmlsoap.org/wsdl/'>\n <types></definitions>", "2:"),
            ("<!DOCTYPE definitions><definitions xmlns='http://schemas.xmlsoap.org/wsdl/'/>", "1:"),
            ("<description xmlns='http://www.w3.org/ns/wsdl'/>", "WSDL 2.0"),
            ("<schema xmlns='http://www.w3.org/2001/XMLSchema'/>", "XML schema"),
            ("<html><body/></html>", "HTML"),
            ("<application xmlns='http://wadl.dev.java.net/2009/02'/>", "WADL"),
            ("<rss/>", "XML"),
        ])
    func refusals(text: String, expected: String) async throws {
        let error = await #expect(throws: IngestError.self) { _ = try await read(text) }
        #expect(error?.description.contains(expected) == true, "\(error?.description ?? "")")
    }

    @Test("operations of which none can be called are refused, and none at all is no mistake")
    func nothing() async throws {
        let portType = #"<portType name="P"><operation name="go"><input message="t:In"/></operation></portType>"#
        let error = await #expect(throws: IngestError.self) {
            _ = try await read(Self.wsdl(messages: #"<message name="In"/>"#, portTypes: portType, bindings: ""))
        }
        #expect(error?.reason == .nothingUsable && error?.position != nil)
        #expect(try await read(Self.wsdl(messages: "", portTypes: "", bindings: "")).operations.isEmpty)
    }

    // MARK: Tokens

    @Test("a user name token stands in the header of every message")
    func token() async throws {
        let api = try await read(Self.orders).secured(by: UsernameToken(username: "u&") { .digest("d", nonce: "n", created: "c") })
        let text = try body(try #require(api.operations.first), #"{"sku":"x","headers":{"session":"s"}}"#)
        #expect(text.contains("<ns2:Username>u&amp;</ns2:Username>"))
        #expect(text.contains(#"#PasswordDigest">d</ns2:Password>"#))
        #expect(text.contains("</ns2:Security><ns4:session>s</ns4:session></soapenv:Header>"))
    }
}
