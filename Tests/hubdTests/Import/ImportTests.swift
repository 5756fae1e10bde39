import HubCore
import NIOCore
import Testing

@testable import hubd

struct ImportTests {
    private static func written(_ requests: [SeenRequest], name: String? = nil) throws -> String {
        var writer = ImportWriter(name: name, notes: [])
        for request in requests { writer.add(request) }
        let written = writer.text()
        let text = try #require(written)
        let (settings, findings) = SettingsTestFiles.load(text)
        #expect(findings == [])
        #expect(settings != nil)
        return text
    }

    private static func curl(_ line: String) throws -> String {
        try written([CurlCommand(line).request])
    }

    private static func har(_ entries: String) throws -> String {
        try written(HARFile(ByteBuffer(string: #"{"log":{"entries":[\#(entries)]}}"#)).requests)
    }

    private static func entry(_ method: String, _ url: String, type: String = "application/json", more: String = "") -> String {
        #"{"request":{"method":"\#(method)","url":"\#(url)"\#(more)},"response":{"status":200,"content":{"mimeType":"\#(type)"}}}"#
    }

    private static func endpoints(_ text: String) -> [String] {
        text.split(separator: "\n").filter { $0.contains("request:") }.map { String($0.drop { $0 == " " }) }
    }

    // MARK: curl

    @Test("a command line becomes an endpoint with typed parameters")
    func command() throws {
        let text = try Self.curl(
            #"curl -sS 'https://api.test/v1/tickets/7/notes?expand=a&limit=10&big=00012&ok=true' -H 'X-App: hub' -H 'Accept: application/json'"#
        )
        #expect(
            text.hasSuffix(
                """
                upstreams:
                  api-test:
                    addresses: ["https://api.test"]
                servers:
                  api-test:
                    upstream: api-test
                    http:
                      - name: get_tickets_notes
                        request: "GET /v1/tickets/{ticket_id}/notes"
                        headers:
                          X-App: "hub"
                          Accept: "application/json"
                        parameters:  # types inferred
                          ticket_id: { type: integer }
                          expand: { type: string, description: "For example a" }
                          limit: { type: integer, description: "For example 10" }
                          big: { type: string, description: "For example 00012" }
                          ok: { type: boolean, description: "For example true" }
                """))
    }

    @Test(
        "the method is what curl would send",
        arguments: [
            ("curl h.test", "GET /"), ("curl -I h.test/a/", "HEAD /a/"), ("curl -d a=1 h.test", "POST /"),
            ("curl -G -d a=1 h.test", "GET /"),
            ("curl -XDELETE h.test/1", "DELETE /{id}"), ("curl --request=put h.test", "PUT /"), ("curl -T f h.test", "PUT /"),
            ("curl --json {} h.test", "POST /"), ("curl -F a=b h.test", "POST /"), ("curl --url http://h.test/x", "GET /x"),
        ])
    func method(line: String, request: String) throws {
        #expect(try Self.endpoints(Self.curl(line)) == ["request: \"\(request)\""])
    }

    @Test("a body becomes parameters, or one where it is no record")
    func bodies() throws {
        let record = try Self.curl(#"curl h.test -H 'content-type: application/json' -d '{"a":1,"b":{"c":[1,2.5]},"n":null}'"#)
        #expect(record.contains("a: { type: integer, description: \"For example 1\" }\n"))
        #expect(record.contains("b: { type: object, properties: { c: { type: array, items: { type: number } } } }\n"))
        #expect(record.contains("\"n\": {}"))
        let list = try Self.curl(#"curl h.test -H 'content-type: application/json' -d '[{"a":1}]'"#)
        #expect(list.contains("body: { type: array, items: { type: object, properties: { a: { type: integer } } } }"))
        #expect(list.contains(#"body: "{body}""#))
        let form = try Self.curl("curl h.test -d a=1 --data-urlencode 'b=x&y'")
        #expect(form.contains("b: { type: string, description: \"For example x&y\" }"))
        #expect(form.contains("contentType: \"application/x-www-form-urlencoded\""))
        let files = try Self.curl("curl h.test -F a=1 -F f=@x.png")
        #expect(files.contains("f: { type: file }"))
        _ = try Self.curl(#"curl h.test/1?id=2 -H 'content-type: application/json' -d '{"id":3,"body":4}'"#)
    }

    @Test(
        "nothing secret is written, and how to give it is",
        arguments: [
            ("-H 'Authorization: Bearer SWORDFISH'", "credential: { bearer: env:H_TEST_TOKEN }"),
            ("-H 'authorization: basic SWORDFISH'", "credential: { basic: { username: CHANGE-ME, password: env:H_TEST_PASSWORD } }"),
            ("-u SWORDFISH:SWORDFISH", "credential: { basic: { username: CHANGE-ME, password: env:H_TEST_PASSWORD } }"),
            ("-uSWORDFISH", "credential: { basic: { username: CHANGE-ME, password: env:H_TEST_PASSWORD } }"),
            ("--oauth2-bearer SWORDFISH", "credential: { bearer: env:H_TEST_TOKEN }"),
            ("-H 'X-Api-Key: SWORDFISH'", #"credential: { header: { name: "X-Api-Key", value: env:H_TEST_KEY } }"#),
            ("-H 'PRIVATE-TOKEN: SWORDFISH'", #"credential: { header: { name: "PRIVATE-TOKEN", value: env:H_TEST_KEY } }"#),
            ("-G -d api_key=SWORDFISH", #"credential: { query: { name: "api_key", value: env:H_TEST_KEY } }"#),
            ("-b 'sid=SWORDFISH'", "cookies"), ("-H 'Cookie: a=SWORDFISH'", "cookies"),
            ("-d password=SWORDFISH", "password: { type: string }"),
            (#"--json '{"user":{"apiKey":"SWORDFISH"},"client_secret":"SWORDFISH"}'"#, "client_secret: { type: string }"),
            ("--proxy-user SWORDFISH -A SWORDFISH -e http://SWORDFISH", "GET /"),
            ("--url http://SWORDFISH:SWORDFISH@h.test/", "credential: { basic"),
        ])
    func secrets(options: String, line: String) throws {
        let address = options.contains("--url") ? "" : " http://h.test/"
        let text = try Self.curl("curl \(options)\(address)")
        #expect(!text.contains("SWORDFISH"))
        #expect(text.contains(line), "\(text)")
    }

    @Test(
        "a made-up looking part of the path is a variable, not written",
        arguments: [
            "123456:AAE4kd93kdDKEkd93kdkeKDEK3kd", "550e8400-e29b-41d4-a716-446655440000", "507f1f77bcf86cd799439011",
            "01ARZ3NDEKTSV4RRFFQ69G5FAV", "sk_live_abc", "eyJhbGciOi", "a@b.test",
        ])
    func opaquePath(segment: String) throws {
        let text = try Self.curl("curl h.test/things/\(segment)/x")
        #expect(Self.endpoints(text) == [#"request: "GET /things/{thing_id}/x""#])
    }

    @Test(
        "a command that cannot be read is refused without a value of it",
        arguments: [
            ("curl --frobnicate SWORDFISH http://h", "curl option --frobnicate is not known"),
            ("curl -~ http://h", "curl option -~ is not known"), ("curl", "the command line has no address"),
            ("curl http://h -H", "curl option --header needs a value, or is not known"),
            ("curl ftp://h/SWORDFISH", "the address is no http or https URL that can be read"),
            ("curl 'http://h", "a ' of the command line is not closed"),
            ("curl http://h/../x", "the address is no http or https URL that can be read"),
        ])
    func refusal(line: String, message: String) {
        #expect {
            try CurlCommand(line)
        } throws: { "\($0)" == message }
    }

    @Test("a command line past a bound is refused")
    func longCommand() {
        #expect(throws: CommandFailure.self) { try CurlCommand("curl http://h " + String(repeating: "-d1 ", count: 2_000)) }
        #expect(throws: CommandFailure.self) { try CurlCommand("curl http://h -d " + String(repeating: "1", count: 1 << 20)) }
    }

    // MARK: HAR

    @Test("requests to one method and path are one endpoint, typed by all of them")
    func merges() throws {
        let text = try Self.har(
            [
                Self.entry("GET", "https://h.test/t/1?a=1"), Self.entry("GET", "https://h.test/t/22?a=1.5&b=x"),
                Self.entry("POST", "https://h.test/t", more: #","postData":{"mimeType":"application/json","text":"{\"a\":null}"}"#),
                Self.entry("POST", "https://h.test/t", more: #","postData":{"mimeType":"application/json","text":"{\"a\":true,\"c\":2}"}"#),
            ].joined(separator: ","))
        #expect(Self.endpoints(text) == [#"request: "GET /t/{t_id}""#, #"request: "POST /t""#])
        #expect(text.contains("a: { type: number, description: \"For example 1\" }\n"))
        #expect(text.contains("a: { type: boolean }\n          c: { type: integer, description: \"For example 2\" }"))
    }

    @Test("what a page is made of is passed over, other places are upstreams of their own")
    func assets() throws {
        let text = try Self.har(
            [
                Self.entry("GET", "https://h.test/", type: "text/html"), Self.entry("GET", "https://h.test/a.js", type: "text/plain"),
                Self.entry("GET", "https://h.test/p.png", type: "image/png"), Self.entry("OPTIONS", "https://h.test/t"),
                Self.entry("GET", "wss://h.test/s"), Self.entry("GET", "data:text/plain,x"), Self.entry("GET", "https://h.test/t"),
                Self.entry("GET", "https://h.test:8443/t"), Self.entry("DELETE", "http://[::1]:9/t/1", type: ""),
            ].joined(separator: ","))
        #expect(Self.endpoints(text).count == 3)
        #expect(text.contains(#"addresses: ["https://h.test:8443"]"#))
        #expect(text.contains(#"addresses: ["http://[::1]:9"]"#))
    }

    @Test(
        "odd types in a HAR file are passed over",
        arguments: [
            "1", "null", "{}", #"{"request":1}"#, #"{"request":{"method":1,"url":[]}}"#, #"{"request":{"method":"GET","url":"https://"}}"#,
            #"{"request":{"method":"GET","url":"https://h.test/%zz%00?=&a"},"response":{"content":{"mimeType":"application/json"}}}"#,
            #"{"request":{"method":"POST","url":"https://h.test/x","headers":[1,{"name":2}],"postData":{"text":5,"params":[{}]}},"response":7}"#,
        ])
    func oddTypes(entry: String) throws {
        let good = Self.entry("GET", "https://h.test/good")
        #expect(Self.endpoints(try Self.har("\(entry),\(good)")).last == #"request: "GET /good""#)
    }

    @Test("a text that is no HAR file is refused", arguments: ["", "[]", "{}", #"{"log":{"entries":{}}}"#, "<har/>"])
    func noHAR(text: String) {
        #expect(throws: CommandFailure.self) { try HARFile(ByteBuffer(string: text)) }
    }

    @Test("names that are no plain words, control characters and braces come out as YAML that is read again")
    func hostileNames() throws {
        let body =
            ##"{\"a\\nb: c\":1,\"{x}\":\"\\u0000\\u2028\\ud83d\\ude00\",\"# y\":\"{{a}}\",\"null\":\"'\\\"\"}"##
        let text = try Self.har(
            Self.entry(
                "POST", "https://h.test/%7B%0A%7D/{a}/%23?%7Bq%7D={v}&%0A=%0A",
                more:
                    #","headers":[{"name":"X-A","value":"{b}"},{"name":"X\nB","value":"c"}],"postData":{"mimeType":"application/json","text":"\#(body)"}"#
            ))
        #expect(text.contains(##"request: "POST /%7B%0A%7D/%7Ba%7D/%23""##))
        #expect(!text.contains("X-A"))
    }

    @Test("whatever a command line holds, what is written passes the check")
    func mutations() throws {
        let line = #"curl -X POST 'https://h.test/a/7?q=1' -H 'X-A: b' --json '{"a":{"b":[1]},"c":"d"}'"#
        let bytes = Array(line.utf8)
        let odd = Array("\"'\\{}#%:&?\n\u{0}\u{FF}~".utf8)
        for index in bytes.indices {
            for (number, byte) in odd.enumerated() where (index + number) % 7 == 0 {
                var mutated = bytes
                mutated[index] = byte
                guard let command = try? CurlCommand(String(decoding: mutated, as: UTF8.self)) else { continue }
                var writer = ImportWriter(name: nil, notes: [])
                writer.add(command.request)
                guard let text = writer.text() else { continue }
                #expect(SettingsTestFiles.load(text).findings == [], "\(String(decoding: mutated, as: UTF8.self))")
            }
        }
    }

    @Test("whatever a recording holds, what is written passes the check")
    func mutatedRecordings() throws {
        let entry = Self.entry(
            "PUT", "https://h.test:80/a/7/b?q=1&r=x",
            more: #","headers":[{"name":"X-A","value":"b"}],"postData":{"mimeType":"text/json","text":"{\"q\":{\"b\":[1]},\"c\":\"d\"}"}"#)
        let bytes = Array(#"{"log":{"entries":[\#(entry)]}}"#.utf8)
        let odd = Array("'{}#%:&?/ ~@[".utf8)
        for index in bytes.indices {
            for (number, byte) in odd.enumerated() where (index + number) % 7 == 0 {
                var mutated = bytes
                mutated[index] = byte
                guard let file = try? HARFile(ByteBuffer(bytes: mutated)) else { continue }
                var writer = ImportWriter(name: nil, notes: [])
                for request in file.requests { writer.add(request) }
                guard let text = writer.text() else { continue }
                #expect(SettingsTestFiles.load(text).findings == [], "\(String(decoding: mutated, as: UTF8.self))")
            }
        }
    }

    @Test("a recording of thousands of places and paths is cut, and says so")
    func bounds() throws {
        let entries = (0..<700).map {
            Self.entry(
                "GET",
                "https://h.test/a\(String(repeating: "b", count: $0 % 7))/\(["x", "y", "z"][$0 % 3])\(String(repeating: "c", count: $0 / 21))"
            )
        }
        let places = (0..<100).map { Self.entry("GET", "https://h\($0).test/x") }
        let text = try Self.har((entries + places).joined(separator: ","))
        #expect(Self.endpoints(text).count <= ImportLimits.endpoints)
        #expect(text.contains("endpoints were left out"))
    }
}
