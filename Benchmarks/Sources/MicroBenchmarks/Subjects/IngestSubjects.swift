import HubCore
import NIOCore
import SpecIngest

/// Reading a description, and turning arguments into a request.
enum IngestSubjects {
    private static let operations = 500

    static func groups() throws -> [BenchmarkGroup] {
        let (json, yaml) = (ByteBuffer(string: description(Format.json)), ByteBuffer(string: description(Format.yaml)))
        return [
            BenchmarkGroup(
                "Read a description of \(operations) operations, time for the whole",
                [
                    Benchmark("OpenAPI 3.1 in JSON, \(json.readableBytes / 1024) KiB", bytes: json.readableBytes) {
                        try OpenAPIReader.read(json).operations.count
                    },
                    Benchmark("the same in YAML, \(yaml.readableBytes / 1024) KiB", bytes: yaml.readableBytes) {
                        try OpenAPIReader.read(yaml).operations.count
                    },
                    Benchmark("its JSON parsed, nothing more", bytes: json.readableBytes) {
                        try JSONDocument(parsing: json, limits: .description).root.count
                    },
                ]),
            try encode(OpenAPIReader.read(json)),
        ]
    }

    private static func encode(_ api: IngestedAPI) throws -> BenchmarkGroup {
        func encoder(_ name: String) throws -> any RequestEncoder {
            guard let operation = api.operations.first(where: { $0.tool.name == name }) else { throw NothingDone(name: name) }
            return operation.encoder
        }
        let (get, put) = (try encoder("getThing0"), try encoder("putThing0"))
        let few = try JSONDocument(parsing: #"{"id":"a 7/b","expand":["owner","parts"],"limit":20,"x-tenant":"north"}"#, limits: .message).root
        let body = try JSONDocument(parsing: ToolCall.text, limits: .message).root[path: "params", "arguments", "items"]
        let many = try JSONDocument(
            parsing: #"{"id":"7","name":"wrench","price":129.9,"active":true,"items":\#(body.map { String(buffer: $0.rawBytes) } ?? "[]")}"#,
            limits: .message
        ).root
        return BenchmarkGroup(
            "Turn arguments into a request",
            [
                Benchmark("path, query with a list, header") {
                    let request = try get.encode(few)
                    return request.path.utf8.count + request.headers.count
                },
                Benchmark("path and a JSON body of \(many.rawBytes.readableBytes) bytes") {
                    try put.encode(many).body?.readableBytes ?? 0
                },
            ])
    }

    private enum Format {
        case json
        case yaml
    }

    /// Half of the operations read, half write; schemas are shared by reference as in real descriptions.
    private static func description(_ format: Format) -> String {
        let lines = (0..<(operations / 2)).map { number in
            #"""
            "/areas/\#(number)/things/{id}": {"parameters": [{"$ref": "#/components/parameters/ID"}],
              "get": {"operationId": "getThing\#(number)", "summary": "Get a thing of area \#(number)",
                "description": "One thing with its parts, as the service of area \#(number) keeps it. Unknown numbers are an error.",
                "parameters": [
                  {"name": "expand", "in": "query", "explode": false, "description": "What to include",
                    "schema": {"type": "array", "items": {"type": "string", "enum": ["owner", "parts", "history"]}}},
                  {"name": "limit", "in": "query", "schema": {"type": "integer", "minimum": 1, "maximum": 100, "default": 20}},
                  {"name": "x-tenant", "in": "header", "schema": {"type": "string"}}],
                "responses": {"200": {"description": "The thing", "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Thing"}}}}}},
              "put": {"operationId": "putThing\#(number)", "summary": "Replace a thing of area \#(number)",
                "requestBody": {"required": true, "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Thing"}}}},
                "responses": {"200": {"description": "The thing", "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Thing"}}}}}}}
            """#
        }
        let head = #""openapi": "3.1.0", "info": {"title": "Things", "version": "1"}, "servers": [{"url": "http://127.0.0.1/api"}]"#
        let components = #"""
            {"parameters": {"ID": {"name": "id", "in": "path", "required": true, "description": "The number", "schema": {"type": "string"}}},
             "schemas": {
              "Thing": {"type": "object", "required": ["name"], "properties": {
                "name": {"type": "string", "description": "What people call it", "maxLength": 80},
                "price": {"type": "number", "minimum": 0}, "active": {"type": "boolean"},
                "items": {"type": "array", "items": {"$ref": "#/components/schemas/Part"}}}},
              "Part": {"type": "object", "properties": {"sku": {"type": "string"}, "quantity": {"type": "integer"},
                "price": {"type": "number"}, "note": {"type": "string"}}}}}
            """#
        switch format {
        case .json: return "{\(head), \"paths\": {\n\(lines.joined(separator: ",\n"))\n}, \"components\": \(components)}"
        case .yaml:
            // Block style above, flow style below: what is read is YAML, and no second writer is needed.
            let paths = lines.map { line in "  " + line.replacing("\n", with: "\n  ") }.joined(separator: "\n")
            let info = "openapi: 3.1.0\ninfo:\n  title: Things\n  version: \"1\"\nservers:\n  - url: http://127.0.0.1/api\n"
            return info + "paths:\n\(paths)\ncomponents:\n  " + components.replacing("\n", with: "\n  ") + "\n"
        }
    }
}
