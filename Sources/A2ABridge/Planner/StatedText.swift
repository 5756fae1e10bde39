/// Somebody's words, cut into pieces that may be values.
///
/// 1. A quoted text is one piece. 2. An address (`scheme://…`) is one piece. 3. Else a piece ends at white space, at a mark, and where Latin letters
/// or digits meet ideographs. 4. A mark between digits is part of a number or a time (`1.5`, `10:30`), others that stand inside are part of what
/// they stand in (`a@b.example`, `2026-12-01`); at the end they are marks.
struct StatedText {
    /// A piece.
    struct Piece: Sendable, Hashable {
        /// What kind of piece.
        enum Kind: Sendable, Hashable {
            case word
            case quoted
            case mark
        }

        var kind: Kind
        /// As it was written, without quotes.
        var text: String
        /// Where it stands among the characters.
        var range: Range<Int>

        /// In small letters, without the marks within names; empty for what is no word.
        var folded = ""
    }

    /// The characters of the text, as far as it is read.
    let characters: [Character]
    private(set) var pieces: [Piece] = []

    /// How many characters are read, how many pieces, and how many characters of a quotation, at most.
    static let (longest, most, longestQuotation) = (16_384, 2_048, 1_024)

    private static let quotes: [Character: Character] = ["\"": "\"", "“": "”", "„": "“", "«": "»", "「": "」", "『": "』", "`": "`", "'": "'"]
    private static let marks: Set<Character> = [
        ":", "=", ",", ";", "\n", "\r\n", "\r", "?", "!", "(", ")", "[", "]", "{", "}", "：", "，", "；", "。", "、", "？", "！", "（", "）", "＝",
    ]
    private static let trailing: Set<Character> = [".", "…", "'", "\"", "”"]

    /// Cuts a text.
    init(_ text: String) {
        characters = Array(text.prefix(Self.longest))
        var place = 0
        while place < characters.count, pieces.count < Self.most {
            let character = characters[place]
            if character.isWhitespace, !character.isNewline {
                place += 1
            } else if let end = quotedEnd(from: place) {
                pieces.append(Piece(kind: .quoted, text: String(characters[place + 1..<end]), range: place..<end + 1))
                place = end + 1
            } else if Self.marks.contains(character) || Self.trailing.contains(character) || character.isNewline {
                pieces.append(Piece(kind: .mark, text: String(character), range: place..<place + 1))
                place += 1
            } else {
                let end = wordEnd(from: place)
                let word = String(characters[place..<end])
                pieces.append(Piece(kind: .word, text: word, range: place..<end, folded: Self.folded(word)))
                place = end
            }
        }
    }

    /// In small letters, without the marks within names: `customer_id`, `customer-id` and `customerId` are the same.
    static func folded(_ text: String) -> String { text.lowercased().filter { $0 != "_" && $0 != "-" } }

    /// What was written between two pieces, the pieces included.
    func text(_ pieces: Range<Int>) -> String {
        guard let first = pieces.first, let last = pieces.last else { return "" }
        if pieces.count == 1 { return self.pieces[first].text }
        return String(characters[self.pieces[first].range.lowerBound..<self.pieces[last].range.upperBound])
    }

    /// The place of the quote that ends the quotation which begins here; nil where none does.
    private func quotedEnd(from start: Int) -> Int? {
        guard let closing = Self.quotes[characters[start]] else { return nil }
        let isApostrophe = closing == "'"
        var end = start + 1
        while end < min(characters.count, start + Self.longestQuotation), !characters[end].isNewline {
            // An apostrophe within a word ends nothing.
            let isInside = isApostrophe && end + 1 < characters.count && (characters[end + 1].isLetter || characters[end + 1].isNumber)
            if characters[end] == closing, !isInside { return end }
            end += 1
        }
        return nil
    }

    private func wordEnd(from start: Int) -> Int {
        var end = start
        let isAddress = beginsAddress(at: start)
        while end < characters.count, !characters[end].isWhitespace {
            let character = characters[end]
            if isAddress {
                if Self.quotes[character] != nil { break }
            } else if Self.marks.contains(character) {
                let isWithinNumber =
                    (character == ":") && end > start && characters[end - 1].isNumber && end + 1 < characters.count
                    && characters[end + 1].isNumber
                if !isWithinNumber { break }
            } else if end > start, Self.isIdeograph(character) != Self.isIdeograph(characters[end - 1]) {
                break
            }
            end += 1
        }
        while end > start + 1, Self.trailing.contains(characters[end - 1]) || (isAddress && Self.marks.contains(characters[end - 1])) {
            end -= 1
        }
        return max(end, start + 1)
    }

    private func beginsAddress(at start: Int) -> Bool {
        var place = start
        while place < characters.count, place < start + 16, characters[place].isASCII,
            characters[place].isLetter || characters[place] == "+"
        {
            place += 1
        }
        return place > start && place + 2 < characters.count && characters[place] == ":" && characters[place + 1] == "/"
            && characters[place + 2] == "/"
    }

    private static func isIdeograph(_ character: Character) -> Bool {
        guard let scalar = character.unicodeScalars.first else { return false }
        return (0x2E80...0x9FFF).contains(scalar.value) || (0xAC00...0xD7AF).contains(scalar.value)
            || (0xF900...0xFAFF).contains(scalar.value)
    }
}
