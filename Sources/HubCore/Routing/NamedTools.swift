/// Finds the tools that a request names.
enum NamedTools {
    /// What being named adds to a score: more than all else together.
    static let lead: Float = 10

    /// How many words of a request may be names.
    private static let mostWords = 64

    /// The tools that a request names: it is the name and nothing else, or one of its words is a name that is written as only identifiers are
    /// (`list_orders`, `listOrders`). "Search" in a sentence is a word, even where a tool has that name.
    static func find(in text: String, of index: ToolIndex, limit: Int) -> [Int] {
        let bytes = Array(text.utf8.prefix(RoutingQuery.longestText))
        let words = bytes.split(maxSplits: mostWords, whereSeparator: { $0 <= UInt8(ascii: " ") }).prefix(mostWords).map { trimmed($0) }
        let names = words.count == 1 ? words : words.filter { isIdentifier($0) }
        return Array(
            names.lazy.filter { !$0.isEmpty && $0.count <= NameTable.longestName }.flatMap { index.names.tools(named: $0) }.prefix(limit))
    }

    /// A word without the marks that stand around it.
    private static func trimmed(_ word: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
        var word = word
        while let last = word.last, !isNameByte(last) { word.removeLast() }
        while let first = word.first, !isNameByte(first) { word.removeFirst() }
        return word
    }

    private static func isNameByte(_ byte: UInt8) -> Bool {
        byte >= 0x80 || isCapital(byte) || isSmall(byte) || byte >= UInt8(ascii: "0") && byte <= UInt8(ascii: "9")
            || byte == UInt8(ascii: "_")
    }

    private static func isCapital(_ byte: UInt8) -> Bool { byte >= UInt8(ascii: "A") && byte <= UInt8(ascii: "Z") }
    private static func isSmall(_ byte: UInt8) -> Bool { byte >= UInt8(ascii: "a") && byte <= UInt8(ascii: "z") }

    private static func isIdentifier(_ word: ArraySlice<UInt8>) -> Bool {
        word.contains { joints.contains($0) } || zip(word, word.dropFirst()).contains { isSmall($0) && isCapital($1) }
    }

    private static let joints = Set("_-./:".utf8)
}
