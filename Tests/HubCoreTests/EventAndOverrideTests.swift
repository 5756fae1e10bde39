import HubCore
import Logging
import NIOCore
import Testing

@Suite("Server-sent events")
struct EventTests {
    private let stream = "\u{FEFF}: note\nevent: a\ndata: 1\ndata:2\r\n\r\nid: 7\rdata\r\rretry: 5\ndata: é\n\nevent: lost\n\ndata: cut"
    private let events = [
        ServerSentEvent(event: "a", data: "1\n2"), ServerSentEvent(data: "", id: "7"), ServerSentEvent(data: "é", id: "7", retry: 5),
    ]

    @Test("events are read whole however the bytes are cut", arguments: [1, 2, 3, 7, 1000])
    func decodes(size: Int) throws {
        var decoder = SSEDecoder()
        var rest = ByteBuffer(string: stream)
        var read: [ServerSentEvent] = []
        while rest.readableBytes > 0 {
            read += try decoder.decode(rest.readSlice(length: min(size, rest.readableBytes)) ?? ByteBuffer())
        }
        #expect(read == events)
    }

    @Test("a time to wait is digits and nothing else", arguments: ["-1", "+5", " 5", "5 ", "x", "99999999999999999999"])
    func ignoresOddRetry(value: String) throws {
        var decoder = SSEDecoder()
        // The first space after the colon belongs to the field.
        let events = try decoder.decode(ByteBuffer(string: "retry: \(value)\ndata: 1\n\n"))
        #expect(events == [ServerSentEvent(data: "1")])
    }

    @Test("an event past the limit and text that is not UTF-8 end the stream")
    func limits() {
        var small = SSEDecoder(maximumEventBytes: 4)
        #expect(throws: SSEDecoder.DecodeError.self) { try small.decode(ByteBuffer(string: "data: 12345\n\n")) }
        var decoder = SSEDecoder()
        #expect(throws: SSEDecoder.DecodeError.self) { try decoder.decode(ByteBuffer(bytes: Array("data: ".utf8) + [0xFF, 0x0A, 0x0A])) }
    }

    @Test("a payload with line ends cannot forge a field")
    func encodes() throws {
        var frame = ByteBuffer()
        SSEEncoder.write(event: "m\nid: 1", json: ByteBuffer(string: "{\r\n\"a\":1\n}"), to: &frame)
        #expect(String(buffer: frame) == "event: mid: 1\ndata: {\ndata: \ndata: \"a\":1\ndata: }\n\n")
        var decoder = SSEDecoder()
        let read = try decoder.decode(frame)
        #expect(try JSONDocument(parsing: try #require(read.first).data, limits: .message).root["a"]?.int == 1)
    }
}

@Suite("Tool overrides")
struct ToolOverrideTests {
    private let original = ToolDefinition(
        name: "createOrder", description: "Creates.",
        inputSchema: ByteBuffer(
            string: #"{"type":"object","properties":{"a":{"type":"string"},"b":{"type":"integer"}},"required":["a","b"]}"#),
        annotations: ToolAnnotations(readOnly: false), risk: .write, operation: "POST /orders")

    private struct Echo: CallTarget {
        func perform(_ call: Call, context: CallContext) async throws -> CallResponse {
            CallResponse(status: 200, contentType: nil, body: call.arguments?.rawBytes ?? ByteBuffer())
        }
    }

    private func call(_ fill: ArgumentFill, _ arguments: String?) async throws -> String {
        let value = try arguments.map { try JSONDocument(parsing: $0, limits: .message).root }
        let context = CallContext(requestID: "1", logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        let call = Call(entry: "e", tool: "t", arguments: value)
        let response = try await PolicyChain([fill], around: Echo()).perform(call, context: context)
        return String(buffer: try await response.body.collect(upTo: 1 << 20))
    }

    @Test("a tool reads as the operator wrote")
    func reads() {
        var change = ToolOverride()
        change.name = "place_order"
        change.risk = .destructive
        change.annotations = ToolAnnotations(idempotent: true)
        let (definition, fill, unknown) = change.apply(to: original)
        #expect(definition.name == "place_order")
        #expect(definition.annotations == ToolAnnotations(readOnly: false, destructive: true, idempotent: true))
        #expect(fill == nil)
        #expect(unknown.isEmpty)
    }

    @Test("fixed arguments vanish from the schema and defaults are no longer required")
    func arguments() async throws {
        var change = ToolOverride()
        change.arguments = [
            "a": .init(fixed: .string("hub")), "b": .init(defaultValue: .integer(3), description: "Count"), "c": .init(description: "none"),
        ]
        let (definition, fill, unknown) = change.apply(to: original)
        #expect(
            String(buffer: definition.inputSchema)
                == #"{"type":"object","properties":{"b":{"type":"integer","description":"Count","default":3}}}"#)
        #expect(unknown == ["c"])
        let policy = try #require(fill)
        #expect(try await call(policy, nil) == #"{"a":"hub","b":3}"#)
        #expect(try await call(policy, #"{"b": 5}"#) == #"{"b":5,"a":"hub"}"#)
        do {
            _ = try await call(policy, #"{"a":"mine"}"#)
            Issue.record("a fixed argument was taken")
        } catch {
            #expect((error as? HubError)?.code == .invalidArguments)
        }
    }
}
