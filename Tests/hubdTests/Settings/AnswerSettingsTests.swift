import HubCore
import Testing

@testable import hubd

@Suite("what hub.yaml says about answers")
struct AnswerSettingsTests {
    private func server(_ response: String, tools: String = "{}") throws -> ServerEntry {
        let (settings, findings) = SettingsTestFiles.load(
            """
            upstreams: { a: { addresses: ["http://a"] } }
            servers:
              a:
                openapi: a.yaml
                upstream: a
                response: \(response)
                tools: \(tools)
            """)
        #expect(findings.isEmpty, "\(findings)")
        return try #require(settings?.servers.first)
    }

    @Test("every field arrives")
    func everyField() throws {
        let entry = try server(
            "{ fields: true, bytes: 8KiB, items: 5, files: 1048576, wait: 2s, pages: 3 }",
            tools:
                #"{ list: { response: { keep: ["/a/*/b", ""], pages: { most: 9, items: /rows, cursor: { from: /next, argument: t } } } } }"#
        )
        #expect(entry.answers.listsFields == true && entry.answers.maximumBytes == 8192 && entry.answers.maximumItems == 5)
        #expect(
            entry.answers.maximumFileBytes == 1 << 20 && entry.answers.wait == .seconds(2) && entry.answers.pages == PageSettings(most: 3))
        let own = try #require(entry.tools.first?.answers?.value)
        #expect(own.keep == ["/a/*/b", ""] && own.pages?.most == 9 && own.pages?.items == "/rows")
        #expect(own.pages?.way == .cursor(from: "/next", argument: "t") && own.pages?.argument == "t")
    }

    @Test(
        "each way to the next page arrives",
        arguments: [
            ("link: header", .linkHeader), ("next: /links/next", .link("/links/next")), ("offset: skip", .offset(argument: "skip")),
            ("page: p", .page(argument: "p")),
        ] as [(String, PageSettings.Way)])
    func ways(text: String, way: PageSettings.Way) throws {
        #expect(try server("{ pages: { most: 2, \(text) } }").answers.pages?.way == way)
    }

    @Test("endpoints by hand have their own")
    func endpoints() throws {
        let (settings, findings) = SettingsTestFiles.load(
            """
            upstreams: { a: { addresses: ["http://a"] } }
            servers: { a: { upstream: a, http: [ { name: one, request: GET /, response: { keep: [/id] } }, { name: two, request: GET / } ] } }
            """)
        #expect(findings.isEmpty, "\(findings)")
        #expect(settings?.servers.first?.endpointAnswers.mapValues(\.value.keep) == ["one": ["/id"]])
    }

    @Test(
        "what cannot be meant is refused",
        arguments: [
            ("{ keep: [/a] }", #"unknown key "keep""#), ("{ items: 0 }", #""items" must be a whole number from 1"#),
            ("{ pages: { items: /a } }", #""pages" needs "most""#), ("{ pages: { most: 2, page: a, offset: b } }", "only one of"),
            ("{ bytes: 8KB }", #""bytes" must be"#), ("{ pages: { most: 2, items: rows } }", "JSON pointer"),
        ])
    func refused(response: String, message: String) {
        let findings = SettingsTestFiles.load("servers: { a: { openapi: a.yaml, response: \(response) } }").findings
        #expect(findings.contains { $0.message.contains(message) }, "\(findings)")
    }
}
