import HubCore
import NIOCore

/// Reads a provider's streamed answer: bytes in, cut anywhere; events out. It always ends with one `end` or one `error`.
struct AnswerStream: Sendable {
    private var framing: StreamFraming
    private var decoder: any AnswerDecoder
    private var answer: AnswerAssembler

    /// - Parameters:
    ///   - dialect: the provider's.
    ///   - names: of the request.
    ///   - callIDSeed: begins ids of calls that the provider gives none.
    init(_ dialect: ProviderDialect, names: ToolNames = ToolNames(), callIDSeed: String) {
        framing = dialect.framing
        decoder = dialect.answerDecoder
        answer = AnswerAssembler(names: names, callIDSeed: callIDSeed)
    }

    /// Whether nothing more is read.
    var isOver: Bool { answer.isOver }

    /// The events of a piece.
    mutating func take(_ piece: ByteBuffer) -> [ChatEvent] {
        guard !answer.isOver else { return [] }
        do throws(FramingError) {
            for message in try framing.take(piece) { read(message) }
        } catch {
            answer.fail(ProviderError(.network, error.message))
        }
        return answer.drain()
    }

    /// The events of the end, as the provider made it: an error, where it came too early.
    mutating func finish() -> [ChatEvent] {
        guard !answer.isOver else { return [] }
        do throws(FramingError) {
            for message in try framing.finish() { read(message) }
        } catch {
            answer.fail(ProviderError(.network, error.message))
        }
        if type(of: decoder).mayEndAfterStop { answer.end() } else { answer.fail(.cut) }
        return answer.drain()
    }

    /// The events of a connection that broke.
    mutating func fail(_ error: ProviderError) -> [ChatEvent] {
        answer.fail(error)
        return answer.drain()
    }

    private mutating func read(_ message: StreamMessage) {
        guard !answer.isOver else { return }
        if message.data.readableBytesView.starts(with: "[DONE]".utf8) { return answer.end() }
        guard let root = try? JSONDocument(parsing: message.data, limits: .payload).root else {  // why it does not parse helps nobody
            return answer.fail(message.isError ? ProviderError(name: message.name, body: nil) : .damaged)
        }
        if message.isError { return answer.fail(ProviderError(name: message.name, body: root)) }
        decoder.read(root, name: message.name, into: &answer)
    }
}

extension ChatAnswer {
    /// Reads a provider's answer that came in one piece, with a status of success.
    static func events(
        of body: ByteBuffer, in dialect: ProviderDialect, names: ToolNames = ToolNames(), callIDSeed: String
    ) -> [ChatEvent] {
        var answer = AnswerAssembler(names: names, callIDSeed: callIDSeed)
        var decoder = dialect.answerDecoder
        if let root = try? JSONDocument(parsing: body, limits: .payload).root, root.kind == .object {  // as above
            decoder.readWhole(root, into: &answer)
            answer.end()
        } else {
            answer.fail(.damaged)
        }
        return answer.drain()
    }
}
