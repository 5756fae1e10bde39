/// Why an item of a list is of no use, or what was put right about it: for the operator.
struct ItemProblem: Error, Sendable, Hashable {
    let text: String

    init(_ text: String) { self.text = text }
}

/// What was found wrong with the lists of a server, as much of it as anybody reads.
struct ItemProblems {
    static let maximum = 100
    static let longest = 300

    private var texts: [String] = []
    private var others = 0

    /// Notes a problem.
    mutating func note(_ text: String) {
        if texts.count < Self.maximum { texts.append(String(text.prefix(Self.longest))) } else { others += 1 }
    }

    /// All of them; the last line counts those that are not told.
    var lines: [String] { others == 0 ? texts : texts + ["and \(others) more"] }
}
