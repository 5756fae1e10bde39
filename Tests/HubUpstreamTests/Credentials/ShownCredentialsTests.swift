import HTTPTypes
import HubCore
import NIOCore
import Testing

@testable import HubUpstream

@Suite("credentials in a request")
struct ShownCredentialsTests {
    private static let every: [UpstreamCredential] = [
        .header(name: "X-Key", value: Secret("a")), .query(name: "key", value: Secret("b c&")), .cookie(name: "sid", value: Secret("d")),
        .basic(username: "u", password: Secret("p")),
    ]

    @Test("each stands in its place")
    func places() {
        let shown = ShownCredentials(Self.every)
        var fields: HTTPFields = [.accept: "*/*"]
        shown.add(to: &fields)
        #expect(fields.map { "\($0.name): \($0.value)" } == ["Accept: */*", "X-Key: a", "Authorization: Basic dTpw", "Cookie: sid=d"])
        #expect(shown.added(toPath: "/x") == "/x?key=b%20c%26")
        #expect(shown.added(toPath: "/x?a=1&") == "/x?a=1&key=b%20c%26")
    }

    @Test("no argument says it otherwise")
    func replaced() throws {
        let shown = ShownCredentials(Self.every)
        let key = try #require(HTTPField.Name("x-key"))
        var fields: HTTPFields = [key: "mine", .authorization: "mine", .cookie: "a=1; sid=mine;b=2; sid=mine"]
        shown.add(to: &fields)
        #expect(fields[key] == "a" && fields[.authorization] == "Basic dTpw" && fields[values: .cookie] == ["a=1; b=2; sid=d"])
        #expect(shown.added(toPath: "/x?key=mine&%6Bey=mine&keys=1&key") == "/x?keys=1&key=b%20c%26")
    }

    @Test("of two in one place the later one stands there")
    func order() {
        var fields = HTTPFields()
        ShownCredentials([.bearer(Secret("a")), .bearer(Secret("b"))]).add(to: &fields)
        #expect(fields[values: .authorization] == ["Bearer b"])
    }

    @Test("nothing is shown where there is nothing")
    func none() {
        var fields: HTTPFields = [.cookie: "a=1;b"]
        ShownCredentials([]).add(to: &fields)
        #expect(fields[.cookie] == "a=1;b")
        #expect(ShownCredentials([]).added(toPath: "/x?") == "/x?")
    }
}

@Suite("what no answer gives back")
struct RedactionTests {
    @Test(
        "a secret is taken out however it is spelled",
        arguments: [
            "s3c/r=t\"\\", "s3c%2Fr%3Dt%22%5C", #"s3c/r=t\"\\"#, #"s3c\/r=t\"\\"#, "dTpzM2Mvcj10Ilw=", #"dTpzM2Mvcj10Ilw="#,
        ])
    func spellings(text: String) throws {
        let redaction = Redaction([.basic(username: "u", password: Secret("s3c/r=t\"\\"))])
        let endpoint = Endpoint(try #require(HTTPAddress("http://upstream.test")))
        var scanner = try #require(redaction.scanner(status: 200, endpoint: endpoint, with: nil))
        #expect(String(buffer: scanner.scanAll(ByteBuffer(string: "a \(text) b"))) == "a *** b")
    }

    @Test(
        "a secret is taken out as markup spells it, which callers would get resolved",
        arguments: [
            "p<a>&'q\"", "p&lt;a&gt;&amp;'q\"", "p&lt;a>&amp;'q\"", "p&lt;a&gt;&amp;&#39;q&quot;", "p&lt;a&gt;&amp;&apos;q&quot;",
            #"p\u003ca\u003e\u0026'q\""#,
        ])
    func markup(text: String) throws {
        let redaction = Redaction([.bearer(Secret("p<a>&'q\""))])
        let endpoint = Endpoint(try #require(HTTPAddress("http://upstream.test")))
        var scanner = try #require(redaction.scanner(status: 200, endpoint: endpoint, with: nil))
        #expect(String(buffer: scanner.scanAll(ByteBuffer(string: "a \(text) b"))) == "a *** b")
    }

    @Test("what an operation adds is taken out beside what the upstream has")
    func both() throws {
        let endpoint = Endpoint(try #require(HTTPAddress("http://upstream.test")))
        let added = Redaction([.cookie(name: "c", value: Secret("second-one"))])
        var scanner = try #require(Redaction([.bearer(Secret("first-one"))]).scanner(status: 200, endpoint: endpoint, with: added))
        #expect(String(buffer: scanner.scanAll(ByteBuffer(string: "first-one second-one"))) == "*** ***")
        #expect(Redaction([]).scanner(status: 200, endpoint: endpoint, with: nil) == nil)
    }
}
