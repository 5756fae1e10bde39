/// The last that a process wrote to standard error, and how it ended: the cause of what failed with it. For the operator, never for a caller.
struct LastWords: Error, CustomStringConvertible {
    private static let lines = 2
    private static let longest = 200

    let description: String

    /// Nil where nothing is known.
    init?(_ diagnostics: String) {
        let last = diagnostics.split(whereSeparator: \.isNewline).map { line in line.drop { $0.isWhitespace } }
            .filter { !$0.isEmpty }.suffix(Self.lines)
        guard !last.isEmpty else { return nil }
        description = last.map { String($0.prefix(Self.longest)) }.joined(separator: "; ")
    }
}
