import HubCore
import NIOCore
import SpecIngest
import Testing

@testable import hubd

@Suite("servers of a description")
struct ServerChooserTests {
    private static let text = """
        openapi: 3.2.0
        info: { title: t, version: "1" }
        servers:
          - { name: live, url: "https://{region}.test/v1", variables: { region: { default: us, enum: [us, eu] }, port: { default: 1 } } }
          - { name: trial, url: "https://trial.test/v2" }
          - { url: /v3 }
        paths:
          /a: { get: { operationId: a } }
          /b: { get: { operationId: b, servers: [{ url: "https://upload.test" }, { name: trial, url: "https://{zone}.trial.test" , variables: { zone: { default: z } } }] } }
        """

    /// Where each operation is, and what is said about the choice.
    private func choose(_ choice: String, of text: String = text) throws -> (servers: [String], said: [String]) {
        let (settings, problems) = SettingsTestFiles.load("servers: { s: { openapi: x\(choice) } }")
        #expect(problems.isEmpty, "\(problems)")
        let api = try OpenAPIReader.read(ByteBuffer(string: text))
        var findings = FindingCollector()
        let chooser = ServerChooser(try #require(settings?.servers.first), api, &findings)
        let servers = api.operations.map { operation in
            switch chooser.server(of: operation) {
            case .absolute(let address): address.description
            case .relative(let reference): reference
            case .none: "none"
            case .unusable(let url, _): "unusable \(url)"
            }
        }
        return (servers, findings.findings.map(\.description))
    }

    @Test(
        "a server is chosen by name, URL or number, its variables by name",
        arguments: [
            ("", ["https://us.test/v1", "https://upload.test"]),
            (", server: trial", ["https://trial.test/v2", "https://z.trial.test"]),
            (", server: trial, serverVariables: { zone: y }", ["https://trial.test/v2", "https://y.trial.test"]),
            (", server: \"https://trial.test/v2\"", ["https://trial.test/v2", "https://z.trial.test"]),
            (", server: 1", ["https://trial.test/v2", "https://z.trial.test"]), (", server: /v3", ["/v3", "https://upload.test"]),
            (", server: 2", ["/v3", "https://upload.test"]),
            (", serverVariables: { region: eu }", ["https://eu.test/v1", "https://upload.test"]),
            (", server: live, serverVariables: { region: eu, port: 8443 }", ["https://eu.test/v1", "https://upload.test"]),
        ] as [(String, [String])])
    func choices(choice: String, servers: [String]) throws {
        let (found, said) = try choose(choice)
        #expect(found == servers)
        #expect(said.isEmpty, "\(said)")
    }

    @Test(
        "a server or a variable that there is not is an error at its place",
        arguments: [
            (", server: trail", "hub.yaml:1:37: error: the description of s has no server \"trail\" — did you mean \"trial\"?"),
            (
                ", server: 3",
                "hub.yaml:1:37: error: the description of s has no server \"3\" — it has \"live\", \"trial\" or \"/v3\", from 0"
            ),
            (
                ", server: \"-1\"",
                "hub.yaml:1:37: error: the description of s has no server \"-1\" — it has \"live\", \"trial\" or \"/v3\", from 0"
            ),
            (
                ", serverVariables: { regoin: eu }",
                "hub.yaml:1:48: error: the server of s has no variable \"regoin\" — did you mean \"region\"?"
            ),
            (", serverVariables: { region: moon }", "hub.yaml:1:48: error: \"region\" cannot be \"moon\" — it is \"us\" or \"eu\""),
            (
                ", server: 2, serverVariables: { region: eu }",
                "hub.yaml:1:59: error: the server of s has no variable \"region\" — it has zone"
            ),
        ])
    func mistakes(choice: String, message: String) throws {
        #expect(try choose(choice).said == [message])
    }

    @Test("a variable without a default is filled in, and the first server that can be used then is taken")
    func withoutDefaults() throws {
        let text = """
            {"openapi":"3.0.3","servers":[{"url":"ftp://x"},{"url":"https://{tenant}.test","variables":{"tenant":{}}}],"paths":{"/a":{"get":{}}}}
            """
        #expect(try choose("", of: text).servers == ["unusable ftp://x"])
        #expect(try choose(", serverVariables: { tenant: me }", of: text).servers == ["https://me.test"])
        #expect(try choose(", serverVariables: { tenant: me@evil }", of: text).servers == ["unusable ftp://x"])
    }
}
