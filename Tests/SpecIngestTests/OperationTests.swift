import HTTPTypes
import HubCore
import SpecIngest
import Testing

struct OperationTests {
    @Test(
        "the method decides hints and risk",
        arguments: [
            ("get", ToolAnnotations(readOnly: true, destructive: false, idempotent: true, openWorld: true), Risk.read),
            ("head", ToolAnnotations(readOnly: true, destructive: false, idempotent: true, openWorld: true), .read),
            ("options", ToolAnnotations(readOnly: true, destructive: false, idempotent: true, openWorld: true), .read),
            ("post", ToolAnnotations(readOnly: false, destructive: true, idempotent: false, openWorld: true), .write),
            ("patch", ToolAnnotations(readOnly: false, destructive: true, idempotent: false, openWorld: true), .write),
            ("put", ToolAnnotations(readOnly: false, destructive: true, idempotent: true, openWorld: true), .write),
            ("delete", ToolAnnotations(readOnly: false, destructive: true, idempotent: true, openWorld: true), .destructive),
        ] as [(String, ToolAnnotations, Risk)])
    func hints(method: String, annotations: ToolAnnotations, risk: Risk) throws {
        let tool = try Description(method: method, operation: "{}").operation().tool
        #expect(tool.annotations == annotations)
        #expect(tool.risk == risk)
        #expect(tool.operation == method.uppercased() + " /x")
    }

    @Test("3.2 brings the query method and additional operations, which 3.1 does not have")
    func methods32() throws {
        let paths = "paths: {/x: {query: {operationId: q}, additionalOperations: {COPY: {operationId: c}, 'no method': {operationId: n}}}}"
        let description = try Description("openapi: 3.2.0\n\(paths)")
        #expect(description.names == ["q", "c"])
        #expect(try description.request("{}", of: "c").method.rawValue == "COPY")
        #expect(try description.operation("c").tool.risk == .destructive)
        #expect(try description.operation("q").tool.risk == .read)
        #expect(description.api.findings.map(\.kind) == [.skippedOperation])
        #expect(try Description("openapi: 3.1.0\n\(paths)").names.isEmpty)
    }

