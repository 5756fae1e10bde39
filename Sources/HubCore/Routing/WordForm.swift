/// What a word is counted as.
enum WordForm {
    /// Whether a word says nothing about a tool. The same letters are the same word, whether they are one of their own or a compound: what is
    /// known of written words is kept by their letters.
    static func isLeftOut(_ bytes: ArraySlice<UInt8>, _ kind: WordScanner.Kind) -> Bool {
        switch kind {
        case .word, .compound: return RequestWords.traits(of: bytes).contains(.left)
        case .ideograph: return RequestWords.traits(of: bytes).contains(.particle)
        case .pair:
            guard bytes.count == 6 else { return false }
            return RequestWords.traits(of: bytes).contains(.left) || RequestWords.traits(of: bytes.prefix(3)).contains(.particle)
                || RequestWords.traits(of: bytes.suffix(3)).contains(.particle)
        }
    }

    /// What all forms of a word have in common.
    static func stem(_ bytes: ArraySlice<UInt8>, _ kind: WordScanner.Kind) -> [UInt8] {
        switch kind {
        case .word, .compound: EnglishStemmer.stem(Array(bytes))
        case .pair, .ideograph: Array(bytes)
        }
    }
}
