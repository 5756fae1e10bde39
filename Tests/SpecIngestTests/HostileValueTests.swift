import HTTPTypes
import HubCore
import SpecIngest
import Testing

struct HostileValueTests {
    private static func description() throws -> Description {
        try Description(
            path: "/v1/users/{id}/posts",
            operation: #"{"operationId":"op","parameters":[{"name":"id","in":"path","schema":{"type":"string"}}]}"#)
    }

    @Test(
        "a path argument stays one segment",
        arguments: [
            ("42", "42"), ("a b", "a%20b"), ("a/b", "a%2Fb"), (#"..\\x"#, "..%5Cx"), ("../../admin", "..%2F..%2Fadmin"),
            ("%2e%2e", "%252e%252e"),
            ("//evil.test/", "%2F%2Fevil.test%2F"), ("a?b=c#d", "a%3Fb%3Dc%23d"), (".. ", "..%20"), ("...", "..."), ("{id}", "%7Bid%7D"),
            ("\u{202E}42", "%E2%80%AE42"), ("．．／", "%EF%BC%8E%EF%BC%8E%EF%BC%8F"),
        ] as [(String, String)])
    func encodedPaths(value: String, segment: String) throws {
        #expect(try Self.description().target(#"{"id":"\#(value)"}"#) == "/v1/users/\(segment)/posts")
    }

    @Test(
        "a path argument that could leave its place is refused",
        arguments: [".", "..", "", #"a\r\nX: 1"#, #"a\u0000"#, #"\u0085"#, #"\u007f"#])
    func refusedPaths(value: String) throws {
        #expect(try Self.description().refusal(#"{"id":"\#(value)"}"#).contains(#""id" must not"#))
    }

    @Test("a path argument of 2,048 bytes passes and one byte more does not")
    func longPaths() throws {
        let value = String(repeating: "a", count: 2_048)
        #expect(try Self.description().target(#"{"id":"\#(value)"}"#).utf8.count == 2_048 + 16)
        #expect(try Self.description().refusal(#"{"id":"\#(value)a"}"#).contains("2048 bytes"))
    }

    @Test("arguments that only together make a dot segment are refused")
    func joinedDots() throws {
        let description = try Description(
            path: "/x/{a}{b}", operation: #"{"operationId":"op","parameters":[{"name":"a","in":"path"},{"name":"b","in":"path"}]}"#)
        #expect(try description.refusal(#"{"a":".","b":"x"}"#).contains("must not be"))
        #expect(try description.refusal(#"{"a":[".",""],"b":"x"}"#).hasPrefix("accepted"))
        let label = try Description(
            path: "/x/{a}", operation: #"{"operationId":"op","parameters":[{"name":"a","in":"path","style":"label","explode":true}]}"#)
        #expect(try label.refusal(#"{"a":["",".x"]}"#).hasPrefix("accepted"))
        #expect(try label.refusal(#"{"a":["","",""]}"#).contains("must not be empty"))
        #expect(try label.refusal(#"{"a":["."]}"#).contains("must not be"))
        let simple = try Description(
            path: "/x/{a}.{b}", operation: #"{"operationId":"op","parameters":[{"name":"a","in":"path"},{"name":"b","in":"path"}]}"#)
        #expect(try simple.refusal(#"{"a":[""],"b":"."}"#).contains("must not be"))
    }

    @Test(
        "a header argument with a line break or another control character is refused",
        arguments: [#"a\r\nX: 1"#, #"a\n"#, #"\r"#, #"a\u0000b"#, #"\u007f"#])
    func refusedHeaders(value: String) throws {
        let description = try Description(operation: #"{"operationId":"op","parameters":[{"name":"X-A","in":"header"}]}"#)
        #expect(try description.refusal(#"{"X_A":"\#(value)"}"#).contains("control characters"))
    }

    @Test("a header argument over 8 KiB is refused, and characters past ASCII keep all their bytes")
    func headerBounds() throws {
        let description = try Description(operation: #"{"operationId":"op","parameters":[{"name":"X-A","in":"header"}]}"#)
        let name = try #require(HTTPField.Name("X-A"))
        let value = String(repeating: "a", count: 8 << 10)
        #expect(try description.request(#"{"X_A":"\#(value)"}"#).headers[name] == value)
        #expect(try description.refusal(#"{"X_A":"\#(value)a"}"#).contains("8192 bytes"))
        #expect(try description.request(#"{"X_A":"\u560a\u560dX"}"#).headers[name] == "\u{560A}\u{560D}X")
    }

    @Test(
        "a header that is the hub's own never becomes an argument",
        arguments: [
            "Authorization", "host", "Cookie", "Content-Length", "TRANSFER-ENCODING", "Connection", "Proxy-Authorization", "Accept",
            "Content-Type",
            "TE", "Upgrade", "a b", "",
        ])
    func reservedHeaders(name: String) throws {
        let description = try Description(
            operation: #"{"operationId":"op","parameters":[{"name":"\#(name)","in":"header","required":true}]}"#)
        #expect(try description.operation().arguments.isEmpty)
        #expect(try description.target("{}") == "/x")
    }

    @Test(
        "of a header that is the hub's to write a finding says that it is left out",
        arguments: [
            "Host", "cookie", "Content-Length", "Transfer-Encoding", "Connection", "Keep-Alive", "TE", "Trailer", "Upgrade", "Expect",
            "Via",
            "Forwarded", "X-Forwarded-For", "x-forwarded-host", "X-Forwarded-Anything", "X-Real-IP", "Proxy-Authorization",
            "Proxy-Connection",
        ])
    func reservedFindings(name: String) throws {
        let description = try Description(
            operation:
                #"{"operationId":"op","parameters":[{"name":"\#(name)","in":"header","required":true},{"name":"X-A","in":"header"}]}"#)
        #expect(try description.operation().arguments.map(\.wireName) == ["X-A"])
        #expect(description.api.findings.map(\.message) == ["header parameter \"\(name)\" is the hub's own to write; it is left out"])
    }

    @Test("three names mean nothing as parameters, and nothing is said of them", arguments: ["Accept", "content-type", "AUTHORIZATION"])
    func meaninglessHeaders(name: String) throws {
        let description = try Description(operation: #"{"operationId":"op","parameters":[{"name":"\#(name)","in":"header"}]}"#)
        #expect(try description.operation().arguments.isEmpty && description.api.findings.isEmpty)
    }

    @Test("a URL as an argument is data, with whatever user and password stand in it")
    func userInformation() throws {
        let description = try Description(
            path: "/fetch/{url}",
            operation:
                #"{"operationId":"op","parameters":[{"name":"url","in":"path"},{"name":"next","in":"query"},{"name":"X-Url","in":"header"}]}"#
        )
        let url = "http://user:secret@127.0.0.1:80@evil.test/?a#b"
        let request = try description.request(#"{"url":"\#(url)","next":"\#(url)","X_Url":"\#(url)"}"#)
        let encoded = "http%3A%2F%2Fuser%3Asecret%40127.0.0.1%3A80%40evil.test%2F%3Fa%23b"
        #expect(request.path == "/fetch/\(encoded)?next=\(encoded)")
        #expect(request.headers[try #require(HTTPField.Name("X-Url"))] == url)
        #expect(request.headers.count == 2 && request.headers[.authorization] == nil)
    }

    @Test("line breaks in a query stay one value, and in a cookie are encoded or refused")
    func lineBreaks() throws {
        let description = try Description(
            operation:
                #"{"operationId":"op","parameters":[{"name":"q","in":"query"},{"name":"c","in":"cookie"},{"name":"d","in":"cookie","style":"cookie"}]}"#
        )
        #expect(try description.target(#"{"q":"a\r\nX: 1&b=2"}"#) == "/x?q=a%0D%0AX%3A%201%26b%3D2")
        #expect(try description.request(#"{"c":"a\r\nX: 1; d=2"}"#).headers[.cookie] == "c=a%0D%0AX%3A%201%3B%20d%3D2")
        #expect(try description.refusal(#"{"d":"a\r\nX: 1"}"#).contains("control characters"))
    }

    @Test("the query of a server is dropped with a finding, and a fragment makes it none")
    func serverQueries() throws {
        let description = { (url: String) in
            try Description(#"{"openapi":"3.1.0","servers":[{"url":"\#(url)"}],"paths":{"/x":{"get":{}}}}"#)
        }
        let plain = try description("https://a.test:8443/v1?key=b")
        #expect(try plain.operation().server == .absolute(#require(HTTPAddress("https://a.test:8443/v1"))))
        #expect(plain.api.findings.map(\.message) == ["the query of a server is not sent"])
        for url in ["http://a.test#@127.0.0.1/", "http://a.test/#?b", "http://a.test:0?b", "http://u@a.test?b"] {
            guard case .unusable = try description(url).operation().server else {
                Issue.record("\(url) was taken")
                continue
            }
        }
    }

    @Test("what a security scheme sends never becomes an argument")
    func credentials() throws {
        let description = try Description(
            """
            openapi: 3.1.0
            paths: {/x: {get: {operationId: op, parameters: [{name: x-key, in: header}, {name: key, in: query}, {name: x-key, in: query}, {name: sid, in: cookie}]}}}
            components: {securitySchemes: {a: {type: apiKey, in: header, name: X-Key}, b: {type: apiKey, in: query, name: key}, c: {type: apiKey, in: cookie, name: sid}}}
            """)
        #expect(try description.operation().arguments.map(\.wireName) == ["x-key"])
    }

    @Test("a default that looks like a credential is not shown")
    func secretDefaults() throws {
        let description = try Description(
            operation: #"{"operationId":"op","parameters":[{"name":"api_key","in":"query","schema":{"type":"string","default":"sk-1"}}]}"#)
        #expect(try description.schema(argument: "api_key") == #"{"type":"string"}"#)
    }

    @Test("a cookie of style cookie cannot bring another one")
    func cookieInjection() throws {
        let description = try Description(operation: #"{"operationId":"op","parameters":[{"name":"c","in":"cookie","style":"cookie"}]}"#)
        #expect(try description.refusal(#"{"c":"a; admin=1"}"#).contains("must not contain"))
    }

    @Test("a server whose variables multiply is too long, and security has bounds")
    func multiplied() throws {
        let url = "https://x.test/" + String(repeating: "{a}", count: 5_000)
        let word = String(repeating: "w", count: 5_000)
        let schemes = (0..<17).map { "\"s\($0)\":[]" }.joined(separator: ",")
        let security = "[{\(schemes)}," + Array(repeating: #"{"s":[]}"#, count: 100).joined(separator: ",") + "]"
        let description = try Description(
            #"{"openapi":"3.1.0","servers":[{"url":"\#(url)","variables":{"a":{"default":"\#(word)"}}}],"security":\#(security),"paths":{"/x":{"get":{}}}}"#
        )
        #expect(try description.operation().server == .unusable(url, reason: "it is longer than 8192 bytes"))
        #expect(try description.operation().security.count == 63)
    }
}
