import HubCore
import NIOCore
import SpecIngest
import Testing

struct DescriptionFormatTests {
    @Test(
        "each dialect is told by its version, quoted or not",
        arguments: [
            (#"{"swagger":"2.0","paths":{}}"#, IngestedAPI.Dialect.swagger2), ("swagger: 2.0\npaths: {}", .swagger2),
            ("openapi: 3.0.3\npaths: {}", .openAPI30), ("openapi: '3.1.1'\npaths: {}", .openAPI31), ("openapi: 3.1\npaths: {}", .openAPI31),
            ("openapi: 3.2.0\npaths: {}", .openAPI32), ("openapi: 3.9.0\npaths: {}", .openAPI32),
        ] as [(String, IngestedAPI.Dialect)])
    func dialects(text: String, dialect: IngestedAPI.Dialect) throws {
        #expect(try Description(text).api.dialect == dialect)
    }

    @Test(
        "another format is refused by its name",
        arguments: [
            ("asyncapi: 3.0.0\nchannels: {}", "AsyncAPI"),
            (#"{"info":{"_postman_id":"1","name":"x"},"item":[]}"#, "Postman"),
            (#"{"info":{"schema":"https://schema.getpostman.com/json/collection/v2.1.0/collection.json"},"item":[]}"#, "Postman"),
            (#"{"log":{"version":"1.2","entries":[]}}"#, "HAR"),
            ("#%RAML 1.0\ntitle: x\n", "RAML"), ("title: x\nbaseUri: http://x\n/users:\n  get: {}\n", "RAML"),
            (#"{"swaggerVersion":"1.2","apis":[]}"#, "Swagger 1.2"), ("swagger: '1.1'\n", "Swagger 1.1"),
            ("<?xml version='1.0'?><definitions xmlns='http://schemas.xmlsoap.org/wsdl/'/>", "XML"),
            ("<!DOCTYPE html><html></html>", "HTML"),
            (#"{"kind":"discovery#restDescription","discoveryVersion":"v1"}"#, "discovery"), ("openapi: 4.0.0\n", "4.0.0"),
        ] as [(String, String)])
    func otherFormats(text: String, name: String) throws {
        let error = try #require(refusal(of: text))
        #expect(error.reason == .unsupportedFormat)
        #expect(error.message.contains(name))
        #expect(error.hint != nil)
    }

    @Test("what describes no API is refused as that", arguments: ["hello: world", "[1, 2]", "just words", "{}"])
    func noDescription(text: String) throws {
        #expect(try #require(refusal(of: text)).reason == .notADescription)
    }

    @Test("text that is neither JSON nor YAML is refused with its place")
    func unreadable() throws {
        let error = try #require(refusal(of: "openapi: 3.1.0\npaths:\n\t/x: {}\n"))
        #expect(error.reason == .unreadable)
        #expect(error.position?.line == 3)
    }

    @Test("a reference into the file system of the reader refuses the document, wherever it stands")
    func fileReference() throws {
        let text = "openapi: 3.1.0\npaths: {/x: {get: {}}}\ncomponents: {schemas: {A: {$ref: 'file:///srv/x'}}}\n"
        let error = try #require(refusal(of: text))
        #expect(error.reason == .forbiddenReference)
        #expect(error.position?.line == 3)
        #expect(try Description("openapi: 3.1.0\npaths: {/x: {get: {x-policy: {$ref: 'file:///srv/x'}}}}\n").names == ["get_x"])
    }

    @Test("a name that stands twice at the top refuses the document; further down the last one counts")
    func repeatedNames() throws {
        #expect(try #require(refusal(of: "openapi: 3.1.0\nopenapi: 2.0\npaths: {}\n")).message.contains("twice"))
        let api = try Description("openapi: 3.1.0\npaths: {/x: {get: {operationId: a, operationId: b}}}\n").api
        #expect(api.operations.map(\.tool.name) == ["b"])
        #expect(api.findings.map(\.kind) == [.repaired])
    }

    @Test("a document without paths has no operations, and that is no error")
    func noPaths() throws {
        let api = try Description("openapi: 3.1.0\ninfo: {title: T, version: 2, description: Some *words*.}\nwebhooks: {}\n").api
        #expect(api.operations.isEmpty)
        #expect((api.title, api.version, api.description) == ("T", "2", "Some words."))
    }
}
