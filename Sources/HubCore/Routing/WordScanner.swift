/// Splits texts and identifiers into words: `searchMovieByTitle`, `HTTPServer`, `list_all_users`, 查询天气.
///
/// Words are folded (`LetterFolding`) and lie one after another in `bytes`, so that parts of an identifier and the identifier as a whole are
/// ranges of the same bytes. Made once and used for many texts: after the first few it does not allocate.
struct WordScanner {
    /// What a word is to a ranking.
    enum Kind {
        case word
        /// An identifier of several parts as one word, or two parts that stand side by side in one.
        case compound
        /// Two neighbours of a script that is written without spaces.
        case pair
        /// One ideograph.
        case ideograph

        /// Whether it is a word of its own, and not one in another form.
        var isWhole: Bool { self == .word || self == .pair }
    }

    /// A word: where it stands in `bytes` and in the text.
    struct Word {
        var kind: Kind
        var bytes: Range<Int>
        var source: Range<Int>
    }

    /// The folded letters.
    private(set) var bytes: [UInt8] = []
    /// The words in the order of the text.
    private(set) var words: [Word] = []

    /// A longer run of letters and digits is a key or a picture, and no word; its beginning is read.
    static let longestRun = 64

    private var letters: [Letter] = []
    private var previous: Letter?

    private struct Letter {
        var kind: LetterFolding.Kind
        var byte: Int
        var source: Int
        var sourceEnd: Int
    }

    /// Reads a text, up to `limit` bytes of it. What was read before is forgotten.
    mutating func scan(_ text: String, limit: Int) {
        bytes.removeAll(keepingCapacity: true)
        words.removeAll(keepingCapacity: true)
        var place = 0
        for scalar in text.unicodeScalars {
            if place >= limit { break }
            let end = place + scalar.utf8.count
            take(scalar, at: place, end: end)
            place = end
        }
        endRun()
        endPairs()
    }

    private mutating func take(_ scalar: Unicode.Scalar, at place: Int, end: Int) {
        let letter = Letter(kind: LetterFolding.kind(of: scalar), byte: bytes.count, source: place, sourceEnd: end)
        switch letter.kind {
        case .lower, .upper, .digit:
            endPairs()
            guard letters.count < Self.longestRun else { return }
            LetterFolding.append(scalar, to: &bytes)
            letters.append(letter)
        case .apostrophe:
            endPairs()
            if !letters.isEmpty, letters.count < Self.longestRun { letters.append(letter) }
        case .mark: break
        case .separator:
            endRun()
            endPairs()
        case .ideograph, .syllable:
            endRun()
            LetterFolding.append(scalar, to: &bytes)
            addPair(letter)
        }
    }

    // MARK: Scripts without spaces

    private mutating func addPair(_ letter: Letter) {
        if letter.kind == .ideograph {
            words.append(Word(kind: .ideograph, bytes: letter.byte..<bytes.count, source: letter.source..<letter.sourceEnd))
        }
        if let previous {
            words.append(Word(kind: .pair, bytes: previous.byte..<bytes.count, source: previous.source..<letter.sourceEnd))
        }
        previous = letter
    }

    private mutating func endPairs() { previous = nil }

    // MARK: Words and identifiers

    private mutating func endRun() {
        defer { letters.removeAll(keepingCapacity: true) }
        dropApostrophes()
        guard let first = letters.first else { return }
        var starts = [0]
        for place in letters.indices.dropFirst() where beginsPart(place, after: starts[starts.count - 1]) { starts.append(place) }
        guard starts.count > 1 else { return add(0..<letters.count, from: first, .word) }
        for (number, start) in starts.enumerated() {
            let end = number + 1 < starts.count ? starts[number + 1] : letters.count
            add(start..<end, from: letters[start], .word)
            if number > 0, starts.count > 2 { add(starts[number - 1]..<end, from: letters[starts[number - 1]], .compound) }
        }
        add(0..<letters.count, from: first, .compound)
    }

    private mutating func add(_ range: Range<Int>, from first: Letter, _ kind: Kind) {
        let end = range.upperBound < letters.count ? letters[range.upperBound].byte : bytes.count
        words.append(Word(kind: kind, bytes: first.byte..<end, source: first.source..<letters[range.upperBound - 1].sourceEnd))
        guard kind == .word, let last = letters[range].lastIndex(where: { $0.kind != .digit }), last + 1 < range.upperBound else { return }
        // "hotels2" is "hotels" too; "s3" is no "s".
        if last - range.lowerBound >= 2 { add(range.lowerBound..<last + 1, from: first, .compound) }
    }

    /// "user's" is "user", "don't" is "dont".
    private mutating func dropApostrophes() {
        while letters.last?.kind == .apostrophe { letters.removeLast() }
        if letters.count > 2, letters[letters.count - 2].kind == .apostrophe, bytes.last == UInt8(ascii: "s") {
            letters.removeLast(2)
            bytes.removeLast()
        }
        letters.removeAll { $0.kind == .apostrophe }
    }

    /// Whether a new part of an identifier begins at a letter.
    ///
    /// 1. A capital after a small letter does: `search|Movie`.
    /// 2. A capital after a digit does, if the part has a letter before the digit: `top10|Songs`, not `3D`.
    /// 3. The last capital of several does, if a small letter follows: `HTTP|Server`, but not `IDs`.
    private func beginsPart(_ place: Int, after start: Int) -> Bool {
        guard letters[place].kind == .upper else { return false }
        switch letters[place - 1].kind {
        case .lower: return true
        case .digit: return letters[start].kind != .digit
        case .upper:
            guard place + 1 < letters.count, letters[place + 1].kind == .lower else { return false }
            let isPlural = bytes[letters[place + 1].byte...].first == UInt8(ascii: "s")
            return !(isPlural && (place + 2 == letters.count || letters[place + 2].kind != .lower))
        case .ideograph, .syllable, .mark, .apostrophe, .separator: return false
        }
    }
}
