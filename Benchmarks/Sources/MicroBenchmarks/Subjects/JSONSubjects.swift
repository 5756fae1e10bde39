import FoundationEssentials
import HubCore
import NIOCore

/// Reading and writing JSON, against Foundation's coders on types made for the message.
enum JSONSubjects {
    static func groups() throws -> [BenchmarkGroup] {
        [parse, roundTrip, try envelope(), try write(), try large()]
    }

    private static let bytes = ToolCall.bytes
    private static let data = Data(ToolCall.text.utf8)

    private static let parse = BenchmarkGroup(
        "Parse a tools/call of \(bytes.readableBytes) bytes",
        [
            Benchmark("JSONDocument, the limits of a caller's message", bytes: bytes.readableBytes) {
                try JSONDocument(parsing: bytes, limits: .message).root.count
            },
            Benchmark("JSONDocument, the limits of an upstream's payload", bytes: bytes.readableBytes) {
                try JSONDocument(parsing: bytes, limits: .payload).root.count
            },
            Benchmark("JSONDecoder into structures", bytes: data.count) {
                try JSONDecoder().decode(ToolCall.Message.self, from: data).id
            },
        ])

    private static let roundTrip = BenchmarkGroup(
        "Parse it, look the tool and its arguments up, write an answer that carries them",
        [
            Benchmark("JSONDocument and JSONWriter", bytes: bytes.readableBytes) {
                let root = try JSONDocument(parsing: bytes, limits: .message).root
                guard let id = root["id"], let tool = root[path: "params", "name"]?.string,
                    let arguments = root[path: "params", "arguments"]
                else { return 0 }
                var json = JSONWriter()
                json.jsonRPCResponse(id: id) { json in
                    json.beginObject()
                    json.member("tool", tool)
                    json.key("structuredContent")
                    json.value(arguments)
                    json.endObject()
                }
                return json.buffer.readableBytes
            },
            Benchmark("JSONDecoder and JSONEncoder", bytes: data.count) {
                let message = try JSONDecoder().decode(ToolCall.Message.self, from: data)
                let result = ToolCall.Answer.Result(tool: message.params.name, structuredContent: message.params.arguments)
                return try JSONEncoder().encode(ToolCall.Answer(jsonrpc: message.jsonrpc, id: message.id, result: result)).count
            },
        ])

    private static func envelope() throws -> BenchmarkGroup {
        let document = try JSONDocument(parsing: bytes, limits: .message)
        return BenchmarkGroup(
            "Envelope scan of the same message",
            [
                Benchmark("parse and JSONRPCEnvelope", bytes: bytes.readableBytes) {
                    try JSONRPCEnvelope(try JSONDocument(parsing: bytes, limits: .message).root).method.utf8.count
                },
                Benchmark("JSONRPCEnvelope alone") { try JSONRPCEnvelope(document.root).method.utf8.count },
                Benchmark("looking up params.name alone") { document.root[path: "params", "name"]?.string?.utf8.count ?? 0 },
            ])
    }

    private static func write() throws -> BenchmarkGroup {
        let payload = try JSONDocument(parsing: bytes, limits: .payload).root.rawBytes
        let encoder = JSONEncoder()
        return BenchmarkGroup(
            "Write the text of an answer as a JSON string: 1 KB with quotes to escape",
            [
                Benchmark("JSONWriter", bytes: payload.readableBytes) {
                    var json = JSONWriter()
                    json.string(utf8: payload)
                    return json.buffer.readableBytes
                },
                Benchmark("JSONEncoder", bytes: payload.readableBytes) { try encoder.encode(ToolCall.text).count },
            ])
    }

    /// An answer as large as lists get.
    private static func large() throws -> BenchmarkGroup {
        let item = #"{"sku":"TW-500","quantity":2,"price":129.9,"note":"calibrated, with a case of plain steel"}"#
        let text = "[" + [String](repeating: item, count: 11_000).joined(separator: ",") + "]"
        let (buffer, data) = (ByteBuffer(string: text), Data(text.utf8))
        return BenchmarkGroup(
            "Parse an array of 11,000 objects, \(buffer.readableBytes) bytes",
            [
                Benchmark("JSONDocument", bytes: buffer.readableBytes) {
                    try JSONDocument(parsing: buffer, limits: .payload).root.count
                },
                Benchmark("JSONDecoder into structures", bytes: data.count) {
                    try JSONDecoder().decode([ToolCall.Item].self, from: data).count
                },
            ])
    }
}
