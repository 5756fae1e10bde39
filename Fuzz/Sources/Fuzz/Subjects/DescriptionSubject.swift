import HTTPTypes
import HubCore
import NIOCore
import SpecIngest

/// Descriptions of APIs, and the encoders that come out of them.
enum DescriptionSubject: Subject {
    static let name = "description"

    static func check(_ input: ByteBuffer) {
        guard let api = try? OpenAPIReader.read(input) else { return }  // refused with a reason: good
        let names = api.operations.map(\.tool.name)
        claim(Set(names).count == names.count, "the names of tools are unique")
        for operation in api.operations { check(operation) }
        guard let again = try? OpenAPIReader.read(input) else { fatalError("what was read is read again") }
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
        encode(.object([:]), operation)
        for turn in odd.indices {
            var arguments = JSONObject()
            for (index, argument) in operation.arguments.prefix(64).enumerated() {
                arguments[argument.name] = odd[(index + turn) % odd.count]
            }
            encode(.object(arguments), operation)
        }
    }

    /// Values that no schema expects in its place.
    private static let odd: [JSONTree] = [
        .null, .bool(true), .number("-0"), .number("1e400"), .number("12345678901234567890123"), .string(""), .string("a/b"),
        .string("../../x?y#z&w=%2e%2e"), .string("\r\nX-Evil: 1\u{0}"), .string("\u{202E}\u{10FFFF}é漢"), .array([]),
        .array([.array([.null]), .string(","), .object(["k": .array([])])]), .object([:]),
        .object(["": .null, "a]": .object(["b[": .string("&=")]), "__proto__": .number("0")]),
    ]

    private static func encode(_ arguments: JSONTree?, _ operation: IngestedOperation) {
        var document: JSONDocument?
        if let arguments {
            document = try? JSONDocument(parsing: arguments.bytes, limits: .message)  // nil only for a repeated name, checked here
            claim(document != nil, "arguments of a tool are strict JSON")
        }
        guard let request = try? operation.encoder.encode(document?.root) else { return }  // refused with a reason: good
        claim(request.path.hasPrefix("/"), "a path begins with a slash")
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
