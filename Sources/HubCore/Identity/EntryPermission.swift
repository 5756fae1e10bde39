/// Who may use what of one entry: its rules, made ready for the tools that it shows.
///
/// A door asks for the standing of a caller once, and with it for each tool. What may not be used is treated as if it did not exist.
/// Conforming types are immutable and live as long as the snapshot that holds them.
public protocol EntryPermission: Sendable {
    /// What the rules see of a caller: callers of the same standing may use the same.
    func standing(of principal: Principal) -> CallerStanding
    /// Whether a caller sees a tool: there are arguments with which it may be called.
    func shows(tool: String, to standing: CallerStanding) -> Bool
    /// Whether a caller may call a tool with these arguments.
    func allows(tool: String, arguments: JSONValue?, to standing: CallerStanding) -> Bool
    /// Whether a caller sees prompts and resources, which no rule names.
    func showsItems(to standing: CallerStanding) -> Bool
}

/// Which of an entry's rules are about a caller, by their numbers from 0. As small as the rules are many, however many callers there are.
public struct CallerStanding: Sendable, Hashable {
    private var words: [UInt64]

    /// None of so many rules.
    public init(none count: Int) { words = [UInt64](repeating: 0, count: (max(0, count) + 63) / 64) }

    /// Whether a rule is about the caller.
    public func contains(_ rule: Int) -> Bool {
        rule >= 0 && rule >> 6 < words.count && words[rule >> 6] & 1 << UInt64(rule & 63) != 0
    }

    /// Adds a rule; one that is not among so many is none.
    public mutating func insert(_ rule: Int) {
        guard rule >= 0, rule >> 6 < words.count else { return }
        words[rule >> 6] |= 1 << UInt64(rule & 63)
    }

    /// Takes a rule out.
    public mutating func remove(_ rule: Int) {
        guard rule >= 0, rule >> 6 < words.count else { return }
        words[rule >> 6] &= ~(1 << UInt64(rule & 63))
    }

    /// Adds the rules of another.
    public mutating func formUnion(_ other: CallerStanding) {
        for index in words.indices where index < other.words.count { words[index] |= other.words[index] }
    }

    /// Leaves the rules that are in both.
    public mutating func formIntersection(_ other: CallerStanding) {
        for index in words.indices { words[index] &= index < other.words.count ? other.words[index] : 0 }
    }
}
