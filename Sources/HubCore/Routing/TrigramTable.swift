/// Known words by the runs of three letters in them: how a mistyped word finds the one that was meant.
struct TrigramTable: Sendable {
    private var starts: [UInt32] = [0]
    private var terms: [UInt32] = []
    private var mask = 0
    private var termCount = 0

    /// Words that are mistyped, and those that they may be meant to be: shorter ones are near to too many.
    private static let lengths = 5...24
    /// Words beyond are not guessed at: the time of a search must not grow with what strangers write.
    private static let mostTerms = 1 << 16

    var byteCount: Int { 4 * (starts.capacity + terms.capacity) }

    init() {}

    /// A table of the words of another.
    init(_ table: TermTable) {
        termCount = min(table.count, Self.mostTerms)
        var size = 64
        while size < termCount { size *= 2 }
        mask = size - 1
        var next = [UInt32](repeating: 0, count: size + 1)
        for term in 0..<termCount { forEachBucket(of: table[term]) { next[$0 + 1] += 1 } }
        for bucket in 0..<size { next[bucket + 1] += next[bucket] }
        starts = next
        var column = [UInt32](repeating: 0, count: Int(next[size]))
        for term in 0..<termCount {
            forEachBucket(of: table[term]) { bucket in
                column[Int(next[bucket])] = UInt32(term)
                next[bucket] += 1
            }
        }
        terms = column
    }

    private func forEachBucket(of word: ArraySlice<UInt8>, _ body: (Int) -> Void) {
        guard Self.lengths.contains(word.count), word.allSatisfy({ $0 < 0x80 && $0 > UInt8(ascii: "9") }) else { return }
        var window = 0
        for (place, byte) in word.enumerated() {
            window = (window << 8 | Int(byte)) & 0xFF_FFFF
            if place > 0 { body((window &* 0x9E37_79B1) >> 7 & mask) }
        }
    }

    /// The known word that is meant by one that is not known: a mistake away, two in a long word.
    ///
    /// - Parameter isVisible: whether a word may be given away.
    func nearest(to word: [UInt8], in table: TermTable, where isVisible: (Int) -> Bool) -> Int? {
        guard Self.lengths.contains(word.count) else { return nil }
        let allowed = word.count < 9 ? 1 : 2
        let least = UInt8(max(1, word.count - 1 - 3 * allowed))  // one mistake is in three runs at most
        var shared = [UInt8](repeating: 0, count: termCount)
        var near: [Int] = []
        forEachBucket(of: word[...]) { bucket in
            for place in Int(starts[bucket])..<Int(starts[bucket + 1]) {
                let term = Int(terms[place])
                guard shared[term] < .max else { continue }
                shared[term] += 1
                if shared[term] == least { near.append(term) }
            }
        }
        var best: (distance: Int, term: Int)?
        for term in near {
            let known = table[term]
            // Whoever mistypes a word has its first letter right; "fetch" is not a mistyped "hatch".
            guard known.first == word.first, abs(known.count - word.count) <= allowed, isVisible(term) else { continue }
            let distance = NearestName.distance(word, Array(known))
            guard distance <= allowed else { continue }
            if let best {
                // Not by their numbers, which depend on tools that the caller may not see.
                guard distance < best.distance || distance == best.distance && known.lexicographicallyPrecedes(table[best.term]) else {
                    continue
                }
            }
            best = (distance, term)
        }
        return best?.term
    }
}
