import HubCore
import NIOCore
import Testing

@testable import ModelProxy

@Suite("Answers between dialects")
struct AnswerGoldenTests {
    private static let streamNames = Golden.names("Answers", ending: ".stream.in")
    private static let bodyNames = Golden.names("Answers", ending: ".whole.in")

    @Test("a stream of every provider reaches every caller as its file says", arguments: streamNames)
    func streams(name: String) throws {
        let (provider, bytes) = try Golden.stream(name)
        let events = AnswerStream.events(provider, bytes)
        var result = ""
        for caller in CallerDialect.allCases { result += "=== \(caller.name)\n\(caller.write(events))" }
        try Golden.expect(result, "Answers/\(name).stream.out")
    }

    @Test("an answer in one piece of every provider reaches every caller as its file says", arguments: bodyNames)
    func bodies(name: String) throws {
        let provider = try #require(ProviderDialect.allCases.first { name.hasPrefix($0.dialect.rawValue) })
        let events = ChatAnswer.events(of: try Golden.read("Answers/\(name).whole.in"), in: provider, callIDSeed: "seed")
        let answer = ChatAnswer(events)
        var result = ""
        for caller in CallerDialect.allCases {
            let body = caller.body(answer, CallerDialect.frame)
            result += "=== \(caller.name)\n\(String(buffer: body))\n"
            #expect(throws: Never.self) { try JSONDocument(parsing: body, limits: .message) }
        }
        try Golden.expect(result, "Answers/\(name).whole.out")
    }

    @Test("there are answers of every kind")
    func kinds() {
        #expect(Self.streamNames.count >= 28)
        #expect(Self.bodyNames.count >= 12)
    }

    @Test("a stream cut into pieces of any size is the same stream", arguments: streamNames, [1, 2, 3, 7, 64])
    func pieces(name: String, size: Int) throws {
        let (provider, bytes) = try Golden.stream(name)
        #expect(AnswerStream.events(provider, bytes, pieces: size) == AnswerStream.events(provider, bytes))
    }

    @Test("a stream cut off anywhere ends in one error, or is whole but for what it used", arguments: streamNames)
    func cuts(name: String) throws {
        let (provider, bytes) = try Golden.stream(name)
        let whole = ChatAnswer(AnswerStream.events(provider, bytes))
        var stream = AnswerStream(provider, callIDSeed: "seed")
        var begun: [ChatEvent] = []
        for (place, byte) in bytes.readableBytesView.enumerated() {
            var cut = stream
            let events = begun + cut.finish()
            let answer = ChatAnswer(events)
            #expect(events.filter(\.isLast).count == 1 && events.last?.isLast == true, "cut at \(place)")
            if answer.error == nil { #expect(answer.parts == whole.parts && answer.stop == whole.stop, "cut at \(place)") }
            begun += stream.take(ByteBuffer(bytes: [byte]))
        }
    }

    @Test("a connection that broke ends in its error, whatever had come")
    func breaks() {
        var stream = AnswerStream(.chat, callIDSeed: "seed")
        let chunk = #"data: {"id":"1","model":"m","choices":[{"index":0,"delta":{"content":"a"},"finish_reason":"stop"}]}"# + "\n\n"
        #expect(stream.take(ByteBuffer(string: chunk)) == [.start(id: "1", model: "m"), .text("a")])
        #expect(stream.fail(.cut) == [.error(.cut)])
        #expect(stream.finish() == [] && stream.isOver)
    }

    @Test("an answer in one piece and the same answer as a stream are one answer")
    func same() throws {
        for name in ["openai-plain", "anthropic-plain", "anthropic-reasoning", "gemini-plain", "bedrock-plain", "ollama-plain"] {
            let (provider, bytes) = try Golden.stream(name)
            let streamed = ChatAnswer(AnswerStream.events(provider, bytes))
            let whole = ChatAnswer(
                ChatAnswer.events(of: try Golden.read("Answers/\(name).whole.in"), in: provider, callIDSeed: "seed"))
            #expect(streamed.parts == whole.parts && streamed.usage == whole.usage)
            #expect(!streamed.parts.isEmpty && streamed.usage != nil)
        }
    }
}
