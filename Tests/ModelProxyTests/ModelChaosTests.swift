import HTTPTypes
import HubCore
import NIOCore
import Testing

@testable import ModelProxy

/// The same numbers for the same seed (SplitMix64).
private struct SeededNumbers: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var value = state
        value = (value ^ value >> 30) &* 0xBF58_476D_1CE4_E5B9
        value = (value ^ value >> 27) &* 0x94D0_49BB_1331_11EB
        return value ^ value >> 31
    }
}

@Suite("Providers that do anything at all", .timeLimit(.minutes(2)))
struct ModelChaosTests {
    private static let kinds: [ModelProviderKind] = [.openAI, .anthropic, .gemini, .bedrock, .ollamaNative, .miniMax]

    /// Something that a provider may do when asked for a conversation.
    private func outcome(_ kind: ModelProviderKind, _ route: ModelRoute, _ numbers: inout SeededNumbers) throws -> StubMember.Outcome {
        let door = ModelDoor(route, kind)
        let cut = HubError([.upstreamFailed, .upstreamTimeout, .overloaded].randomElement(using: &numbers) ?? .internal, "x")
        var whole = try door.whole()
        switch Int.random(in: 0..<10, using: &numbers) {
        case 0: return .failure(cut)
        case 1:
            let status = [400, 401, 404, 408, 413, 418, 429, 500, 503, 529, 302, 99, 700].randomElement(using: &numbers) ?? 500
            return .json(#"{"error":{"message":"m","type":"t","code":"c"}}"#, status: status, fields: [.retryAfter: "x"])
        case 2: return .json(#"{"error":"x"}"#)
        case 3: return .json(String(buffer: whole.readSlice(length: whole.readableBytes / 2) ?? whole))
        case 4, 5: return .json(String(buffer: whole))
        default:
            // A stream: whole, cut, or with a byte changed; in pieces of some size.
            var bytes = Array(try door.stream().readableBytesView)
            if Bool.random(using: &numbers) { bytes = Array(bytes.prefix(Int.random(in: 0...bytes.count, using: &numbers))) }
            if !bytes.isEmpty, Int.random(in: 0..<3, using: &numbers) == 0 {
                bytes[Int.random(in: bytes.indices, using: &numbers)] = UInt8.random(in: 0...255, using: &numbers)
            }
            let stream = StubStream(
                ByteBuffer(bytes: bytes), pieces: Int.random(in: 1...200, using: &numbers),
                failure: Bool.random(using: &numbers) ? cut : nil)
            return .stream(stream, type: Bool.random(using: &numbers) ? door.streamType : "application/json")
        }
    }

    @Test("whatever they do, each call has one end and one record, and holds nothing afterwards", arguments: 0..<40)
    func anything(seed: UInt64) async throws {
        var numbers = SeededNumbers(state: seed)
        let cache = ModelCache()
        for round in 0..<8 {
            let route = [ModelRoute.chatCompletions, .responses, .messages].randomElement(using: &numbers) ?? .messages
            let isStreaming = Bool.random(using: &numbers)
            let destinations = try (0..<3).map { place in
                let kind = Self.kinds.randomElement(using: &numbers) ?? .vllm
                let members = [
                    StubMember(try outcome(kind, route, &numbers)), StubMember(try outcome(kind, route, &numbers)),
                ]
                return ModelDestination(ModelService("s\(place)", kind, members[0], members[1]))
            }
            let router = StubRouter(
                [ModelRule(to: [destinations[0]], fallback: Array(destinations.dropFirst()))],
                limits: ModelLimits(
                    attempts: Int.random(in: 1...5, using: &numbers), firstEvent: .seconds(60), idle: .seconds(60)),
                caching: round.isMultiple(of: 2) ? ModelCaching(cache, lifetime: .seconds(60)) : nil,
                policies: [ToolSelection(limit: 1)])
            let writer = StubResponseWriter()
            var isCut = false
            do {
                _ = try await router.send(ModelDoor(route, .vllm).body(isStreaming: isStreaming), path: route.rawValue, writer: writer)
            } catch is HubError {
                isCut = true  // half an answer in one piece can only be cut
            }
            #expect(writer.recorded.isEnded != isCut && router.timers.count == 0)
            #expect((200..<600).contains(writer.status))
            let record = try #require(router.usage.all.first)
            #expect(router.usage.all.count == 1)
            #expect(record.attempts.count <= router.limit && (record.isFromCache || !record.attempts.isEmpty))
            switch record.outcome {
            case .served: #expect(writer.status < 300 && record.attempts.last?.failure == nil)
            case .failed: #expect(writer.status >= 400 && record.attempts.allSatisfy { $0.failure != nil } && record.output == 0)
            case .interrupted: #expect(writer.status == 200 && writer.text.contains("error"))
            case .abandoned: #expect(isCut)
            }
        }
    }
}
