import HubCore

/// Tells what an application is at, in a bounded number of statuses, none of which says what the one before said.
struct WorkProgress {
    /// Whether anything is told.
    let isTold: Bool
    private var count = 0
    private var last = ""

    /// The most statuses, and the longest, in scalars.
    private static let (most, longest) = (64, 2_000)

    /// Nothing told yet.
    init(isTold: Bool) { self.isTold = isTold }

    /// Tells what the application is at.
    mutating func tell(_ text: String, _ tell: (AgentOutput) async throws -> Void) async throws {
        let text = text.cut(to: Self.longest)
        guard isTold, count < Self.most, text != last, text.contains(where: { !$0.isWhitespace }) else { return }
        (count, last) = (count + 1, text)
        try await tell(.status(.working, saying: [MessagePart(content: .text(text))]))
    }
}