    @Test(
        "title and description come from summary and description",
        arguments: [
            (#""summary":"List pets","description":"All of **them**.""#, "List pets", "List pets. All of them."),
            (#""summary":"List pets""#, "List pets", "List pets"), (#""description":"All.""#, nil, "All."), (#""tags":[]"#, nil, "GET /x"),
            (#""summary":"Same","description":"Same""#, "Same", "Same"),
            (#""summary":"Same","description":"Same thing.""#, "Same", "Same thing."),
            (#""summary":"Old","deprecated":true"#, "Old", "Deprecated. Old"),
        ] as [(String, String?, String)])
    func words(members: String, title: String?, description: String) throws {
        let tool = try Description(operation: "{\(members)}").operation().tool
        #expect(tool.title == title)
        #expect(tool.description == description)
    }

    @Test(
        "JSON is asked for where it is offered",
        arguments: [
            (#"{"200":{"content":{"application/xml":{},"application/json":{}}}}"#, "application/json"),
            (#"{"200":{"content":{"text/csv":{},"application/hal+json":{}}}}"#, "application/hal+json"),
            (#"{"200":{"content":{"image/png":{},"image/gif":{}}}}"#, "image/png, image/gif"),
            (#"{"204":{"description":"x"}}"#, "application/json, */*;q=0.5"), (#"{"default":{"content":{"text/html":{}}}}"#, "text/html"),
        ] as [(String, String)])
    func accept(responses: String, accept: String) throws {
        #expect(try Description(operation: #"{"responses":\#(responses)}"#).request("{}").headers[.accept] == accept)
    }

    @Test(
        "a server is absolute, relative, none, or cannot be used",
        arguments: [
            (#"[{"url":"https://api.test/v1/"}]"#, "absolute https://api.test/v1"), (#"[{"url":"/v1/"}]"#, "relative /v1"), ("[]", "none"),
            (
                #"[{"url":"{s}://{h}:{p}/{b}","variables":{"s":{"default":"http"},"h":{"enum":["a.test"]},"p":{"default":8080},"b":{"default":"v2"}}}]"#,
                "absolute http://a.test:8080/v2"
            ),
            (#"[{"url":"https://{tenant}.test"}]"#, "unusable"), (#"[{"url":"file:///etc"}]"#, "unusable"),
            (#"[{"url":"//evil.test/api"}]"#, "unusable"),
            (#"[{"url":"ftp://a.test"},{"url":"https://b.test"}]"#, "absolute https://b.test"),
            (#"[{"url":"https://u:p@a.test"}]"#, "unusable"),
            (#"[{"url":"../v1"}]"#, "unusable"), (#"[{"description":"no url"}]"#, "none"),
        ] as [(String, String)])
    func servers(list: String, expected: String) throws {
        let server = try Description(#"{"openapi":"3.1.0","servers":\#(list),"paths":{"/x":{"get":{}}}}"#).operation().server
        let shown =
            switch server {
            case .absolute(let address): "absolute \(address)"
            case .relative: "relative \(server.pathPrefix)"
            case .none: "none"
            case .unusable: "unusable"
            }
        #expect(shown == expected)
    }

    @Test("an operation's server goes before its path's, and that before the document's")
    func serverPrecedence() throws {
        let description = try Description(
            """
            openapi: 3.1.0
            servers: [{url: 'https://document.test'}]
            paths:
              /a: {get: {operationId: a}}
              /b: {servers: [{url: 'https://path.test'}], get: {operationId: b}, put: {operationId: c, servers: [{url: 'https://operation.test'}]}}
            """)
        let hosts = try ["a", "b", "c"].map { try description.operation($0).server.address(relativeTo: nil)?.host }
        #expect(hosts == ["document.test", "path.test", "operation.test"])
    }

    @Test("a relative server is resolved against the address the description came from")
    func relativeServers() throws {
        let base = HTTPAddress("https://x.test/docs/openapi.json")
        #expect(ServerReference.relative("/v1").address(relativeTo: base)?.description == "https://x.test/v1")
        #expect(ServerReference.relative("v1/").address(relativeTo: base)?.description == "https://x.test/docs/v1")
        #expect(ServerReference.relative("./").address(relativeTo: base)?.description == "https://x.test/docs")
        #expect(ServerReference.relative("/v1").address(relativeTo: nil) == nil)
    }

    @Test("security is kept as alternatives of schemes together, the operation's own before the document's")
    func security() throws {
        let description = try Description(
            """
            openapi: 3.1.0
            security: [{key: []}]
            paths:
              /a: {get: {operationId: a}}
              /b: {get: {operationId: b, security: []}}
              /c: {get: {operationId: c, security: [{key: [], oauth: [read]}, {}]}}
            components:
              securitySchemes:
                key: {type: apiKey, in: header, name: X-Key}
                oauth: {type: oauth2, flows: {clientCredentials: {tokenUrl: 'https://x.test/token', scopes: {read: Read}}}}
                basic: {type: http, scheme: Basic}
            """)
        #expect(try description.operation("a").security.map { $0.schemes.map(\.scheme) } == [["key"]])
        #expect(try description.operation("b").security.isEmpty)
        #expect(try description.operation("c").security.map { $0.schemes.map(\.scheme) } == [["key", "oauth"], []])
        #expect(description.api.securitySchemes["basic"]?.kind == .http(scheme: "basic"))
        #expect(description.api.securitySchemes["key"]?.kind == .apiKey(name: "X-Key", place: .header))
    }

    @Test("the same text gives the same tools every time")
    func determinism() throws {
        let text = "openapi: 3.1.0\npaths: {/b: {get: {}, post: {}}, /a: {get: {operationId: x}, put: {operationId: x}}}\n"
        let first = try Description(text).names
        for _ in 0..<5 { #expect(try Description(text).names == first) }
        #expect(first.prefix(2) == ["get_b", "post_b"])
    }
}
