import HTTPTypes
import HubCore
import NIOConcurrencyHelpers
import NIOCore
import Testing

@testable import A2ABridge

/// Gives pieces one after another, and then ends or fails.
private final class StubBody: BodyStream {
    private let pieces: NIOLockedValueBox<[[UInt8]]>
    let failure: HubError?
    let isCancelled = NIOLockedValueBox(false)

    init(_ pieces: [[UInt8]], failure: HubError? = nil) {
        self.pieces = NIOLockedValueBox(pieces)
        self.failure = failure
    }

    func next() async throws -> ByteBuffer? {
        let piece = pieces.withLockedValue { $0.isEmpty ? nil : $0.removeFirst() }
        if piece == nil, let failure { throw failure }
        return piece.map { ByteBuffer(bytes: $0) }
    }

    func cancel() { isCancelled.withLockedValue { $0 = true } }
}

@Suite("What comes of a tool's answer")
struct SkillAnswerTests {
    private func outputs(_ response: CallResponse, isStreamed: Bool = true) async throws -> [AgentOutput] {
        var outputs: [AgentOutput] = []
        try await SkillAnswer(skill: "s", isStreamed: isStreamed).tell(response) { outputs.append($0) }
        return outputs
    }

    private func text(_ outputs: [AgentOutput]) -> String {
        outputs.compactMap { output in
            guard case .artifact(let artifact, _, _) = output, case .text(let text) = artifact.parts.first?.content else { return nil }
            return text
        }.joined()
    }

    @Test("text that streams is told as it comes, with no character cut, wherever its pieces are")
    func streams() async throws {
        let text = "a€é😀z"
        let bytes = Array(text.utf8)
        for size in 1...bytes.count {
            let pieces = stride(from: 0, to: bytes.count, by: size).map { Array(bytes[$0..<min($0 + size, bytes.count)]) }
            let response = CallResponse(status: 200, fields: [.contentType: "text/plain"], body: .stream(StubBody(pieces)))
            let outputs = try await outputs(response)
            #expect(self.text(outputs) == text)
            guard case .artifact(_, let append, let isLast) = outputs.dropLast().last else {
                Issue.record("nothing was told")
                continue
            }
            #expect(isLast && append && outputs.last == .status(.completed))
        }
    }

    @Test("a stream that breaks off is given up with its reason")
    func breaks() async throws {
        let body = StubBody([Array("ab".utf8)], failure: HubError(.upstreamFailed, "It broke off"))
        let response = CallResponse(status: 200, fields: [.contentType: "text/plain"], body: .stream(body))
        await #expect(throws: HubError.self) { try await outputs(response) }
        #expect(body.isCancelled.withLockedValue { $0 })
    }

    @Test("results of other servers' tools that fail or want something end the task as failed")
    func results() async throws {
        for (result, reason) in [
            (#"{"isError":true,"content":[{"type":"text","text":"No"}]}"#, "No"), (#"{"isError":true}"#, "The skill failed"),
            (#"{"resultType":"input_required"}"#, "The skill wants something that an agent cannot give it"),
        ] {
            let response = CallResponse(toolResult: try JSONDocument(parsing: result, limits: .message))
            #expect(try await outputs(response) == [.status(.failed, saying: [MessagePart(content: .text(reason))])])
        }
        let structured =
            #"{"content":[{"type":"text","text":"{}"},{"type":"nonsense"},{"type":"image","data":"*"}],"structuredContent":{"a":1}}"#
        let told = try await outputs(CallResponse(toolResult: try JSONDocument(parsing: structured, limits: .message)))
        guard case .artifact(let artifact, _, _) = told.first else {
            Issue.record("nothing was told")
            return
        }
        #expect(artifact.parts == [MessagePart(content: .data(ByteBuffer(string: #"{"a":1}"#)), mediaType: "application/json")])
    }

    @Test("no content and notes are told in the last status")
    func notes() async throws {
        var response = CallResponse(status: 204, contentType: nil, body: ByteBuffer())
        response.notes = ["It was cut"]
        #expect(try await outputs(response) == [.status(.completed, saying: [MessagePart(content: .text("It was cut"))])])
    }
}
