import HubCore

/// Reads the answers of one dialect.
protocol AnswerDecoder: Sendable {
    /// Whether the stream may end once the reason for its end has come; otherwise a message must say that it is over.
    static var mayEndAfterStop: Bool { get }

    /// Reads a message of a stream.
    mutating func read(_ message: JSONValue, name: String?, into answer: inout AnswerAssembler)

    /// Reads an answer that is whole.
    mutating func readWhole(_ body: JSONValue, into answer: inout AnswerAssembler)
}
