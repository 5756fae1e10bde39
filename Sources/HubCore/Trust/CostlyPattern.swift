/// Patterns that a matcher by backtracking takes exponential time for ("ReDoS", CWE-1333).
enum CostlyPattern {
    /// A group that is repeated without end and whose content can be divided in many ways: `(a+)+`, `(\w+\s?)*`, `(.*)+`.
    ///
    /// A group counts where it has one part that is repeated without end and no part beside it that must be there; what has a mark that
    /// divides its rounds, such as `(-[a-z]+)*`, does not.
    static func find(in scalars: [Unicode.Scalar]) -> Range<Int>? {
        var open: [Group] = []
        var place = 0
        while place < scalars.count {
            let start = place
            var isEmpty = false
            var isSplit = false
            switch scalars[place] {
            case "\\": place += 2
            case "[": place = endOfClass(scalars, from: place)
            case "(":
                // Groups that capture nothing, and look around.
                place += 1
                if place + 1 < scalars.count, scalars[place] == "?" { place += 2 }
                guard open.count < 128 else { return nil }
                open.append(Group(start: start))
                continue
            case ")":
                place += 1
                guard let group = open.popLast() else { continue }
                isSplit = group.isSplit
                isEmpty = group.required == 0
            case "|":
                if let last = open.indices.last { open[last].isAlternative = true }
                place += 1
                continue
            case "^", "$":
                place += 1
                continue
            default: place += 1
            }
            let (times, end) = repetition(scalars, from: place)
            place = end
            if isSplit, times.isEndless { return start..<min(end, scalars.count) }
            guard let last = open.indices.last else { continue }
            open[last].add(isRequired: times.least > 0 && !isEmpty, isEndless: times.isEndless)
        }
        return nil
    }

    private struct Group {
        var start: Int
        var required = 0
        var endless = 0
        var endlessRequired = 0
        var isAlternative = false

        mutating func add(isRequired: Bool, isEndless: Bool) {
            if isRequired { required += 1 }
            if isEndless { endless += 1 }
            if isEndless, isRequired { endlessRequired += 1 }
        }

        var isSplit: Bool { !isAlternative && endless > 0 && required == endlessRequired && required <= 1 }
    }

    private static func endOfClass(_ scalars: [Unicode.Scalar], from start: Int) -> Int {
        var place = start + 1
        while place < scalars.count, scalars[place] != "]" || place == start + 1 { place += scalars[place] == "\\" ? 2 : 1 }
        return place + 1
    }

    private static func repetition(_ scalars: [Unicode.Scalar], from start: Int) -> ((least: Int, isEndless: Bool), Int) {
        guard start < scalars.count else { return ((1, false), start) }
        var place = start + 1
        var times = (least: 1, isEndless: false)
        switch scalars[start] {
        case "*": times = (0, true)
        case "+": times = (1, true)
        case "?": times = (0, false)
        case "{":
            let inside = scalars[place...].prefix(16)
            guard let close = inside.firstIndex(of: "}") else { return (times, start) }
            let content = scalars[place..<close]
            times = (content.first == "0" || content.first == "," ? 0 : 1, content.last == ",")
            place = close + 1
        default: return (times, start)
        }
        if place < scalars.count, scalars[place] == "?" || scalars[place] == "+" { place += 1 }
        return (times, place)
    }
}
