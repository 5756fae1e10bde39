import HubCore
import NIOCore
import Testing

@testable import ModelProxy

/// What is damaged in every way is read without a trap and to one end, and whatever is written of it is well formed.
@Suite("Damaged messages of models")
struct MutationTests {
    /// The same damage each time: a generator of Knuth's constants.
    private struct Dice: RandomNumberGenerator {
        var state: UInt64
        mutating func next() -> UInt64 {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return state ^ state >> 29
        }
    }

    private static let tokens = [
        "null", "{}", "[]", "\"\"", "-1", "1e999", "9223372036854775807", "{\"type\":\"text\"}", "\"tool_calls\"", ",", "}", "\n\n", "\\",
        "\u{0}",
    ].map { Array($0.utf8) }

    private static func damage(_ bytes: [UInt8], _ dice: inout Dice) -> [UInt8] {
        var bytes = bytes
        for _ in 0..<Int.random(in: 1...4, using: &dice) where !bytes.isEmpty {
            let place = Int.random(in: 0..<bytes.count, using: &dice)
            let length = Int.random(in: 0...min(12, bytes.count - place), using: &dice)
            switch Int.random(in: 0..<5, using: &dice) {
            case 0: bytes[place] = UInt8.random(in: 0...255, using: &dice)
            case 1: bytes.removeSubrange(place..<place + length)
            case 2: bytes.insert(contentsOf: bytes[place..<place + length], at: Int.random(in: 0...bytes.count, using: &dice))
            case 3: bytes.replaceSubrange(place..<place + length, with: tokens.randomElement(using: &dice) ?? [])
            default:
                // A value of JSON for another.
                guard let colon = bytes[place...].firstIndex(of: UInt8(ascii: ":")) else { continue }
                let end = bytes[colon...].firstIndex { [UInt8(ascii: ","), UInt8(ascii: "}")].contains($0) } ?? bytes.count
                bytes.replaceSubrange(colon + 1..<max(colon + 1, end), with: tokens.randomElement(using: &dice) ?? [])
            }
        }
        return bytes
    }

    @Test(
        "a damaged stream ends once, its events are in order, and what callers get of it is well formed",
        arguments: Golden.names("Answers", ending: ".stream.in"))
    func streams(name: String) throws {
        let (provider, bytes) = try Golden.stream(name)
        var dice = Dice(state: UInt64(bytes.readableBytes))
        for round in 0..<25 {
            var damaged = ByteBuffer(bytes: Self.damage(Array(bytes.readableBytesView), &dice))
            if provider == .converse {
                // Damage of frames is found by their checksums; damage inside of them is what is left.
                damaged = ByteBuffer()
                var decoder = AmazonFrameDecoder()
                for message in try decoder.take(bytes) {
                    let payload = ByteBuffer(bytes: Self.damage(Array(message.data.readableBytesView), &dice))
                    damaged.writeImmutableBuffer(
                        AmazonFrame(headers: [(":message-type", "event"), (":event-type", message.name ?? "")], payload: payload).bytes)
                }
            }
            try Self.check(AnswerStream.events(provider, damaged, pieces: round % 2 == 0 ? 5 : .max), "\(name), \(round)")
        }
    }

    @Test("a damaged answer in one piece does too", arguments: Golden.names("Answers", ending: ".whole.in"))
    func bodies(name: String) throws {
        let provider = try #require(ProviderDialect.allCases.first { name.hasPrefix($0.dialect.rawValue) })
        let bytes = Array(try Golden.read("Answers/\(name).whole.in").readableBytesView)
        var dice = Dice(state: UInt64(bytes.count))
        for round in 0..<25 {
            let body = ByteBuffer(bytes: Self.damage(bytes, &dice))
            try Self.check(ChatAnswer.events(of: body, in: provider, callIDSeed: "seed"), "\(name), \(round)")
        }
    }

    private static func check(_ events: [ChatEvent], _ comment: Comment) throws {
        #expect(events.filter(\.isLast).count == 1 && events.last?.isLast == true, comment)
        var (hasStarted, open, next) = (false, nil as Int?, 0)
        for (place, event) in events.enumerated() {
            switch event {
            case .start:
                #expect(place == 0, comment)
                hasStarted = true
            case .callStart(let index, let id, let name, _):
                #expect(index == next && open == nil && !id.isEmpty && !name.isEmpty, comment)
                (open, next) = (index, next + 1)
            case .callArguments(let index, let text): #expect(open == index && !text.isEmpty, comment)
            case .callEnd(let index):
                #expect(open == index, comment)
                open = nil
            case .text, .citation: #expect(hasStarted && open == nil, comment)
            case .reasoning, .signature, .redacted, .refusal, .logprobs: #expect(hasStarted, comment)
            case .usage(let usage): #expect(usage.total >= 0, comment)
            case .end: #expect(hasStarted && open == nil, comment)
            case .error: break
            }
        }
        for caller in CallerDialect.allCases {
            let body = caller.body(ChatAnswer(events), CallerDialect.frame)
            #expect(throws: Never.self, comment) { try JSONDocument(parsing: body, limits: .message) }
            for line in caller.write(events).split(separator: "\n") where line.hasPrefix("data: {") {
                #expect(throws: Never.self, comment) { try JSONDocument(parsing: String(line.dropFirst(6)), limits: .message) }
            }
        }
    }

    @Test("a damaged request is refused, or what is sent of it is JSON", arguments: Golden.names("Requests", ending: ".in.json"))
    func requests(name: String) throws {
        let caller = try #require(CallerDialect.allCases.first { name.hasPrefix($0.name) })
        let bytes = Array(try Golden.read("Requests/\(name).in.json").readableBytesView)
        var dice = Dice(state: UInt64(bytes.count))
        var read = 0
        for round in 0..<300 {
            // What does not parse is the parser's affair, and what is refused is not sent.
            guard let root = try? JSONDocument(parsing: ByteBuffer(bytes: Self.damage(bytes, &dice)), limits: .message).root,
                let request = try? caller.read(root)
            else { continue }
            read += 1
            for provider in ProviderDialect.allCases {
                guard let sent = try? provider.write(request) else { continue }  // refused
                #expect(throws: Never.self, "\(name), \(round)") { try JSONDocument(parsing: sent.body, limits: .message) }
            }
        }
        #expect(read > 0)
    }
}
