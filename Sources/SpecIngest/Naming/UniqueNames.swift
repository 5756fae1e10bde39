/// Gives out names, each once: the name itself, or, where that is taken, the first of it with a number that is free.
struct UniqueNames {
    private var taken: Set<String> = []
    /// The number to try next for each name, so that a name asked for ever again costs no more each time.
    private var next: [String: Int] = [:]

    /// A name that has not been given out before.
    mutating func take(_ name: String) -> String {
        if taken.insert(name).inserted { return name }
        var number = next[name] ?? 2
        while !taken.insert("\(name)_\(number)").inserted { number += 1 }
        next[name] = number + 1
        return "\(name)_\(number)"
    }
}
