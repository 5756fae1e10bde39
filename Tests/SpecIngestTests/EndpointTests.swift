import HTTPTypes
import HubCore
import NIOCore
import SpecIngest
import Testing

struct EndpointTests {
    /// Endpoints in YAML, read.
    struct Endpoints {
        let api: IngestedAPI

        init(_ text: String) throws {
            let document = try SourceDocument(reading: ByteBuffer(string: text))
            api = EndpointReader.read(document.json.root, in: document)
        }

        func request(_ arguments: String = "{}") throws -> OutboundRequest {
            let operation = try #require(api.operations.first, "\(api.findings)")
            return try operation.encoder.encode(try JSONDocument(parsing: arguments, limits: .message).root)
        }

        func body(_ arguments: String = "{}") throws -> String? {
            try request(arguments).body.map { String(buffer: $0) }
        }
    }

    private static func post(_ rest: String) throws -> Endpoints {
        try Endpoints("- { name: op, request: POST /x, \(rest) }")
    }

    @Test("variables of path and query are arguments by their own names, with fixed pairs kept")
    func request() throws {
        let endpoints = try Endpoints(
            #"- { name: get, request: "GET /t/{id}/a?kind=open&q={text}", parameters: { text: { type: string, default: "a b" }, limit: { type: integer } } }"#
        )
        #expect(try endpoints.request(#"{"id":"7/8","limit":3}"#).path == "/t/7%2F8/a?kind=open&q=a%20b&limit=3")
        #expect(try endpoints.request(#"{"id":"7","text":"ü"}"#).path == "/t/7/a?kind=open&q=%C3%BC")
        #expect(throws: HubError.self) { try endpoints.request() }
        let tool = try #require(endpoints.api.operations.first?.tool)
        #expect(
            String(buffer: tool.inputSchema)
                == #"{"type":"object","properties":{"id":{"type":"string"},"text":{"type":"string","default":"a b"},"limit":{"type":"integer"}},"required":["id"],"additionalProperties":false}"#
        )
        #expect(tool.name == "get")
        #expect(tool.risk == .read)
    }

    @Test("without a template the parameters of a body are the members of an object")
    func members() throws {
        let endpoints = try Self.post(
            "parameters: { a: { type: integer, required: true }, b: { type: object }, q: { in: query, type: string } }")
        let request = try endpoints.request(#"{"a":1.0,"b":{"c":null},"q":"z"}"#)
        #expect(request.path == "/x?q=z")
        #expect(request.body.map { String(buffer: $0) } == #"{"a":1.0,"b":{"c":null}}"#)
        #expect(request.headers[.contentType] == "application/json")
    }

    @Test("a template takes values as they were written, leaves out what was not given, and puts text into text")
    func template() throws {
        let endpoints = try Self.post(
            #"parameters: { a: { type: number }, b: { type: string } }, body: { n: "{a}", list: [1, "{a}", "{b}"], text: "<{b}> {{b}} { {a}", fix: null }"#
        )
        #expect(
            try endpoints.body(#"{"a":1.50,"b":"x\"y"}"#)
                == #"{"n":1.50,"list":[1,1.50,"x\"y"],"text":"<x\"y> {b} { 1.50","fix":null}"#)
        #expect(try endpoints.body() == #"{"list":[1],"text":"<> {b} { ","fix":null}"#)
    }

    @Test("an argument of the path may stand in the body too")
    func sharedArgument() throws {
        let endpoints = try Endpoints(#"- { name: op, request: "PUT /x/{id}", body: { id: "{id}" } }"#)
        let request = try endpoints.request(#"{"id":"a"}"#)
        #expect(request.path == "/x/a")
        #expect(request.body.map { String(buffer: $0) } == #"{"id":"a"}"#)
    }

    @Test("a body that is one argument is that argument")
    func wholeBody() throws {
        let endpoints = try Self.post(#"parameters: { doc: { type: object } }, body: "{doc}""#)
        #expect(try endpoints.body(#"{"doc":{"a":[]}}"#) == #"{"a":[]}"#)
        #expect(try endpoints.body() == nil)
    }

    @Test("a form is written from parameters or from a template")
    func form() throws {
        let type = "contentType: application/x-www-form-urlencoded"
        let plain = try Self.post("\(type), parameters: { a: { type: string }, b: { type: array } }")
        #expect(try plain.body(#"{"a":"x y&z","b":[1,2]}"#) == "a=x%20y%26z&b=1&b=2")
        let written = try Self.post(#"\#(type), parameters: { a: { type: string } }, body: { grant: code, v: "{a}", w: "{a}!" }"#)
        #expect(try written.body(#"{"a":"1"}"#) == "grant=code&v=1&w=1%21")
        #expect(try written.body() == "grant=code&w=%21")
    }

    @Test("the parts of a multipart form are parameters, files given in Base64")
    func multipart() throws {
        let endpoints = try Self.post(
            "contentType: multipart/form-data, parameters: { note: { type: string }, data: { type: file, required: true } }")
        let body = try #require(try endpoints.body(#"{"note":"hi","data":"YWJj"}"#))
        #expect(body.contains("name=\"note\"") && body.contains("\r\n\r\nhi\r\n"))
        #expect(body.contains("name=\"data\"; filename=") && body.contains("\r\n\r\nabc\r\n"))
        #expect(throws: HubError.self) { try endpoints.request() }
    }

    @Test("what is put into XML is escaped, what is put into plain text is not")
    func text() throws {
        let xml = try Self.post(#"contentType: application/xml, parameters: { a: { type: string } }, body: "<a b='{a}'>{a}</a>""#)
        #expect(try xml.body(#"{"a":"<'&\">"}"#) == "<a b='&lt;&apos;&amp;&quot;&gt;'>&lt;&apos;&amp;&quot;&gt;</a>")
        #expect(throws: HubError.self) { try xml.body(#"{"a":"\u0001"}"#) }
        let whole = try Self.post(#"contentType: application/xml, parameters: { a: { type: string } }, body: "{a}""#)
        #expect(try whole.body(#"{"a":"<a/>"}"#) == "<a/>")
        let plain = try Self.post(#"contentType: text/plain, parameters: { a: { type: string } }, body: "{a} <{a}>""#)
        #expect(try plain.body(#"{"a":"&"}"#) == "& <&>")
    }

    @Test("fixed headers and the Accept header are sent as written, parameters in headers and cookies beside them")
    func headers() throws {
        let endpoints = try Endpoints(
            #"- { name: op, request: GET /x, headers: { X-App: hub, Accept: text/csv }, parameters: { X-Tenant: { in: header, type: string }, lang: { in: cookie, type: string } } }"#
        )
        let request = try endpoints.request(#"{"X_Tenant":"t","lang":"de"}"#)
        let fields = request.headers.map { "\($0.name.canonicalName): \($0.value)" }.sorted()
        #expect(fields == ["accept: text/csv", "cookie: lang=de", "x-app: hub", "x-tenant: t"])
        #expect(throws: HubError.self) { try endpoints.request(#"{"X_Tenant":"t\r\nHost: x"}"#) }
    }

    @Test("title, description and risk are as written, the hints following the risk")
    func words() throws {
        let tool = try #require(
            Self.post("title: Run it, description: 'Runs *it*.', risk: read").api.operations.first?.tool)
        #expect(tool.title == "Run it")
        #expect(tool.description == "Runs *it*.")
        #expect(tool.risk == .read)
        #expect(tool.annotations.readOnly == true)
        #expect(tool.annotations.destructive == false)
    }

    @Test(
        "a mistake is named at its place, and the endpoint becomes no tool",
        arguments: [
            (#"request: "GET /x", parameters: { id: { in: path } }"#, "58: dropped: the path of the request has no {id}"),
            (#"request: "GET /{id}", parameters: { id: { in: query } }"#, "61: dropped: \"id\" stands in the path of the request"),
            (
                #"request: "GET /{id}", parameters: { id: { required: false } }"#,
                "67: dropped: \"id\" stands in the path, which cannot do without it"
            ),
            (#"request: "GET /{id", body: 1"#, "24: dropped: the braces of the path do not enclose names, such as {id}"),
            (#"request: "GET /x?a=b{id}""#, "24: dropped: a variable of the query is the whole value of its pair: name={variable}"),
            (#"request: "GET /{id}?a={id}""#, "24: dropped: {id} stands twice in the request"),
            (#"request: "GET //h/x""#, "24: dropped: the path begins like the address of another host"),
            (#"request: "GET /../x""#, "24: dropped: the path contains \".\" or \"..\""),
            (#"request: "GET /x y""#, "24: dropped: a request is a method and a path, such as \"GET /tickets/{id}\""),
            (#"request: POST /x, body: { a: "{b}" }"#, "44: dropped: there is no parameter {b}: declare it, or write {{b}} for the text"),
            (
                #"request: POST /x, body: { a: 1 }, parameters: { c: { in: body } }"#,
                "63: dropped: the body does not use \"c\": write \"{c}\" where it goes"
            ),
            (#"request: POST /x, body: "{\"a\": 1}""#, "39: dropped: a body in JSON is written as YAML or JSON here, not as text"),
            (
                #"request: POST /x, contentType: text/plain, parameters: { a: {} }"#,
                "46: dropped: a body of type text/plain has to be written out: add `body:`"
            ),
            (#"request: POST /x, contentType: text/plain, body: { a: 1 }"#, "64: dropped: a body of type text/plain has to be text"),
            (
                #"request: GET /x, headers: { Authorization: Bearer x }"#,
                "43: dropped: a credential does not belong here: write `credential:` at the upstream"
            ),
            (
                #"request: GET /x, parameters: { X-Forwarded-For: { in: header } }"#,
                "46: dropped: \"X-Forwarded-For\" cannot be a header that a caller chooses"
            ),
            (
                #"request: GET /x, headers: { X-A: "{a}" }, parameters: { a: {} }"#,
                "43: dropped: a fixed header takes no arguments: declare a parameter with `in: header`"
            ),
            (
                #"request: GET /x, parameters: { a: { type: integer, default: x } }"#,
                "75: dropped: the default of \"a\" has to be an integer"
            ),
        ])
    func mistake(rest: String, complaint: String) throws {
        let endpoints = try Endpoints("- { name: op, \(rest) }")
        #expect(endpoints.api.operations.isEmpty)
        #expect(endpoints.api.findings.map(\.description) == ["1:" + complaint])
    }

    @Test(
        "values of odd types are passed over without a trap",
        arguments: [
            "1", "[1, {}, null]", "[{name: 1, request: []}]", "{}",
            "[{name: a, request: 'POST /x', parameters: [1], headers: 1, body: [[]], contentType: 7}]",
        ])
    func oddTypes(text: String) throws {
        _ = try Endpoints(text)
    }
}
