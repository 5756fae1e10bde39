/// The id of an event: the stream it was sent on, and its number there (2025-11-25 transports, "Resumability and Redelivery").
///
/// Written as `r` for the reply to a request or `s` for what a session is told unasked, the stream in hexadecimal, `-`, and the number.
struct EventID: Sendable, Hashable {
    /// What a stream carries.
    enum Kind: Character, Sendable {
        case reply = "r"
        case session = "s"
    }

    var kind: Kind
    var stream: UInt64
    var number: Int

    init(kind: Kind, stream: UInt64, number: Int) {
        (self.kind, self.stream, self.number) = (kind, stream, number)
    }

    /// The id in a header; nil for a text that is none of ours.
    init?(_ text: String) {
        guard text.utf8.count <= 40, let kind = text.first.flatMap(Kind.init(rawValue:)) else { return nil }
        let parts = text.dropFirst().split(separator: "-", omittingEmptySubsequences: false)
        guard parts.count == 2, let first = parts.first, let last = parts.last, let stream = UInt64(first, radix: 16),
            let number = Int(last), number >= 0
        else { return nil }
        self.init(kind: kind, stream: stream, number: number)
    }

    var text: String { "\(kind.rawValue)\(String(stream, radix: 16))-\(number)" }
}
