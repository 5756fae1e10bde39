import HubCore
import NIOCore
import Testing

@testable import A2ABridge

@Suite("readers get what is no message")
struct HostileInputTests {
    private static let files = ["parts", "messages", "statuses", "tasks", "events", "requests", "results", "cards", "errors"]

    /// Everything that reads, given one value in one dialect: each gives a value or says what is wrong.
    private static func readAll(_ json: JSONValue, _ dialect: A2ADialect) -> Int {
        let value = WireValue(json, dialect)
        var problems = 0
        func count(_ read: () throws(WireProblem) -> Void) {
            do {
                try read()
            } catch {
                problems += error.description.utf8.count < 400 ? 1 : 0
            }
        }
        count { () throws(WireProblem) in _ = try MessagePart(value) }
        count { () throws(WireProblem) in _ = try AgentCard(value) }
        for operation in A2AOperation.allCases {
            count { () throws(WireProblem) in _ = try A2ARequest(operation, value) }
            count { () throws(WireProblem) in _ = try A2AResult(operation, value) }
        }
        _ = A2AFailure(jsonRPC: json)
        _ = A2AFailure(status: 400, body: json)
        return problems
    }

    @Test("texts that are cut at every place", arguments: files)
    func cut(_ file: String) {
        var parsed = 0
        for element in Golden.elements(file) {
            let text = element.compactBytes
            for length in 0..<text.readableBytes {
                guard let slice = text.getSlice(at: text.readerIndex, length: length) else { continue }
                if (try? JSONDocument(parsing: slice, limits: .message)) != nil { parsed += 1 }  // counted
            }
        }
        #expect(parsed == 0)
    }

    @Test("texts in which bytes are changed", arguments: files)
    func mutated(_ file: String) {
        var random = RandomValues(seed: 6)
        var (parsed, problems) = (0, 0)
        let letters = Array(#"{}[]",:0123456789-+.eE\untrfalse "#.utf8)
        for element in Golden.elements(file) {
            for source in [A2ADialect.v1_0, .v0_3, .v0_3Proto] {
                guard let text = (element["\(source)"] ?? element["1.0.1"])?.compactBytes else { continue }
                for _ in 0..<20 {
                    var bytes = Array(text.readableBytesView)
                    guard !bytes.isEmpty else { continue }
                    for _ in 0...random.number(below: 3) { bytes[random.number(below: bytes.count)] = random.one(of: letters) }
                    let changed = ByteBuffer(bytes: bytes)
                    guard let document = try? JSONDocument(parsing: changed, limits: .payload) else { continue }  // counted
                    parsed += 1
                    problems += Self.readAll(document.root, source)
                }
            }
        }
        #expect(parsed > 0)
        #expect(problems > 0)
    }

    @Test("values in which one is another", arguments: files.dropLast())
    func replaced(_ file: String) throws {
        let others = ["null", "true", "0", "-1e999", #""""#, #""\u0000""#, "[]", "{}", "[[]]", #"{"kind":"message"}"#].map {
            ByteBuffer(string: $0)
        }
        var (random, problems) = (RandomValues(seed: 8), 0)
        for element in Golden.elements(file) {
            let text = element.compactBytes
            let document = try JSONDocument(parsing: text, limits: .payload)
            for dialect in A2ADialect.allCases {
                guard let root = document.root["\(dialect)"] else { continue }
                for index in root.index..<root.index + root.extent {
                    guard let target = document.value(at: index) else { continue }
                    for _ in 0..<3 {
                        let changed = document.replacing([(target, random.one(of: others))])
                        guard let parsed = try? JSONDocument(parsing: changed, limits: .payload), let part = parsed.root["\(dialect)"]
                        else {
                            continue  // a name that is no string
                        }
                        problems += Self.readAll(part, dialect)
                    }
                }
            }
        }
        #expect(problems > 0)
    }

    @Test("values as deep and as long as may be")
    func deep() throws {
        let deep = String(repeating: "[", count: 120) + String(repeating: "]", count: 120)
        let part = try MessagePart(WireValue(JSONValue(#"{"data":\#(deep),"metadata":{"a":\#(deep)}}"#), .v1_0))
        for dialect in A2ADialect.allCases {
            var json = JSONWriter()
            part.write(to: &json, as: dialect)
            let read = try MessagePart(WireValue(JSONDocument(parsing: json.buffer, limits: .payload).root, dialect))
            #expect(read == part)
        }
        let many = Array(repeating: #"{"text":""}"#, count: 100_000).joined(separator: ",")
        let message = try AgentMessage(WireValue(JSONValue(#"{"messageId":"m","role":"ROLE_AGENT","parts":[\#(many)]}"#), .v1_0))
        #expect(message.parts.count == 100_000)
    }
}
