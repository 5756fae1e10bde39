import HubCore
import NIOConcurrencyHelpers
import NIOCore
import SpecIngest
import Testing

/// Descriptions that are spread over several files.
struct SeveralFilesTests {
    private static func read(_ entry: String, _ files: FilesInMemory) async throws -> IngestedAPI {
        try await DescriptionReader.read(ByteBuffer(string: entry), named: "api.yaml", loader: files)
    }

    private static func body(_ reference: String) -> String {
        """
        openapi: 3.1.0
        paths: {/x: {post: {operationId: op, requestBody: {content: {application/json: {schema: {properties: {a: {$ref: '\(reference)'}}}}}}}}}
        components: {schemas: {Own: {type: integer}}}
        """
    }

    @Test("references lead through three files and back, each relative to the file it stands in")
    func threeFiles() async throws {
        let files = FilesInMemory([
            "paths/pets.yaml": """
            get:
              operationId: pet
              parameters: [{$ref: '../parts/common.json#/parameters/Id'}, {$ref: ../api.yaml#/components/parameters/Page}]
              responses: {default: {$ref: '../parts/common.json#/responses/Pet'}}
            """,
            "parts/common.json": """
            {"parameters":{"Id":{"name":"id","in":"path","required":true,"schema":{"$ref":"#/schemas/Id"}}},
             "schemas":{"Id":{"type":"integer"}},"responses":{"Pet":{"content":{"application/json":{}}}}}
            """,
        ])
        let api = try await Self.read(
            """
            openapi: 3.0.3
            paths: {'/pets/{id}': {$ref: paths/pets.yaml}}
            components: {parameters: {Page: {name: page, in: query, schema: {type: string}}}}
            """, files)
        #expect(api.findings.isEmpty)
        let operation = try #require(api.operations.first)
        #expect(operation.arguments.map(\.wireName) == ["id", "page"])
        #expect(String(buffer: operation.tool.inputSchema).contains(#""id":{"type":"integer"}"#))
        #expect(operation.responseTypes == ["application/json"])
        #expect(files.asked.withLockedValue { $0 } == ["paths/pets.yaml", "parts/common.json"])
    }

    @Test("schemas of two files that contain each other are closed under $defs")
    func cycle() async throws {
        let files = FilesInMemory([
            "A.yaml": "properties: {b: {$ref: B.yaml}}",
            "B.yaml": "properties: {a: {$ref: ./A.yaml}}",
        ])
        let api = try await Self.read(Self.body("A.yaml"), files)
        #expect(api.findings.isEmpty)
        let schema = String(buffer: try #require(api.operations.first).tool.inputSchema)
        #expect(schema.contains(##""$ref":"#/$defs/"##))
    }

    @Test("the same words in two files lead to two schemas")
    func sameFragment() async throws {
        let files = FilesInMemory([
            "one.yaml": "{S: {properties: {x: {$ref: '#/T'}}}, T: {type: string}}",
            "two.yaml": "{S: {properties: {y: {$ref: '#/T'}}}, T: {type: boolean}}",
        ])
        let api = try await Self.read(
            """
            openapi: 3.0.3
            paths:
              /x: {post: {requestBody: {content: {application/json: {schema: {properties: {a: {$ref: 'one.yaml#/S'}, b: {$ref: 'two.yaml#/S'}}}}}}}}
            """, files)
        let schema = String(buffer: try #require(api.operations.first).tool.inputSchema)
        #expect(schema.contains(#""x":{"type":"string"}"#))
        #expect(schema.contains(#""y":{"type":"boolean"}"#))
    }

    @Test(
        "what leads out of the folder or to an address is not asked for; anything is accepted in its place",
        arguments: [
            "../up.yaml", "a/../../up.yaml", "/etc/passwd", "https://x.test/a.yaml", "%2e%2e/up.yaml", "..\\\\up.yaml", "a.yaml?b", "//x/y",
        ])
    func escapes(reference: String) async throws {
        let files = FilesInMemory([:])
        let api = try await Self.read(Self.body(reference), files)
        #expect(files.asked.withLockedValue { $0 }.isEmpty)
        #expect(api.operations.count == 1)
        #expect(api.findings.map(\.kind) == [.unresolvedReference])
    }

    @Test("a file that is missing or malformed is named, and the operation stays", arguments: ["none.yaml", "bad.json"])
    func missing(name: String) async throws {
        let api = try await Self.read(Self.body(name), FilesInMemory(["bad.json": #"{"a":"#]))
        #expect(api.operations.count == 1)
        #expect(api.findings.map(\.kind) == [.unresolvedReference])
        #expect(api.findings.first?.message.contains(name) == true)
    }

    @Test("a finding names the file it is in, where that is not the one the operator named")
    func place() async throws {
        let files = FilesInMemory(["s/a.yaml": "\nproperties:\n  b: {$ref: '#/none'}"])
        let finding = try #require(try await Self.read(Self.body("s/a.yaml"), files).findings.first)
        #expect(finding.file == "s/a.yaml")
        #expect(finding.position?.line == 3)
        #expect(finding.description.hasPrefix("s/a.yaml:3:"))
    }

    @Test("what an author put into examples and extensions is not followed")
    func data() async throws {
        let files = FilesInMemory([:])
        let entry = Self.body("#/components/schemas/Own") + "\nx-a: {$ref: a.yaml}\ninfo: {example: {$ref: b.yaml}}"
        _ = try await Self.read(entry, files)
        #expect(files.asked.withLockedValue { $0 }.isEmpty)
    }

    @Test("of ten thousand files no more than five hundred are asked for")
    func hostile() async throws {
        let files = FilesInMemory([:])
        let schemas = (0..<10_000).map { "p\($0): {$ref: f\($0).yaml}" }.joined(separator: ", ")
        let api = try await Self.read(
            "{openapi: 3.0.3, paths: {/x: {get: {}}}, components: {schemas: {A: {properties: {\(schemas)}}}}}", files)
        #expect(api.operations.count == 1)
        #expect(files.asked.withLockedValue { $0.count } == 500)
    }

    @Test(
        "what $self names is the document itself",
        arguments: ["https://x.test/api/main#/components/schemas/Own", "main#/components/schemas/Own"])
    func ownAddress(reference: String) async throws {
        let api = try await Self.read(Self.body(reference) + "\n$self: https://x.test/api/main\n", FilesInMemory([:]))
        #expect(api.findings.isEmpty)
        #expect(String(buffer: try #require(api.operations.first).tool.inputSchema).contains(#""a":{"type":"integer"}"#))
    }
}
