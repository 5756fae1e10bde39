import HTTPTypes
import HubCore
import NIOCore
import SpecIngest

/// What holds for the operations of every description that is read, whatever it is written in.
enum OperationClaims {
    /// The names and schemas of all tools, and the requests that they make of odd arguments.
    static func check(_ api: IngestedAPI) {
        let names = api.operations.map(\.tool.name)
        claim(Set(names).count == names.count, "the names of tools are unique")
        for operation in api.operations { check(operation) }
    }

    /// Two readings of one text.
    static func check(_ api: IngestedAPI, _ again: IngestedAPI) {
        claim(again.operations.map(\.tool) == api.operations.map(\.tool), "the same text gives the same tools")
        claim(again.findings.count == api.findings.count, "the same text gives the same findings")
    }

    private static func check(_ operation: IngestedOperation) {
        let tool = operation.tool
        claim((1...64).contains(tool.name.utf8.count) && tool.name.utf8.allSatisfy(isNameByte), "a tool's name is safe")
        for schema in [tool.inputSchema, tool.outputSchema].compactMap({ $0 }) {
            guard let document = try? JSONDocument(parsing: schema, limits: .message) else { fatalError("a schema is strict JSON") }
            claim(document.root.kind == .object, "a schema is an object")
        }
        encode(nil, operation)
        encode(ByteBuffer(staticString: "{}"), operation)
        for turn in odd.indices {
            var arguments = JSONWriter()
            arguments.beginObject()
            for (index, argument) in operation.arguments.prefix(64).enumerated() {
                arguments.key(argument.name)
                arguments.raw(odd[(index + turn) % odd.count])
            }
            arguments.endObject()
            encode(arguments.buffer, operation)
        }
    }

    /// Values that no schema expects in its place. Text, not trees: the leak checker does not see through the pointers of indirect enums.
    private static let odd = [
        "null", "true", "-0", "1e400", "12345678901234567890123", "\"\"", "\"a/b\"", "\"../../x?y#z&w=%2e%2e\"",
        "\"\\r\\nX-Evil: 1\\u0000\"", "\"\\u202E\\uDBFF\\uDFFFé漢\"", "[]", "[[[null]],\",\",{\"k\":[[]]}]", "{}",
        "{\"\":null,\"a]\":{\"b[\":\"&=\"},\"__proto__\":0}",
    ]

    private static func encode(_ arguments: ByteBuffer?, _ operation: IngestedOperation) {
        var document: JSONDocument?
        if let arguments {
            document = try? JSONDocument(parsing: arguments, limits: .message)  // nil only for a repeated name: the claim
            claim(document != nil, "the arguments of a tool are strict JSON")
        }
        guard let request = try? operation.encoder.encode(document?.root) else { return }  // refused with a reason: good
        // Without one, the service is at the address of its server.
        claim(request.path.isEmpty || request.path.hasPrefix("/") || request.path.hasPrefix("?"), "a path begins with a slash")
        claim(request.path.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F && $0 != UInt8(ascii: "#") }, "a path is one target")
        let segments = request.path.prefix { $0 != "?" }.split(separator: "/")
        claim(!segments.contains { HTTPAddress.isDotSegment($0) }, "a path leads nowhere else")
        for field in request.headers {
            claim(!field.value.utf8.contains { $0 < 0x20 && $0 != 0x09 || $0 == 0x7F }, "a header value is one line")
        }
    }

    private static func isNameByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "0")...UInt8(ascii: "9"),
            UInt8(ascii: "_"):
            true
        default: false
        }
    }
}
