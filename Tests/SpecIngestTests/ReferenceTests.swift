import HubCore
import NIOCore
import SpecIngest
import Testing

struct ReferenceTests {
    private static func description(_ components: String, body: String, openapi: String = "3.1.0") throws -> Description {
        try Description(
            """
            openapi: \(openapi)
            paths: {/x: {post: {operationId: op, requestBody: {required: true, content: {application/json: {schema: \(body)}}}}}}
            components: {\(components)}
            """)
    }

    @Test("a schema that contains itself stands under $defs and refers to itself")
    func cycle() throws {
        let description = try Self.description(
            "schemas: {Node: {type: object, properties: {name: {type: string}, children: {type: array, items: {$ref: '#/components/schemas/Node'}}}}}",
            body: "{$ref: '#/components/schemas/Node'}")
        #expect(
            try description.schema()
                == ##"{"type":"object","properties":{"name":{"type":"string"},"children":{"type":"array","items":{"$ref":"#/$defs/Node"}}},"##
                + #""additionalProperties":false,"$defs":{"Node":{"type":"object","properties":{"name":{"type":"string"},"#
                + ##""children":{"type":"array","items":{"$ref":"#/$defs/Node"}}}}}}"##)
    }

    @Test("schemas that contain each other are closed, and only those that are reached are written")
    func mutualCycle() throws {
        let description = try Self.description(
            "schemas: {A: {properties: {b: {$ref: '#/components/schemas/B'}}}, B: {properties: {a: {$ref: '#/components/schemas/A'}}}, C: {type: string}}",
            body: "{properties: {a: {$ref: '#/components/schemas/A'}}}")
        #expect(
            try description.schema()
                == ##"{"type":"object","properties":{"a":{"$ref":"#/$defs/A"}},"additionalProperties":false,"$defs":{"A":{"type":"object","##
                + ##""properties":{"b":{"type":"object","properties":{"a":{"$ref":"#/$defs/A"}}}}}}}"##)
    }

    @Test("references that lead only to each other accept anything")
    func emptyCycle() throws {
        let description = try Self.description(
            "schemas: {A: {$ref: '#/components/schemas/B'}, B: {$ref: '#/components/schemas/A'}}",
            body: "{properties: {a: {$ref: '#/components/schemas/A'}}}")
        #expect(try description.schema(argument: "a") == "{}")
        #expect(description.api.findings.map(\.kind) == [.unresolvedReference])
    }

    @Test("allOf that contains itself ends")
    func allOfCycle() throws {
        let description = try Self.description(
            "schemas: {A: {allOf: [{$ref: '#/components/schemas/A'}, {properties: {x: {type: string}}}]}}",
            body: "{$ref: '#/components/schemas/A'}")
        #expect(try description.schema(argument: "x") == #"{"type":"string"}"#)
    }

    @Test("what is used often and is not tiny stands once under $defs; what is used once stands in its place")
    func sharing() throws {
        let long = String(repeating: "a", count: 250)
        let description = try Self.description(
            "schemas: {Big: {type: string, pattern: \(long)}, Once: {type: string, pattern: b\(long)}, Tiny: {type: integer}}",
            body:
                "{properties: {a: {$ref: '#/components/schemas/Big'}, b: {$ref: '#/components/schemas/Big', description: Other.}, c: {$ref: '#/components/schemas/Once'}, d: {$ref: '#/components/schemas/Tiny'}, e: {$ref: '#/components/schemas/Tiny'}}}"
        )
        #expect(try description.schema(argument: "a") == ##"{"$ref":"#/$defs/Big"}"##)
        #expect(try description.schema(argument: "b") == ##"{"$ref":"#/$defs/Big","description":"Other."}"##)
        #expect(try description.schema(argument: "c") == #"{"type":"string","pattern":"b\#(long)"}"#)
        #expect(try description.schema(argument: "e") == #"{"type":"integer"}"#)
        #expect(try description.schema().contains("Once") == false)
    }

    @Test(
        "pointers are unescaped: ~0, ~1, percent signs, list positions, and through references",
        arguments: [
            "#/components/schemas/a~1b", "#/components/schemas/c%20d", "#/components/schemas/e~0f", "#/components/x/0",
            "#/components/schemas/via/properties/p",
        ])
    func pointers(reference: String) throws {
        let components =
            "schemas: {a/b: {type: integer}, 'c d': {type: integer}, e~f: {type: integer}, via: {$ref: '#/components/schemas/real'}, "
            + "real: {properties: {p: {type: integer}}}}, x: [{type: integer}]"
        let description = try Self.description(components, body: "{properties: {a: {$ref: '\(reference)'}}}")
        #expect(try description.schema(argument: "a") == #"{"type":"integer"}"#)
    }

    @Test("an anchor is found in 3.1")
    func anchor() throws {
        let description = try Self.description("schemas: {A: {$anchor: here, type: integer}}", body: "{properties: {a: {$ref: '#here'}}}")
        #expect(try description.schema(argument: "a") == #"{"type":"integer"}"#)
    }

    @Test(
        "a reference out of the document or to nowhere accepts anything and is reported",
        arguments: ["other.yaml#/A", "https://x.test/a.json", "#/components/schemas/None", "Pet"])
    func unresolved(reference: String) throws {
        let description = try Self.description("schemas: {}", body: "{properties: {a: {$ref: '\(reference)'}}}")
        #expect(try description.schema(argument: "a") == "{}")
        #expect(description.api.findings.map(\.kind) == [.unresolvedReference])
    }

    @Test("keywords beside a reference count in 3.1 and do not in 3.0")
    func siblings() throws {
        let components = "schemas: {A: {type: string}}"
        let body = "{properties: {a: {$ref: '#/components/schemas/A', maxLength: 3}}}"
        #expect(try Self.description(components, body: body, openapi: "3.0.3").schema(argument: "a") == #"{"type":"string"}"#)
        #expect(try Self.description(components, body: body).schema(argument: "a") == ##"{"$ref":"#/$defs/A","maxLength":3}"##)
    }

    @Test("references in examples, defaults, enums and extensions are data")
    func dataReferences() throws {
        let description = try Self.description(
            "schemas: {}",
            body:
                "{properties: {a: {default: {$ref: 'x.yaml'}, example: {$ref: 'y.yaml'}, x-a: {$ref: 'z.yaml'}, enum: [{$ref: 'w.yaml'}]}}}"
        )
        #expect(description.api.findings.isEmpty)
        // A client that follows every `$ref` would stumble over them, so they are not shown either.
        #expect(try description.schema(argument: "a") == "{}")
    }

    @Test("a property that is called $ref is a property")
    func propertyNamedReference() throws {
        let description = try Self.description("schemas: {}", body: "{properties: {$ref: {type: string}}}")
        #expect(try description.operation().arguments.map(\.wireName) == ["$ref"])
    }

    @Test("a chain of thousands of schemas is neither deep nor large")
    func longChain() throws {
        let schemas = (0..<5_000).map { "S\($0): {properties: {n: {$ref: '#/components/schemas/S\($0 + 1)'}}}" }.joined(separator: ", ")
        let description = try Self.description("schemas: {\(schemas), S5000: {type: string}}", body: "{$ref: '#/components/schemas/S0'}")
        let schema = try description.operation().tool.inputSchema
        #expect(schema.readableBytes < 400_000)
        #expect(throws: Never.self) {
            try JSONDocument(
                parsing: schema,
                limits: JSONLimits(maximumBytes: 1 << 20, maximumDepth: 100, maximumValues: 1 << 20, duplicateKeys: .refuse))
        }
    }
}
