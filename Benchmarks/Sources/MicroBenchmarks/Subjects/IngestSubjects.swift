import HubCore
import NIOCore
import SpecIngest

/// Reading a description, and turning arguments into a request.
enum IngestSubjects {
    private static let operations = 500

    static func groups() throws -> [BenchmarkGroup] {
        let json = ByteBuffer(string: ThingsDescription.json(operations: operations))
        let yaml = ByteBuffer(string: try ThingsDescription.yaml(operations: operations))
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
        let few = try arguments(#"{"id":"a 7/b","expand":["owner","parts"],"limit":20,"tenant":"north"}"#)
        let items = try arguments(ToolCall.text)[path: "params", "arguments", "items"].map { String(buffer: $0.rawBytes) } ?? "[]"
        let many = try arguments(#"{"id":"7","name":"wrench","price":129.9,"active":true,"items":\#(items)}"#)
        return BenchmarkGroup(
            "Turn arguments into a request",
            [
                Benchmark("path, query with a list, header") { try get.encode(few).path.utf8.count },
                Benchmark("path and a JSON body of \(many.rawBytes.readableBytes) bytes") {
                    try put.encode(many).body?.readableBytes ?? 0
                },
            ])
    }
    private static func arguments(_ text: String) throws -> JSONValue {
        try JSONDocument(parsing: text, limits: .message).root
    }
}
