/// How many bytes each value of a document takes without white space, and where there is too long an array in it.
struct JSONSizes {
    /// The fewest bytes that a cut could leave of the document.
    let least: Int
    private let sizes: [Int]
    private let long: [Bool]

    /// - Parameters:
    ///   - document: the text.
    ///   - maximumItems: an array of more elements is too long; nil means that none is.
    init(_ document: JSONDocument, maximumItems: Int?) {
        let tape = document.tape
        var sizes = [Int](repeating: 0, count: tape.count)
        var least = sizes
        var long = [Bool](repeating: false, count: maximumItems == nil ? 0 : tape.count)
        // Backwards, so that what is inside a container is known before it.
        for index in tape.indices.reversed() {
            let entry = tape[index]
            switch entry.kind {
            case .null, .true, .false, .number: (sizes[index], least[index]) = (entry.length, entry.length)
            case .string: (sizes[index], least[index]) = (entry.length + 2, entry.length + 2)
            case .array, .object:
                var size = 2 + max(0, entry.count - 1) + (entry.kind == .object ? entry.count : 0)
                var (all, first, containers) = (size, 0, 0)
                var child = index + 1
                while child < Int(entry.next) {
                    size += sizes[child]
                    all += least[child]
                    if child == index + 1 || (entry.kind == .object && child == index + 2) { first += least[child] }
                    if tape[child].kind == .array || tape[child].kind == .object { containers += 1 }
                    if let maximumItems, long[child] || (entry.kind == .array && entry.count > maximumItems) { long[index] = true }
                    child = Int(tape[child].next)
                }
                sizes[index] = size
                let isCut = entry.kind == .array || AnswerCut.mayBeTable(members: entry.count, containers: containers)
                least[index] = isCut ? first + 3 : all
            }
        }
        self.least = least.first ?? 0
        (self.sizes, self.long) = (sizes, long)
    }

    /// The bytes of a value.
    subscript(_ value: JSONValue) -> Int { sizes.indices.contains(value.index) ? sizes[value.index] : 0 }
    /// Whether an array in the value, or the value itself, is too long.
    func hasLongArray(_ value: JSONValue) -> Bool { long.indices.contains(value.index) && long[value.index] }
}
