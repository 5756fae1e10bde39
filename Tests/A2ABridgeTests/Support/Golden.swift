import FoundationEssentials
import HubCore
import NIOCore
import Testing

@testable import A2ABridge

/// One thing in all the dialects that have words for it.
///
/// `from` names the one dialect that it can be read from without loss; without it, each gives the same. `skip` names dialects that it is
/// read from and not written in, because their writer says more.
struct GoldenCase: Sendable, CustomTestStringConvertible {
    let name: String
    let json: JSONValue

    var testDescription: String { name }

    /// What stands under a dialect's name.
    subscript(_ dialect: A2ADialect) -> JSONValue? { json["\(dialect)"] }

    /// The dialects it is read from.
    var sources: [A2ADialect] {
        A2ADialect.allCases.filter { self[$0] != nil && (json["from"] == nil || json["from"]?.isString("\($0)") == true) }
    }

    /// The dialects it is written in.
    var targets: [A2ADialect] {
        let skipped = (json["skip"]?.elements ?? .none).compactMap(\.string)
        return A2ADialect.allCases.filter { self[$0] != nil && !skipped.contains("\($0)") }
    }

    /// Reads it from each dialect, and expects what is written in each to be what stands there, byte by byte but for white space.
    func check<Value: Hashable>(
        _ read: (WireValue) throws -> Value, _ write: (Value, inout JSONWriter, A2ADialect) -> Void
    ) throws {
        #expect(!sources.isEmpty)
        for source in sources {
            let value = try read(WireValue(#require(self[source]), source))
            for target in targets {
                var json = JSONWriter()
                write(value, &json, target)
                let expected = try #require(self[target]).compactBytes
                #expect(String(buffer: json.buffer) == String(buffer: expected), "\(source) to \(target)")
            }
        }
    }
}

/// The files of examples, which a test in Python gives to the SDKs as well.
enum Golden {
    /// The elements of a file.
    static func elements(_ name: String) -> [JSONValue] {
        var directory = #filePath.split(separator: "/", omittingEmptySubsequences: false)
        directory.removeLast(2)
        let path = directory.joined(separator: "/") + "/Golden/\(name).json"
        guard let data = try? Data(contentsOf: URL(filePath: path)),
            let document = try? JSONDocument(parsing: ByteBuffer(bytes: data), limits: .payload)
        else {
            Issue.record("\(path) cannot be read")
            return []
        }
        return Array(document.root.elements)
    }

    /// The cases of a file.
    static func cases(_ name: String) -> [GoldenCase] {
        elements(name).map { GoldenCase(name: $0["name"]?.string ?? "?", json: $0) }
    }
}

extension JSONValue {
    /// A value of its own text.
    init(_ text: String) throws { self = try JSONDocument(parsing: text, limits: .message).root }
}
